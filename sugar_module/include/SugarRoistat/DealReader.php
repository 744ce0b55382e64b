<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Reads deals as they are stored: the bean that a hook is given can be early or stale.
 */
final class DealReader
{
    private const BASE_CURRENCY = '-99';

    /** What belongs to other tables, under names that no field has. */
    private const JOINED = 'u.first_name AS roistat_user_first, u.last_name AS roistat_user_last,'
        . ' y.iso4217 AS roistat_currency';

    private Database $database;

    private DealModule $module;

    public function __construct(Database $database, DealModule $module)
    {
        $this->database = $database;
        $this->module = $module;
    }

    /**
     * @param string[] $ids
     *
     * @return array<string, array<string, mixed>> what DealSnapshot needs, by id; without those that are not stored
     */
    public function read(array $ids): array
    {
        $deals = [];
        foreach ($ids === [] ? [] : $this->database->rows($this->query($ids)) as $row) {
            $deals[$row['id']] = $this->deal($row);
        }

        return $deals;
    }

    /**
     * @param string[] $ids
     */
    private function query(array $ids): string
    {
        $isCustom = $this->module->hasCustomFields();

        return 'SELECT o.*, ' . ($isCustom ? 'c.*, ' : '') . self::JOINED . ' FROM opportunities o'
            . ($isCustom ? ' LEFT JOIN opportunities_cstm c ON c.id_c = o.id' : '')
            . ' LEFT JOIN users u ON u.id = o.assigned_user_id LEFT JOIN currencies y ON y.id = o.currency_id'
            . ' WHERE o.id IN ' . $this->database->quotedList($ids);
    }

    /**
     * @param array<string, mixed> $row
     *
     * @return array<string, mixed>
     */
    private function deal(array $row): array
    {
        return [
            'row' => $row,
            'types' => $this->module->types($row),
            'url' => $this->url((string) $row['id']),
            'pipeline' => $this->module->pipeline(),
            'currency' => $this->currency($row),
            'assigned_user_name' => $row['roistat_user_first'] . ' ' . $row['roistat_user_last'],
            'sales_stage_label' => $this->module->label('sales_stage', $row['sales_stage'] ?? ''),
            'sales_status_label' => $this->module->label('sales_status', $row['sales_status'] ?? ''),
        ];
    }

    private function url(string $id): string
    {
        $page = Platform::isSugar() ? '/#Opportunities/' : '/index.php?module=Opportunities&action=DetailView&record=';

        return rtrim((string) $GLOBALS['sugar_config']['site_url'], '/') . $page . rawurlencode($id);
    }

    /**
     * @param array<string, mixed> $row
     */
    private function currency(array $row): string
    {
        $isForeign = !in_array((string) ($row['currency_id'] ?? ''), ['', self::BASE_CURRENCY], true);
        if ($isForeign && $row['roistat_currency'] !== null) {
            return (string) $row['roistat_currency'];
        }

        return (string) $GLOBALS['sugar_config']['default_currency_iso4217'];
    }
}
