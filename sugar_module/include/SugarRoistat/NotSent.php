<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Why something was not sent. The message is fit for a log: no address, no secret, no data of a person.
 */
final class NotSent extends \RuntimeException
{
    /**
     * The secret in the settings table cannot sign.
     */
    public static function badSecret(): self
    {
        return new self('the signing secret is not whsec_ followed by base64');
    }

    /**
     * The secret in the settings table cannot be opened here.
     */
    public static function sealedElsewhere(): self
    {
        return new self('the signing secret was stored by another installation of the CRM');
    }

    /**
     * The receiver's address is malformed, or neither https nor this machine.
     */
    public static function badAddress(): self
    {
        return new self('the receiver\'s address is neither https nor this machine');
    }

    /**
     * The receiver answered, but did not accept.
     */
    public static function refused(int $status): self
    {
        return new self('the receiver answered ' . $status);
    }

    /**
     * The receiver broke down over what it got.
     */
    public static function brokeDown(): self
    {
        return self::refused(500);
    }

    /**
     * The receiver found the time of the CRM's database ahead of its own.
     */
    public static function clockAhead(): self
    {
        return new self('the clock of the CRM\'s database is more than five minutes ahead');
    }

    /**
     * No answer came. The cause's own message is left out: it can quote the address.
     */
    public static function unanswered(\Throwable $cause): self
    {
        return new self('the receiver did not answer (' . get_class($cause) . ')');
    }
}
