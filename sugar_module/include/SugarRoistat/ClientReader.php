<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Finds the client of a deal: the deciding contact, else the contact linked first, else the account.
 */
final class ClientReader
{
    private const DECIDES = 'Primary Decision Maker';

    private Database $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * @return array<string, mixed>|null the columns that ClientSnapshot reads
     */
    public function clientOf(string $dealId): ?array
    {
        return $this->contactOf($dealId) ?? $this->accountOf($dealId);
    }

    /**
     * @return array<string, mixed>|null
     */
    private function contactOf(string $dealId): ?array
    {
        $contact = $this->database->row(
            'SELECT c.id, c.first_name, c.last_name, c.phone_mobile, c.phone_work, c.phone_home, c.phone_other,'
            . ' c.birthdate FROM opportunities_contacts oc JOIN contacts c ON c.id = oc.contact_id AND c.deleted = 0'
            . ' WHERE oc.opportunity_id = ' . $this->database->quoted($dealId) . ' AND oc.deleted = 0'
            . ' ORDER BY CASE WHEN oc.contact_role = ' . $this->database->quoted(self::DECIDES)
            . ' THEN 0 ELSE 1 END, oc.date_modified, c.id'
        );
        if ($contact === null) {
            return null;
        }
        $contact['email'] = $this->emailOf((string) $contact['id'], 'Contacts');
        $contact['company'] = $this->companyOf((string) $contact['id']);

        return $contact;
    }

    /**
     * @return array<string, mixed>|null
     */
    private function accountOf(string $dealId): ?array
    {
        $account = $this->database->row(
            'SELECT a.id, a.name, a.phone_office, a.phone_alternate FROM accounts_opportunities ao'
            . ' JOIN accounts a ON a.id = ao.account_id AND a.deleted = 0'
            . ' WHERE ao.opportunity_id = ' . $this->database->quoted($dealId) . ' AND ao.deleted = 0'
            . ' ORDER BY ao.date_modified, a.id'
        );
        if ($account === null) {
            return null;
        }
        $account['email'] = $this->emailOf((string) $account['id'], 'Accounts');
        $account['company'] = $account['name'];

        return $account;
    }

    /**
     * The primary address, else the oldest.
     */
    private function emailOf(string $id, string $module): ?string
    {
        $row = $this->database->row(
            'SELECT e.email_address FROM email_addr_bean_rel r'
            . ' JOIN email_addresses e ON e.id = r.email_address_id AND e.deleted = 0'
            . ' WHERE r.bean_id = ' . $this->database->quoted($id)
            . ' AND r.bean_module = ' . $this->database->quoted($module) . ' AND r.deleted = 0'
            . ' ORDER BY r.primary_address DESC, r.date_created, e.id'
        );

        return $row['email_address'] ?? null;
    }

    /**
     * The contact's own account, whatever the deal's, so that a client looks the same from every deal.
     */
    private function companyOf(string $contactId): ?string
    {
        $row = $this->database->row(
            'SELECT a.name FROM accounts_contacts ac JOIN accounts a ON a.id = ac.account_id AND a.deleted = 0'
            . ' WHERE ac.contact_id = ' . $this->database->quoted($contactId) . ' AND ac.deleted = 0'
            . ' ORDER BY ac.date_modified DESC, a.id'
        );

        return $row['name'] ?? null;
    }
}
