<?php

declare(strict_types=1);

// What the package touches of SuiteCRM and of the Guzzle that it ships, and no more.

namespace {
    class SugarBean
    {
        public string $id = 'deal-1';

        public string $name = 'stale';

        public string $module_dir = 'Opportunities';

        public int $deleted = 0;

        /** @var array<string, array<string, string>> */
        public array $field_defs = [
            'id' => ['type' => 'id'],
            'name' => ['type' => 'name', 'vname' => 'LBL_NAME'],
            'date_modified' => ['type' => 'datetime'],
            'sales_stage' => ['type' => 'enum', 'options' => 'sales_stage_dom'],
            'secret_c' => ['type' => 'encrypt'],
            'account_name' => ['type' => 'relate', 'source' => 'non-db'],
            'contacts' => ['type' => 'link', 'source' => 'non-db'],
            'roistat_c' => ['type' => 'varchar'],
        ];

        public function get_summary_text(): string
        {
            return $this->name;
        }

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

        public static function getBean(string $module, string $id): ?SugarBean
        {
            return $id === 'gone' ? null : new SugarBean();
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

    /** @return array<string, string> */
    function return_module_language(string $language, string $module): array
    {
        return ['LBL_NAME' => $language === 'ru_ru' ? 'Название:' : 'Name:'];
    }

    interface RunnableSchedulerJob
    {
        public function setJob(SchedulersJob $job);

        public function run($data);
    }

    class SchedulersJob
    {
        public string $id = 'job-1';
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

        private string $body;

        public function __construct(int $status, string $body = '')
        {
            $this->status = $status;
            $this->body = $body;
        }

        public function getBody(): string
        {
            return $this->body;
        }

        public function getStatusCode(): int
        {
            return $this->status;
        }
    }

    class Client
    {
        public static int $status = 202;

        public static string $body = '';

        public static ?\Throwable $failure = null;

        public static ?\Closure $onPost = null;

        /** @var list<Answer> what it answers first, one after the other */
        public static array $answers = [];

        /** @var list<array{string, array<string, mixed>}> */
        public static array $posts = [];

        /** @param array<string, mixed> $options */
        public function post(string $url, array $options): Answer
        {
            self::$posts[] = [$url, $options];
            if (self::$onPost !== null) {
                (self::$onPost)();
            }
            if (self::$failure !== null) {
                throw self::$failure;
            }

            return array_shift(self::$answers) ?? new Answer(self::$status, self::$body);
        }
    }
}
