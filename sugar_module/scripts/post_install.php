<?php

declare(strict_types=1);

require_once 'custom/include/SugarRoistat/load_installer.php';

/**
 * Called by the Module Loader after everything else.
 */
function post_install(): void
{
    SugarRoistat\Installer::install();
}
