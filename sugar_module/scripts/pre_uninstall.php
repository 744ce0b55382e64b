<?php

declare(strict_types=1);

require_once 'custom/include/SugarRoistat/load.php';

/**
 * Called by the Module Loader before everything else.
 */
function pre_uninstall(): void
{
    SugarRoistat\Installer::uninstall();
}
