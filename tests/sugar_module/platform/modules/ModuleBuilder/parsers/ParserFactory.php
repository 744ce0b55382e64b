<?php

declare(strict_types=1);

/** Like the platform's, it adds without looking, into the last row's gap, and stores nothing before it is saved. */
class GridLayoutMetaDataParser
{
    private const COLUMNS = 2;

    /** @var array<string, array<string, mixed>> */
    public static array $stored = [];

    /** @var array<string, mixed> */
    public array $_viewdefs;

    private string $view;

    public function __construct(string $view)
    {
        $this->view = $view;
        $this->_viewdefs = self::$stored[$view];
    }

    /** @param array<string, string> $definition */
    public function addField(array $definition): void
    {
        $rows = &$this->_viewdefs['panels']['default'];
        if (count($rows[count($rows) - 1]) === self::COLUMNS) {
            $rows[] = [];
        }
        $rows[count($rows) - 1][] = $definition['name'];
    }

    public function removeField(string $name): void
    {
        $rows = &$this->_viewdefs['panels']['default'];
        foreach ($rows as $index => $row) {
            $rows[$index] = str_replace($name, '(filler)', $row);
        }
        if (array_unique($rows[count($rows) - 1]) === ['(filler)']) {
            array_pop($rows);
        }
    }

    public function handleSave(bool $populate): void
    {
        if (!$populate) {
            self::$stored[$this->view] = $this->_viewdefs;
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
