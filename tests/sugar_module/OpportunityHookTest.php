<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use GuzzleHttp\Client;
use SugarRoistat\OpportunityHook;
use Sugarcrm\Sugarcrm\Security\HttpClient\ExternalResourceClient;

final class OpportunityHookTest extends CrmTestCase
{
    private \SugarBean $bean;

    protected function setUp(): void
    {
        parent::setUp();
        $this->bean = new \SugarBean();
        // A deal of its own in each test: what was sent is remembered for the whole request.
        $this->bean->id = uniqid('deal-', true);
    }

    public function test_a_save_sends_the_stored_row_and_not_the_bean(): void
    {
        $this->save();

        [$url, $options] = Client::$posts[0];
        self::assertSame('https://receiver.example/webhooks/sugarcrm', $url);
        $data = json_decode($options['body'], true)['data'];
        self::assertSame('stored', $data['name']);
        self::assertSame('4521890', $data['roistat']);
        self::assertSame('https://crm.example/index.php?module=Opportunities&action=DetailView&record='
            . $this->bean->id, $data['url']);
    }

    /** @dataProvider addresses */
    public function test_the_webhooks_whole_address_will_do_as_well_as_the_receivers(string $stored): void
    {
        $this->db->rows["name = 'url'"] = ['value' => $stored];

        $this->save();

        self::assertSame('https://receiver.example/webhooks/sugarcrm', Client::$posts[0][0]);
    }

    /** @return array<string, array{string}> */
    public function addresses(): array
    {
        return [
            'with a slash' => ['https://receiver.example/'],
            'whole' => ['https://receiver.example/webhooks/sugarcrm'],
            'whole, with a slash' => ['https://receiver.example/webhooks/sugarcrm/'],
        ];
    }

    public function test_labels_are_in_the_default_language(): void
    {
        $this->save();

        self::assertSame('Успешно', $this->data()['sales_stage_label']);
    }

    /** @dataProvider stages */
    public function test_a_stage_is_labelled_as_its_list_says_else_by_its_key(string $stored, string $label): void
    {
        $this->db->rows['FROM opportunities WHERE']['sales_stage'] = $stored;

        $this->save();

        self::assertSame($label, $this->data()['sales_stage_label']);
    }

    /** @return array<string, array{string, string}> */
    public function stages(): array
    {
        return ['stored escaped' => ['R&amp;D', 'Research'], 'gone from the list' => ['Old stage', 'Old stage']];
    }

    public function test_fields_are_the_stored_ones_without_what_is_encrypted(): void
    {
        $this->save();

        self::assertSame(
            ['id', 'name', 'date_modified', 'sales_stage', 'roistat_c'],
            array_keys($this->data()['fields'])
        );
    }

    public function test_the_clock_is_read_before_the_deal(): void
    {
        $this->save();

        $sql = implode("\n", $this->db->queries);
        self::assertLessThan(strpos($sql, 'FROM opportunities WHERE'), strpos($sql, 'now_utc'));
    }

    public function test_a_foreign_currency_is_named_by_its_code(): void
    {
        $this->db->rows['FROM opportunities WHERE']['currency_id'] = 'cur-1';
        $this->db->rows['FROM currencies'] = ['iso4217' => 'EUR'];

        $this->save();

        self::assertSame('EUR', $this->data()['currency']);
    }

    public function test_the_contact_is_the_client_before_the_account(): void
    {
        $this->db->rows['FROM accounts_opportunities'] = ['id' => 'account-1', 'name' => 'Acme'];
        $this->save();
        self::assertSame('account-1', $this->data()['client']['id']);

        $this->db->rows['FROM opportunities_contacts'] = [
            'id' => 'contact-1',
            'first_name' => 'Ann',
            'last_name' => 'Lee',
        ];
        $this->save();
        self::assertSame('contact-1', $this->data()['client']['id']);
    }

    public function test_the_same_content_is_sent_once_per_request(): void
    {
        $this->save();
        $this->save();

        self::assertCount(1, Client::$posts);
    }

    public function test_every_change_is_sent_even_back_to_what_it_was(): void
    {
        foreach (['first', 'second', 'first'] as $name) {
            $this->db->rows['FROM opportunities WHERE']['name'] = $name;
            $this->save();
        }

        self::assertCount(3, Client::$posts);
        self::assertSame('first', $this->data()['name']);
    }

    public function test_each_message_has_an_id_of_its_own(): void
    {
        foreach (['first', 'second'] as $name) {
            $this->db->rows['FROM opportunities WHERE']['name'] = $name;
            $this->save();
        }

        self::assertNotSame(
            Client::$posts[0][1]['headers']['webhook-id'],
            Client::$posts[1][1]['headers']['webhook-id']
        );
    }

    public function test_a_save_waits_two_seconds_at_most_and_follows_nobody(): void
    {
        $this->save();

        $options = Client::$posts[0][1];
        self::assertLessThanOrEqual(2.0, $options['timeout']);
        self::assertGreaterThan(0, $options['timeout']);
        self::assertFalse($options['allow_redirects']);
        self::assertFalse($options['http_errors'], 'it would lose which answer it was');
        self::assertArrayNotHasKey('verify', $options, 'TLS is verified as the CRM is set up to');
    }

    /** @dataProvider unset */
    public function test_a_crm_that_is_not_set_up_sends_and_says_nothing(string $setting): void
    {
        unset($this->db->rows[$setting]);

        $this->save();

        self::assertSame([], Client::$posts);
        self::assertSame([], $this->log->lines);
    }

    /** @return array<string, array{string}> */
    public function unset(): array
    {
        return ['no address' => ["name = 'url'"], 'no secret' => ["name = 'secret'"]];
    }

    /** @dataProvider answers */
    public function test_an_answer_that_is_no_acceptance_is_logged(int $status): void
    {
        Client::$status = $status;

        $this->save();

        self::assertSame(
            ['Roistat: deal ' . $this->bean->id . ' was not sent: the receiver answered ' . $status],
            $this->log->lines
        );
    }

    /** @return array<string, array{int}> */
    public function answers(): array
    {
        return ['redirect' => [302], 'refused' => [401], 'away' => [503], 'not final' => [199]];
    }

    public function test_a_dead_receiver_breaks_no_save_and_its_address_stays_out_of_the_log(): void
    {
        Client::$failure = new \Error('cURL error 28 for https://user:password@receiver.example');

        $this->save();

        self::assertSame(
            ['Roistat: deal ' . $this->bean->id . ' was not sent: the receiver did not answer (Error)'],
            $this->log->lines
        );
    }

    public function test_a_bad_secret_is_named_but_not_quoted(): void
    {
        $this->db->rows["name = 'secret'"] = ['value' => 'hunter2'];

        $this->save();

        self::assertCount(1, $this->log->lines);
        self::assertStringContainsString('signing secret', $this->log->lines[0]);
        self::assertStringNotContainsString('hunter2', $this->log->lines[0]);
    }

    public function test_a_broken_database_breaks_no_save(): void
    {
        $this->db->broken = true;

        $this->save();

        self::assertSame([], Client::$posts);
        self::assertCount(1, $this->log->lines);
    }

    public function test_an_error_of_any_kind_breaks_no_save_and_its_message_stays_out_of_the_log(): void
    {
        $this->db->failure = new \Error('Ann Lee, +15550101');

        $this->save();

        self::assertSame(['Roistat: deal ' . $this->bean->id . ' was not sent: Error'], $this->log->lines);
    }

    public function test_a_deal_that_is_not_stored_is_no_matter_of_ours(): void
    {
        unset($this->db->rows['FROM opportunities WHERE']);

        $this->save();

        self::assertSame([], Client::$posts);
        self::assertSame([], $this->log->lines);
    }

    public function test_the_user_is_named_in_full(): void
    {
        $this->db->rows['FROM users'] = ['first_name' => 'Ann', 'last_name' => 'Lee'];

        $this->save();

        self::assertSame('Ann Lee', $this->data()['assigned_user_name']);
    }

    /** @runInSeparateProcess */
    public function test_sugarcrm_sends_through_its_own_client(): void
    {
        require_once 'sugarcrm.php';
        \Opportunity::$viewBy = 'RevenueLineItems';

        $this->save();

        self::assertSame([[2.0, 0]], ExternalResourceClient::$made);
        [$url, $body, $headers] = ExternalResourceClient::$posts[0];
        self::assertSame('https://receiver.example/webhooks/sugarcrm', $url);
        self::assertSame('application/json', $headers['Content-Type']);
        $data = json_decode($body, true)['data'];
        self::assertSame('sales_status', $data['pipeline']);
        self::assertSame('https://crm.example/#Opportunities/' . $this->bean->id, $data['url']);
        self::assertSame([], Client::$posts);
        self::assertSame([], $this->log->lines);
    }

    private function save(): void
    {
        (new OpportunityHook())->afterSave($this->bean, 'after_save', '');
    }

    /** @return array<string, mixed> the data of the last event sent */
    private function data(): array
    {
        $posts = Client::$posts;

        return json_decode(end($posts)[1]['body'], true)['data'];
    }
}
