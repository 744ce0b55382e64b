<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Why a deal was not sent. The message is fit for a log: no address, no secret, no data of a person.
 */
final class NotSent extends \RuntimeException
{
    /**
     * The CRM's database refused a query; the CRM has logged which.
     */
    public static function unreadable(): self
    {
        return new self('the database could not be read');
    }

    /**
     * The secret in the settings table cannot sign.
     */
    public static function badSecret(): self
    {
        return new self('the signing secret is not whsec_ followed by base64');
    }

    /**
     * The receiver answered, but did not accept.
     */
    public static function refused(int $status): self
    {
        return new self('the receiver answered ' . $status);
    }

    /**
     * No answer came. The cause's own message is left out: it can quote the address.
     */
    public static function unanswered(\Throwable $cause): self
    {
        return new self('the receiver did not answer (' . get_class($cause) . ')');
    }
}
