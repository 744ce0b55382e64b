<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use PHPUnit\Framework\TestCase;
use SugarRoistat\DealSnapshot;

final class DealSnapshotTest extends TestCase
{
    private const NOW = '2026-11-21T07:42:10.123456Z';

    public function test_a_saved_deal_is_exactly_the_contract(): void
    {
        $event = DealSnapshot::event(self::NOW, $this->deal(), $this->contact());

        self::assertSame([
            'type' => 'opportunity.saved',
            'timestamp' => '2026-11-21T07:42:10.123456Z',
            'data' => [
                'id' => 'deal-1',
                'name' => 'Tom & co',
                'url' => 'https://crm.example/deal-1',
                'roistat' => '4521890',
                'sales_stage' => 'Closed Won',
                'sales_stage_label' => 'Won',
                'sales_status' => null,
                'sales_status_label' => null,
                'pipeline' => 'sales_stage',
                'amount' => '1234.56',
                'currency' => 'EUR',
                'amount_base' => '1350',
                'cost' => null,
                'date_entered' => '2026-11-20T10:00:00Z',
                'date_modified' => '2026-11-21T07:42:10Z',
                'date_closed' => '2026-12-31',
                'deleted' => false,
                'lead_source' => 'Web Site',
                'assigned_user_name' => 'Ann Lee',
                'fields' => ['name' => 'Tom & co', 'date_modified' => '2026-11-21T07:42:10Z', 'branch_c' => null],
                'client' => [
                    'id' => 'contact-1',
                    'name' => "Zoë O'Hara",
                    'phone' => '+15550101',
                    'email' => 'zoe@example.com',
                    'company' => 'Acme',
                    'birth_date' => '1985-04-12',
                ],
            ],
        ], $event);
    }

    public function test_a_deleted_deal_is_its_id_alone(): void
    {
        $event = DealSnapshot::event(self::NOW, $this->deal(['deleted' => '1']), $this->contact());

        self::assertSame('opportunity.deleted', $event['type']);
        self::assertSame(['id' => 'deal-1', 'deleted' => true], $event['data']);
    }

    public function test_an_empty_visit_and_no_client_are_null(): void
    {
        $data = DealSnapshot::event(self::NOW, $this->deal(['roistat_c' => '  ']), null)['data'];

        self::assertNull($data['roistat']);
        self::assertNull($data['client']);
    }

    public function test_text_too_long_to_be_a_characteristic_is_left_out_of_the_fields(): void
    {
        $longest = str_repeat('ж', 1000);
        $kept = DealSnapshot::event(self::NOW, $this->deal(['branch_c' => $longest]), null);
        $left = DealSnapshot::event(self::NOW, $this->deal(['branch_c' => $longest . 'ж']), null);

        self::assertSame($longest, $kept['data']['fields']['branch_c']);
        self::assertArrayNotHasKey('branch_c', $left['data']['fields']);
    }

    public function test_a_mobile_number_reaches_a_person_best(): void
    {
        $contact = ['phone_mobile' => '+15550199'] + $this->contact();

        $data = DealSnapshot::event(self::NOW, $this->deal(), $contact)['data'];

        self::assertSame('+15550199', $data['client']['phone']);
    }

    public function test_an_account_as_client_keeps_its_name_and_office_number(): void
    {
        $account = ['id' => 'a-1', 'name' => 'Acme &amp; Sons', 'phone_office' => '', 'phone_alternate' => '+15550100',
            'email' => null, 'company' => 'Acme &amp; Sons'];

        self::assertSame(
            [
                'id' => 'a-1',
                'name' => 'Acme & Sons',
                'phone' => '+15550100',
                'email' => null,
                'company' => 'Acme & Sons',
                'birth_date' => null,
            ],
            DealSnapshot::event(self::NOW, $this->deal(), $account)['data']['client']
        );
    }

    /**
     * @param array<string, string|null> $row
     *
     * @return array<string, mixed>
     */
    private function deal(array $row = []): array
    {
        return [
            'row' => $row + [
                'id' => 'deal-1',
                'name' => 'Tom &amp; co',
                'roistat_c' => ' 4521890 ',
                'sales_stage' => 'Closed Won',
                'amount' => '1234.56',
                'amount_usdollar' => '1350',
                'date_entered' => '2026-11-20 10:00:00',
                'date_modified' => '2026-11-21 07:42:10',
                'date_closed' => '2026-12-31',
                'deleted' => '0',
                'lead_source' => 'Web Site',
                'branch_c' => null,
            ],
            'types' => ['name' => 'name', 'date_modified' => 'datetime', 'branch_c' => 'varchar'],
            'url' => 'https://crm.example/deal-1',
            'pipeline' => 'sales_stage',
            'currency' => 'EUR',
            'assigned_user_name' => 'Ann Lee',
            'sales_stage_label' => 'Won',
            'sales_status_label' => '',
        ];
    }

    /** @return array<string, string|null> */
    private function contact(): array
    {
        return [
            'id' => 'contact-1',
            'first_name' => 'Zoë',
            'last_name' => 'O&#039;Hara',
            'phone_mobile' => '',
            'phone_work' => '+15550101',
            'phone_home' => '+15550102',
            'phone_other' => null,
            'birthdate' => '1985-04-12',
            'email' => 'zoe@example.com',
            'company' => 'Acme',
        ];
    }
}
