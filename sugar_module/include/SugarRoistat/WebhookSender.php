<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Signs a body and posts it to the receiver, in two seconds at most. The only class that opens a connection.
 */
final class WebhookSender
{
    private const PATH = '/webhooks/sugarcrm';

    private const SECONDS = 2.0;

    private string $url;

    private WebhookSigner $signer;

    public function __construct(string $receiver, WebhookSigner $signer)
    {
        $this->url = $receiver . self::PATH;
        $this->signer = $signer;
    }

    /**
     * @throws NotSent unless the receiver accepted it
     */
    public function send(string $body): void
    {
        $headers = $this->signer->headers('msg_' . bin2hex(random_bytes(16)), time(), $body);
        $headers['Content-Type'] = 'application/json';
        try {
            $status = $this->post($body, $headers);
        } catch (\Throwable $cause) {
            throw NotSent::unanswered($cause);
        }
        if ($status < 200 || $status > 299) {
            throw NotSent::refused($status);
        }
    }

    /**
     * @param array<string, string> $headers
     */
    private function post(string $body, array $headers): int
    {
        if (class_exists('Sugarcrm\Sugarcrm\Security\HttpClient\ExternalResourceClient')) {
            return ExternalResourceTransport::post($this->url, $body, $headers, self::SECONDS);
        }

        return GuzzleTransport::post($this->url, $body, $headers, self::SECONDS);
    }
}
