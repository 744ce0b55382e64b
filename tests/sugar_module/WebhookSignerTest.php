<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use PHPUnit\Framework\TestCase;
use SugarRoistat\NotSent;
use SugarRoistat\WebhookSigner;

final class WebhookSignerTest extends TestCase
{
    /**
     * @dataProvider vectors
     *
     * @param array<string, mixed> $vector
     */
    public function test_signs_as_the_reference_implementation_does(array $vector): void
    {
        $signer = new WebhookSigner($vector['secret']);

        self::assertSame(
            [
                'webhook-id' => $vector['id'],
                'webhook-timestamp' => (string) $vector['timestamp'],
                'webhook-signature' => $vector['signature'],
            ],
            $signer->headers($vector['id'], $vector['timestamp'], $vector['body'])
        );
    }

    /** @return iterable<string, array{array<string, mixed>}> */
    public function vectors(): iterable
    {
        $file = dirname(__DIR__) . '/fixtures/webhook_signatures.json';
        foreach (json_decode((string) file_get_contents($file), true, 8, JSON_THROW_ON_ERROR) as $vector) {
            yield $vector['name'] => [$vector];
        }
    }

    /** @dataProvider badSecrets */
    public function test_refuses_a_secret_that_the_receiver_could_not_read(string $secret): void
    {
        $this->expectException(NotSent::class);
        new WebhookSigner($secret);
    }

    /** @return array<string, array{string}> */
    public function badSecrets(): array
    {
        return [
            'no prefix' => ['MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='],
            'no key' => ['whsec_'],
            'not base64' => ['whsec_a secret!'],
            'prefix inside' => ['xwhsec_MDEyMzQ1Njc4OWFiY2RlZg=='],
        ];
    }
}
