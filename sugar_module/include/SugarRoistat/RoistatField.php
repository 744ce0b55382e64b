<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The custom field that holds the visit number.
 */
final class RoistatField
{
    public const NAME = 'roistat_c';

    private Database $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * Makes the field, unless an administrator or an earlier version made it: theirs is never altered.
     */
    public function create(): void
    {
        if ($this->exists()) {
            return;
        }
        require_once 'ModuleInstall/ModuleInstaller.php';
        (new \ModuleInstaller())->install_custom_fields([
            [
                'name' => self::NAME,
                'label' => 'LBL_ROISTAT',
                'type' => 'varchar',
                'module' => 'Opportunities',
                'max_size' => 255,
                'default_value' => '',
                'required' => false,
                'reportable' => true,
                'audited' => false,
                'importable' => 'true',
                'duplicate_merge' => true,
                'mass_update' => false,
            ],
        ]);
    }

    private function exists(): bool
    {
        return $this->database->row(
            "SELECT id FROM fields_meta_data WHERE custom_module = 'Opportunities' AND deleted = 0 AND name = "
            . $this->database->quoted(self::NAME)
        ) !== null;
    }
}
