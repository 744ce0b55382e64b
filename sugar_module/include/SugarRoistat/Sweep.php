<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Sends what waits in the outbox, each minute, from the CRM's cron.
 */
final class Sweep
{
    /** Seconds after which it leaves the rest to the next minute: the CRM's other jobs share its cron. */
    private const SECONDS = 40.0;

    /** Seconds that one call may take. */
    private const CALL = 10.0;

    /** Seconds after which a sweep that did not end is taken for dead. */
    private const LONGEST = 60;

    private const PING_EVERY = 600;

    private Database $database;

    private Settings $settings;

    private Breaker $breaker;

    public function __construct(Database $database)
    {
        $this->database = $database;
        $this->settings = new Settings($database);
        $this->breaker = new Breaker($this->settings);
    }

    /**
     * The scheduler's job.
     *
     * @param string $jobId its row in the queue
     *
     * @return bool false when something of ours failed; a receiver that is away is not a failure of the job
     */
    public static function runJob(string $jobId): bool
    {
        try {
            $database = Database::connect();
            // Done before it began: a killed job's row would stay "running", and keep the scheduler still for a day.
            $database->change(
                "UPDATE job_queue SET status = 'done', resolution = 'partial' WHERE id = " . $database->quoted($jobId)
            );
            (new self($database))->run();

            return true;
        } catch (\Throwable $problem) {
            Log::failure('the sweep failed', $problem);

            return false;
        }
    }

    public function run(): void
    {
        $running = $this->settings->value('sweeping_until');
        if ((int) $running > time()) {
            return;
        }
        $lease = (string) (time() + self::LONGEST);
        if (!$this->settings->replace('sweeping_until', $running, $lease)) {
            return;
        }
        $this->settings->keep('swept_at', (string) time());
        if ($this->settings->isSetUp()) {
            $this->deliver();
        }
        $this->settings->replace('sweeping_until', $lease, '');
    }

    private function deliver(): void
    {
        try {
            $this->sendWaiting(microtime(true) + self::SECONDS);
            if ($this->breaker->isOpen() || $this->settings->moment('pinged_at') < time() - self::PING_EVERY) {
                $this->ping();
            }
        } catch (NotSent $problem) {
            $this->breaker->trip($problem);
        }
    }

    private function sendWaiting(float $until): void
    {
        $dispatcher = Dispatcher::on($this->database, $this->settings);
        $outbox = new Outbox($this->database);
        while (microtime(true) < $until && ($marks = $outbox->due(Dispatcher::BATCH)) !== []) {
            if ($dispatcher->dispatch($marks, false, microtime(true) + self::CALL)) {
                $this->breaker->close();
            }
        }
    }

    private function ping(): void
    {
        $answer = (new Ping($this->database, $this->settings))->send(
            WebhookSender::fromSettings($this->settings),
            self::CALL
        );
        if (!$answer->isPong()) {
            throw NotSent::refused($answer->status);
        }
        $this->breaker->close();
    }
}
