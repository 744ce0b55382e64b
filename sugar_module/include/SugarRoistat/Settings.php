<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Our rows of the CRM's settings table, which no other class of ours touches.
 */
final class Settings
{
    private const CATEGORY = 'roistat';

    private Database $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * The receiver's address; empty when not set up. Whoever stored the webhook's whole address meant the same.
     */
    public function url(): string
    {
        return (string) preg_replace('#(/webhooks/sugarcrm)?/*$#D', '', $this->value('url'));
    }

    /**
     * The signing secret, whsec_ and base64; empty when not set up.
     */
    public function secret(): string
    {
        return $this->value('secret');
    }

    /**
     * @return string[] the views that we put the field on
     */
    public function layouts(): array
    {
        $layouts = $this->value('layouts');

        return $layouts === '' ? [] : explode(',', $layouts);
    }

    /**
     * @param string[] $views
     */
    public function rememberLayouts(array $views): void
    {
        \BeanFactory::newBean('Administration')->saveSetting(self::CATEGORY, 'layouts', implode(',', $views));
    }

    /**
     * Leaves nothing of ours in the table.
     */
    public function clear(): void
    {
        $this->database->run('DELETE FROM config WHERE category = ' . $this->database->quoted(self::CATEGORY));
    }

    private function value(string $name): string
    {
        $row = $this->database->row(
            'SELECT value FROM config WHERE category = ' . $this->database->quoted(self::CATEGORY)
            . ' AND name = ' . $this->database->quoted($name)
        );

        return (string) StoredValue::text($row['value'] ?? '');
    }
}
