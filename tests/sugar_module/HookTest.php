<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use GuzzleHttp\Client;
use SugarRoistat\Flush;

/**
 * Our hook files, called as the CRM calls them.
 */
final class HookTest extends StoredCrmTestCase
{
    private \SugarBean $bean;

    protected function setUp(): void
    {
        parent::setUp();
        $this->bean = new \SugarBean();
    }

    protected function tearDown(): void
    {
        $this->db->broken = false;
        Flush::current()->now();
        parent::tearDown();
    }

    /** @dataProvider changes */
    public function test_a_change_marks_the_deal_and_sends_nothing_yet(string $event): void
    {
        $this->call('Opportunities', $event, ['id' => 'deal-1']);

        self::assertSame(['deal:deal-1'], $this->waiting());
        self::assertSame([], Client::$posts);
    }

    /** @return array<string, array{string}> */
    public function changes(): array
    {
        $changes = [];
        foreach (['save', 'delete', 'restore'] as $change) {
            $changes['before ' . $change] = ['before_' . $change];
            $changes['after ' . $change] = ['after_' . $change];
        }

        return $changes;
    }

    public function test_a_restored_deals_bean_is_empty_and_its_id_among_the_arguments(): void
    {
        $this->bean->id = '';

        $this->call('Opportunities', 'after_restore', ['id' => 'deal-1']);

        self::assertSame(['deal:deal-1'], $this->waiting());
    }

    public function test_suitecrm_calls_after_save_with_an_empty_text(): void
    {
        $this->call('Opportunities', 'after_save', '');

        self::assertSame(['deal:deal-1'], $this->waiting());
    }

    public function test_a_new_deal_without_an_id_yet_is_marked_after_its_save(): void
    {
        $this->bean->id = '';
        $this->call('Opportunities', 'before_save', '');
        self::assertSame([], $this->waiting());

        $this->bean->id = 'deal-1';
        $this->call('Opportunities', 'after_save', '');
        self::assertSame(['deal:deal-1'], $this->waiting());
    }

    /** @dataProvider links */
    public function test_only_links_to_clients_mark_the_deal(string $module, bool $marks): void
    {
        foreach (['before_relationship_add', 'after_relationship_delete'] as $event) {
            $this->call('Opportunities', $event, ['id' => 'deal-1', 'related_module' => $module]);
        }

        self::assertSame($marks, $this->waiting() !== []);
    }

    /** @return array<string, array{string, bool}> */
    public function links(): array
    {
        return ['contacts' => ['Contacts', true], 'accounts' => ['Accounts', true], 'notes' => ['Notes', false]];
    }

    public function test_a_contact_is_marked_where_a_deal_has_it(): void
    {
        $this->bean->module_dir = 'Contacts';
        $this->bean->id = 'contact-1';
        $this->call('Contacts', 'before_save', '');
        self::assertSame([], $this->waiting());

        $this->db->put('opportunities_contacts', ['opportunity_id' => 'deal-1', 'contact_id' => 'contact-1']);
        $this->call('Contacts', 'before_save', '');
        self::assertSame(['contact:contact-1'], $this->waiting());
    }

    public function test_an_account_is_marked_where_a_deal_has_it(): void
    {
        $this->bean->module_dir = 'Accounts';
        $this->bean->id = 'account-1';
        $this->db->put('accounts_opportunities', ['opportunity_id' => 'deal-1', 'account_id' => 'account-1']);

        $this->call('Accounts', 'after_save', '');

        self::assertSame(['account:account-1'], $this->waiting());
    }

    public function test_the_deals_of_a_contact_that_goes_are_marked_for_they_get_another_client(): void
    {
        $this->bean->module_dir = 'Contacts';
        $this->bean->id = 'contact-1';
        $this->bean->deleted = 1;
        foreach (['deal-1', 'deal-2'] as $deal) {
            $this->db->put('opportunities_contacts', ['opportunity_id' => $deal, 'contact_id' => 'contact-1']);
        }

        $this->call('Contacts', 'after_save', '');

        self::assertSame(['contact:contact-1', 'deal:deal-1', 'deal:deal-2'], $this->waiting());
    }

    public function test_a_contacts_new_company_marks_it_and_other_links_do_not(): void
    {
        $this->bean->module_dir = 'Contacts';
        $this->bean->id = 'contact-1';
        $this->db->put('opportunities_contacts', ['opportunity_id' => 'deal-1', 'contact_id' => 'contact-1']);

        $this->call('Contacts', 'after_relationship_add', ['related_module' => 'Calls']);
        self::assertSame([], $this->waiting());
        $this->call('Contacts', 'after_relationship_add', ['related_module' => 'Accounts']);
        self::assertSame(['contact:contact-1'], $this->waiting());
    }

    public function test_the_end_of_the_request_sends_one_event_for_all_that_happened(): void
    {
        foreach (['before_save', 'before_relationship_add', 'after_relationship_add', 'after_save'] as $event) {
            $this->call('Opportunities', $event, ['id' => 'deal-1', 'related_module' => 'Contacts']);
        }

        Flush::current()->now();

        self::assertSame(['deal-1'], $this->sentIds());
    }

    public function test_a_broken_database_breaks_no_save(): void
    {
        $this->db->broken = true;
        $this->bean->module_dir = 'Contacts';

        $this->call('Contacts', 'before_save', '');
        $this->call('Opportunities', 'before_save', '');

        self::assertCount(2, $this->log->lines);
        self::assertStringContainsString('was not marked', $this->log->lines[0]);
    }

    /** @param mixed $arguments */
    private function call(string $module, string $event, $arguments): void
    {
        $hook_array = [];
        include dirname(__DIR__, 2) . "/sugar_module/Extension/modules/$module/Ext/LogicHooks/sugar_roistat.php";
        foreach ($hook_array[$event] as [, , $file, $class, $method]) {
            self::assertSame('custom/include/SugarRoistat/load.php', $file);
            (new $class())->$method($this->bean, $event, $arguments);
        }
    }
}
