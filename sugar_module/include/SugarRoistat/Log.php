<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Our lines in the CRM's log: fatal ones, because its default level hides all others.
 */
final class Log
{
    public static function say(string $line): void
    {
        $GLOBALS['log']->fatal('Roistat: ' . $line);
    }

    /**
     * Logs a failure of ours. Only our own messages are quoted: others' can hold what no log should.
     */
    public static function failure(string $what, \Throwable $problem): void
    {
        $isOurs = $problem instanceof NotSent || $problem instanceof DatabaseFailed;
        $where = get_class($problem) . ' at ' . basename($problem->getFile()) . ':' . $problem->getLine();
        self::say($what . ': ' . ($isOurs ? $problem->getMessage() : $where));
    }
}
