<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use SugarRoistat\Address;
use SugarRoistat\Cipher;
use SugarRoistat\NotSent;
use SugarRoistat\Settings;

final class SettingsTest extends StoredCrmTestCase
{
    /** @dataProvider addresses */
    public function test_the_webhooks_whole_address_will_do_as_well_as_the_receivers(string $stored): void
    {
        $this->set('url', $stored);

        self::assertSame('https://receiver.example', $this->settings()->url());
    }

    /** @return array<string, array{string}> */
    public function addresses(): array
    {
        return [
            'with a slash' => [' https://receiver.example/ '],
            'whole' => ['https://receiver.example/webhooks/sugarcrm'],
            'whole, with a slash' => ['https://receiver.example/webhooks/sugarcrm/'],
        ];
    }

    public function test_a_kept_secret_is_unreadable_in_the_table_and_read_back_here(): void
    {
        $this->settings()->keepSecret('secret', 'whsec_b2xk');

        self::assertSame('whsec_b2xk', $this->settings()->secret());
        $stored = json_encode($this->db->all('SELECT * FROM config'));
        self::assertStringNotContainsString('whsec_b2xk', $stored);
        self::assertNotSame(Cipher::seal('a'), Cipher::seal('a'), 'equal secrets would show as equal');
    }

    public function test_a_secret_that_sql_put_there_is_read_as_it_is(): void
    {
        self::assertSame(self::SECRET, $this->settings()->secret());
    }

    public function test_a_secret_sealed_by_another_installation_is_an_error_and_no_secret(): void
    {
        $this->settings()->keepSecret('secret', 'whsec_b2xk');
        $GLOBALS['sugar_config']['unique_key'] = 'another';

        $this->expectException(NotSent::class);
        $this->settings()->secret();
    }

    public function test_of_two_that_replace_a_value_one_succeeds(): void
    {
        $this->set('probed_at', '5');
        $first = $this->settings();
        $second = $this->settings();
        self::assertSame('5', $first->value('probed_at') . substr($second->value('probed_at'), 1));

        self::assertTrue($first->replace('probed_at', '5', '7'));
        self::assertFalse($second->replace('probed_at', '5', '8'));
        self::assertSame('7', $this->setting('probed_at'));
    }

    public function test_keeping_wins_over_what_somebody_else_has_stored_meanwhile(): void
    {
        $settings = $this->settings();
        $settings->value('swept_at');
        $this->set('swept_at', '5');

        $settings->keep('swept_at', '7');
        $settings->keep('new', '9');

        self::assertSame('7', $this->setting('swept_at'));
        self::assertSame('9', $this->setting('new'));
        self::assertCount(1, $this->db->all("SELECT * FROM config WHERE name = 'new'"));
    }

    public function test_clearing_leaves_other_categories_alone(): void
    {
        $this->db->put('config', ['category' => 'system', 'name' => 'name', 'value' => 'CRM']);

        $this->settings()->clear();

        self::assertSame(['system'], array_column($this->db->all('SELECT category FROM config'), 'category'));
    }

    /** @dataProvider receivers */
    public function test_a_receiver_is_reached_by_https_or_on_this_machine(string $url, ?string $problem): void
    {
        self::assertSame($problem, Address::problem($url));
    }

    /** @return array<string, array{string, string|null}> */
    public function receivers(): array
    {
        $malformed = 'LBL_ROISTAT_ADDRESS_MALFORMED';
        $plain = 'LBL_ROISTAT_ADDRESS_NOT_HTTPS';

        return [
            'https' => ['https://receiver.example:8443/base', null],
            'this machine by name' => ['http://localhost:8080', null],
            'this machine by address' => ['http://127.0.0.1:8080', null],
            'this machine by IPv6' => ['http://[::1]:8080', null],
            'in the clear' => ['http://receiver.example', $plain],
            'looks like this machine' => ['http://127.0.0.1.evil.example', $plain],
            'names it as user' => ['http://localhost@evil.example', $malformed],
            'looks like it behind a backslash' => ['http://evil.example\\@127.0.0.1', $malformed],
            'a login' => ['https://user:password@receiver.example', $malformed],
            'a backslash' => ['https://receiver.example\\base', $malformed],
            'another scheme' => ['ftp://localhost', $plain],
            'a file' => ['file:///etc/passwd', $malformed],
            'nothing' => ['', $malformed],
            'no scheme' => ['receiver.example', $malformed],
            'a query' => ['https://receiver.example?x=1', $malformed],
            'two lines' => ["https://receiver.example\nX: y", $malformed],
        ];
    }

    private function settings(): Settings
    {
        return new Settings($this->database);
    }
}
