<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What the settings page keeps in the administrator's session: the proof that a form is ours, and what the last
 * change has to say to the page that follows it.
 */
final class PageSession
{
    private const TOKEN = 'roistat_token';

    private const SAID = 'roistat_said';

    private const SHOWS_SECRET = 'roistat_shows_secret';

    /**
     * The token that every form of the page carries.
     */
    public function token(): string
    {
        if (!is_string($_SESSION[self::TOKEN] ?? null)) {
            $_SESSION[self::TOKEN] = bin2hex(random_bytes(32));
        }

        return $_SESSION[self::TOKEN];
    }

    public function owns(string $token): bool
    {
        return hash_equals($this->token(), $token);
    }

    /**
     * Leaves words for the next page.
     *
     * @param Notice[] $notices
     */
    public function say(array $notices): void
    {
        foreach ($notices as $notice) {
            $_SESSION[self::SAID][] = [$notice->kind, $notice->label, $notice->values];
        }
    }

    /**
     * What was left for this page, which no later page says again.
     *
     * @return Notice[]
     */
    public function said(): array
    {
        $notices = [];
        foreach ($_SESSION[self::SAID] ?? [] as $said) {
            $notices[] = new Notice($said[0], $said[1], $said[2]);
        }
        unset($_SESSION[self::SAID]);

        return $notices;
    }

    /**
     * Lets the next page, and no other, show the secret. The session itself never holds it.
     */
    public function showSecretOnce(): void
    {
        $_SESSION[self::SHOWS_SECRET] = true;
    }

    public function mayShowSecret(): bool
    {
        $may = isset($_SESSION[self::SHOWS_SECRET]);
        unset($_SESSION[self::SHOWS_SECRET]);

        return $may;
    }
}
