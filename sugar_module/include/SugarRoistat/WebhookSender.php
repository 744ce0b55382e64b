<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Signs a body and posts it to the receiver. The only class that opens a connection.
 */
final class WebhookSender
{
    private const PATH = '/webhooks/sugarcrm';

    private string $url;

    private WebhookSigner $signer;

    /**
     * @param string $receiver its address, without the path
     *
     * @throws NotSent when nothing may be sent to that address
     */
    public function __construct(string $receiver, WebhookSigner $signer)
    {
        if (Address::problem($receiver) !== null) {
            throw NotSent::badAddress();
        }
        $this->url = $receiver . self::PATH;
        $this->signer = $signer;
    }

    /**
     * The sender that the settings describe.
     *
     * @throws NotSent when the address or the secret is unusable
     */
    public static function fromSettings(Settings $settings): self
    {
        return new self($settings->url(), new WebhookSigner($settings->secret(), $settings->previousSecret()));
    }

    /**
     * @param float $seconds how long it may take, connecting included
     *
     * @throws NotSent when no answer came; whatever the answer says is the caller's business
     */
    public function send(string $body, float $seconds): Answer
    {
        $headers = $this->signer->headers('msg_' . bin2hex(random_bytes(16)), time(), $body);
        $headers['Content-Type'] = 'application/json';
        try {
            return $this->post($body, $headers, $seconds);
        } catch (\Throwable $cause) {
            throw NotSent::unanswered($cause);
        }
    }

    /**
     * @param array<string, string> $headers
     */
    private function post(string $body, array $headers, float $seconds): Answer
    {
        if (class_exists('Sugarcrm\Sugarcrm\Security\HttpClient\ExternalResourceClient')) {
            return ExternalResourceTransport::post($this->url, $body, $headers, $seconds);
        }

        return GuzzleTransport::post($this->url, $body, $headers, $seconds);
    }
}
