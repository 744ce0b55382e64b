<?php

declare(strict_types=1);

// Missing only after an uninstallation that broke off, which has to be able to end.
if (
    !function_exists('get_custom_file_if_exists')
    || strpos(get_custom_file_if_exists('include/SugarRoistat/load_installer.php'), 'custom/') === 0
) {
    require_once 'custom/include/SugarRoistat/load_installer.php';
}

/**
 * Called by the Module Loader before everything else.
 */
function pre_uninstall(): void
{
    if (class_exists('SugarRoistat\Installer', false)) {
        SugarRoistat\Installer::uninstall();
    }
}
