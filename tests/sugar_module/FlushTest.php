<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use GuzzleHttp\Answer;
use GuzzleHttp\Client;
use SugarRoistat\Dispatcher;
use SugarRoistat\Flush;
use SugarRoistat\Mark;
use SugarRoistat\TestClock;
use Sugarcrm\Sugarcrm\Security\HttpClient\ExternalResourceClient;

final class FlushTest extends StoredCrmTestCase
{
    public function test_a_request_sends_each_marked_deal_once_as_it_is_stored_at_its_end(): void
    {
        $flush = new Flush();
        $flush->mark(Mark::DEAL, 'deal-1');
        $flush->mark(Mark::DEAL, 'deal-1');
        $this->storeDeal('deal-1', ['name' => 'newest']);

        $flush->now();

        self::assertSame([['newest']], [array_column(array_column($this->events(), 'data'), 'name')]);
        self::assertSame('https://receiver.example/webhooks/sugarcrm', Client::$posts[0][0]);
        self::assertSame([], $this->waiting());
        self::assertSame([], $this->log->lines);
    }

    public function test_marking_one_deal_many_times_writes_once(): void
    {
        $flush = new Flush();
        $flush->mark(Mark::DEAL, 'deal-1');
        $written = count($this->db->queries);

        $flush->mark(Mark::DEAL, 'deal-1');

        self::assertCount($written, $this->db->queries);
    }

    public function test_a_write_long_after_its_mark_is_marked_again(): void
    {
        $flush = new Flush();
        $flush->mark(Mark::DEAL, 'deal-1');
        $token = $this->row('deal-1')['token'];
        TestClock::$ahead = 31;

        $flush->mark(Mark::DEAL, 'deal-1');

        self::assertNotSame($token, $this->row('deal-1')['token']);
        self::assertSame([], $this->outbox->due(100), 'its minute began anew');
        $flush->now();
        self::assertSame([], $this->waiting());
    }

    public function test_php_sends_when_it_destroys_the_object_at_the_end_of_the_request(): void
    {
        $flush = new Flush();
        $flush->mark(Mark::DEAL, 'deal-1');

        unset($flush);

        self::assertSame(['deal-1'], $this->sentIds());
    }

    public function test_a_request_that_marked_nothing_asks_the_database_nothing(): void
    {
        $this->db->queries = [];

        (new Flush())->now();

        self::assertSame([], $this->db->queries);
    }

    public function test_many_deals_travel_a_hundred_at_a_time_and_each_body_has_an_id_of_its_own(): void
    {
        for ($number = 0; $number < 250; $number++) {
            $this->storeDeal('d-' . $number);
            $ids[] = 'd-' . $number;
        }

        $this->request(...$ids);

        $counts = [];
        foreach ($this->batches() as $events) {
            $counts[] = count($events);
        }
        self::assertSame([100, 100, 50], $counts);
        self::assertSame([], $this->waiting());
        $headers = array_column(array_column(Client::$posts, 1), 'headers');
        self::assertCount(3, array_unique(array_column($headers, 'webhook-id')));
    }

    public function test_a_request_that_took_too_long_leaves_the_rest_to_the_sweep(): void
    {
        for ($number = 0; $number < 150; $number++) {
            $this->storeDeal('d-' . $number);
            $ids[] = 'd-' . $number;
        }
        Client::$onPost = static function (): void {
            TestClock::$ahead += 2;
        };

        $this->request(...$ids);

        self::assertCount(1, Client::$posts);
        self::assertCount(50, $this->waiting());
        self::assertSame('', $this->setting('outage_since'));
    }

    public function test_all_calls_of_a_request_share_two_seconds(): void
    {
        $this->request('deal-1');

        $options = Client::$posts[0][1];
        self::assertLessThanOrEqual(2.0, $options['timeout']);
        self::assertGreaterThan(1.5, $options['timeout']);
        self::assertFalse($options['allow_redirects'], 'it would follow without the body');
        self::assertFalse($options['http_errors'], 'it would lose which answer it was');
        self::assertArrayNotHasKey('verify', $options, 'TLS is verified as the CRM is set up to');
    }

    /** @dataProvider unset */
    public function test_a_crm_that_is_not_set_up_marks_but_neither_sends_nor_complains(string $setting): void
    {
        $this->set($setting, '');

        $this->request('deal-1');

        self::assertSame([], Client::$posts);
        self::assertSame([], $this->log->lines);
        self::assertSame(['deal:deal-1'], $this->waiting());
    }

    /** @return array<string, array{string}> */
    public function unset(): array
    {
        return ['no address' => ['url'], 'no secret' => ['secret']];
    }

    /** @dataProvider answers */
    public function test_an_answer_that_is_no_acceptance_keeps_the_row_and_opens_the_breaker(int $status): void
    {
        Client::$status = $status;

        $this->request('deal-1');
        $this->request('deal-1');

        self::assertCount(1, Client::$posts, 'one call for the whole outage');
        self::assertSame(['deal:deal-1'], $this->waiting());
        self::assertSame('the receiver answered ' . $status, $this->setting('outage_reason'));
        self::assertSame(
            ['Roistat: nothing is sent for now: the receiver answered ' . $status
                . '. Everything is kept, and the scheduler tries again each minute'],
            $this->log->lines
        );
    }

    /** @return array<string, array{int}> */
    public function answers(): array
    {
        return ['any web page' => [200], 'redirect' => [302], 'refused' => [401], 'broken' => [500], 'away' => [503],
            'objects to nothing' => [422]];
    }

    public function test_a_dead_receiver_breaks_nothing_and_its_address_stays_out_of_the_log(): void
    {
        Client::$failure = new \Error('cURL error 28 for https://user:password@receiver.example');

        $this->request('deal-1');

        self::assertSame(['deal:deal-1'], $this->waiting());
        self::assertSame('the receiver did not answer (Error)', $this->row('deal-1')['answer']);
        self::assertCount(1, $this->log->lines);
        self::assertStringNotContainsString('password', $this->log->lines[0]);
    }

    public function test_a_bad_secret_is_named_but_not_quoted(): void
    {
        $this->set('secret', 'hunter2');

        $this->request('deal-1');

        self::assertStringContainsString('signing secret', $this->log->lines[0]);
        self::assertStringNotContainsString('hunter2', $this->log->lines[0]);
        self::assertSame(['deal:deal-1'], $this->waiting());
    }

    public function test_nothing_goes_out_unencrypted_but_to_this_machine(): void
    {
        $this->set('url', 'http://receiver.example');

        $this->request('deal-1');

        self::assertSame([], Client::$posts);
        self::assertStringContainsString('neither https nor this machine', $this->log->lines[0]);
    }

    public function test_while_cron_runs_saves_leave_what_waits_to_it(): void
    {
        $this->storeDeal('deal-2');
        $this->outbox->mark(Mark::DEAL, 'deal-2');
        TestClock::$ahead = 61;

        $this->request('deal-1');

        self::assertSame(['deal-1'], $this->sentIds());
    }

    public function test_where_cron_is_off_saves_bring_along_up_to_a_hundred_that_wait(): void
    {
        for ($number = 0; $number < 120; $number++) {
            $this->storeDeal('d-' . $number);
            $this->outbox->mark(Mark::DEAL, 'd-' . $number);
        }
        TestClock::$ahead = 180;

        $this->request('deal-1');

        self::assertCount(Dispatcher::BATCH + 1, $this->events());
        self::assertCount(20, $this->waiting());
    }

    public function test_where_cron_is_off_one_save_in_ten_minutes_tries_whether_the_receiver_is_back(): void
    {
        Client::$status = 503;
        $this->request('deal-1');
        TestClock::$ahead = 500;
        $this->request('deal-1');
        self::assertCount(1, Client::$posts, 'the sweep would have tried');

        TestClock::$ahead = 700;
        $this->request('deal-1');
        $this->request('deal-1');
        self::assertCount(2, Client::$posts);

        Client::$status = 202;
        TestClock::$ahead = 1400;
        $this->request('deal-1');
        $this->request('deal-1');
        self::assertCount(4, Client::$posts);
        self::assertSame('', $this->setting('outage_since'));
        self::assertSame([], $this->waiting());
        self::assertSame('Roistat: the receiver accepts again', $this->log->lines[1]);
    }

    public function test_a_broken_database_breaks_nothing(): void
    {
        $flush = new Flush();
        $flush->mark(Mark::DEAL, 'deal-1');
        $this->db->broken = true;

        $flush->now();

        self::assertSame([], Client::$posts);
        self::assertSame(
            ['Roistat: changes stay in the outbox for the scheduler: the database refused a query'],
            $this->log->lines
        );
    }

    public function test_an_error_of_any_kind_breaks_nothing_and_its_message_stays_out_of_the_log(): void
    {
        $flush = new Flush();
        $flush->mark(Mark::DEAL, 'deal-1');
        $this->db->failure = new \Error('Ann Lee, +15550101');

        $flush->now();

        self::assertCount(1, $this->log->lines);
        self::assertStringContainsString('Error at ', $this->log->lines[0]);
        self::assertStringNotContainsString('Ann', $this->log->lines[0]);
    }

    public function test_a_deal_that_was_never_written_is_no_matter_of_ours(): void
    {
        $this->request('no-such-deal');

        self::assertSame([], Client::$posts);
        self::assertSame([], $this->waiting());
        self::assertSame([], $this->log->lines);
    }

    public function test_a_process_that_marks_very_many_keeps_few_in_memory_and_loses_none(): void
    {
        for ($number = 0; $number < 1001; $number++) {
            $this->storeDeal('d-' . $number);
            $ids[] = 'd-' . $number;
        }

        $this->request(...$ids);

        self::assertCount(1, $this->events());
        self::assertCount(1000, $this->waiting());
    }

    public function test_while_a_secret_is_rotated_both_sign(): void
    {
        $this->set('previous_secret', 'whsec_b2xk');

        $this->request('deal-1');

        $headers = Client::$posts[0][1]['headers'];
        $signed = $headers['webhook-id'] . '.' . $headers['webhook-timestamp'] . '.' . Client::$posts[0][1]['body'];
        $signatures = explode(' ', $headers['webhook-signature']);
        self::assertCount(2, $signatures);
        self::assertSame('v1,' . base64_encode(hash_hmac('sha256', $signed, 'old', true)), $signatures[1]);
    }

    /** @runInSeparateProcess */
    public function test_sugarcrm_sends_through_its_own_client(): void
    {
        require_once 'sugarcrm.php';
        \Opportunity::$viewBy = 'RevenueLineItems';

        $this->request('deal-1');

        [$seconds, $redirects] = ExternalResourceClient::$made[0];
        self::assertEqualsWithDelta(2.0, $seconds, 0.5);
        self::assertSame(0, $redirects);
        [$url, $body, $headers] = ExternalResourceClient::$posts[0];
        self::assertSame('https://receiver.example/webhooks/sugarcrm', $url);
        self::assertSame('application/json', $headers['Content-Type']);
        $data = json_decode($body, true)['data']['events'][0]['data'];
        self::assertSame('sales_status', $data['pipeline']);
        self::assertSame('https://crm.example/#Opportunities/deal-1', $data['url']);
        self::assertSame([], Client::$posts);
        self::assertSame([], $this->log->lines);
        self::assertSame([], $this->waiting());
    }
}
