<?php

declare(strict_types=1);

class ModuleInstaller
{
    /** @var list<array<string, mixed>> */
    public static array $fields = [];

    /** @param list<array<string, mixed>> $fields */
    public function install_custom_fields(array $fields): void
    {
        self::$fields = array_merge(self::$fields, $fields);
    }
}
