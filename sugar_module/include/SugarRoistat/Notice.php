<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * One thing that the settings page says: a label of the language files, and the values that stand in it.
 */
final class Notice
{
    public const GOOD = 'good';

    public const WARNING = 'warning';

    public const BAD = 'bad';

    /** One of the three above. */
    public string $kind;

    public string $label;

    /** @var array<string, string> by their names in the label, braces included */
    public array $values;

    /**
     * @param array<string, string> $values
     */
    public function __construct(string $kind, string $label, array $values = [])
    {
        $this->kind = $kind;
        $this->label = $label;
        $this->values = $values;
    }

    /**
     * @param array<string, string> $values
     */
    public static function good(string $label, array $values = []): self
    {
        return new self(self::GOOD, $label, $values);
    }

    /**
     * @param array<string, string> $values
     */
    public static function warning(string $label, array $values = []): self
    {
        return new self(self::WARNING, $label, $values);
    }

    /**
     * @param array<string, string> $values
     */
    public static function bad(string $label, array $values = []): self
    {
        return new self(self::BAD, $label, $values);
    }

    /**
     * In the words of the language that the user reads. Not escaped.
     */
    public function text(): string
    {
        return strtr(\translate($this->label, 'Administration'), $this->values);
    }
}
