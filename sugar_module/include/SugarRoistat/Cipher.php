<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Seals a secret with the CRM's own key, which lies in its files: a dump of the database alone does not give it away.
 *
 * The platforms' blowfish functions would leave a key file behind when the package goes.
 */
final class Cipher
{
    private const METHOD = 'aes-256-gcm';

    private const SEALED = 'sealed:';

    private const IV_BYTES = 12;

    private const TAG_BYTES = 16;

    public static function seal(string $secret): string
    {
        if ($secret === '') {
            return '';
        }
        $iv = random_bytes(self::IV_BYTES);
        $tag = '';
        $text = openssl_encrypt($secret, self::METHOD, self::key(), OPENSSL_RAW_DATA, $iv, $tag, '', self::TAG_BYTES);

        return self::SEALED . base64_encode($iv . $tag . $text);
    }

    /**
     * The secret; a text that was never sealed is given back, as is one that SQL put there.
     *
     * @throws NotSent when it was sealed by another installation
     */
    public static function unseal(string $stored): string
    {
        if (strpos($stored, self::SEALED) !== 0) {
            return $stored;
        }
        $raw = (string) base64_decode(substr($stored, strlen(self::SEALED)), true);
        $secret = openssl_decrypt(
            substr($raw, self::IV_BYTES + self::TAG_BYTES),
            self::METHOD,
            self::key(),
            OPENSSL_RAW_DATA,
            substr($raw, 0, self::IV_BYTES),
            substr($raw, self::IV_BYTES, self::TAG_BYTES)
        );
        if ($secret === false) {
            throw NotSent::sealedElsewhere();
        }

        return $secret;
    }

    private static function key(): string
    {
        return hash('sha256', 'roistat:' . ($GLOBALS['sugar_config']['unique_key'] ?? ''), true);
    }
}
