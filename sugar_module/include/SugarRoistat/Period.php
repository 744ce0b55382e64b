<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * A span of days in somebody's time zone. Pure.
 */
final class Period
{
    private const DAY = '/^(\d{4})-(\d\d)-(\d\d)$/D';

    /**
     * @param string $from first day, 2026-11-21
     * @param string $to   last day
     *
     * @return array{string, string}|null its first moment and the one after its last, as the CRM stores moments, in
     *                                    UTC; null when it is no period
     */
    public static function stored(string $from, string $to, \DateTimeZone $zone): ?array
    {
        if (!self::isDay($from) || !self::isDay($to) || $from > $to) {
            return null;
        }
        $first = new \DateTime($from, $zone);
        $after = (new \DateTime($to, $zone))->modify('+1 day');

        return [self::store($first), self::store($after)];
    }

    private static function isDay(string $text): bool
    {
        $parts = [];

        return preg_match(self::DAY, $text, $parts) === 1
            && checkdate((int) $parts[2], (int) $parts[3], (int) $parts[1]);
    }

    private static function store(\DateTime $moment): string
    {
        return $moment->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d H:i:s');
    }
}
