<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

final class SettingsViewTest extends SettingsPageTestCase
{
    public function test_shows_what_waits_since_when(): void
    {
        $this->waits('deal', 'new', 0, '', 1700000500);
        $this->waits('deal', 'old', 0, '', 1700000000);
        for ($refused = 0; $refused < 25; $refused++) {
            $this->waits('deal', "refused-$refused", 1);
        }

        $page = $this->page();

        self::assertSame(2, $page['waiting']);
        self::assertSame('15.11.2023 01:13', $page['oldest']);
        self::assertSame(25, $page['refused_count']);
        self::assertCount(20, $page['refused']);
        self::assertSame(5, $page['refused_more']);
    }

    public function test_lists_what_was_refused_with_a_link_and_the_answer(): void
    {
        $this->waits('deal', 'id 1', 1, '422 data.amount: Not a number.', 2);
        $this->waits('contact', 'gone', 1, '', 1);

        self::assertSame(
            [
                [
                    'kind' => 'deal',
                    'name' => 'stale',
                    'address' => 'index.php?module=Opportunities&action=DetailView&record=id%201',
                    'answer' => '422 data.amount: Not a number.',
                ],
                [
                    'kind' => 'contact',
                    'name' => 'gone',
                    'address' => 'index.php?module=Contacts&action=DetailView&record=gone',
                    'answer' => '',
                ],
            ],
            $this->page()['refused']
        );
    }

    public function test_gives_the_crontab_line_where_no_sweep_ever_ran(): void
    {
        $root = dirname(__DIR__, 2);

        self::assertStringEndsWith('php -f cron.php > /dev/null 2>&1', $this->page()['crontab']);
        self::assertStringStartsWith('* * * * * cd ' . $root, $this->page()['crontab']);
    }

    public function test_gives_no_crontab_line_where_the_sweep_just_ran(): void
    {
        $this->store(['swept_at' => (string) (time() - 300)]);
        self::assertSame('', $this->page()['crontab']);

        $this->store(['swept_at' => (string) (time() - 700)]);
        self::assertNotSame('', $this->page()['crontab']);
    }

    public function test_says_why_the_receiver_is_taken_for_away(): void
    {
        $this->store(['outage_since' => '1700000000', 'outage_reason' => 'the receiver answered 503']);

        self::assertSame('the receiver answered 503', $this->page()['outage_reason']);
    }

    public function test_a_database_that_fails_leaves_a_page_that_says_so(): void
    {
        $this->memory->broken = true;

        $page = $this->page();

        self::assertStringStartsWith('Something went wrong.', $page['notices'][0]['text']);
        self::assertArrayNotHasKey('waiting', $page);
        self::assertCount(1, $this->log->lines);
    }

    public function test_forms_on_suitecrm_carry_our_token_alone(): void
    {
        self::assertSame(64, strlen($this->page()['token']));
        self::assertNull($this->page()['platform_token']);
    }

    /** @runInSeparateProcess */
    public function test_forms_on_sugarcrm_carry_its_token_too_and_links_lead_to_its_own_pages(): void
    {
        require_once 'sugarcrm.php';
        $this->waits('account', 'id-1', 1);

        $page = $this->page();

        self::assertSame(['name' => 'csrf_token', 'value' => 'token of the platform'], $page['platform_token']);
        self::assertSame('index.php#Accounts/id-1', $page['refused'][0]['address']);
    }
}
