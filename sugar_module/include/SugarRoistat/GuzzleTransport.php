<?php

declare(strict_types=1);

namespace SugarRoistat;

use GuzzleHttp\Client;

/**
 * SuiteCRM's way out: the HTTP client that it ships.
 */
final class GuzzleTransport
{
    /**
     * @param array<string, string> $headers
     *
     * @return Answer whatever its status
     */
    public static function post(string $url, string $body, array $headers, float $seconds): Answer
    {
        $client = new Client();
        $response = $client->post($url, [
            'body' => $body,
            'headers' => $headers,
            'timeout' => $seconds,
            'allow_redirects' => false,
            'http_errors' => false,
        ]);

        return new Answer($response->getStatusCode(), (string) $response->getBody());
    }
}
