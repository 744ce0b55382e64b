<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * A stored contact or account as the contract's client. Pure.
 */
final class ClientSnapshot
{
    /** The number that most surely reaches the person comes first. */
    private const PHONES = [
        'phone_mobile',
        'phone_work',
        'phone_home',
        'phone_other',
        'phone_office',
        'phone_alternate',
    ];

    /**
     * @param string               $timestamp the database's clock before the read, in UTC
     * @param array<string, mixed> $row       what ClientReader read
     *
     * @return array<string, mixed>
     */
    public static function event(string $timestamp, array $row): array
    {
        return ['type' => 'client.saved', 'timestamp' => $timestamp, 'data' => self::client($row)];
    }

    /**
     * @param array<string, mixed> $row what ClientReader read
     *
     * @return array<string, string|null>
     */
    public static function client(array $row): array
    {
        return [
            'id' => (string) $row['id'],
            'name' => (string) self::name($row),
            'phone' => self::phone($row),
            'email' => StoredValue::text($row['email']),
            'company' => StoredValue::text($row['company']),
            'birth_date' => StoredValue::date($row['birthdate'] ?? ''),
        ];
    }

    /**
     * An account has a name, a contact has its parts.
     *
     * @param array<string, mixed> $row
     */
    private static function name(array $row): ?string
    {
        return StoredValue::text($row['name'] ?? $row['first_name'] . ' ' . $row['last_name']);
    }

    /**
     * @param array<string, mixed> $row
     */
    private static function phone(array $row): ?string
    {
        foreach (self::PHONES as $column) {
            $phone = StoredValue::text($row["$column"] ?? '');
            if ($phone !== null) {
                return $phone;
            }
        }

        return null;
    }
}
