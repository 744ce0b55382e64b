<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use GuzzleHttp\Answer;
use GuzzleHttp\Client;
use SugarRoistat\Sweep;
use SugarRoistat\TestClock;

final class DispatcherTest extends StoredCrmTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        foreach (['a', 'b', 'c', 'd'] as $id) {
            $this->storeDeal($id);
        }
    }

    public function test_what_the_receiver_objects_to_is_kept_with_its_words_and_the_rest_goes_at_once(): void
    {
        Client::$answers = [$this->objection(['data.events.1.data.amount' => ['Not money.', 'Really.']])];

        $this->request('a', 'b', 'c');

        self::assertSame(['a b c', 'a c'], $this->sentIds());
        self::assertSame(['deal:b'], $this->waiting());
        self::assertSame('422 data.amount: Not money.', $this->row('b')['answer']);
        self::assertSame('1', (string) $this->row('b')['refused']);
        self::assertSame('', $this->setting('outage_since'), 'the receiver is not away');
    }

    public function test_objections_may_come_one_after_the_other_until_nothing_is_left(): void
    {
        Client::$answers = [
            $this->objection(['data.events.0.data.name' => ['No.']]),
            $this->objection(['data.events.0.data.name' => ['No.']]),
        ];

        $this->request('a', 'b');

        self::assertSame(['a b', 'b'], $this->sentIds());
        self::assertSame(2, $this->outbox->counts()['refused']);
    }

    /** @dataProvider strange */
    public function test_an_objection_to_no_event_of_ours_is_a_receiver_that_takes_nothing(string $body): void
    {
        Client::$answers = [new Answer(422, $body)];

        $this->request('a', 'b');

        self::assertCount(1, Client::$posts);
        self::assertSame(['waiting' => 2, 'refused' => 0], array_slice($this->outbox->counts(), 0, 2));
        self::assertSame('the receiver answered 422', $this->setting('outage_reason'));
    }

    /** @return array<string, array{string}> */
    public function strange(): array
    {
        return [
            'not JSON' => ['<html>'],
            'no errors' => ['{}'],
            'the whole' => ['{"errors": {"type": ["Unknown."]}}'],
            'an event that was not there' => ['{"errors": {"data.events.2.data.name": ["No."]}}'],
            'not a list' => ['{"errors": "all"}'],
        ];
    }

    public function test_a_clock_that_is_ahead_is_no_fault_of_the_deals(): void
    {
        Client::$answers = [$this->objection(['data.events.0.timestamp' => ['More than five minutes ahead of us.']])];

        $this->request('a', 'b');

        self::assertSame(0, $this->outbox->counts()['refused']);
        self::assertStringContainsString('clock', $this->setting('outage_reason'));
    }

    public function test_a_body_too_large_is_halved_until_the_one_that_is_too_large_stands_alone(): void
    {
        Client::$answers = [new Answer(413), new Answer(413), new Answer(202), new Answer(413), new Answer(202)];

        $this->request('a', 'b', 'c', 'd');

        self::assertSame(['a b c d', 'a b', 'a', 'b', 'c d'], array_slice($this->sentIds(), 0, 5));
        self::assertSame(['deal:b'], $this->waiting());
        self::assertSame('413 larger than the receiver takes', $this->row('b')['answer']);
        self::assertSame(1, $this->outbox->counts()['refused']);
    }

    public function test_bodies_stay_under_half_a_mebibyte(): void
    {
        foreach (range(0, 9) as $number) {
            $this->storeDeal('big-' . $number, ['name' => str_repeat('ж', 100000)]);
            $ids[] = 'big-' . $number;
        }

        $this->request(...$ids);

        self::assertCount(10, $this->events());
        self::assertGreaterThan(1, count(Client::$posts));
        foreach (Client::$posts as $post) {
            self::assertLessThan(512 * 1024, strlen($post[1]['body']));
        }
    }

    public function test_a_deal_that_breaks_the_receiver_down_holds_up_no_other(): void
    {
        Client::$onPost = static function (): void {
            $posts = Client::$posts;
            Client::$status = strpos(end($posts)[1]['body'], '"id":"b"') === false ? 202 : 500;
        };
        $this->request('a', 'b', 'c');

        for ($minute = 1; $minute <= 4; $minute++) {
            TestClock::$ahead = $minute * 60;
            (new Sweep($this->database))->run();
        }

        self::assertSame(['deal:b'], $this->waiting());
        self::assertSame('the receiver answered 500', $this->row('b')['answer']);
    }

    public function test_an_event_with_bytes_that_are_no_text_is_sent_all_the_same(): void
    {
        $this->storeDeal('a', ['name' => "caf\xe9"]);

        $this->request('a');

        self::assertSame("caf\u{FFFD}", $this->events()[0]['data']['name']);
    }

    /** @param array<string, mixed> $errors */
    private function objection(array $errors): Answer
    {
        return new Answer(422, json_encode(['errors' => $errors]));
    }
}
