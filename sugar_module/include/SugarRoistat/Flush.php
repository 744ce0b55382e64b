<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Remembers what this request marked, and sends it when the request ends. Nothing that happens here reaches a save.
 */
final class Flush
{
    /** Seconds that sending may take of one request. */
    private const SECONDS = 2.0;

    /** Seconds after which a record is marked anew: until then its minute is far from over. */
    private const MARK_AGAIN = 30;

    /** A long import marks more than this; the sweep sends what no longer fits. */
    private const MOST = 1000;

    /** Seconds after which the sweep is taken for one that is off. */
    private const SWEEP_LATE = 120;

    private static ?self $current = null;

    /** @var array<string, Mark> */
    private array $marks = [];

    /** @var array<string, int> when each was marked, in seconds since 1970 */
    private array $markedAt = [];

    /**
     * This request's. PHP destroys it, and so sends, when the request is over.
     */
    public static function current(): self
    {
        if (self::$current === null) {
            self::$current = new self();
        }

        return self::$current;
    }

    public function __destruct()
    {
        $this->now();
    }

    /**
     * Marks a record in the outbox; the first mark in a while counts for all that follow.
     *
     * @param string $kind a kind of Mark
     */
    public function mark(string $kind, string $id): void
    {
        $key = $kind . ':' . $id;
        if (($this->markedAt["$key"] ?? 0) > time() - self::MARK_AGAIN) {
            return;
        }
        if (count($this->marks) >= self::MOST) {
            $this->marks = [];
            $this->markedAt = [];
        }
        $previous = isset($this->marks["$key"]) ? $this->marks["$key"]->token : '';
        $this->marks["$key"] = (new Outbox(Database::connect()))->mark($kind, $id, $previous);
        $this->markedAt["$key"] = time();
    }

    /**
     * Sends what was marked, as far as two seconds go; the rest stays in the outbox.
     */
    public function now(): void
    {
        $marks = array_values($this->marks);
        $this->marks = [];
        $this->markedAt = [];
        if ($marks === []) {
            return;
        }
        try {
            $this->send($marks);
        } catch (\Throwable $problem) {
            Log::failure('changes stay in the outbox for the scheduler', $problem);
        }
    }

    /**
     * @param array<int, Mark> $marks
     */
    private function send(array $marks): void
    {
        $until = microtime(true) + self::SECONDS;
        $database = Database::connect();
        $settings = new Settings($database);
        $breaker = new Breaker($settings);
        if (!$settings->isSetUp() || ($breaker->isOpen() && !$breaker->mayProbe())) {
            return;
        }
        try {
            $dispatcher = Dispatcher::on($database, $settings);
            foreach (array_chunk($marks, Dispatcher::BATCH) as $batch) {
                if (!$dispatcher->dispatch($batch, true, $until)) {
                    break;
                }
                $breaker->close();
            }
            if ($settings->moment('swept_at') < time() - self::SWEEP_LATE) {
                $this->carryWaiting(new Outbox($database), $dispatcher, $until);
            }
        } catch (NotSent $problem) {
            $breaker->trip($problem);
        }
    }

    /**
     * Where cron is off, saves bring along what waits.
     */
    private function carryWaiting(Outbox $outbox, Dispatcher $dispatcher, float $until): void
    {
        $waiting = $outbox->due(Dispatcher::BATCH);
        if ($waiting !== []) {
            $dispatcher->dispatch($waiting, false, $until);
        }
    }
}
