<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use SugarRoistat\Database;

final class DatabaseTest extends CrmTestCase
{
    /** @dataProvider clocks */
    public function test_each_database_is_asked_for_its_own_clock(string $type, string $clock): void
    {
        $this->db->dbType = $type;

        self::assertSame('2026-11-21T07:42:10.123456Z', (new Database($this->db))->now());
        self::assertStringContainsString($clock, $this->db->queries[0]);
    }

    /** @return array<string, array{string, string}> */
    public function clocks(): array
    {
        return [
            'MySQL, MariaDB' => ['mysql', 'UTC_TIMESTAMP(6)'],
            'SQL Server' => ['mssql', 'SYSUTCDATETIME()'],
            'Oracle' => ['oci8', 'SYS_EXTRACT_UTC(SYSTIMESTAMP)'],
            'DB2' => ['ibm_db2', 'CURRENT TIMESTAMP - CURRENT TIMEZONE'],
        ];
    }
}
