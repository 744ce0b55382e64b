<?php

declare(strict_types=1);

// What the package touches of SugarCRM 11 and later. Loaded only in tests that run as SugarCRM.

namespace {
    class Opportunity extends SugarBean
    {
        public static string $viewBy = 'Opportunities';

        /** @return array<string, string> */
        public static function getSettings(): array
        {
            return ['opps_view_by' => self::$viewBy];
        }
    }
}

namespace Sugarcrm\Sugarcrm\DependencyInjection {
    class Container
    {
    }
}

namespace Sugarcrm\Sugarcrm\Security\Csrf {
    class CsrfAuthenticator
    {
        public const FORM_TOKEN_FIELD = 'csrf_token';

        public static function getInstance(): self
        {
            return new self();
        }

        public function getFormToken(): string
        {
            return 'token of the platform';
        }
    }
}

namespace Sugarcrm\Sugarcrm\Security\HttpClient {
    class ExternalResourceClient
    {
        /** @var list<array<int, mixed>> */
        public static array $made = [];

        /** @var list<array<int, mixed>> */
        public static array $posts = [];

        public function __construct(float $timeout, int $maxRedirects)
        {
            self::$made[] = [$timeout, $maxRedirects];
        }

        /** @param array<string, string> $headers */
        public function post(string $url, string $body, array $headers): \GuzzleHttp\Answer
        {
            self::$posts[] = [$url, $body, $headers];

            return new \GuzzleHttp\Answer(202);
        }
    }
}
