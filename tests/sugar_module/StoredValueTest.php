<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use PHPUnit\Framework\TestCase;
use SugarRoistat\StoredValue;

final class StoredValueTest extends TestCase
{
    /**
     * @dataProvider texts
     *
     * @param mixed $stored
     */
    public function test_text_is_what_the_person_typed($stored, ?string $expected): void
    {
        self::assertSame($expected, StoredValue::text($stored));
    }

    /** @return array<string, array{mixed, string|null}> */
    public function texts(): array
    {
        return [
            'nothing' => [null, null],
            'blanks' => ["  \n", null],
            'zero' => ['0', '0'],
            'a number from a driver that types its columns' => [40, '40'],
            'escaped by the CRM' => ['&lt;b&gt;&quot;Tom&#039;s&quot; &amp; co&lt;/b&gt;', '<b>"Tom\'s" & co</b>'],
            'an entity that the person typed' => ['&amp;lt; and &eacute;', '&lt; and &eacute;'],
            'blanks around' => [' 4521890 ', '4521890'],
        ];
    }

    /**
     * @dataProvider amounts
     *
     * @param mixed $stored
     */
    public function test_money_is_a_plain_decimal($stored, ?string $expected): void
    {
        self::assertSame($expected, StoredValue::money($stored));
    }

    /** @return array<string, array{mixed, string|null}> */
    public function amounts(): array
    {
        return [
            'nothing' => [null, null],
            'empty' => ['', null],
            'zero' => ['0', '0'],
            'a decimal column' => ['1234.560000', '1234.560000'],
            'negative' => ['-5.5', '-5.5'],
            'a double that is not quite' => ['0.30000000000000004', '0.300000'],
            'a double in powers of ten' => ['1.5e3', '1500.000000'],
            'a float' => [1234.56, '1234.56'],
            'more digits than money has' => ['1e15', null],
            'not a number' => ['12,50', null],
        ];
    }

    public function test_moments_are_utc_and_dates_have_no_time(): void
    {
        self::assertSame('2026-11-21T07:42:10Z', StoredValue::moment('2026-11-21 07:42:10'));
        self::assertSame('2026-11-21T07:42:10Z', StoredValue::moment('2026-11-21 07:42:10.000'));
        self::assertNull(StoredValue::moment(null));
        self::assertSame('2026-12-31', StoredValue::date('2026-12-31 00:00:00'));
        self::assertNull(StoredValue::date(''));
    }
}
