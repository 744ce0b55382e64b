<?php

declare(strict_types=1);

// What the settings page touches of either platform.

class TimeDate
{
    public static string $zone = 'Europe/Moscow';

    public static function getInstance(): self
    {
        return new self();
    }

    public static function userTimezone(): string
    {
        return self::$zone;
    }

    public function asUser(DateTime $moment): string
    {
        return $moment->setTimezone(new DateTimeZone(self::$zone))->format('d.m.Y H:i');
    }
}

/** In English, whatever the user reads. */
function translate(string $label, string $module): string
{
    $mod_strings = [];
    require dirname(__DIR__, 3) . '/sugar_module/Extension/modules/' . $module
        . '/Ext/Language/en_us.sugar_roistat.php';

    return $mod_strings[$label] ?? $label;
}
