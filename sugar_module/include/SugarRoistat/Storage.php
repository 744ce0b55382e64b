<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Our table, and our rows of the CRM's settings.
 */
final class Storage implements Part
{
    private \DBManager $db;

    private Settings $settings;

    public function __construct(\DBManager $db, Settings $settings)
    {
        $this->db = $db;
        $this->settings = $settings;
    }

    public function install(): void
    {
        Outbox::create($this->db);
    }

    public function uninstall(): void
    {
        $this->settings->clear();
        Outbox::drop($this->db);
    }
}
