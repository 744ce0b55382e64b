<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The signing secret's life: none, one, or two while a new one is on its way to the receiver.
 */
final class Secrets
{
    private Settings $settings;

    private ConnectionTest $connection;

    public function __construct(Settings $settings, ConnectionTest $connection)
    {
        $this->settings = $settings;
        $this->connection = $connection;
    }

    public static function isWellFormed(string $secret): bool
    {
        try {
            new WebhookSigner($secret);
        } catch (NotSent $problem) {
            return false;
        }

        return true;
    }

    /**
     * Signs with a new secret from now on, and with the one that the receiver knows for as long as it may know no
     * other.
     */
    public function replace(string $new): void
    {
        $known = $this->knownToReceiver();
        if ($known === $new) {
            return;
        }
        $this->settings->keepSecret('previous_secret', $known);
        $this->settings->keepSecret('secret', $new);
        $this->settings->keep('secret_at', (string) time());
    }

    /**
     * Drops the previous secret if the receiver accepts the new one alone.
     *
     * @return Notice[]
     */
    public function finish(): array
    {
        $report = $this->connection->runWith($this->settings->secret());
        if (!$report->isWell) {
            $report->notices[] = Notice::warning('LBL_ROISTAT_ROTATION_KEPT');

            return $report->notices;
        }
        $this->settings->keepSecret('previous_secret', '');

        return [Notice::good('LBL_ROISTAT_ROTATION_FINISHED')];
    }

    public function isRotating(): bool
    {
        return $this->settings->value('previous_secret') !== '';
    }

    /**
     * The line for the receiver's environment.
     */
    public function line(): string
    {
        $secrets = [$this->settings->secret()];
        if ($this->isRotating()) {
            $secrets[] = $this->settings->previousSecret();
        }

        return 'WEBHOOK_SECRETS=' . implode(',', $secrets);
    }

    /**
     * Of two, the previous one, unless the receiver already accepts the new one alone. Empty when none was ever
     * accepted, or what is stored cannot be opened here.
     */
    private function knownToReceiver(): string
    {
        try {
            $current = $this->settings->secret();
            $previous = $this->settings->previousSecret();
        } catch (NotSent $sealedElsewhere) {
            return '';
        }
        if ($previous !== '' && !$this->connection->runWith($current)->isWell) {
            return $previous;
        }

        return $previous !== '' || $this->settings->moment('succeeded_at') > 0 ? $current : '';
    }
}
