<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * A sign of life, with all that the receiver wants to know of the CRM: stages, fields, currency, what waits.
 */
final class Ping
{
    private Database $database;

    private Settings $settings;

    public function __construct(Database $database, Settings $settings)
    {
        $this->database = $database;
        $this->settings = $settings;
    }

    /**
     * @param float $seconds how long it may take
     *
     * @throws NotSent when no answer came
     */
    public function send(WebhookSender $sender, float $seconds): Answer
    {
        $answer = $sender->send(Json::encode($this->event()), $seconds);
        if ($answer->isPong()) {
            $this->settings->keep('pinged_at', (string) time());
        }

        return $answer;
    }

    /**
     * @return array<string, mixed>
     */
    private function event(): array
    {
        $module = DealModule::load();

        return [
            'type' => 'ping',
            'timestamp' => $this->database->now(),
            'data' => [
                'version' => Package::VERSION,
                'stages' => $module->stages(),
                'fields' => $module->fields(),
                'pipeline' => $module->pipeline(),
                'base_currency' => (string) $GLOBALS['sugar_config']['default_currency_iso4217'],
                'outbox' => $this->outbox(),
            ],
        ];
    }

    /**
     * @return array<string, mixed>
     */
    private function outbox(): array
    {
        $counts = (new Outbox($this->database))->counts();
        $swept = $this->settings->moment('swept_at');

        return [
            'waiting' => $counts['waiting'],
            'refused' => $counts['refused'],
            'last_sweep' => $swept === 0 ? null : gmdate('Y-m-d\TH:i:s\Z', $swept),
        ];
    }
}
