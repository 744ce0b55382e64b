<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Where a person finds the record of an outbox row.
 */
final class RecordLink
{
    private const MODULES = [
        Mark::DEAL => DealModule::NAME,
        Mark::CONTACT => 'Contacts',
        Mark::ACCOUNT => 'Accounts',
    ];

    /**
     * @return array{kind: string, name: string, address: string} the name is the id where the record has none
     */
    public static function to(Mark $mark): array
    {
        $module = self::MODULES[$mark->kind] ?? self::MODULES[Mark::DEAL];

        return [
            'kind' => $mark->kind,
            'name' => self::name($module, $mark->id),
            'address' => self::address($module, rawurlencode($mark->id)),
        ];
    }

    private static function name(string $module, string $id): string
    {
        $bean = \BeanFactory::getBean($module, $id);

        return (is_object($bean) ? StoredValue::text($bean->get_summary_text()) : null) ?? $id;
    }

    private static function address(string $module, string $id): string
    {
        return Platform::isSugar()
            ? 'index.php#' . $module . '/' . $id
            : 'index.php?module=' . $module . '&action=DetailView&record=' . $id;
    }
}
