<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Marks deals that change. Called by the CRM before and after it writes; nothing that happens here reaches the save.
 */
final class OpportunityHook
{
    /** The modules whose records can be a deal's client. */
    private const CLIENTS = ['Accounts', 'Contacts'];

    /**
     * Before and after a save, a deletion, a restoration.
     *
     * @param mixed $arguments an array, or an empty text
     */
    public function changed(\SugarBean $bean, string $event, $arguments): void
    {
        try {
            // In after_restore the bean is empty.
            $id = (string) ($bean->id ?: (is_array($arguments) ? $arguments['id'] ?? '' : ''));
            if ($id !== '') {
                Flush::current()->mark(Mark::DEAL, $id);
            }
        } catch (\Throwable $problem) {
            Log::failure('a change of deal ' . $bean->id . ' was not marked', $problem);
        }
    }

    /**
     * Before and after a record is linked or unlinked.
     *
     * @param mixed $arguments an array that names the other's module
     */
    public function linked(\SugarBean $bean, string $event, $arguments): void
    {
        if (is_array($arguments) && in_array($arguments['related_module'] ?? '', self::CLIENTS, true)) {
            $this->changed($bean, $event, $arguments);
        }
    }
}
