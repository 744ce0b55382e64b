<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Marks contacts and accounts that change, where a deal may have them as its client. Nothing that happens here reaches
 * the save.
 */
final class ClientHook
{
    private const KINDS = [
        'Contacts' => [Mark::CONTACT, 'opportunities_contacts', 'contact_id'],
        'Accounts' => [Mark::ACCOUNT, 'accounts_opportunities', 'account_id'],
    ];

    /** A deleted client's deals in one go; reconcile finds the rest of a longer list. */
    private const MOST_DEALS = 500;

    /**
     * Before and after a save.
     *
     * @param mixed $arguments
     */
    public function changed(\SugarBean $bean, string $event, $arguments): void
    {
        try {
            $this->mark((string) $bean->module_dir, (string) $bean->id, (bool) $bean->deleted);
        } catch (\Throwable $problem) {
            Log::failure('a change of client ' . $bean->id . ' was not marked', $problem);
        }
    }

    /**
     * A contact's account is its company.
     *
     * @param mixed $arguments an array that names the other's module
     */
    public function linked(\SugarBean $bean, string $event, $arguments): void
    {
        if (is_array($arguments) && ($arguments['related_module'] ?? '') === 'Accounts') {
            $this->changed($bean, $event, $arguments);
        }
    }

    private function mark(string $module, string $id, bool $isDeleted): void
    {
        list($kind, $links, $column) = self::KINDS["$module"];
        $database = Database::connect();
        $deals = $id === '' ? [] : $database->firstRows(
            'SELECT opportunity_id FROM ' . $links . ' WHERE deleted = 0 AND ' . $column . ' = '
            . $database->quoted($id),
            $isDeleted ? self::MOST_DEALS : 1
        );
        if ($deals !== []) {
            Flush::current()->mark($kind, $id);
        }
        // A deal whose client goes gets another one.
        foreach ($isDeleted ? $deals : [] as $deal) {
            Flush::current()->mark(Mark::DEAL, (string) $deal['opportunity_id']);
        }
    }
}
