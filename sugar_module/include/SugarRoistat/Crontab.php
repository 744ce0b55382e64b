<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Whether the CRM's cron runs our sweep, and the line that makes it. Pure.
 */
final class Crontab
{
    /** Seconds without a sweep after which something is wrong. */
    private const LATE = 600;

    /**
     * @param int $sweptAt when the sweep last ran, in seconds since 1970; 0 for never
     */
    public static function isLate(int $sweptAt, int $now): bool
    {
        return $now - $sweptAt > self::LATE;
    }

    /**
     * The line for the crontab of the web server's user.
     *
     * @param string $root the CRM's folder
     */
    public static function line(string $root): string
    {
        $quoted = preg_match('#^[\w./-]+$#D', $root) === 1 ? $root : "'" . str_replace("'", "'\\''", $root) . "'";

        return '* * * * * cd ' . $quoted . '; php -f cron.php > /dev/null 2>&1';
    }
}
