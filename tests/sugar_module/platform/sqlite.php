<?php

declare(strict_types=1);

/**
 * The platform's database manager on a real database, in memory, with the tables that the package reads.
 *
 * MySQL's clock is there as functions: each reading is a microsecond later than the one before.
 */
class SqliteManager extends DBManager
{
    private const TABLES = [
        'config (category TEXT, name TEXT, value TEXT)',
        'job_queue (id TEXT, scheduler_id TEXT, target TEXT, status TEXT, resolution TEXT)',
        'users (id TEXT, first_name TEXT, last_name TEXT)',
        'currencies (id TEXT, iso4217 TEXT)',
        'opportunities (id TEXT PRIMARY KEY, name TEXT, deleted INT DEFAULT 0, date_entered TEXT, date_modified TEXT,'
            . ' sales_stage TEXT, amount TEXT, amount_usdollar TEXT, currency_id TEXT, assigned_user_id TEXT)',
        'opportunities_cstm (id_c TEXT PRIMARY KEY, roistat_c TEXT, secret_c TEXT)',
        'contacts (id TEXT PRIMARY KEY, first_name TEXT, last_name TEXT, phone_mobile TEXT, phone_work TEXT,'
            . ' phone_home TEXT, phone_other TEXT, birthdate TEXT, deleted INT DEFAULT 0)',
        'accounts (id TEXT PRIMARY KEY, name TEXT, phone_office TEXT, phone_alternate TEXT, deleted INT DEFAULT 0)',
        'opportunities_contacts (id TEXT, opportunity_id TEXT, contact_id TEXT, contact_role TEXT,'
            . ' date_modified TEXT, deleted INT DEFAULT 0)',
        'accounts_opportunities (id TEXT, opportunity_id TEXT, account_id TEXT, date_modified TEXT,'
            . ' deleted INT DEFAULT 0)',
        'accounts_contacts (id TEXT, account_id TEXT, contact_id TEXT, date_modified TEXT, deleted INT DEFAULT 0)',
        'email_addresses (id TEXT, email_address TEXT, deleted INT DEFAULT 0)',
        'email_addr_bean_rel (email_address_id TEXT, bean_id TEXT, bean_module TEXT, primary_address INT DEFAULT 0,'
            . ' date_created TEXT, deleted INT DEFAULT 0)',
    ];

    /** Statements before which a test may let others run; what the others touch makes no difference to anyone. */
    private const STEPS = '/roistat_outbox|UTC_TIMESTAMP|SELECT o\.|UPDATE opportunities/';

    private PDO $pdo;

    private int $microseconds = 0;

    private int $affected = 0;

    public function __construct()
    {
        $this->pdo = new PDO('sqlite::memory:', null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->pdo->sqliteCreateFunction('UTC_TIMESTAMP', fn () => ++$this->microseconds, 1);
        $this->pdo->sqliteCreateFunction(
            'DATE_FORMAT',
            static fn ($now) => sprintf(
                '2026-11-21T07:%02d:%02d.%06d',
                intdiv($now, 60000000),
                intdiv($now, 1000000) % 60,
                $now % 1000000
            ),
            2
        );
        foreach (self::TABLES as $table) {
            $this->pdo->exec('CREATE TABLE ' . $table);
        }
    }

    /** @return PDOStatement|bool */
    public function query(string $sql, bool $die = false, string $message = '', bool $suppress = false)
    {
        if (preg_match(self::STEPS, $sql) === 1 && class_exists(Fiber::class) && Fiber::getCurrent() !== null) {
            Fiber::suspend($sql);
        }
        $this->queries[] = $sql;
        if ($this->failure !== null) {
            throw $this->failure;
        }
        if ($this->broken) {
            return false;
        }
        try {
            $statement = $this->pdo->query($sql);
        } catch (PDOException $problem) {
            if ($suppress) {
                return false;
            }
            throw new LogicException($problem->getMessage() . ' in ' . $sql);
        }
        $this->affected = $statement->rowCount();

        return $statement;
    }

    /** @return PDOStatement|bool */
    public function limitQuery(string $sql, int $start, int $count)
    {
        return $this->query($sql . ' LIMIT ' . $count . ' OFFSET ' . $start);
    }

    /** @param mixed $result */
    public function getAffectedRowCount($result): int
    {
        return $this->affected;
    }

    /**
     * @param mixed $result
     *
     * @return array<string, mixed>|false
     */
    public function fetchByAssoc($result, bool $encode = true)
    {
        if ($encode) {
            throw new LogicException('rows must be read unescaped');
        }

        return $result->fetch(PDO::FETCH_ASSOC);
    }

    /** Like the platform's, it decodes entities first. */
    public function quoted(string $text): string
    {
        return $this->pdo->quote(htmlspecialchars_decode($text, ENT_QUOTES));
    }

    public function tableExists(string $table): bool
    {
        return $this->pdo->query('SELECT 1 FROM sqlite_master WHERE name = ' . $this->pdo->quote($table))
            ->fetchColumn() !== false;
    }

    /**
     * @param array<string, array<string, mixed>> $fields
     * @param list<array<string, mixed>>          $indices
     */
    public function createTableParams(string $table, array $fields, array $indices): void
    {
        $columns = [];
        foreach ($fields as $field) {
            $columns[] = $field['name'] . ($field['type'] === 'int' ? ' INT' : ' TEXT');
        }
        foreach ($indices as $index) {
            if ($index['type'] === 'primary') {
                $columns[] = 'PRIMARY KEY (' . implode(', ', $index['fields']) . ')';
            }
        }
        $this->pdo->exec('CREATE TABLE ' . $table . ' (' . implode(', ', $columns) . ')');
    }

    public function dropTableName(string $table): void
    {
        $this->pdo->exec('DROP TABLE ' . $table);
    }

    /** @param array<string, mixed> $values */
    public function put(string $table, array $values): void
    {
        $quoted = [];
        foreach ($values as $value) {
            $quoted[] = $value === null ? 'NULL' : $this->pdo->quote((string) $value);
        }
        $this->pdo->exec('INSERT OR REPLACE INTO ' . $table . ' (' . implode(', ', array_keys($values)) . ') VALUES ('
            . implode(', ', $quoted) . ')');
    }

    /** @return list<array<string, mixed>> */
    public function all(string $sql): array
    {
        return $this->pdo->query($sql)->fetchAll(PDO::FETCH_ASSOC);
    }

    public function change(string $sql): void
    {
        $this->pdo->exec($sql);
    }
}
