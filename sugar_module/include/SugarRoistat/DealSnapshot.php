<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * A stored deal as the webhook event of the contract. Pure.
 */
final class DealSnapshot
{
    private const LONGEST_TEXT = 1000;

    /**
     * @param string                    $timestamp the database's clock before the read, in UTC
     * @param array<string, mixed>      $deal      what DealReader read
     * @param array<string, mixed>|null $client    what ClientReader read
     *
     * @return array<string, mixed>
     */
    public static function event(string $timestamp, array $deal, ?array $client): array
    {
        $row = $deal['row'];
        if ((int) $row['deleted'] === 1) {
            return self::envelope('opportunity.deleted', $timestamp, [
                'id' => (string) $row['id'],
                'deleted' => true,
            ]);
        }

        return self::envelope('opportunity.saved', $timestamp, [
            'id' => (string) $row['id'],
            'name' => (string) StoredValue::text($row['name']),
            'url' => $deal['url'],
            'roistat' => StoredValue::text($row['roistat_c'] ?? ''),
            'sales_stage' => StoredValue::text($row['sales_stage'] ?? ''),
            'sales_stage_label' => StoredValue::text($deal['sales_stage_label']),
            'sales_status' => StoredValue::text($row['sales_status'] ?? ''),
            'sales_status_label' => StoredValue::text($deal['sales_status_label']),
            'pipeline' => $deal['pipeline'],
            'amount' => StoredValue::money($row['amount'] ?? ''),
            'currency' => StoredValue::text($deal['currency']),
            'amount_base' => StoredValue::money($row['amount_usdollar'] ?? ''),
            'cost' => null,
            'date_entered' => StoredValue::moment($row['date_entered'] ?? ''),
            'date_modified' => StoredValue::moment($row['date_modified'] ?? ''),
            'date_closed' => StoredValue::date($row['date_closed'] ?? ''),
            'deleted' => false,
            'lead_source' => StoredValue::text($row['lead_source'] ?? ''),
            'assigned_user_name' => StoredValue::text($deal['assigned_user_name']),
            'fields' => self::fields($row, $deal['types']),
            'client' => $client === null ? null : ClientSnapshot::client($client),
        ]);
    }

    /**
     * @param array<string, mixed> $data
     *
     * @return array<string, mixed>
     */
    private static function envelope(string $type, string $timestamp, array $data): array
    {
        return [
            'type' => $type,
            'timestamp' => $timestamp,
            'data' => $data,
        ];
    }

    /**
     * Every scalar field of the deal's own as text; what is too long to be a characteristic is left out.
     *
     * @param array<string, mixed>  $row
     * @param array<string, string> $types the type of each field
     *
     * @return array<string, string|null>
     */
    private static function fields(array $row, array $types): array
    {
        $fields = [];
        foreach ($types as $name => $type) {
            $stored = array_key_exists($name, $row) ? $row["$name"] : null;
            $value = in_array($type, ['datetime', 'datetimecombo'], true)
                ? StoredValue::moment($stored)
                : StoredValue::text($stored);
            if (mb_strlen((string) $value, 'UTF-8') <= self::LONGEST_TEXT) {
                $fields["$name"] = $value;
            }
        }

        return $fields;
    }
}
