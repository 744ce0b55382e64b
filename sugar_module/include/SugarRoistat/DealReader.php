<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Reads a deal as it is stored: the bean that a hook is given can be stale after nested saves.
 */
final class DealReader
{
    /** Stored encrypted for a reason. */
    private const PRIVATE_TYPES = ['encrypt', 'password'];

    private const BASE_CURRENCY = '-99';

    private Database $database;

    /** Only what it says of the module is used, never its values. */
    private \SugarBean $module;

    public function __construct(Database $database, \SugarBean $module)
    {
        $this->database = $database;
        $this->module = $module;
    }

    /**
     * @return array<string, mixed>|null what DealSnapshot needs; null when no such deal is stored
     */
    public function read(string $id): ?array
    {
        // Before the read: a change that commits in between must carry the later time.
        $timestamp = $this->database->now();
        $row = $this->row($id);
        if ($row === null) {
            return null;
        }

        return [
            'timestamp' => $timestamp,
            'row' => $row,
            'types' => $this->types($row),
            'url' => $this->url($id),
            'pipeline' => $this->pipeline(),
            'currency' => $this->currency((string) ($row['currency_id'] ?? '')),
            'assigned_user_name' => $this->userName((string) ($row['assigned_user_id'] ?? '')),
            'sales_stage_label' => $this->label('sales_stage', $row['sales_stage'] ?? ''),
            'sales_status_label' => $this->label('sales_status', $row['sales_status'] ?? ''),
        ];
    }

    /**
     * @return array<string, mixed>|null
     */
    private function row(string $id): ?array
    {
        $quoted = $this->database->quoted($id);
        $row = $this->database->row('SELECT * FROM opportunities WHERE id = ' . $quoted);
        if ($row === null || !$this->module->hasCustomFields()) {
            return $row;
        }

        return $row + (array) $this->database->row('SELECT * FROM opportunities_cstm WHERE id_c = ' . $quoted);
    }

    /**
     * @param array<string, mixed> $row
     *
     * @return array<string, string> the type of each stored field
     */
    private function types(array $row): array
    {
        $types = [];
        foreach ($this->module->field_defs as $name => $definition) {
            $type = (string) ($definition['type'] ?? '');
            if (array_key_exists($name, $row) && !in_array($type, self::PRIVATE_TYPES, true)) {
                $types["$name"] = $type;
            }
        }

        return $types;
    }

    private function url(string $id): string
    {
        $page = Platform::isSugar() ? '/#Opportunities/' : '/index.php?module=Opportunities&action=DetailView&record=';

        return rtrim((string) $GLOBALS['sugar_config']['site_url'], '/') . $page . rawurlencode($id);
    }

    /**
     * With revenue line items the deal itself moves through sales_status only.
     */
    private function pipeline(): string
    {
        if (!Platform::isSugar()) {
            return 'sales_stage';
        }
        $settings = \Opportunity::getSettings();

        return ($settings['opps_view_by'] ?? '') === 'RevenueLineItems' ? 'sales_status' : 'sales_stage';
    }

    private function currency(string $id): string
    {
        if ($id !== '' && $id !== self::BASE_CURRENCY) {
            $row = $this->database->row('SELECT iso4217 FROM currencies WHERE id = ' . $this->database->quoted($id));
            if ($row !== null) {
                return (string) $row['iso4217'];
            }
        }

        return (string) $GLOBALS['sugar_config']['default_currency_iso4217'];
    }

    private function userName(string $id): string
    {
        $user = $this->database->row(
            'SELECT first_name, last_name FROM users WHERE id = ' . $this->database->quoted($id)
        );

        return $user === null ? '' : $user['first_name'] . ' ' . $user['last_name'];
    }

    /**
     * In the CRM's default language, whoever saves.
     *
     * @param mixed $stored a column's value
     */
    private function label(string $field, $stored): string
    {
        $key = (string) StoredValue::text($stored);
        $lists = return_app_list_strings_language($GLOBALS['sugar_config']['default_language']);
        $definition = $this->module->field_defs["$field"] ?? [];
        $labels = $lists[$definition['options'] ?? ''] ?? [];

        return $labels["$key"] ?? $key;
    }
}
