<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What the settings page shows: plain values by name, none of them escaped, which is the template's business.
 */
final class SettingsView
{
    private const MOST_REFUSED = 20;

    private Settings $settings;

    private Outbox $outbox;

    private Secrets $secrets;

    private PageSession $session;

    public function __construct(Settings $settings, Outbox $outbox, Secrets $secrets)
    {
        $this->settings = $settings;
        $this->outbox = $outbox;
        $this->secrets = $secrets;
        $this->session = new PageSession();
    }

    public static function connect(): self
    {
        $database = Database::connect();
        $settings = new Settings($database);
        $connection = new ConnectionTest($settings, new Ping($database, $settings));

        return new self($settings, new Outbox($database), new Secrets($settings, $connection));
    }

    /**
     * @return array<string, mixed>
     */
    public function model(): array
    {
        $model = ['token' => $this->session->token(), 'platform_token' => PlatformToken::field()];
        try {
            $model += $this->setup() + $this->state() + ['refused' => $this->refused()];
        } catch (\Throwable $problem) {
            Log::failure('the settings page could not be shown whole', $problem);
            $this->session->say([Notice::bad('LBL_ROISTAT_PAGE_FAILED')]);
        }

        return $model + ['notices' => $this->notices()];
    }

    /**
     * @return array<string, mixed>
     */
    private function setup(): array
    {
        return [
            'address' => SettingsPage::ADDRESS,
            'url' => $this->settings->url(),
            'has_secret' => $this->settings->value('secret') !== '',
            'secret_at' => self::moment($this->settings->moment('secret_at')),
            'is_rotating' => $this->secrets->isRotating(),
            'secret_line' => $this->session->mayShowSecret() ? $this->secrets->line() : '',
            'removes_field' => $this->settings->value('remove_field') === '1',
        ];
    }

    /**
     * @return array<string, mixed>
     */
    private function state(): array
    {
        $counts = $this->outbox->counts();
        $sweptAt = $this->settings->moment('swept_at');

        return [
            'waiting' => $counts['waiting'],
            'oldest' => self::moment((int) $counts['oldest']),
            'refused_count' => $counts['refused'],
            'refused_more' => max(0, $counts['refused'] - self::MOST_REFUSED),
            'succeeded_at' => self::moment($this->settings->moment('succeeded_at')),
            'outage_reason' => $this->settings->value('outage_reason'),
            'outage_since' => self::moment($this->settings->moment('outage_since')),
            'swept_at' => self::moment($sweptAt),
            'crontab' => Crontab::isLate($sweptAt, time()) ? Crontab::line(dirname(__DIR__, 3)) : '',
        ];
    }

    /**
     * @return array<int, array<string, string>>
     */
    private function refused(): array
    {
        $rows = [];
        foreach ($this->outbox->refused(self::MOST_REFUSED) as $mark) {
            $rows[] = RecordLink::to($mark) + ['answer' => $mark->answer];
        }

        return $rows;
    }

    /**
     * @return array<int, array<string, string>>
     */
    private function notices(): array
    {
        $notices = [];
        foreach ($this->session->said() as $notice) {
            $notices[] = ['kind' => $notice->kind, 'text' => $notice->text()];
        }

        return $notices;
    }

    /**
     * @param int $moment in seconds since 1970
     *
     * @return string as the user writes times; empty for 0
     */
    private static function moment(int $moment): string
    {
        return $moment === 0 ? '' : \TimeDate::getInstance()->asUser((new \DateTime())->setTimestamp($moment));
    }
}
