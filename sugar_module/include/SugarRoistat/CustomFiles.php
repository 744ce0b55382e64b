<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Files in the CRM's folder, by the Module Loader's own means: package scanners refuse those of PHP.
 */
final class CustomFiles
{
    /**
     * Whether there is such a file or folder, or no telling.
     *
     * @param string $path below custom/
     */
    public static function mayExist(string $path): bool
    {
        return !function_exists('get_custom_file_if_exists') || get_custom_file_if_exists($path) === 'custom/' . $path;
    }

    /**
     * @param string $path below custom/
     */
    public static function remove(string $path): void
    {
        if (!self::mayExist($path)) {
            return;
        }
        // To restore a file of which there is no backup is to remove it.
        self::installer()->copy_path('custom/' . $path . '.none', 'custom/' . $path, 'none', true);
    }

    /**
     * Removes a folder that holds no file.
     */
    public static function removeEmptyFolder(string $folder): void
    {
        self::installer()->uninstall_new_files(['to' => $folder, 'from' => ''], '');
    }

    /**
     * Removes a folder with all that is in it.
     */
    public static function removeFolder(string $folder): void
    {
        self::installer()->uninstall_new_files(
            [
                'from' => $folder,
                'to' => $folder,
            ],
            ''
        );
    }

    public static function installer(): \ModuleInstaller
    {
        require_once 'ModuleInstall/ModuleInstaller.php';
        $installer = new \ModuleInstaller();
        $installer->silent = true;

        return $installer;
    }
}
