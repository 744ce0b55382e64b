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

    private const BYTES = 32;

    /** @var string[] the keys, each of which signs */
    private array $keys = [];

    /**
     * @param string $secret   whsec_ and the key in base64
     * @param string $previous another secret that signs too, while the receiver may know only that one; mostly empty
     */
    public function __construct(string $secret, string $previous = '')
    {
        $this->keys[] = self::key($secret);
        if ($previous !== '') {
            $this->keys[] = self::key($previous);
        }
    }

    /**
     * A new secret, of the length that the specification recommends.
     */
    public static function newSecret(): string
    {
        return self::PREFIX . base64_encode(random_bytes(self::BYTES));
    }

    /**
     * @param string $id        belongs to this body alone
     * @param int    $timestamp seconds since 1970, when it is sent
     *
     * @return array<string, string> the headers
     */
    public function headers(string $id, int $timestamp, string $body): array
    {
        $signatures = [];
        foreach ($this->keys as $key) {
            $digest = hash_hmac('sha256', $id . '.' . $timestamp . '.' . $body, $key, true);
            $signatures[] = 'v1,' . base64_encode($digest);
        }

        return [
            'webhook-id' => $id,
            'webhook-timestamp' => (string) $timestamp,
            'webhook-signature' => implode(' ', $signatures),
        ];
    }

    private static function key(string $secret): string
    {
        $key = strpos($secret, self::PREFIX) === 0 ? base64_decode(substr($secret, strlen(self::PREFIX)), true) : false;
        if ($key === false || $key === '') {
            throw NotSent::badSecret();
        }

        return $key;
    }
}
