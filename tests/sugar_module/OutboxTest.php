<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use SugarRoistat\Mark;
use SugarRoistat\Outbox;
use SugarRoistat\TestClock;

final class OutboxTest extends StoredCrmTestCase
{
    public function test_a_record_has_one_row_however_often_it_is_marked(): void
    {
        $first = $this->outbox->mark(Mark::DEAL, 'deal-1');
        $second = $this->outbox->mark(Mark::DEAL, 'deal-1', $first->token);

        self::assertSame(['deal:deal-1'], $this->waiting());
        self::assertNotSame($first->token, $second->token);
        self::assertSame($second->token, $this->row('deal-1')['token']);
    }

    public function test_a_fresh_mark_belongs_to_its_request_for_a_minute(): void
    {
        $this->outbox->mark(Mark::DEAL, 'deal-1');

        self::assertSame([], $this->outbox->due(100));
        TestClock::$ahead = Outbox::OWNED;
        self::assertCount(1, $this->outbox->due(100));
    }

    public function test_a_row_that_was_marked_again_meanwhile_is_not_cleared(): void
    {
        $sent = $this->outbox->mark(Mark::DEAL, 'deal-1');
        $this->outbox->mark(Mark::DEAL, 'deal-1', $sent->token);

        $this->outbox->clear([$sent], true);

        self::assertSame(['deal:deal-1'], $this->waiting());
    }

    public function test_a_row_that_two_requests_marked_within_a_minute_is_left_by_both(): void
    {
        $first = $this->outbox->mark(Mark::DEAL, 'deal-1');
        $second = $this->outbox->mark(Mark::DEAL, 'deal-1');

        $this->outbox->clear([$first], true);
        $this->outbox->clear([$second], true);

        self::assertSame(['deal:deal-1'], $this->waiting());
        TestClock::$ahead = Outbox::OWNED;
        $this->outbox->clear($this->outbox->due(100), false);
        self::assertSame([], $this->waiting());
    }

    public function test_a_row_that_waited_is_cleared_by_the_one_request_that_marked_it_again(): void
    {
        $this->outbox->mark(Mark::DEAL, 'deal-1');
        TestClock::$ahead = Outbox::OWNED;
        $second = $this->outbox->mark(Mark::DEAL, 'deal-1');

        $this->outbox->clear([$second], true);

        self::assertSame([], $this->waiting());
    }

    public function test_a_request_that_marks_its_own_row_again_shares_it_with_nobody(): void
    {
        $first = $this->outbox->mark(Mark::DEAL, 'deal-1');
        $second = $this->outbox->mark(Mark::DEAL, 'deal-1', $first->token);

        $this->outbox->clear([$second], true);

        self::assertSame([], $this->waiting());
    }

    public function test_rows_with_fewest_attempts_are_due_first_and_then_the_oldest(): void
    {
        foreach (['c', 'a', 'b'] as $seconds => $id) {
            TestClock::$ahead = $seconds;
            $marks[] = $this->outbox->mark(Mark::DEAL, $id);
        }
        $this->outbox->fail([$marks[0]], 'away');
        TestClock::$ahead = 100;

        self::assertSame(['a', 'b', 'c'], array_column($this->outbox->due(100), 'id'));
        self::assertSame(['a', 'b'], array_column($this->outbox->due(2), 'id'));
    }

    public function test_a_failed_row_keeps_its_answer_and_may_be_sent_by_anyone_at_once(): void
    {
        $mark = $this->outbox->mark(Mark::DEAL, 'deal-1');

        $this->outbox->fail([$mark], str_repeat('ж', 300));

        [$due] = $this->outbox->due(100);
        self::assertSame(1, $due->attempts);
        self::assertSame(str_repeat('ж', 255), $due->answer);
    }

    public function test_a_failed_row_that_is_shared_stays_its_writers_for_their_minute(): void
    {
        $this->outbox->mark(Mark::DEAL, 'deal-1');
        $mark = $this->outbox->mark(Mark::DEAL, 'deal-1');

        $this->outbox->fail([$mark], 'away');

        self::assertSame([], $this->outbox->due(100));
    }

    public function test_a_refused_row_waits_for_a_change_or_for_somebody_to_send_it_again(): void
    {
        $this->outbox->refuse([$this->outbox->mark(Mark::DEAL, 'deal-1')], '422 amount: wrong');
        $this->outbox->refuse([$this->outbox->mark(Mark::DEAL, 'deal-2')], '422 name: wrong');
        TestClock::$ahead = 3600;
        self::assertSame([], $this->outbox->due(100));
        self::assertSame('422 amount: wrong', $this->outbox->refused(1)[0]->answer);

        $this->outbox->mark(Mark::DEAL, 'deal-1');
        self::assertSame(['waiting' => 1, 'refused' => 1], array_slice($this->outbox->counts(), 0, 2));

        self::assertSame(1, $this->outbox->sendRefusedAgain());
        self::assertSame(['deal-2'], array_column($this->outbox->due(100), 'id'));
    }

    public function test_counts_say_since_when_the_oldest_waits(): void
    {
        self::assertSame(['waiting' => 0, 'refused' => 0, 'oldest' => null], $this->outbox->counts());
        $marked = time();
        $this->outbox->mark(Mark::DEAL, 'deal-1');
        TestClock::$ahead = 50;
        $this->outbox->mark(Mark::DEAL, 'deal-1');

        self::assertEqualsWithDelta($marked, $this->outbox->counts()['oldest'], 1);
    }

    public function test_a_period_marks_its_deals_deleted_ones_too_and_no_others(): void
    {
        $this->storeDeal('before', ['date_modified' => '2026-10-31 23:59:59']);
        $this->storeDeal('first', ['date_modified' => '2026-11-01 00:00:00', 'deleted' => 1]);
        $this->storeDeal('waits', ['date_modified' => '2026-11-02 00:00:00']);
        $this->storeDeal('after', ['date_modified' => '2026-11-03 00:00:00']);
        $this->outbox->refuse([$this->outbox->mark(Mark::DEAL, 'waits')], 'no');

        self::assertSame(2, $this->outbox->markPeriod('2026-11-01 00:00:00', '2026-11-03 00:00:00'));

        self::assertSame(['deal:first', 'deal:waits'], $this->waiting());
        self::assertCount(2, $this->outbox->due(100));
    }

    public function test_a_text_with_quotes_is_stored_as_it_is(): void
    {
        $this->outbox->fail([$this->outbox->mark(Mark::DEAL, "o'hara")], "it's \"wrong\"");

        self::assertSame("it's \"wrong\"", $this->outbox->due(1)[0]->answer);
    }
}
