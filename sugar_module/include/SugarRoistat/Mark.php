<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * One row of the outbox: a record that has to be sent, in whatever state it then is.
 */
final class Mark
{
    public const DEAL = 'deal';

    public const CONTACT = 'contact';

    public const ACCOUNT = 'account';

    /** One of the three above. */
    public string $kind;

    public string $id;

    /** Moves with every mark: a row whose token moved while we sent has to be sent again. */
    public string $token;

    /** Failed ones so far. */
    public int $attempts;

    /** The last answer in words; empty before the first. */
    public string $answer;

    public function __construct(string $kind, string $id, string $token, int $attempts = 0, string $answer = '')
    {
        $this->kind = $kind;
        $this->id = $id;
        $this->token = $token;
        $this->attempts = $attempts;
        $this->answer = $answer;
    }
}
