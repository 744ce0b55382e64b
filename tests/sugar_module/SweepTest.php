<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use GuzzleHttp\Answer;
use GuzzleHttp\Client;
use SugarRoistat\Mark;
use SugarRoistat\Package;
use SugarRoistat\Sweep;
use SugarRoistat\TestClock;

final class SweepTest extends StoredCrmTestCase
{
    private const PONG = '{"version": "1", "time": "", "store": {"state": "ok"}, "roistat": {"state": "ok"}}';

    protected function setUp(): void
    {
        parent::setUp();
        $this->set('pinged_at', (string) time());
    }

    public function test_it_sends_all_that_waits_and_leaves_what_is_still_being_written(): void
    {
        $this->wait(250);
        $this->outbox->mark(Mark::DEAL, 'deal-1');

        $this->sweep();

        self::assertCount(250, $this->events());
        self::assertCount(3, Client::$posts);
        self::assertSame(['deal:deal-1'], $this->waiting());
        self::assertEqualsWithDelta(\time() + TestClock::$ahead, (int) $this->setting('swept_at'), 2);
    }

    public function test_it_stops_after_forty_seconds_and_the_next_goes_on(): void
    {
        $this->wait(1000);
        Client::$onPost = static function (): void {
            TestClock::$ahead += 9;
        };

        $this->sweep();
        self::assertCount(5, Client::$posts);
        $this->sweep();
        self::assertCount(10, Client::$posts);
        self::assertSame([], $this->waiting());
    }

    public function test_a_receiver_that_is_away_costs_one_call_a_minute_and_is_no_failure_of_the_job(): void
    {
        $this->wait(250);
        Client::$status = 503;

        self::assertTrue(Sweep::runJob('job-1'));

        self::assertCount(1, Client::$posts);
        self::assertCount(250, $this->waiting());
        self::assertNotSame('', $this->setting('outage_since'));
    }

    public function test_rows_that_failed_least_go_first_when_it_is_back(): void
    {
        $this->wait(150);
        Client::$status = 503;
        $this->sweep();
        Client::$status = 202;
        Client::$posts = [];

        $this->sweep();

        self::assertSame('d-100', $this->events()[0]['data']['id']);
        self::assertSame([], $this->waiting());
        self::assertSame('', $this->setting('outage_since'));
    }

    public function test_it_pings_every_ten_minutes_with_all_that_the_contract_asks_for(): void
    {
        $this->outbox->refuse([$this->outbox->mark(Mark::DEAL, 'no')], '422');
        $this->outbox->mark(Mark::DEAL, 'deal-1');
        Client::$answers = [new Answer(200, self::PONG)];
        TestClock::$ahead = 601;
        $this->db->change("DELETE FROM roistat_outbox WHERE record_id = 'deal-1'");

        $this->sweep();
        $this->sweep();

        self::assertCount(1, Client::$posts);
        $ping = json_decode(Client::$posts[0][1]['body'], true);
        self::assertSame('ping', $ping['type']);
        self::assertSame(Package::VERSION, $ping['data']['version']);
        self::assertSame(
            [['key' => 'Closed Won', 'label' => 'Успешно'], ['key' => 'R&D', 'label' => 'Research']],
            $ping['data']['stages']
        );
        self::assertContains(['name' => 'name', 'label' => 'Название', 'type' => 'name'], $ping['data']['fields']);
        self::assertSame(
            ['id', 'name', 'date_modified', 'sales_stage', 'roistat_c'],
            array_column($ping['data']['fields'], 'name')
        );
        self::assertSame('sales_stage', $ping['data']['pipeline']);
        self::assertSame('USD', $ping['data']['base_currency']);
        self::assertSame(0, $ping['data']['outbox']['waiting']);
        self::assertSame(1, $ping['data']['outbox']['refused']);
        self::assertNotFalse(strtotime($ping['data']['outbox']['last_sweep']));
    }

    public function test_with_nothing_to_send_a_ping_finds_out_that_the_receiver_is_back(): void
    {
        $this->set('outage_since', '1');
        Client::$answers = [new Answer(503), new Answer(200, self::PONG)];

        $this->sweep();
        self::assertSame('1', $this->setting('outage_since'));
        $this->sweep();
        self::assertSame('', $this->setting('outage_since'));
    }

    public function test_a_page_that_answers_everything_with_200_is_no_receiver(): void
    {
        $this->set('pinged_at', '0');
        Client::$answers = [new Answer(200, '<html>')];

        $this->sweep();

        self::assertSame('the receiver answered 200', $this->setting('outage_reason'));
    }

    public function test_two_sweeps_do_not_run_at_once_and_a_killed_one_is_forgotten_after_a_minute(): void
    {
        $this->wait(1);
        $this->set('sweeping_until', (string) (\time() + TestClock::$ahead + 60));

        $this->sweep();
        self::assertCount(1, $this->waiting());

        TestClock::$ahead += 61;
        $this->sweep();
        self::assertCount(0, $this->waiting());
    }

    public function test_the_jobs_row_is_done_before_the_work_so_that_a_killed_job_stops_no_other(): void
    {
        $this->wait(1);
        $this->db->put('job_queue', ['id' => 'job-1', 'status' => 'running']);
        Client::$onPost = function (): void {
            self::assertSame('done', $this->db->all('SELECT status FROM job_queue')[0]['status']);
        };

        self::assertTrue(Sweep::runJob('job-1'));
        self::assertCount(1, Client::$posts);
    }

    public function test_a_crm_that_is_not_set_up_sweeps_nothing_and_says_when_it_tried(): void
    {
        $this->wait(1);
        $this->set('url', '');
        $this->set('swept_at', '');

        $this->sweep();

        self::assertSame([], Client::$posts);
        self::assertNotSame('', $this->setting('swept_at'));
        self::assertSame([], $this->log->lines);
    }

    public function test_an_error_of_ours_fails_the_job_and_nothing_else(): void
    {
        $this->db->broken = true;

        self::assertFalse(Sweep::runJob('job-1'));

        self::assertCount(1, $this->log->lines);
    }

    /** @dataProvider platforms */
    public function test_each_platforms_job_class_sweeps(string $file, string $class): void
    {
        $this->wait(1);
        require_once dirname(__DIR__, 2) . '/sugar_module/' . $file;
        $job = new $class();
        $job->setJob(new \SchedulersJob());

        self::assertTrue($job->run(null));

        self::assertSame([], $this->waiting());
    }

    /** @return array<string, array{string, string}> */
    public function platforms(): array
    {
        return [
            'SuiteCRM' => ['lib/SugarRoistat/SweepJob.php', 'SuiteCRM\Custom\SugarRoistat\SweepJob'],
            'SugarCRM' => ['src/SugarRoistat/SweepJob.php', 'Sugarcrm\Sugarcrm\custom\SugarRoistat\SweepJob'],
        ];
    }

    private function wait(int $count): void
    {
        for ($number = 0; $number < $count; $number++) {
            $id = sprintf('d-%03d', $number);
            $this->storeDeal($id);
            $this->outbox->mark(Mark::DEAL, $id);
        }
        TestClock::$ahead += 61;
    }

    private function sweep(): void
    {
        (new Sweep($this->database))->run();
    }
}
