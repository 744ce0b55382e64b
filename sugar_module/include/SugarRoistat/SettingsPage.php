<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What a form of the settings page changes, and what is said about it.
 */
final class SettingsPage
{
    /** The page's address in both products. */
    public const ADDRESS = 'index.php?module=Administration&action=SugarRoistat';

    private Settings $settings;

    private Outbox $outbox;

    private ConnectionTest $connection;

    private Secrets $secrets;

    private PageSession $session;

    public function __construct(Settings $settings, Outbox $outbox, ConnectionTest $connection)
    {
        $this->settings = $settings;
        $this->outbox = $outbox;
        $this->connection = $connection;
        $this->secrets = new Secrets($settings, $connection);
        $this->session = new PageSession();
    }

    public static function connect(): self
    {
        $database = Database::connect();
        $settings = new Settings($database);
        $connection = new ConnectionTest($settings, new Ping($database, $settings));

        return new self($settings, new Outbox($database), $connection);
    }

    /**
     * Carries out a posted form of an administrator's, if it is the page's own, and leaves word for the next page.
     *
     * @param array<string, mixed> $form
     */
    public function post(array $form): void
    {
        if (!$this->session->owns(self::text($form, 'roistat_token'))) {
            $this->session->say([Notice::bad('LBL_ROISTAT_FORM_STALE')]);
            return;
        }
        try {
            $this->session->say($this->change($form));
        } catch (\Throwable $problem) {
            Log::failure('the settings page could not carry that out', $problem);
            $this->session->say([Notice::bad('LBL_ROISTAT_PAGE_FAILED')]);
        }
    }

    /**
     * @param array<string, mixed> $form
     *
     * @return Notice[]
     */
    private function change(array $form): array
    {
        switch (self::text($form, 'roistat_do')) {
            case 'address':
                return $this->saveAddress(trim(self::text($form, 'roistat_url')));
            case 'generate':
                return $this->generateSecret();
            case 'own_secret':
                return $this->saveSecret(trim(self::text($form, 'roistat_secret')));
            case 'finish':
                return $this->secrets->isRotating() ? $this->secrets->finish() : [];
            case 'test':
                return $this->connection->run()->notices;
            case 'refused':
                return $this->sendRefusedAgain();
            case 'period':
                return $this->sendPeriodAgain(self::text($form, 'roistat_from'), self::text($form, 'roistat_to'));
            case 'removal':
                return $this->saveRemoval(self::text($form, 'roistat_remove') === '1');
            default:
                return [Notice::bad('LBL_ROISTAT_FORM_STALE')];
        }
    }

    /**
     * @return Notice[]
     */
    private function saveAddress(string $url): array
    {
        $problem = $url === '' ? null : Address::problem($url);
        if ($problem !== null) {
            return [Notice::bad($problem)];
        }
        $this->settings->keep('url', $url);

        return $this->saved();
    }

    /**
     * @return Notice[]
     */
    private function generateSecret(): array
    {
        $this->secrets->replace(WebhookSigner::newSecret());
        $this->session->showSecretOnce();

        return [];
    }

    /**
     * @return Notice[]
     */
    private function saveSecret(string $secret): array
    {
        if (!Secrets::isWellFormed($secret)) {
            return [Notice::bad('LBL_ROISTAT_SECRET_MALFORMED')];
        }
        $this->secrets->replace($secret);

        return $this->saved();
    }

    /**
     * @return Notice[]
     */
    private function sendRefusedAgain(): array
    {
        return [self::counted('LBL_ROISTAT_REFUSED_AGAIN', $this->outbox->sendRefusedAgain())];
    }

    /**
     * @return Notice[]
     */
    private function sendPeriodAgain(string $from, string $to): array
    {
        $period = Period::stored($from, $to, new \DateTimeZone(\TimeDate::userTimezone() ?: 'UTC'));
        if ($period === null) {
            return [Notice::bad('LBL_ROISTAT_PERIOD_MALFORMED')];
        }

        return [self::counted('LBL_ROISTAT_PERIOD_AGAIN', $this->outbox->markPeriod($period[0], $period[1]))];
    }

    private static function counted(string $label, int $count): Notice
    {
        return Notice::good($label, ['{count}' => strval($count)]);
    }

    /**
     * @return Notice[]
     */
    private function saveRemoval(bool $isWanted): array
    {
        $this->settings->keep('remove_field', $isWanted ? '1' : '');

        return [
            $isWanted ? Notice::warning('LBL_ROISTAT_REMOVAL_ON') : Notice::good('LBL_ROISTAT_REMOVAL_OFF'),
        ];
    }

    /**
     * Every change tells the receiver how the CRM now is, and the administrator what the receiver thinks of it.
     *
     * @return Notice[]
     */
    private function saved(): array
    {
        return array_merge([Notice::good('LBL_ROISTAT_SAVED')], $this->connection->run()->notices);
    }

    /**
     * @param array<string, mixed> $form
     */
    private static function text(array $form, string $name): string
    {
        $text = $form["$name"] ?? '';

        return is_string($text) ? htmlspecialchars_decode($text, ENT_QUOTES) : '';
    }
}
