<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Bodies as they go over the wire.
 */
final class Json
{
    /**
     * @param mixed $value
     */
    public static function encode($value): string
    {
        return json_encode(
            $value,
            JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR
        );
    }
}
