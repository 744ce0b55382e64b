<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Reads from the CRM's database what is stored, past its beans and their caches.
 */
final class Database
{
    private \DBManager $db;

    public function __construct(\DBManager $db)
    {
        $this->db = $db;
    }

    /**
     * The first row of a query, unescaped; null when there is none.
     *
     * @return array<string, mixed>|null
     */
    public function row(string $sql): ?array
    {
        $row = $this->db->fetchByAssoc($this->run($sql), false);

        return is_array($row) ? $row : null;
    }

    /**
     * @return mixed the platform's result; a failed query throws, which the platform's own does not
     */
    public function run(string $sql)
    {
        $result = $this->db->query($sql);
        if ($result === false) {
            throw NotSent::unreadable();
        }

        return $result;
    }

    /**
     * A text as an SQL literal, quotes included.
     */
    public function quoted(string $text): string
    {
        return $this->db->quoted($text);
    }

    /**
     * The database's own clock in UTC: web servers' clocks differ, and each of them writes to this one database.
     */
    public function now(): string
    {
        return $this->row($this->clock())['now_utc'] . 'Z';
    }

    private function clock(): string
    {
        switch ($this->db->dbType) {
            case 'mssql':
                return 'SELECT CONVERT(varchar(26), SYSUTCDATETIME(), 126) AS now_utc';
            case 'oci8':
                return "SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6')"
                    . ' AS now_utc FROM dual';
            case 'ibm_db2':
                return "SELECT VARCHAR_FORMAT(CURRENT TIMESTAMP - CURRENT TIMEZONE, 'YYYY-MM-DD')"
                    . " || 'T' || VARCHAR_FORMAT(CURRENT TIMESTAMP - CURRENT TIMEZONE, 'HH24:MI:SS.FF6')"
                    . ' AS now_utc FROM SYSIBM.SYSDUMMY1';
            default:
                return "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%f') AS now_utc";
        }
    }
}
