<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What the Module Loader leaves of a package's files: backups of an earlier version, and empty folders.
 */
final class PackageFiles implements Part
{
    private const OURS = ['custom/include/SugarRoistat', 'custom/lib/SugarRoistat', 'custom/src/SugarRoistat'];

    private const SHARED = [
        'custom/modules/Administration/views',
        'custom/modules/Administration/tpls',
        'custom/modules/Administration',
        'custom/lib',
        'custom/src',
    ];

    private const EXTENSIONS = [
        'Accounts' => ['LogicHooks'],
        'Administration' => ['ActionViewMap', 'Administration', 'Language'],
        'Contacts' => ['LogicHooks'],
        'Leads' => ['Language', 'Vardefs'],
        'Opportunities' => ['Language', 'LogicHooks', 'Vardefs'],
    ];

    /**
     * Forgets SuiteCRM's backup of the version that an upgrade replaced: Disable and Uninstall would bring it back.
     */
    public function install(): void
    {
        $zip = (string) ($_REQUEST['install_file'] ?? '');
        if ($zip !== '' && !Platform::isSugar()) {
            CustomFiles::removeFolder(clean_path(remove_file_extension(urldecode($zip)) . '-restore'));
        }
    }

    public function uninstall(): void
    {
        // The rest go in removeLeftovers(), when the Module Loader is done with them.
    }

    /**
     * Run when the Module Loader has removed the package's files.
     */
    public static function removeLeftovers(): void
    {
        foreach (self::OURS as $folder) {
            CustomFiles::removeFolder($folder);
        }
        foreach (self::SHARED as $folder) {
            CustomFiles::removeEmptyFolder($folder);
        }
        foreach (self::EXTENSIONS as $module => $kinds) {
            foreach ($kinds as $kind) {
                CustomFiles::removeEmptyFolder('custom/Extension/modules/' . $module . '/Ext/' . $kind);
            }
            CustomFiles::removeEmptyFolder('custom/Extension/modules/' . $module);
            FieldLabel::rebuild($module);
        }
    }
}
