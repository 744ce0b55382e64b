<?php

declare(strict_types=1);

// What the package touches of SuiteCRM and of the Guzzle that it ships, and no more.

namespace {
    class SugarBean
    {
        public string $id = 'deal-1';

        public string $name = 'stale';

        /** @var array<string, array<string, string>> */
        public array $field_defs = [
            'id' => ['type' => 'id'],
            'name' => ['type' => 'name'],
            'date_modified' => ['type' => 'datetime'],
            'sales_stage' => ['type' => 'enum', 'options' => 'sales_stage_dom'],
            'secret_c' => ['type' => 'encrypt'],
            'account_name' => ['type' => 'relate'],
            'roistat_c' => ['type' => 'varchar'],
        ];

        public function hasCustomFields(): bool
        {
            return true;
        }
    }

    class Administration extends SugarBean
    {
        /** @var list<array{string, string, string}> */
        public static array $saved = [];

        public function saveSetting(string $category, string $key, string $value): void
        {
            self::$saved[] = [$category, $key, $value];
        }
    }

    class BeanFactory
    {
        public static function newBean(string $module): SugarBean
        {
            return $module === 'Administration' ? new Administration() : new SugarBean();
        }
    }

    /** Answers a query with the first of its rows whose key the query contains. */
    class DBManager
    {
        public string $dbType = 'mysql';

        /** @var array<string, array<string, string|null>> */
        public array $rows = [];

        /** @var list<string> */
        public array $queries = [];

        public bool $broken = false;

        public ?Throwable $failure = null;

        /** @return array<string, string|null>|bool */
        public function query(string $sql)
        {
            $this->queries[] = $sql;
            if ($this->failure !== null) {
                throw $this->failure;
            }
            if ($this->broken) {
                return false;
            }
            foreach ($this->rows as $part => $row) {
                if (strpos($sql, $part) !== false) {
                    return $row;
                }
            }

            return true;
        }

        /**
         * @param array<string, string|null>|bool $result
         *
         * @return array<string, string|null>|false
         */
        public function fetchByAssoc($result, bool $encode = true)
        {
            if ($encode) {
                throw new LogicException('rows must be read unescaped');
            }

            return is_array($result) ? $result : false;
        }

        public function quoted(string $text): string
        {
            return "'" . addslashes($text) . "'";
        }
    }

    class DBManagerFactory
    {
        public static DBManager $instance;

        public static function getInstance(): DBManager
        {
            return self::$instance;
        }
    }

    class LoggerManager
    {
        /** @var list<string> */
        public array $lines = [];

        public function fatal(string $line): void
        {
            $this->lines[] = $line;
        }
    }

    /** @return array<string, array<string, string>> */
    function return_app_list_strings_language(string $language): array
    {
        $won = $language === 'ru_ru' ? 'Успешно' : 'Closed Won';

        return ['sales_stage_dom' => ['Closed Won' => $won, 'R&D' => 'Research']];
    }
}

namespace GuzzleHttp {
    class Answer
    {
        private int $status;

        public function __construct(int $status)
        {
            $this->status = $status;
        }

        public function getStatusCode(): int
        {
            return $this->status;
        }
    }

    class Client
    {
        public static int $status = 202;

        public static ?\Throwable $failure = null;

        /** @var list<array{string, array<string, mixed>}> */
        public static array $posts = [];

        /** @param array<string, mixed> $options */
        public function post(string $url, array $options): Answer
        {
            self::$posts[] = [$url, $options];
            if (self::$failure !== null) {
                throw self::$failure;
            }

            return new Answer(self::$status);
        }
    }
}
