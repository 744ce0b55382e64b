<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use GuzzleHttp\Client;
use PHPUnit\Framework\TestCase;

/**
 * A CRM with one deal, whose receiver accepts everything.
 */
abstract class CrmTestCase extends TestCase
{
    protected const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';

    protected \DBManager $db;

    protected \LoggerManager $log;

    protected function setUp(): void
    {
        $this->db = new \DBManager();
        $this->db->rows = [
            "name = 'url'" => ['value' => 'https://receiver.example/'],
            "name = 'secret'" => ['value' => self::SECRET],
            'now_utc' => ['now_utc' => '2026-11-21T07:42:10.123456'],
            'FROM opportunities WHERE' => [
                'id' => 'deal-1',
                'name' => 'stored',
                'deleted' => '0',
                'date_modified' => '2026-11-21 07:42:10',
                'sales_stage' => 'Closed Won',
                'secret_c' => 'ciphertext',
            ],
            'FROM opportunities_cstm' => ['id_c' => 'deal-1', 'roistat_c' => '4521890'],
        ];
        \DBManagerFactory::$instance = $this->db;
        $this->log = new \LoggerManager();
        $GLOBALS['log'] = $this->log;
        $GLOBALS['sugar_config'] = [
            'site_url' => 'https://crm.example/',
            'default_language' => 'ru_ru',
            'default_currency_iso4217' => 'USD',
        ];
        Client::$posts = [];
        Client::$status = 202;
        Client::$body = '';
        Client::$failure = null;
    }
}
