<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use SugarRoistat\EventReader;
use SugarRoistat\Mark;

final class EventReaderTest extends StoredCrmTestCase
{
    public function test_fields_are_the_stored_ones_without_what_is_encrypted(): void
    {
        self::assertSame(
            ['id', 'name', 'date_modified', 'sales_stage', 'roistat_c'],
            array_keys($this->deal()['fields'])
        );
        self::assertSame('4521890', $this->deal()['roistat']);
    }

    public function test_the_clock_is_read_before_the_deals(): void
    {
        $this->db->queries = [];

        $event = $this->read(Mark::DEAL, 'deal-1');

        self::assertStringContainsString('now_utc', $this->db->queries[0]);
        self::assertStringContainsString('FROM opportunities', implode("\n", $this->db->queries));
        self::assertMatchesRegularExpression('/^2026-11-21T07:00:00\.\d{6}Z$/', $event['timestamp']);
    }

    public function test_a_hundred_deals_take_as_many_queries_as_one(): void
    {
        $this->clients();
        $queries = [];
        foreach ([1, 100] as $count) {
            $marks = [];
            for ($number = 0; $number < $count; $number++) {
                $this->storeDeal('d-' . $number);
                $this->link('d-' . $number, 'contact-1', '2026-01-01');
                $marks[] = new Mark(Mark::DEAL, 'd-' . $number, '');
            }
            $this->db->queries = [];
            self::assertCount($count, EventReader::on($this->database)->read($marks));
            $queries[] = count($this->db->queries);
        }

        self::assertSame($queries[0], $queries[1]);
    }

    /** @dataProvider stages */
    public function test_a_stage_has_its_label_in_the_default_language_else_its_key(string $stored, string $label): void
    {
        $this->storeDeal('deal-1', ['sales_stage' => $stored]);

        self::assertSame($label, $this->deal()['sales_stage_label']);
    }

    /** @return array<string, array{string, string}> */
    public function stages(): array
    {
        return ['in the list' => ['Closed Won', 'Успешно'], 'stored escaped' => ['R&amp;D', 'Research'],
            'gone from the list' => ['Old stage', 'Old stage']];
    }

    public function test_a_foreign_currency_is_named_by_its_code_and_one_that_is_gone_by_the_base(): void
    {
        $this->storeDeal('deal-1', ['currency_id' => 'cur-1']);
        self::assertSame('USD', $this->deal()['currency']);

        $this->db->put('currencies', ['id' => 'cur-1', 'iso4217' => 'EUR']);
        self::assertSame('EUR', $this->deal()['currency']);
    }

    public function test_the_user_is_named_in_full(): void
    {
        self::assertNull($this->deal()['assigned_user_name']);

        $this->db->put('users', ['id' => '1', 'first_name' => 'Ann', 'last_name' => 'Lee']);
        self::assertSame('Ann Lee', $this->deal()['assigned_user_name']);
    }

    public function test_the_client_is_who_decides_else_who_was_linked_first_else_the_account(): void
    {
        $this->clients();
        self::assertNull($this->deal()['client']);

        $this->db->put('accounts_opportunities', ['opportunity_id' => 'deal-1', 'account_id' => 'account-1']);
        self::assertSame('account-1', $this->deal()['client']['id']);

        $this->link('deal-1', 'contact-2', '2026-02-02');
        $this->link('deal-1', 'contact-1', '2026-01-01');
        self::assertSame('contact-1', $this->deal()['client']['id']);

        $this->link('deal-1', 'contact-3', '2026-03-03', 'Primary Decision Maker');
        self::assertSame('contact-3', $this->deal()['client']['id']);

        $this->db->change("UPDATE contacts SET deleted = 1 WHERE id = 'contact-3'");
        self::assertSame('contact-1', $this->deal()['client']['id']);
    }

    public function test_a_contact_is_sent_with_its_primary_address_and_its_own_company(): void
    {
        $this->clients();
        $this->link('deal-1', 'contact-1', '2026-01-01');
        foreach (['old@example.com' => 0, 'main@example.com' => 1] as $address => $primary) {
            $this->db->put('email_addresses', ['id' => $address, 'email_address' => $address]);
            $this->db->put('email_addr_bean_rel', ['email_address_id' => $address, 'bean_id' => 'contact-1',
                'bean_module' => 'Contacts', 'primary_address' => $primary, 'date_created' => '2026-01-01']);
        }
        $this->db->put('accounts_contacts', ['account_id' => 'account-1', 'contact_id' => 'contact-1']);

        $client = $this->read(Mark::CONTACT, 'contact-1');

        self::assertSame('client.saved', $client['type']);
        self::assertSame('main@example.com', $client['data']['email']);
        self::assertSame('Acme', $client['data']['company']);
        self::assertSame($client['data'], $this->deal()['client']);
    }

    public function test_contacts_and_accounts_that_are_nobodys_client_are_no_events(): void
    {
        $this->clients();
        $this->db->put('accounts_opportunities', ['opportunity_id' => 'deal-1', 'account_id' => 'account-1']);
        self::assertNotNull($this->read(Mark::ACCOUNT, 'account-1'));
        self::assertNull($this->read(Mark::CONTACT, 'contact-1'));

        $this->link('deal-1', 'contact-1', '2026-01-01');
        $this->link('deal-1', 'contact-2', '2026-01-02');
        self::assertNotNull($this->read(Mark::CONTACT, 'contact-1'));
        self::assertNull($this->read(Mark::CONTACT, 'contact-2'));
        self::assertNull($this->read(Mark::ACCOUNT, 'account-1'));

        $this->link('deal-1', 'contact-3', '2026-01-03', 'Primary Decision Maker');
        self::assertNull($this->read(Mark::CONTACT, 'contact-1'));
        self::assertNotNull($this->read(Mark::CONTACT, 'contact-3'));

        $this->db->change("UPDATE opportunities SET deleted = 1 WHERE id = 'deal-1'");
        self::assertNull($this->read(Mark::CONTACT, 'contact-3'));
    }

    public function test_a_deleted_deal_is_its_id_alone(): void
    {
        $this->storeDeal('deal-1', ['deleted' => 1]);

        $event = $this->read(Mark::DEAL, 'deal-1');

        self::assertSame('opportunity.deleted', $event['type']);
        self::assertSame(['id' => 'deal-1', 'deleted' => true], $event['data']);
    }

    private function clients(): void
    {
        $this->db->put('accounts', ['id' => 'account-1', 'name' => 'Acme']);
        foreach (['contact-1', 'contact-2', 'contact-3'] as $id) {
            $this->db->put('contacts', ['id' => $id, 'last_name' => $id]);
        }
    }

    private function link(string $deal, string $contact, string $date, string $role = ''): void
    {
        $this->db->put('opportunities_contacts', ['id' => uniqid('', true), 'opportunity_id' => $deal,
            'contact_id' => $contact, 'contact_role' => $role, 'date_modified' => $date]);
    }

    /** @return array<string, mixed> */
    private function deal(): array
    {
        return $this->read(Mark::DEAL, 'deal-1')['data'];
    }

    /** @return array<string, mixed>|null */
    private function read(string $kind, string $id): ?array
    {
        return EventReader::on($this->database)->read([new Mark($kind, $id, '')])[0] ?? null;
    }
}
