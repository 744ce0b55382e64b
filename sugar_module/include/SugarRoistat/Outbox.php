<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The records that have to be sent: one row each, without what they hold. The only class that knows the table.
 *
 * A row is marked before the CRM writes the record, and the marking request gets a minute in which nobody else takes
 * it: whoever did would read the record before that write, and clear the mark that the write needs. Within that minute
 * the request sends the record itself; if it dies, the sweep finds the row afterwards. `shared` says that two requests
 * marked the row within one such minute: then neither may clear it, since the other may not have written yet, and the
 * row is sent once more when the minute is over.
 */
final class Outbox
{
    /** Seconds that a mark belongs to the request that made it. */
    public const OWNED = 60;

    private const TABLE = 'roistat_outbox';

    private const TRIES = 5;

    private const LONGEST_ANSWER = 255;

    private const COLUMNS = 'kind, record_id, token, marked, due, shared, attempts, refused, answer';

    private const FIELDS = [
        'kind' => ['name' => 'kind', 'type' => 'varchar', 'len' => '10', 'required' => true, 'isnull' => false],
        'record_id' => [
            'name' => 'record_id',
            'type' => 'varchar',
            'len' => '36',
            'required' => true,
            'isnull' => false,
        ],
        'token' => ['name' => 'token', 'type' => 'varchar', 'len' => '16'],
        'marked' => ['name' => 'marked', 'type' => 'int'],
        'due' => ['name' => 'due', 'type' => 'int'],
        'shared' => ['name' => 'shared', 'type' => 'int'],
        'attempts' => ['name' => 'attempts', 'type' => 'int'],
        'refused' => ['name' => 'refused', 'type' => 'int'],
        'answer' => ['name' => 'answer', 'type' => 'varchar', 'len' => '255'],
    ];

    private const INDICES = [
        ['name' => 'roistat_outboxpk', 'type' => 'primary', 'fields' => ['kind', 'record_id']],
        ['name' => 'idx_roistat_due', 'type' => 'index', 'fields' => ['refused', 'attempts', 'marked']],
    ];

    private Database $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * Makes the table, or brings that of an earlier version up to date.
     */
    public static function create(\DBManager $db): void
    {
        if ($db->tableExists(self::TABLE)) {
            $db->repairTableParams(self::TABLE, self::FIELDS, self::INDICES, true);
        } else {
            $db->createTableParams(self::TABLE, self::FIELDS, self::INDICES);
        }
    }

    public static function drop(\DBManager $db): void
    {
        if ($db->tableExists(self::TABLE)) {
            $db->dropTableName(self::TABLE);
        }
    }

    /**
     * Marks a record as changed, for a request that will write and send it within its minute.
     *
     * @param string $previous the token of this request's own earlier mark of the record
     *
     * @return Mark the row as it now is
     *
     * @throws DatabaseFailed
     */
    public function mark(string $kind, string $id, string $previous = ''): Mark
    {
        $mark = new Mark($kind, $id, bin2hex(random_bytes(8)));
        // Between the two, another request may insert the row, and clear it again.
        for ($try = 0; $try < self::TRIES; $try++) {
            if ($this->move($mark, $previous) || $this->insert($mark)) {
                return $mark;
            }
        }
        throw new DatabaseFailed();
    }

    /**
     * Rows that may be sent by anyone: fewest attempts first, then oldest, so that none that fails holds up the rest.
     *
     * @return Mark[]
     */
    public function due(int $count): array
    {
        $rows = $this->database->firstRows(
            'SELECT kind, record_id, token, attempts, answer FROM ' . self::TABLE
            . ' WHERE refused = 0 AND due <= ' . time() . ' ORDER BY attempts, marked, record_id',
            $count
        );

        return self::marks($rows);
    }

    /**
     * Clears what was sent, but for rows that were marked again meanwhile.
     *
     * @param Mark[] $marks
     * @param bool   $own   whether this request marked them: then shared rows stay
     */
    public function clear(array $marks, bool $own): void
    {
        if ($marks !== []) {
            $this->database->change(
                'DELETE FROM ' . self::TABLE . ' WHERE ' . $this->unmoved($marks) . ($own ? ' AND shared = 0' : '')
            );
        }
    }

    /**
     * Keeps what could not be sent, for the sweep.
     *
     * @param Mark[] $marks
     */
    public function fail(array $marks, string $answer): void
    {
        $this->note($marks, 'refused = 0', $answer);
    }

    /**
     * Keeps what the receiver will not have as it is, until it changes or somebody sends it again.
     *
     * @param Mark[] $marks
     */
    public function refuse(array $marks, string $answer): void
    {
        $this->note($marks, 'refused = 1', $answer);
    }

    /**
     * @return array{waiting: int, refused: int, oldest: int|null} oldest: when the one that waits longest was marked,
     *                                                             in seconds since 1970
     */
    public function counts(): array
    {
        $row = (array) $this->database->row(
            'SELECT SUM(CASE WHEN refused = 0 THEN 1 ELSE 0 END) AS waiting, SUM(refused) AS refused,'
            . ' MIN(CASE WHEN refused = 0 THEN marked END) AS oldest FROM ' . self::TABLE
        );

        return [
            'waiting' => (int) ($row['waiting'] ?? 0),
            'refused' => (int) ($row['refused'] ?? 0),
            'oldest' => isset($row['oldest']) ? (int) $row['oldest'] : null,
        ];
    }

    /**
     * @return Mark[] what was refused, the latest first
     */
    public function refused(int $count): array
    {
        $rows = $this->database->firstRows(
            'SELECT kind, record_id, token, attempts, answer FROM ' . self::TABLE
            . ' WHERE refused = 1 ORDER BY marked DESC, record_id',
            $count
        );

        return self::marks($rows);
    }

    /**
     * Gives refused rows another chance.
     *
     * @return int how many
     */
    public function sendRefusedAgain(): int
    {
        return $this->database->change(
            'UPDATE ' . self::TABLE . ' SET refused = 0, attempts = 0, due = 0 WHERE refused = 1'
        );
    }

    /**
     * Marks every deal that changed within a period, deleted ones too.
     *
     * @param string $since first moment, stored form: 2026-11-21 07:42:10 in UTC
     * @param string $until moment after the last
     *
     * @return int how many
     */
    public function markPeriod(string $since, string $until): int
    {
        $token = $this->database->quoted(bin2hex(random_bytes(8)));
        $deal = $this->database->quoted(Mark::DEAL);
        $period = ' FROM opportunities o WHERE o.date_modified >= ' . $this->database->quoted($since)
            . ' AND o.date_modified < ' . $this->database->quoted($until);
        $moved = $this->database->change(
            'UPDATE ' . self::TABLE . ' SET token = ' . $token . ', due = 0, attempts = 0, refused = 0'
            . ' WHERE kind = ' . $deal . ' AND record_id IN (SELECT o.id' . $period . ')'
        );
        $added = $this->database->change(
            'INSERT INTO ' . self::TABLE . ' (' . self::COLUMNS . ') SELECT ' . $deal . ', o.id, ' . $token . ', '
            . time() . ", 0, 0, 0, 0, ''" . $period . ' AND NOT EXISTS (SELECT 1 FROM ' . self::TABLE
            . ' b WHERE b.kind = ' . $deal . ' AND b.record_id = o.id)'
        );

        return $moved + $added;
    }

    private function move(Mark $mark, string $previous): bool
    {
        $now = time();
        $own = 'token = ' . $this->database->quoted($previous);

        return $this->database->change(
            'UPDATE ' . self::TABLE . ' SET shared = CASE WHEN ' . $own . ' THEN shared WHEN due > ' . $now
            . ' THEN 1 ELSE 0 END, token = ' . $this->database->quoted($mark->token) . ', due = '
            . ($now + self::OWNED) . ', attempts = 0, refused = 0 WHERE ' . $this->row($mark)
        ) > 0;
    }

    private function insert(Mark $mark): bool
    {
        $now = time();

        return $this->database->attempt(
            'INSERT INTO ' . self::TABLE . ' (' . self::COLUMNS . ') VALUES (' . $this->database->quoted($mark->kind)
            . ', ' . $this->database->quoted($mark->id) . ', ' . $this->database->quoted($mark->token) . ', ' . $now
            . ', ' . ($now + self::OWNED) . ", 0, 0, 0, '')"
        );
    }

    /**
     * @param Mark[] $marks
     */
    private function note(array $marks, string $outcome, string $answer): void
    {
        if ($marks !== []) {
            // A shared row stays its writers' until the minute is over.
            $this->database->change(
                'UPDATE ' . self::TABLE . ' SET ' . $outcome . ', attempts = attempts + 1, answer = '
                . $this->database->quoted(mb_substr($answer, 0, self::LONGEST_ANSWER, 'UTF-8'))
                . ', due = CASE WHEN shared = 1 THEN due ELSE ' . time() . ' END WHERE ' . $this->unmoved($marks)
            );
        }
    }

    /**
     * @param Mark[] $marks
     */
    private function unmoved(array $marks): string
    {
        $rows = [];
        foreach ($marks as $mark) {
            $rows[] = '(' . $this->row($mark) . ' AND token = ' . $this->database->quoted($mark->token) . ')';
        }

        return '(' . implode(' OR ', $rows) . ')';
    }

    private function row(Mark $mark): string
    {
        return 'kind = ' . $this->database->quoted($mark->kind) . ' AND record_id = '
            . $this->database->quoted($mark->id);
    }

    /**
     * @param array<int, array<string, mixed>> $rows
     *
     * @return Mark[]
     */
    private static function marks(array $rows): array
    {
        $marks = [];
        foreach ($rows as $row) {
            $marks[] = new Mark(
                (string) $row['kind'],
                (string) $row['record_id'],
                (string) $row['token'],
                (int) $row['attempts'],
                (string) $row['answer']
            );
        }

        return $marks;
    }
}
