<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What a stored column means outside the CRM. Pure.
 */
final class StoredValue
{
    private const MONEY = '/^-?\d{1,15}(\.\d{1,6})?$/D';

    /**
     * Text as a person typed it; null when there is none.
     *
     * The CRM escapes exactly & < > " ' before it stores a text, so exactly these come back.
     *
     * @param mixed $stored a column's value
     */
    public static function text($stored): ?string
    {
        $text = trim(htmlspecialchars_decode((string) $stored, ENT_QUOTES));

        return $text === '' ? null : $text;
    }

    /**
     * An amount as a plain decimal; null when there is none, or more digits than money has.
     *
     * @param mixed $stored a column's value: a decimal, or a double such as 0.30000000000000004 or 1e15
     */
    public static function money($stored): ?string
    {
        $amount = (string) $stored;
        if (is_numeric($amount) && preg_match(self::MONEY, $amount) !== 1) {
            $amount = number_format((float) $amount, 6, '.', '');
        }

        return preg_match(self::MONEY, $amount) === 1 ? $amount : null;
    }

    /**
     * A stored date and time, which is UTC, as ISO 8601; null when there is none.
     *
     * @param mixed $stored a column's value
     */
    public static function moment($stored): ?string
    {
        $moment = substr((string) $stored, 0, 19);

        return $moment === '' ? null : str_replace(' ', 'T', $moment) . 'Z';
    }

    /**
     * A stored date as YYYY-MM-DD; null when there is none.
     *
     * @param mixed $stored a column's value
     */
    public static function date($stored): ?string
    {
        $date = substr((string) $stored, 0, 10);

        return $date === '' ? null : $date;
    }
}
