<?php

declare(strict_types=1);

// The seconds that the package's classes see, so that a test need not wait for them.

namespace SugarRoistat;

final class TestClock
{
    public static int $ahead = 0;
}

function time(): int
{
    return \time() + TestClock::$ahead;
}

function microtime(bool $asFloat): float
{
    return \microtime($asFloat) + TestClock::$ahead;
}
