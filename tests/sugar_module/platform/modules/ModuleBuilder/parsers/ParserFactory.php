<?php

declare(strict_types=1);

/** Like the platform's, it adds without looking and changes nothing before it is saved. */
class GridLayoutMetaDataParser
{
    /** @var array<string, list<string>> */
    public static array $stored = [];

    private string $view;

    /** @var list<string> */
    private array $fields;

    public function __construct(string $view)
    {
        $this->view = $view;
        $this->fields = self::$stored[$view];
    }

    /** @return array<string, list<list<array<string, string>>>> */
    public function getLayout(): array
    {
        $rows = [];
        foreach ($this->fields as $field) {
            $rows[] = [['name' => $field, 'label' => $field]];
        }

        return ['default' => $rows];
    }

    /** @param array<string, string> $definition */
    public function addField(array $definition): void
    {
        $this->fields[] = $definition['name'];
    }

    public function removeField(string $name): void
    {
        $this->fields = array_values(array_diff($this->fields, [$name]));
    }

    public function handleSave(bool $populate): void
    {
        if (!$populate) {
            self::$stored[$this->view] = $this->fields;
        }
    }
}

class ParserFactory
{
    public static function getParser(string $view, string $module): GridLayoutMetaDataParser
    {
        return new GridLayoutMetaDataParser($view);
    }
}
