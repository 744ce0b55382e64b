<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Reads the clients of deals: the deciding contact, else the contact linked first, else the account.
 */
final class ClientReader
{
    private const CONTACT = 'c.id, c.first_name, c.last_name, c.phone_mobile, c.phone_work, c.phone_home,'
        . ' c.phone_other, c.birthdate';

    private const ACCOUNT = 'a.id, a.name, a.phone_office, a.phone_alternate';

    private const LIVE_CONTACT = ' JOIN contacts c ON c.id = oc.contact_id AND c.deleted = 0';

    private Database $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /**
     * @param string[] $dealIds
     *
     * @return array<string, array<string, mixed>> the columns that ClientSnapshot reads, by the deal's id
     */
    public function clientsOf(array $dealIds): array
    {
        $contacts = $this->firstOf($dealIds, 'SELECT oc.opportunity_id AS owner, ' . self::CONTACT
            . ' FROM opportunities_contacts oc' . self::LIVE_CONTACT
            . ' WHERE oc.deleted = 0 AND oc.opportunity_id IN %s'
            . ' ORDER BY ' . $this->rank('oc') . ', oc.date_modified, c.id');
        $others = array_values(array_diff($dealIds, array_keys($contacts)));
        $accounts = $this->firstOf($others, 'SELECT ao.opportunity_id AS owner, ' . self::ACCOUNT
            . ' FROM accounts_opportunities ao JOIN accounts a ON a.id = ao.account_id AND a.deleted = 0'
            . ' WHERE ao.deleted = 0 AND ao.opportunity_id IN %s ORDER BY ao.date_modified, a.id');

        return $this->completedContacts($contacts) + $this->completedAccounts($accounts);
    }

    /**
     * @param string[] $ids of contacts
     *
     * @return array<string, array<string, mixed>> by id, those that are the client of a deal
     */
    public function contacts(array $ids): array
    {
        $earlier = '(' . $this->rank('b') . ' < ' . $this->rank('oc') . ' OR (' . $this->rank('b') . ' = '
            . $this->rank('oc') . ' AND (b.date_modified < oc.date_modified OR (b.date_modified = oc.date_modified'
            . ' AND b.contact_id < oc.contact_id))))';

        return $this->completedContacts($this->firstOf($ids, 'SELECT oc.contact_id AS owner, ' . self::CONTACT
            . ' FROM opportunities_contacts oc' . self::LIVE_CONTACT
            . ' JOIN opportunities o ON o.id = oc.opportunity_id AND o.deleted = 0'
            . ' WHERE oc.deleted = 0 AND oc.contact_id IN %s'
            . ' AND NOT EXISTS (SELECT b.id FROM opportunities_contacts b'
            . ' JOIN contacts d ON d.id = b.contact_id AND d.deleted = 0'
            . ' WHERE b.opportunity_id = oc.opportunity_id AND b.deleted = 0 AND ' . $earlier . ')'));
    }

    /**
     * @param string[] $ids of accounts
     *
     * @return array<string, array<string, mixed>> by id, those that are the client of a deal
     */
    public function accounts(array $ids): array
    {
        return $this->completedAccounts($this->firstOf($ids, 'SELECT ao.account_id AS owner, ' . self::ACCOUNT
            . ' FROM accounts_opportunities ao JOIN accounts a ON a.id = ao.account_id AND a.deleted = 0'
            . ' JOIN opportunities o ON o.id = ao.opportunity_id AND o.deleted = 0'
            . ' WHERE ao.deleted = 0 AND ao.account_id IN %s'
            . ' AND NOT EXISTS (SELECT oc.id FROM opportunities_contacts oc' . self::LIVE_CONTACT
            . ' WHERE oc.opportunity_id = ao.opportunity_id AND oc.deleted = 0)'));
    }

    /**
     * The deciding contact sorts first.
     */
    private function rank(string $link): string
    {
        return 'CASE WHEN ' . $link . '.contact_role = ' . $this->database->quoted('Primary Decision Maker')
            . ' THEN 0 ELSE 1 END';
    }

    /**
     * @param array<string, array<string, mixed>> $contacts
     *
     * @return array<string, array<string, mixed>>
     */
    private function completedContacts(array $contacts): array
    {
        $ids = array_column($contacts, 'id');
        $emails = $this->emails($ids, 'Contacts');
        // The contact's own account, whatever the deal's, so that a client looks the same from every deal.
        $companies = $this->firstOf($ids, 'SELECT ac.contact_id AS owner, a.name FROM accounts_contacts ac'
            . ' JOIN accounts a ON a.id = ac.account_id AND a.deleted = 0'
            . ' WHERE ac.deleted = 0 AND ac.contact_id IN %s ORDER BY ac.date_modified DESC, a.id');
        foreach ($contacts as $owner => $contact) {
            $contacts["$owner"]['email'] = $emails[$contact['id']]['email_address'] ?? null;
            $contacts["$owner"]['company'] = $companies[$contact['id']]['name'] ?? null;
        }

        return $contacts;
    }

    /**
     * @param array<string, array<string, mixed>> $accounts
     *
     * @return array<string, array<string, mixed>>
     */
    private function completedAccounts(array $accounts): array
    {
        $emails = $this->emails(array_column($accounts, 'id'), 'Accounts');
        foreach ($accounts as $owner => $account) {
            $accounts["$owner"]['email'] = $emails[$account['id']]['email_address'] ?? null;
            $accounts["$owner"]['company'] = $account['name'];
        }

        return $accounts;
    }

    /**
     * The primary address of each, else the oldest.
     *
     * @param string[] $ids
     *
     * @return array<string, array<string, mixed>>
     */
    private function emails(array $ids, string $module): array
    {
        return $this->firstOf($ids, 'SELECT r.bean_id AS owner, e.email_address FROM email_addr_bean_rel r'
            . ' JOIN email_addresses e ON e.id = r.email_address_id AND e.deleted = 0'
            . ' WHERE r.deleted = 0 AND r.bean_module = ' . $this->database->quoted($module)
            . ' AND r.bean_id IN %s ORDER BY r.primary_address DESC, r.date_created, e.id');
    }

    /**
     * The first row of each owner.
     *
     * @param string[] $owners
     * @param string   $query  its %s takes them
     *
     * @return array<string, array<string, mixed>>
     */
    private function firstOf(array $owners, string $query): array
    {
        $first = [];
        if ($owners !== []) {
            foreach ($this->database->rows(sprintf($query, $this->database->quotedList($owners))) as $row) {
                $owner = (string) $row['owner'];
                $first["$owner"] = $first["$owner"] ?? $row;
            }
        }

        return $first;
    }
}
