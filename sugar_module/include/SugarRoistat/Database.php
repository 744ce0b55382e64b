<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The CRM's database, past its beans and their caches. A failed query throws here, which the platform's own does not.
 */
final class Database
{
    private \DBManager $db;

    public function __construct(\DBManager $db)
    {
        $this->db = $db;
    }

    public static function connect(): self
    {
        return new self(\DBManagerFactory::getInstance());
    }

    /**
     * The rows of a query, unescaped.
     *
     * @return array<int, array<string, mixed>>
     */
    public function rows(string $sql): array
    {
        return $this->fetch($this->run($sql));
    }

    /**
     * The first so many rows of a query, unescaped.
     *
     * @return array<int, array<string, mixed>>
     */
    public function firstRows(string $sql, int $count): array
    {
        $result = $this->db->limitQuery($sql, 0, $count);
        if ($result === false) {
            throw new DatabaseFailed();
        }

        return $this->fetch($result);
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
     * Runs a change.
     *
     * @return int how many rows it changed
     */
    public function change(string $sql): int
    {
        return (int) $this->db->getAffectedRowCount($this->run($sql));
    }

    /**
     * Runs a change that may fail, as an INSERT does whose key somebody else has just taken.
     *
     * @return bool whether it succeeded
     */
    public function attempt(string $sql): bool
    {
        return $this->db->query($sql, false, '', true) !== false;
    }

    /**
     * A text as an SQL literal, quotes included.
     */
    public function quoted(string $text): string
    {
        return $this->db->quoted($text);
    }

    /**
     * Texts as the list that IN takes.
     *
     * @param string[] $texts at least one
     */
    public function quotedList(array $texts): string
    {
        $quoted = [];
        foreach ($texts as $text) {
            $quoted[] = $this->quoted((string) $text);
        }

        return '(' . implode(', ', $quoted) . ')';
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

    /**
     * @return mixed the platform's result
     */
    private function run(string $sql)
    {
        $result = $this->db->query($sql);
        if ($result === false) {
            throw new DatabaseFailed();
        }

        return $result;
    }

    /**
     * @param mixed $result
     *
     * @return array<int, array<string, mixed>>
     */
    private function fetch($result): array
    {
        $rows = [];
        while (is_array($row = $this->db->fetchByAssoc($result, false))) {
            $rows[] = $row;
        }

        return $rows;
    }
}
