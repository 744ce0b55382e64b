<?php

declare(strict_types=1);

namespace SugarRoistat;

use Sugarcrm\Sugarcrm\Security\HttpClient\ExternalResourceClient;

/**
 * SugarCRM's only permitted way out. It answers 4xx and 5xx without throwing.
 */
final class ExternalResourceTransport
{
    /**
     * @param array<string, string> $headers
     *
     * @return Answer whatever its status
     */
    public static function post(string $url, string $body, array $headers, float $seconds): Answer
    {
        // No redirects: it would follow one with a GET that lost the body.
        $client = new ExternalResourceClient($seconds, 0);

        $response = $client->post($url, $body, $headers);

        return new Answer($response->getStatusCode(), (string) $response->getBody());
    }
}
