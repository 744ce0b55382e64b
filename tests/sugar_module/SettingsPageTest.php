<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use GuzzleHttp\Client;
use SugarRoistat\Database;
use SugarRoistat\PageSession;
use SugarRoistat\Settings;
use SugarRoistat\SettingsPage;

final class SettingsPageTest extends SettingsPageTestCase
{
    /** @dataProvider strangers */
    public function test_a_form_that_is_not_ours_changes_nothing(array $form): void
    {
        (new PageSession())->token();

        SettingsPage::connect()->post($form + ['roistat_do' => 'address', 'roistat_url' => 'https://evil.example']);

        self::assertSame([], $this->stored());
        self::assertSame([], Client::$posts);
        self::assertStringContainsString('Nothing was changed', $this->said()[0]);
    }

    /** @return array<string, array{array<string, mixed>}> */
    public function strangers(): array
    {
        return [
            'no token' => [[]],
            'an empty token' => [['roistat_token' => '']],
            'a wrong token' => [['roistat_token' => str_repeat('0', 64)]],
            'no text at all' => [['roistat_token' => ['x']]],
        ];
    }

    public function test_an_address_is_kept_and_what_is_missing_is_said(): void
    {
        $this->post('address', ['roistat_url' => ' https://receiver.example ']);

        self::assertSame('https://receiver.example', $this->stored()['url']);
        self::assertSame(
            ['Saved.', 'Signing secret: none is stored, so nothing is sent. Generate one.'],
            $this->said()
        );
    }

    /** @dataProvider wrongAddresses */
    public function test_a_wrong_address_is_not_kept_and_the_message_names_the_field(string $url, string $why): void
    {
        $this->setUpReceiver();

        $this->post('address', ['roistat_url' => $url]);

        self::assertSame('https://receiver.example', $this->stored()['url']);
        self::assertStringStartsWith('Receiver address: ' . $why, $this->said()[0]);
        self::assertSame([], Client::$posts);
    }

    /** @return array<string, array{string, string}> */
    public function wrongAddresses(): array
    {
        return [
            'no address' => ['receiver', 'this is no web address'],
            'http' => ['http://receiver.example', 'it has to begin with https://'],
            'with a query' => ['https://receiver.example/?a=b', 'this is no web address'],
        ];
    }

    public function test_saving_the_address_sends_a_signed_ping_and_says_what_came_back(): void
    {
        $this->setUpReceiver();

        $this->post('address', ['roistat_url' => 'https://new.example']);

        self::assertCount(1, Client::$posts);
        self::assertSame('https://new.example/webhooks/sugarcrm', Client::$posts[0][0]);
        self::assertSame('ping', json_decode(Client::$posts[0][1]['body'], true)['type']);
        self::assertSame(
            [
                'Saved.',
                'The receiver answers and accepts our signature. Its version: 1.2.3.',
                'Its store: The store keeps what it acknowledges.',
                'Roistat: Roistat accepts what we send.',
                'The clocks of CRM and receiver agree.',
            ],
            $this->said()
        );
    }

    public function test_what_a_change_says_is_said_by_one_page_only(): void
    {
        $this->post('test');

        self::assertNotSame([], $this->said());
        self::assertSame([], $this->said());
    }

    public function test_a_generated_secret_is_shown_once_and_stored_unreadably(): void
    {
        $this->post('generate');

        $line = $this->page()['secret_line'];
        self::assertMatchesRegularExpression('/^WEBHOOK_SECRETS=whsec_[\w+\/]{43}=$/', $line);
        self::assertSame('', $this->page()['secret_line']);
        $secret = substr($line, strlen('WEBHOOK_SECRETS='));
        self::assertStringNotContainsString($secret, serialize([$this->stored(), $_SESSION]));
        self::assertSame($secret, (new Settings(Database::connect()))->secret());
        self::assertNotSame('', $this->page()['secret_at']);
    }

    public function test_only_the_page_after_the_change_holds_the_secret(): void
    {
        $this->post('generate');
        $secret = (new Settings(Database::connect()))->secret();
        $this->page();

        self::assertStringNotContainsString($secret, serialize($this->page()));
    }

    public function test_a_secret_of_the_administrators_own_is_kept_and_tried(): void
    {
        $this->setUpReceiver('');

        $this->post('own_secret', ['roistat_secret' => self::SECRET]);

        self::assertSame(self::SECRET, (new Settings(Database::connect()))->secret());
        self::assertCount(1, Client::$posts);
        self::assertSame('', $this->page()['secret_line'], 'whoever typed it has it');
    }

    public function test_a_malformed_secret_is_not_kept(): void
    {
        $this->setUpReceiver();

        $this->post('own_secret', ['roistat_secret' => 'whsec_?']);

        self::assertSame(self::SECRET, $this->stored()['secret']);
        self::assertStringStartsWith('Signing secret: it has to be whsec_', $this->said()[0]);
    }

    public function test_while_a_secret_is_replaced_both_sign_and_the_line_has_both(): void
    {
        $this->setUpReceiver();
        $this->post('test');
        self::assertCount(1, self::signatures());

        $this->post('generate');

        $page = $this->page();
        $new = (new Settings(Database::connect()))->secret();
        self::assertSame('WEBHOOK_SECRETS=' . $new . ',' . self::SECRET, $page['secret_line']);
        self::assertTrue($page['is_rotating']);
        $this->post('test');
        self::assertCount(2, self::signatures());
    }

    public function test_a_replacement_ends_when_the_receiver_accepts_the_new_secret_alone(): void
    {
        $this->setUpReceiver(self::NEW_SECRET);
        $this->store(['previous_secret' => self::SECRET]);

        $this->post('finish');

        self::assertCount(1, self::signatures());
        self::assertSame('', $this->stored()['previous_secret']);
        self::assertSame(self::NEW_SECRET, (new Settings(Database::connect()))->secret());
        self::assertStringStartsWith('Only the new secret signs from now on.', $this->said()[0]);
    }

    public function test_a_replacement_goes_on_while_the_receiver_refuses_the_new_secret_alone(): void
    {
        $this->setUpReceiver(self::NEW_SECRET);
        $this->store(['previous_secret' => self::SECRET]);
        Client::$status = 401;

        $this->post('finish');

        self::assertSame(self::SECRET, $this->stored()['previous_secret']);
        [$why, $kept] = $this->said();
        self::assertStringStartsWith('The receiver refuses the signature (401).', $why);
        self::assertStringStartsWith('Both secrets keep signing', $kept);
    }

    public function test_a_second_replacement_keeps_the_secret_that_the_receiver_knows(): void
    {
        $this->setUpReceiver(self::NEW_SECRET);
        $this->store(['previous_secret' => self::SECRET]);
        Client::$status = 401;

        $this->post('generate');

        self::assertSame(self::SECRET, (new Settings(Database::connect()))->previousSecret());
    }

    public function test_a_second_replacement_builds_on_the_first_once_the_receiver_has_it(): void
    {
        $this->setUpReceiver(self::NEW_SECRET);
        $this->store(['previous_secret' => self::SECRET]);

        $this->post('generate');

        self::assertSame(self::NEW_SECRET, (new Settings(Database::connect()))->previousSecret());
    }

    public function test_a_secret_that_was_never_accepted_is_replaced_outright(): void
    {
        $this->setUpReceiver();

        $this->post('generate');

        self::assertFalse($this->page()['is_rotating']);
    }

    public function test_a_secret_of_another_installation_is_said_to_be_unusable_and_can_be_replaced(): void
    {
        $this->setUpReceiver();
        $this->post('own_secret', ['roistat_secret' => self::NEW_SECRET]);
        $GLOBALS['sugar_config']['unique_key'] = 'key of a copy';
        $this->said();

        $this->post('test');
        self::assertStringStartsWith('Signing secret: what is stored cannot be used', $this->said()[0]);
        $this->post('generate');
        self::assertStringStartsWith('WEBHOOK_SECRETS=whsec_', $this->page()['secret_line']);
    }

    public function test_a_successful_test_ends_an_outage(): void
    {
        $this->setUpReceiver();
        $this->store(['outage_since' => '1700000000']);
        self::assertSame('15.11.2023 01:13', $this->page()['outage_since']);

        $this->post('test');

        self::assertSame('', $this->page()['outage_since']);
        self::assertNotSame('', $this->page()['succeeded_at']);
    }

    public function test_a_failed_test_ends_no_outage(): void
    {
        $this->setUpReceiver();
        $this->store(['outage_since' => '1700000000']);
        Client::$failure = new \RuntimeException('https://receiver.example refused ' . self::SECRET);

        $this->post('test');

        $page = $this->page();
        self::assertNotSame('', $page['outage_since']);
        self::assertSame('', $page['succeeded_at']);
        self::assertStringStartsWith('The receiver cannot be reached.', $page['notices'][0]['text']);
        self::assertStringNotContainsString(self::SECRET, serialize([$page, $this->log->lines]));
    }

    public function test_a_receiver_whose_store_is_away_ends_no_outage(): void
    {
        $this->setUpReceiver();
        $this->store(['outage_since' => '1700000000']);
        Client::$body = str_replace('"ok","message":"The store', '"failed","message":"The store', Client::$body);

        $this->post('test');

        $page = $this->page();
        self::assertNotSame('', $page['outage_since']);
        self::assertSame('bad', $page['notices'][1]['kind']);
    }

    public function test_refused_rows_are_sent_again_and_counted(): void
    {
        $this->waits('deal', 'deal-1', 1, '422 no');
        $this->waits('contact', 'contact-1', 1, '422 no');
        $this->waits('deal', 'deal-2', 0);

        $this->post('refused');

        self::assertStringStartsWith('On their way again: 2.', $this->said()[0]);
        self::assertSame([3, 0], [$this->page()['waiting'], $this->page()['refused_count']]);
    }

    public function test_a_period_is_sent_again_by_days_of_the_administrators_own_zone(): void
    {
        foreach (['10-31 20:59:59', '10-31 21:00:00', '11-21 20:59:59', '11-21 21:00:00'] as $number => $moment) {
            $this->memory->put('opportunities', ['id' => "deal-$number", 'date_modified' => "2026-$moment"]);
        }

        $this->post('period', ['roistat_from' => '2026-11-01', 'roistat_to' => '2026-11-21']);

        self::assertStringStartsWith('Deals on their way again: 2.', $this->said()[0]);
        $waiting = $this->memory->all('SELECT record_id FROM roistat_outbox ORDER BY record_id');
        self::assertSame(['deal-1', 'deal-2'], array_column($waiting, 'record_id'));
    }

    public function test_what_is_no_period_is_refused(): void
    {
        $this->post('period', ['roistat_from' => '2026-11-21', 'roistat_to' => '2026-11-01']);

        self::assertStringStartsWith('First day, last day: both are needed', $this->said()[0]);
        self::assertStringNotContainsString('FROM opportunities', implode(' ', $this->memory->queries));
    }

    public function test_the_removal_box_is_kept_and_its_meaning_said(): void
    {
        self::assertFalse($this->page()['removes_field']);

        $this->post('removal', ['roistat_remove' => '1']);
        $page = $this->page();
        self::assertTrue($page['removes_field']);
        self::assertSame('warning', $page['notices'][0]['kind']);

        $this->post('removal');
        self::assertFalse($this->page()['removes_field']);
    }

    public function test_a_failure_of_ours_is_said_and_logged(): void
    {
        $this->setUpReceiver();
        $this->memory->broken = true;

        $this->post('test');

        $this->memory->broken = false;
        self::assertStringStartsWith('Something went wrong.', $this->said()[0]);
        self::assertSame(
            ['Roistat: the settings page could not carry that out: the database refused a query'],
            $this->log->lines
        );
    }
}
