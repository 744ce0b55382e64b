<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Which addresses a receiver may have. Pure.
 */
final class Address
{
    private const THIS_MACHINE = '/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/iD';

    private const UNWANTED = ['query' => 1, 'fragment' => 1, 'user' => 1, 'pass' => 1];

    /**
     * @return string|null the key of what is wrong with it, in the language files; null when nothing is
     */
    public static function problem(string $url): ?string
    {
        $parts = parse_url($url);
        if (!is_array($parts) || ($parts['host'] ?? '') === '') {
            return 'LBL_ROISTAT_ADDRESS_MALFORMED';
        }
        // A login would be stored readable; a backslash is a slash to some, part of a name to others.
        if (array_intersect_key($parts, self::UNWANTED) || preg_match('/[\x00-\x20\x7f\\\\]/', $url) === 1) {
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
