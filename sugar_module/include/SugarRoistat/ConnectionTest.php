<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Asks the receiver, with a real signed ping, whether it takes what we send.
 */
final class ConnectionTest
{
    private const SECONDS = 10.0;

    private Settings $settings;

    private Ping $ping;

    public function __construct(Settings $settings, Ping $ping)
    {
        $this->settings = $settings;
        $this->ping = $ping;
    }

    /**
     * Signed as events are. A success ends what was taken for an outage.
     */
    public function run(): PingReport
    {
        $missing = $this->missing();
        if ($missing !== null) {
            return PingReport::failure($missing);
        }
        try {
            $sender = WebhookSender::fromSettings($this->settings);
        } catch (NotSent $problem) {
            return PingReport::failure(Notice::bad('LBL_ROISTAT_SECRET_UNUSABLE'));
        }
        $report = $this->ping($sender);
        if ($report->isWell) {
            (new Breaker($this->settings))->close();
        }

        return $report;
    }

    /**
     * Signed by one secret alone.
     */
    public function runWith(string $secret): PingReport
    {
        return $this->missing() === null
            ? $this->ping(new WebhookSender($this->settings->url(), new WebhookSigner($secret)))
            : $this->run();
    }

    private function missing(): ?Notice
    {
        $url = $this->settings->url();
        if ($url === '') {
            return Notice::warning('LBL_ROISTAT_ADDRESS_MISSING');
        }
        $problem = Address::problem($url);
        if ($problem !== null) {
            return Notice::bad($problem);
        }

        return $this->settings->isSetUp() ? null : Notice::warning('LBL_ROISTAT_SECRET_MISSING');
    }

    private function ping(WebhookSender $sender): PingReport
    {
        $asked = microtime(true);
        try {
            $answer = $this->ping->send($sender, self::SECONDS);
        } catch (NotSent $problem) {
            $late = microtime(true) - $asked >= self::SECONDS - 0.5;

            return PingReport::failure(
                Notice::bad(
                    $late ? 'LBL_ROISTAT_PING_SILENT' : 'LBL_ROISTAT_PING_UNREACHABLE',
                    ['{says}' => $problem->getMessage()]
                )
            );
        }

        return PingReport::ofAnswer($answer, ($asked + microtime(true)) / 2);
    }
}
