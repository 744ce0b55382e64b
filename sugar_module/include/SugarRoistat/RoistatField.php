<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The custom field that holds the visit number, on deals and on leads.
 *
 * A field that an administrator made is never touched. Ours says in its own comment that it is ours, so that a package
 * which was uninstalled without it and comes back still knows.
 */
final class RoistatField implements Part
{
    public const NAME = 'roistat_c';

    private const LABEL = 'LBL_ROISTAT';

    private const COMMENT = 'Made by the Roistat package';

    private const MODULES = ['Opportunities', 'Leads'];

    private \DBManager $db;

    private Database $database;

    private Settings $settings;

    public function __construct(\DBManager $db, Settings $settings)
    {
        $this->db = $db;
        $this->database = new Database($db);
        $this->settings = $settings;
    }

    /**
     * Makes the field where there is none.
     */
    public function install(): void
    {
        $made = false;
        foreach (self::MODULES as $module) {
            if (!$this->exists($module)) {
                $this->make($module);
                $made = true;
            }
        }
        if ($made) {
            // The Module Loader has done it before the field was there.
            CustomFiles::installer()->rebuild_vardefs();
            \VardefManager::clearVardef();
        }
        $this->settings->keep('fields_made', implode(',', $this->ours()));
    }

    /**
     * Takes our fields away if the administrator said so: their data is the shop's.
     */
    public function uninstall(): void
    {
        if ($this->settings->value('remove_field') === '1') {
            foreach ($this->ours() as $module) {
                $this->remove($module);
            }
        }
    }

    public function exists(string $module): bool
    {
        return $this->stored($module) !== null;
    }

    /**
     * The key of the field's label; an administrator's own field has another.
     */
    public function label(string $module): string
    {
        return (string) ($this->stored($module)['vname'] ?? self::LABEL);
    }

    private function make(string $module): void
    {
        $table = $this->table($module);
        if (!$this->db->tableExists($table)) {
            $this->settings->keep('tables_made', $this->settings->value('tables_made') . ',' . $table);
        }
        CustomFiles::installer()->install_custom_fields([
            [
                'name' => self::NAME,
                'label' => self::LABEL,
                'type' => 'varchar',
                'module' => $module,
                'max_size' => 255,
                'len' => 255,
                'default_value' => '',
                'required' => false,
                'reportable' => true,
                'audited' => false,
                'importable' => 'true',
                'duplicate_merge' => true,
                'mass_update' => false,
                'comment' => self::COMMENT,
                'comments' => self::COMMENT,
            ],
        ]);
        (new FieldLabel(self::LABEL, 'roistat'))->write($module);
    }

    private function remove(string $module): void
    {
        require_once 'modules/DynamicFields/DynamicField.php';
        $fields = new \DynamicField($module);
        $fields->setup(\BeanFactory::newBean($module));
        $fields->deleteField(self::NAME);
        $this->removeDefinition($module);
        (new FieldLabel(self::LABEL, 'roistat'))->remove($module);
        $this->dropTable($module);
    }

    /**
     * Removes what the platform forgets about.
     */
    private function removeDefinition(string $module): void
    {
        $name = '_override_sugarfield_' . self::NAME . '.php';
        CustomFiles::remove('Extension/modules/' . $module . '/Ext/Vardefs/' . $name);
    }

    /**
     * Drops the module's table of custom fields if it was made for ours and holds no other.
     */
    private function dropTable(string $module): void
    {
        $table = $this->table($module);
        $isOurs = in_array($table, explode(',', $this->settings->value('tables_made')), true);
        $others = $this->database->row(
            'SELECT id FROM fields_meta_data WHERE deleted = 0 AND custom_module = ' . $this->database->quoted($module)
        );
        if ($isOurs && $others === null) {
            $this->db->dropTableName($table);
        }
    }

    /**
     * @return string[] the modules whose field we made
     */
    private function ours(): array
    {
        $modules = [];
        foreach (self::MODULES as $module) {
            if (($this->stored($module)['comments'] ?? '') === self::COMMENT) {
                $modules[] = $module;
            }
        }

        return $modules;
    }

    /**
     * @return array<string, mixed>|null
     */
    private function stored(string $module): ?array
    {
        return $this->database->row(
            'SELECT vname, comments FROM fields_meta_data WHERE deleted = 0 AND custom_module = '
            . $this->database->quoted($module) . ' AND name = ' . $this->database->quoted(self::NAME)
        );
    }

    private function table(string $module): string
    {
        return strtolower($module) . '_cstm';
    }
}
