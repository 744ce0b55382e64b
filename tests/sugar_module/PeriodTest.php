<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use PHPUnit\Framework\TestCase;
use SugarRoistat\Crontab;
use SugarRoistat\Period;

final class PeriodTest extends TestCase
{
    public function test_a_single_day_is_a_period_whatever_the_clocks_do_that_night(): void
    {
        $zone = new \DateTimeZone('Europe/Berlin');

        self::assertSame(
            ['2026-10-24 22:00:00', '2026-10-25 23:00:00'],
            Period::stored('2026-10-25', '2026-10-25', $zone)
        );
    }

    /** @dataProvider noPeriods */
    public function test_what_is_no_period_is_none(string $from, string $to): void
    {
        self::assertNull(Period::stored($from, $to, new \DateTimeZone('UTC')));
    }

    /** @return array<string, array{string, string}> */
    public function noPeriods(): array
    {
        return [
            'nothing' => ['', ''],
            'no end' => ['2026-01-01', ''],
            'backwards' => ['2026-01-02', '2026-01-01'],
            'no such day' => ['2026-02-30', '2026-03-01'],
            'words' => ['yesterday', 'today'],
            'more than a day' => ["2026-01-01\n", '2026-01-02'],
        ];
    }

    public function test_the_crontab_line_stands_odd_folders(): void
    {
        self::assertSame("* * * * * cd /var/www/crm; php -f cron.php > /dev/null 2>&1", Crontab::line('/var/www/crm'));
        self::assertStringContainsString("cd '/var/my crm'; ", Crontab::line('/var/my crm'));
        self::assertStringContainsString("cd '/a'\\''b; rm'; ", Crontab::line("/a'b; rm"));
    }
}
