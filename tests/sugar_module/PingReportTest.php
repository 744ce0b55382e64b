<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use PHPUnit\Framework\TestCase;
use SugarRoistat\Answer;
use SugarRoistat\Notice;
use SugarRoistat\PingReport;

final class PingReportTest extends TestCase
{
    private const NOW = 1795333330;

    /** @dataProvider refusals */
    public function test_each_refusal_has_a_cure_of_its_own(int $status, string $body, string $words): void
    {
        $report = PingReport::ofAnswer(new Answer($status, $body), self::NOW);

        self::assertFalse($report->isWell);
        self::assertCount(1, $report->notices);
        self::assertSame(Notice::BAD, $report->notices[0]->kind);
        self::assertStringContainsString($words, $report->notices[0]->text());
    }

    /** @return iterable<string, array{int, string, string}> */
    public function refusals(): iterable
    {
        yield 'redirect' => [302, '', 'The address leads elsewhere (302)'];
        yield 'signature' => [401, '{"error":"…"}', 'WEBHOOK_SECRETS lacks the secret'];
        yield 'forbidden' => [403, '', 'let POST requests to /webhooks/sugarcrm through'];
        yield 'not found' => [404, '<html>', 'it knows no webhook (404)'];
        yield 'no POST' => [405, '', 'it knows no webhook (405)'];
        yield 'too large' => [413, '', '1 MiB'];
        yield 'not JSON' => [400, '', 'was not what was sent (400)'];
        yield 'content type' => [415, '', 'was not what was sent (415)'];
        yield 'schema' => [422, '{"errors":{"timestamp":["Too far ahead."]}}', '(422: timestamp: Too far ahead.)'];
        yield 'odd schema' => [422, '{"errors":"x"}', '(422: 0: x)'];
        yield 'too many' => [429, '', 'Too many requests'];
        yield 'broken' => [500, '', 'failed (500)'];
        yield 'bad gateway' => [502, '', 'failed (502)'];
        yield 'away' => [503, '', 'cannot take anything just now (503)'];
        yield 'a website' => [200, '<html>Welcome</html>', 'not as a receiver does'];
        yield 'other JSON' => [200, '{"ok":true}', 'not as a receiver does'];
        yield 'a capture-all' => [202, '{"accepted":1,"ignored":0}', 'Something answers there (202)'];
    }

    public function test_a_receiver_that_is_well_is_reported_leg_by_leg(): void
    {
        $report = $this->report(['state' => 'ok', 'message' => 'Kept.'], ['state' => 'ok', 'message' => 'Fine.']);

        self::assertTrue($report->isWell);
        self::assertSame([Notice::GOOD], array_unique(array_column($report->notices, 'kind')));
        self::assertSame('Its store: Kept.', $report->notices[1]->text());
        self::assertSame('Roistat: Fine.', $report->notices[2]->text());
    }

    /** @dataProvider states */
    public function test_a_legs_state_colours_its_words(string $state, string $kind, bool $isWell): void
    {
        $report = $this->report(['state' => $state, 'message' => 'm'], ['state' => 'ok', 'message' => 'm']);

        self::assertSame($kind, $report->notices[1]->kind);
        self::assertSame($isWell, $report->isWell);
    }

    /** @return array<string, array{string, string, bool}> */
    public function states(): array
    {
        return [
            'ok' => ['ok', Notice::GOOD, true],
            'degraded' => ['degraded', Notice::WARNING, true],
            'unknown' => ['unknown', Notice::WARNING, true],
            'failed' => ['failed', Notice::BAD, false],
            'a state to come' => ['new', Notice::WARNING, true],
        ];
    }

    public function test_roistat_being_away_is_no_fault_of_the_connection(): void
    {
        $report = $this->report(['state' => 'ok', 'message' => 'm'], ['state' => 'failed', 'message' => 'No key.']);

        self::assertTrue($report->isWell);
        self::assertSame(Notice::BAD, $report->notices[2]->kind);
    }

    /** @dataProvider clocks */
    public function test_the_clocks_are_compared(float $ours, string $kind, string $words): void
    {
        $ok = ['state' => 'ok', 'message' => 'm'];
        $notice = $this->report($ok, $ok, $ours)->notices[3];

        self::assertSame($kind, $notice->kind);
        self::assertStringContainsString($words, $notice->text());
    }

    /** @return array<string, array{float, string, string}> */
    public function clocks(): array
    {
        return [
            'alike' => [self::NOW + 1.4, Notice::GOOD, 'agree'],
            'a little ahead' => [self::NOW + 30.2, Notice::WARNING, '30 s ahead'],
            'far ahead' => [self::NOW + 400.0, Notice::BAD, '400 s ahead'],
            'far behind' => [self::NOW - 400.0, Notice::BAD, '400 s behind'],
        ];
    }

    public function test_an_answer_of_the_wrong_shape_is_survived(): void
    {
        $body = '{"version":[1],"time":{"a":1},"store":"x","roistat":7}';

        $report = PingReport::ofAnswer(new Answer(200, $body), self::NOW);

        self::assertStringStartsWith('The receiver does not say what time it has.', $report->notices[3]->text());
    }

    public function test_what_the_receiver_says_is_quoted_in_part_only(): void
    {
        $report = $this->report(['state' => 'ok', 'message' => str_repeat('я', 5000)], []);

        self::assertLessThan(400, mb_strlen($report->notices[1]->text()));
    }

    /**
     * @param array<string, string> $store
     * @param array<string, string> $roistat
     */
    private function report(array $store, array $roistat, float $now = self::NOW): PingReport
    {
        $said = [
            'version' => '1.2.3',
            'time' => gmdate('Y-m-d\TH:i:s\Z', self::NOW),
            'store' => $store,
            'roistat' => $roistat,
        ];

        return PingReport::ofAnswer(new Answer(200, (string) json_encode($said)), $now);
    }
}
