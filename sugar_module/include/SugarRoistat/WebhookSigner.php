<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Signs a message as the Standard Webhooks specification says. Pure.
 *
 * @link https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
final class WebhookSigner
{
    private const PREFIX = 'whsec_';

    private string $key;

    /**
     * @param string $secret whsec_ and the key in base64
     */
    public function __construct(string $secret)
    {
        $key = strpos($secret, self::PREFIX) === 0 ? base64_decode(substr($secret, strlen(self::PREFIX)), true) : false;
        if ($key === false || $key === '') {
            throw NotSent::badSecret();
        }
        $this->key = $key;
    }

    /**
     * @param string $id        belongs to this body alone
     * @param int    $timestamp seconds since 1970, when it is sent
     *
     * @return array<string, string> the headers
     */
    public function headers(string $id, int $timestamp, string $body): array
    {
        $digest = hash_hmac('sha256', $id . '.' . $timestamp . '.' . $body, $this->key, true);

        return [
            'webhook-id' => $id,
            'webhook-timestamp' => (string) $timestamp,
            'webhook-signature' => 'v1,' . base64_encode($digest),
        ];
    }
}
