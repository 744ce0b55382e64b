<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use GuzzleHttp\Client;
use PHPUnit\Framework\TestCase;
use SugarRoistat\Database;
use SugarRoistat\Flush;
use SugarRoistat\Mark;
use SugarRoistat\Outbox;
use SugarRoistat\Settings;
use SugarRoistat\TestClock;

/**
 * A CRM on a real database, set up, with one deal, whose receiver accepts everything.
 */
abstract class StoredCrmTestCase extends TestCase
{
    protected const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';

    protected \SqliteManager $db;

    protected \LoggerManager $log;

    protected Database $database;

    protected Outbox $outbox;

    protected function setUp(): void
    {
        $this->db = new \SqliteManager();
        \DBManagerFactory::$instance = $this->db;
        Outbox::create($this->db);
        $this->log = new \LoggerManager();
        $GLOBALS['log'] = $this->log;
        $GLOBALS['sugar_config'] = [
            'site_url' => 'https://crm.example/',
            'default_language' => 'ru_ru',
            'default_currency_iso4217' => 'USD',
            'unique_key' => '9a5c',
        ];
        Client::$posts = [];
        Client::$status = 202;
        Client::$failure = null;
        Client::$answers = [];
        Client::$onPost = null;
        TestClock::$ahead = 0;
        $this->database = new Database($this->db);
        $this->outbox = new Outbox($this->database);
        $this->set('url', 'https://receiver.example/');
        $this->set('secret', self::SECRET);
        $this->set('swept_at', (string) time());
        $this->storeDeal('deal-1', ['name' => 'stored']);
    }

    protected function tearDown(): void
    {
        TestClock::$ahead = 0;
        Client::$onPost = null;
        Client::$answers = [];
    }

    protected function set(string $name, string $value): void
    {
        $this->db->change("DELETE FROM config WHERE name = '$name'");
        $this->db->put('config', ['category' => 'roistat', 'name' => $name, 'value' => $value]);
    }

    protected function setting(string $name): string
    {
        return (new Settings($this->database))->value($name);
    }

    /** @param array<string, mixed> $values */
    protected function storeDeal(string $id, array $values = []): void
    {
        $this->db->put('opportunities', $values + [
            'id' => $id,
            'name' => $id,
            'deleted' => 0,
            'date_entered' => '2026-11-20 10:00:00',
            'date_modified' => '2026-11-21 07:42:10',
            'sales_stage' => 'Closed Won',
            'assigned_user_id' => '1',
        ]);
        $this->db->put('opportunities_cstm', ['id_c' => $id, 'roistat_c' => '4521890', 'secret_c' => 'ciphertext']);
    }

    /** A request of its own that marks these deals and ends. */
    protected function request(string ...$ids): void
    {
        $flush = new Flush();
        foreach ($ids as $id) {
            $flush->mark(Mark::DEAL, $id);
        }
        $flush->now();
    }

    /** @return list<string> what the outbox holds, as kind:id */
    protected function waiting(): array
    {
        return array_column($this->db->all(
            "SELECT kind || ':' || record_id AS record FROM roistat_outbox ORDER BY kind, record_id"
        ), 'record');
    }

    /** @return array<string, mixed> */
    protected function row(string $id): array
    {
        return $this->db->all("SELECT * FROM roistat_outbox WHERE record_id = '$id'")[0];
    }

    /** @return list<list<array<string, mixed>>> the events of each body posted */
    protected function batches(): array
    {
        $batches = [];
        foreach (Client::$posts as $post) {
            $body = json_decode($post[1]['body'], true);
            if ($body['type'] === 'batch') {
                $batches[] = $body['data']['events'];
            }
        }

        return $batches;
    }

    /** @return list<array<string, mixed>> the events of all bodies posted */
    protected function events(): array
    {
        return array_merge([], ...$this->batches());
    }

    /** @return list<string> the ids that each body carried */
    protected function sentIds(): array
    {
        $ids = [];
        foreach ($this->batches() as $events) {
            $ids[] = implode(' ', array_column(array_column($events, 'data'), 'id'));
        }

        return $ids;
    }
}
