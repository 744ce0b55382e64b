<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Which addresses a receiver may have. Pure.
 */
final class Address
{
    private const THIS_MACHINE = '/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/iD';

    /**
     * @return string|null the key of what is wrong with it, in the language files; null when nothing is
     */
    public static function problem(string $url): ?string
    {
        $parts = parse_url($url);
        if (!is_array($parts) || ($parts['host'] ?? '') === '') {
            return 'LBL_ROISTAT_ADDRESS_MALFORMED';
        }
        if (isset($parts['query']) || isset($parts['fragment']) || preg_match('/[\x00-\x20\x7f]/', $url) === 1) {
            return 'LBL_ROISTAT_ADDRESS_MALFORMED';
        }
        $scheme = strtolower($parts['scheme'] ?? '');
        $isHere = preg_match(self::THIS_MACHINE, $parts['host']) === 1;
        if ($scheme === 'https' || ($scheme === 'http' && $isHere)) {
            return null;
        }

        return 'LBL_ROISTAT_ADDRESS_NOT_HTTPS';
    }
}
