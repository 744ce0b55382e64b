<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use GuzzleHttp\Client;
use SugarRoistat\Outbox;
use SugarRoistat\PageSession;
use SugarRoistat\SettingsPage;
use SugarRoistat\SettingsView;
use SugarRoistat\TestClock;

/**
 * A CRM whose administrator is on the settings page, and a receiver that is well.
 */
abstract class SettingsPageTestCase extends CrmTestCase
{
    protected const NEW_SECRET = 'whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldyE=';

    protected \SqliteManager $memory;

    protected function setUp(): void
    {
        parent::setUp();
        TestClock::$ahead = 0;
        $this->memory = new \SqliteManager();
        \DBManagerFactory::$instance = $this->memory;
        Outbox::create($this->memory);
        $GLOBALS['sugar_config']['unique_key'] = 'key of this installation';
        $_SESSION = [];
        self::receiverIsWell();
    }

    protected static function receiverIsWell(): void
    {
        Client::$status = 200;
        Client::$body = json_encode([
            'version' => '1.2.3',
            'time' => gmdate('Y-m-d\TH:i:s\Z'),
            'store' => ['state' => 'ok', 'message' => 'The store keeps what it acknowledges.'],
            'roistat' => ['state' => 'ok', 'message' => 'Roistat accepts what we send.', 'checked_at' => null],
        ]);
    }

    /** @param array<string, mixed> $values */
    protected function post(string $do, array $values = []): void
    {
        $form = ['roistat_do' => $do, 'roistat_token' => (new PageSession())->token()];
        SettingsPage::connect()->post($values + $form);
    }

    /** @return array<string, mixed> */
    protected function page(): array
    {
        return SettingsView::connect()->model();
    }

    /** @return list<string> what the next page says */
    protected function said(): array
    {
        return array_column($this->page()['notices'], 'text');
    }

    protected function setUpReceiver(string $secret = self::SECRET): void
    {
        $this->store(['url' => 'https://receiver.example', 'secret' => $secret]);
    }

    /** @param array<string, string> $settings */
    protected function store(array $settings): void
    {
        foreach ($settings as $name => $value) {
            $this->memory->change("DELETE FROM config WHERE name = '$name'");
            $this->memory->put('config', ['category' => 'roistat', 'name' => $name, 'value' => $value]);
        }
    }

    /** @return array<string, string> what is stored of our settings */
    protected function stored(): array
    {
        return array_column($this->memory->all('SELECT name, value FROM config'), 'value', 'name');
    }

    protected function waits(string $kind, string $id, int $refused, string $answer = '', int $marked = 0): void
    {
        $this->memory->put('roistat_outbox', [
            'kind' => $kind,
            'record_id' => $id,
            'token' => 't',
            'marked' => $marked,
            'due' => 0,
            'shared' => 0,
            'attempts' => 1,
            'refused' => $refused,
            'answer' => $answer,
        ]);
    }

    /** @return list<string> the signatures of the last request */
    protected static function signatures(): array
    {
        $post = Client::$posts[count(Client::$posts) - 1];

        return explode(' ', $post[1]['headers']['webhook-signature']);
    }
}
