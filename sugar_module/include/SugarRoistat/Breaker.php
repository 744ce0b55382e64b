<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Keeps saves from waiting for a receiver that is away: after one failure only the sweep tries, until it succeeds.
 */
final class Breaker
{
    /** Seconds after which a sweep that did not run is taken for one that never will. */
    private const SWEEP_MISSED = 600;

    /** Seconds between notes of a success: a busy CRM need not write one for every save. */
    private const NOTED_EVERY = 60;

    private Settings $settings;

    public function __construct(Settings $settings)
    {
        $this->settings = $settings;
    }

    public function isOpen(): bool
    {
        return $this->settings->moment('outage_since') > 0;
    }

    /**
     * Whether this one save may try though the breaker is open: where cron is off, nobody else would.
     */
    public function mayProbe(): bool
    {
        $missed = time() - self::SWEEP_MISSED;
        $probed = $this->settings->value('probed_at');

        return $this->settings->moment('swept_at') < $missed && (int) $probed < $missed
            && $this->settings->replace('probed_at', $probed, (string) time());
    }

    /**
     * @param NotSent $problem why nothing passes
     */
    public function trip(NotSent $problem): void
    {
        $this->settings->keep('outage_reason', $problem->getMessage());
        if (!$this->isOpen()) {
            $this->settings->keep('outage_since', (string) time());
            Log::say('nothing is sent for now: ' . $problem->getMessage()
                . '. Everything is kept, and the scheduler tries again each minute');
        }
    }

    /**
     * Something was accepted.
     */
    public function close(): void
    {
        if ($this->isOpen()) {
            $this->settings->keep('outage_since', '');
            $this->settings->keep('outage_reason', '');
            Log::say('the receiver accepts again');
        }
        if ($this->settings->moment('succeeded_at') < time() - self::NOTED_EVERY) {
            $this->settings->keep('succeeded_at', (string) time());
        }
    }
}
