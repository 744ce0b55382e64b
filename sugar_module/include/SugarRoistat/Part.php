<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What the package adds to the CRM beyond its files, and takes away again.
 */
interface Part
{
    /**
     * Also run by an upgrade, over what an earlier version installed.
     */
    public function install(): void;

    public function uninstall(): void;
}
