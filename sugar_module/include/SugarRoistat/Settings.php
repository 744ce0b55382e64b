<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Our rows of the CRM's settings table, which no other class of ours touches: what the administrator chose, and what
 * the package remembers between requests.
 *
 * They are read past the CRM's cache of settings, which can be older than another process's change.
 */
final class Settings
{
    private const CATEGORY = 'roistat';

    private Database $database;

    /** @var array<string, string>|null what is stored, once read */
    private ?array $stored = null;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * The receiver's address; empty when not set up. Whoever stored the webhook's whole address meant the same.
     */
    public function url(): string
    {
        return (string) preg_replace('#(/webhooks/sugarcrm)?/*$#D', '', trim($this->value('url')));
    }

    /**
     * The signing secret, whsec_ and base64; empty when not set up.
     */
    public function secret(): string
    {
        return Cipher::unseal($this->value('secret'));
    }

    /**
     * The secret that signs too while a new one is on its way to the receiver; mostly empty.
     */
    public function previousSecret(): string
    {
        return Cipher::unseal($this->value('previous_secret'));
    }

    /**
     * Keeps a secret unreadable to whoever reads the table alone.
     *
     * @param string $name secret or previous_secret
     */
    public function keepSecret(string $name, string $secret): void
    {
        $this->keep($name, Cipher::seal($secret));
    }

    public function isSetUp(): bool
    {
        return $this->url() !== '' && $this->value('secret') !== '';
    }

    /**
     * A remembered value as text; empty when there is none.
     */
    public function value(string $name): string
    {
        if ($this->stored === null) {
            $this->stored = $this->read();
        }

        return $this->stored["$name"] ?? '';
    }

    /**
     * A remembered moment in seconds since 1970; 0 when there is none.
     */
    public function moment(string $name): int
    {
        return (int) $this->value($name);
    }

    public function keep(string $name, string $value): void
    {
        if (!$this->replace($name, $this->value($name), $value)) {
            $this->stored = $this->read();
            $this->replace($name, $this->value($name), $value);
        }
    }

    /**
     * Changes a value only if it still is what we read: of several that try, one succeeds.
     */
    public function replace(string $name, string $old, string $new): bool
    {
        $where = ' WHERE category = ' . $this->database->quoted(self::CATEGORY)
            . ' AND name = ' . $this->database->quoted($name);
        $changed = $old === $new || $this->database->change(
            'UPDATE config SET value = ' . $this->database->quoted($new) . $where
            . ' AND value = ' . $this->database->quoted($old)
        ) > 0;
        if (!$changed && $this->database->row('SELECT name FROM config' . $where) === null) {
            $this->database->change(
                'INSERT INTO config (category, name, value) VALUES (' . $this->database->quoted(self::CATEGORY) . ', '
                . $this->database->quoted($name) . ', ' . $this->database->quoted($new) . ')'
            );
            $changed = true;
        }
        if ($changed) {
            $this->stored["$name"] = $new;
        }

        return $changed;
    }

    /**
     * Leaves nothing of ours in the table.
     */
    public function clear(): void
    {
        $this->database->change('DELETE FROM config WHERE category = ' . $this->database->quoted(self::CATEGORY));
        $this->stored = [];
    }

    /**
     * @return array<string, string>
     */
    private function read(): array
    {
        $stored = [];
        $rows = $this->database->rows(
            'SELECT name, value FROM config WHERE category = ' . $this->database->quoted(self::CATEGORY)
        );
        foreach ($rows as $row) {
            $stored[$row['name']] = (string) StoredValue::text($row['value']);
        }

        return $stored;
    }
}
