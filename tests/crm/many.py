"""Thousands of deals in a real CRM, made and edited by SQL, and seen by SQL."""

import html
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.crm.crm import Crm

REGION, COST = "sync_region_c", "sync_cost_c"
FIELDS = {REGION: "varchar", COST: "currency"}
MAPPING = {
    "cost": COST,
    "fields": {
        "Region": REGION,
        "Comment": "description",
        "Source": "lead_source",
        "Manager": "assigned_user_name",
        "Page": "url",
    },
}
DECIDES = "Primary Decision Maker"
ONE_SECOND = "2026-05-05 05:05:05"
SHARING, CONTACTS, ACCOUNTS = 400, 2000, 400
STAGES = ("Prospecting", "Proposal/Price Quote", "Closed Won", "Closed Lost")
SOURCES = ("Web Site", "Email", "Cold Call", "")
TABLES = (
    *("opportunities", "opportunities_cstm", "opportunities_contacts"),
    *("accounts_opportunities", "accounts", "contacts", "accounts_contacts"),
    *("email_addresses", "email_addr_bean_rel", "roistat_outbox"),
)


def uid(kind: str, number: str = "seq") -> str:
    """An id as SQL: the same for the same kind and number, and in no order."""
    digest = f"MD5(CONCAT('{kind}', {number}))"
    parts = ", ".join(
        f"SUBSTR({digest}, {start}, {length})"
        for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    )
    return f"CONCAT_WS('-', {parts})"


def one_of(values: tuple[str, ...]) -> str:
    """One of these by turns, as SQL."""
    return f"ELT(1 + seq % {len(values)}, {', '.join(map(repr, values))})"


def empty(crm: Crm) -> None:
    """A CRM that has none of what is made here."""
    there = {next(iter(one.values())) for one in crm.query("SHOW TABLES")}
    gone = [f"DELETE FROM {table}" for table in TABLES if table in there]
    gone += ["DELETE FROM currencies", f"DELETE FROM users WHERE id = {uid('user', 1)}"]
    crm.run("change", statements=gone)


def make(crm: Crm, count: int) -> None:
    """So many deals of all kinds, in a CRM that has none: several hundred share a
    second, each 25th is deleted, texts are stored as the CRM stores them.
    """
    empty(crm)
    crm.run("change", statements=[*_people(), *_deals(count), *_links(count)])


def _people() -> list[str]:
    euro, pound = uid("currency", "1"), uid("currency", "2")
    return [
        "INSERT INTO currencies (id, name, symbol, iso4217, conversion_rate, status,"
        " deleted, date_entered, date_modified, created_by) VALUES"
        f" ({euro}, 'Euro', 'E', 'EUR', 0.85, 'Active', 0, NOW(), NOW(), '1'),"
        f" ({pound}, 'Pound', 'P', 'GBP', 0.75, 'Active', 0, NOW(), NOW(), '1')",
        "INSERT INTO users (id, user_name, first_name, last_name, status, deleted,"
        f" date_entered, date_modified) VALUES ({uid('user', '1')}, 'sync_seller',"
        " 'Ann', 'O&#039;Hara', 'Active', 0, NOW(), NOW())",
        "INSERT INTO accounts (id, name, phone_office, date_entered, date_modified,"
        f" deleted) SELECT {uid('account')}, CONCAT('Acme &amp; Sons ', seq),"
        " CONCAT('+7495', 1000000 + seq), '2026-01-01', '2026-01-01', 0"
        f" FROM seq_1_to_{ACCOUNTS}",
        "INSERT INTO contacts (id, first_name, last_name, phone_mobile, date_entered,"
        f" date_modified, deleted) SELECT {uid('contact')}, 'Zoë',"
        " CONCAT('O&#039;Hara ', seq), CONCAT('+7911', 1000000 + seq), '2026-01-01',"
        f" '2026-01-01', 0 FROM seq_1_to_{CONTACTS}",
        "INSERT INTO accounts_contacts (id, contact_id, account_id, date_modified,"
        f" deleted) SELECT {uid('works')}, {uid('contact')},"
        f" {uid('account', f'(1 + seq % {ACCOUNTS})')}, '2026-01-01', 0"
        f" FROM seq_1_to_{CONTACTS} WHERE seq % 2",
        "INSERT INTO email_addresses (id, email_address, email_address_caps,"
        f" date_created, date_modified, deleted) SELECT {uid('email')},"
        " CONCAT('person', seq, '@example.com'), CONCAT('PERSON', seq, '@EXAMPLE.COM'),"
        f" NOW(), NOW(), 0 FROM seq_1_to_{CONTACTS}",
        "INSERT INTO email_addr_bean_rel (id, email_address_id, bean_id, bean_module,"
        " primary_address, date_created, date_modified, deleted) SELECT"
        f" {uid('has email')}, {uid('email')}, {uid('contact')}, 'Contacts', 1, NOW(),"
        f" NOW(), 0 FROM seq_1_to_{CONTACTS}",
    ]


def _deals(count: int) -> list[str]:
    at = (
        f"IF(seq <= {SHARING}, '{ONE_SECOND}',"
        " '2026-01-01 00:00:07' + INTERVAL seq * 67 MINUTE)"
    )
    rate = "ELT(1 + seq % 4, 1, 1, 0.85, 0.75)"
    currency = (
        f"ELT(1 + seq % 4, '-99', '', {uid('currency', '1')}, {uid('currency', '2')})"
    )
    return [
        "INSERT INTO opportunities (id, name, description, date_entered, date_modified,"
        " created_by, modified_user_id, assigned_user_id, deleted, amount,"
        " amount_usdollar, currency_id, sales_stage, lead_source, date_closed)"
        f" SELECT {uid('deal')},"
        " CONCAT('Tom&#039;s &quot;big&quot; &amp; 1 &lt; 2 #', seq),"
        " CONCAT('&lt;b&gt;Fish &amp;amp; chips&lt;/b&gt;\\n&#039;', seq, '&#039; ö'),"
        f" '2025-12-31 10:11:12' + INTERVAL seq MINUTE, {at}, '1', '1',"
        f" ELT(1 + seq % 3, '1', {uid('user', '1')}, ''), seq % 25 = 0,"
        f" seq * 1.37, seq * 1.37 / {rate}, {currency}, {one_of(STAGES)},"
        f" {one_of(SOURCES)}, '2026-12-31' FROM seq_1_to_{count}",
        f"INSERT INTO opportunities_cstm (id_c, roistat_c, {REGION}, {COST})"
        f" SELECT {uid('deal')}, IF(seq % 3, CONCAT(4000000 + seq), NULL),"
        " ELT(1 + seq % 3, 'North &amp; West', '&lt;none&gt;', NULL),"
        f" IF(seq % 2, seq / 8, NULL) FROM seq_1_to_{count} WHERE seq % 7",
    ]


def _links(count: int) -> list[str]:
    """Most deals have a contact, some an account only, some none, a few several."""
    into = (
        "INSERT INTO opportunities_contacts (id, opportunity_id, contact_id,"
        " contact_role, date_modified, deleted) "
    )
    return [
        f"{into}SELECT {uid('link')}, {uid('deal')},"
        f" {uid('contact', f'(1 + seq % {CONTACTS})')}, '', '2026-01-02 03:04:05', 0"
        f" FROM seq_1_to_{count} WHERE seq % 5 < 3",
        f"{into}SELECT {uid('decider')}, {uid('deal')},"
        f" {uid('contact', f'(1 + (seq + 7) % {CONTACTS})')}, '{DECIDES}',"
        " '2026-03-02 03:04:05', 0"
        f" FROM seq_1_to_{count} WHERE seq % 5 < 3 AND seq % 90 = 0",
        f"{into}SELECT {uid('earlier')}, {uid('deal')},"
        f" {uid('contact', f'(1 + (seq + 9) % {CONTACTS})')}, '',"
        " '2026-01-01 03:04:05', 0"
        f" FROM seq_1_to_{count} WHERE seq % 5 < 3 AND seq % 500 = 1",
        "INSERT INTO accounts_opportunities (id, opportunity_id, account_id,"
        f" date_modified, deleted) SELECT {uid('buys')}, {uid('deal')},"
        f" {uid('account', f'(1 + seq % {ACCOUNTS})')}, '2026-01-02', 0"
        f" FROM seq_1_to_{count} WHERE seq % 5 IN (0, 1, 3)",
    ]


# --- what the database has, read without any of our code ---

Picture = dict[str, tuple[Any, Any] | None]

_DEALS = f"""
SELECT o.id, o.deleted, o.name, o.description, o.date_entered, o.amount_usdollar,
  o.sales_stage, o.lead_source, CONCAT_WS(' ', u.first_name, u.last_name) AS manager,
  c.roistat_c, c.{REGION}, c.{COST},
  (SELECT oc.contact_id FROM opportunities_contacts oc JOIN contacts p
     ON p.id = oc.contact_id AND p.deleted = 0
   WHERE oc.opportunity_id = o.id AND oc.deleted = 0
   ORDER BY oc.contact_role <> '{DECIDES}', oc.date_modified, oc.contact_id LIMIT 1)
  AS contact,
  (SELECT ao.account_id FROM accounts_opportunities ao
   WHERE ao.opportunity_id = o.id AND ao.deleted = 0 LIMIT 1) AS account
FROM opportunities o LEFT JOIN opportunities_cstm c ON c.id_c = o.id
LEFT JOIN users u ON u.id = o.assigned_user_id
"""
_CONTACTS = """
SELECT c.id, CONCAT(c.first_name, ' ', c.last_name) AS name, c.phone_mobile,
  e.email_address, a.name AS company
FROM contacts c
LEFT JOIN email_addr_bean_rel r ON r.bean_id = c.id AND r.deleted = 0
LEFT JOIN email_addresses e ON e.id = r.email_address_id
LEFT JOIN accounts_contacts ac ON ac.contact_id = c.id AND ac.deleted = 0
LEFT JOIN accounts a ON a.id = ac.account_id
"""


def picture(crm: Crm) -> Picture:
    """Of each deal what makes its order, and what makes its client; None where it is
    deleted.
    """
    clients = {
        one["id"]: tuple(one.values())
        for one in crm.query(_CONTACTS)
        + crm.query("SELECT id, name, phone_office FROM accounts")
    }
    found: Picture = {}
    for row in crm.query(_DEALS):
        client = row.pop("contact"), row.pop("account")
        who = client[0] or client[1]
        deleted = row.pop("deleted") == "1"
        own = tuple(row.values())
        found[row["id"]] = None if deleted else ((*own, who), clients.get(who))
    return found


def shown(text: str) -> str:
    """A stored text as people read it."""
    return html.unescape(text)


# --- edits that move no date ---


@dataclass(frozen=True)
class Edit:
    """One edit of one deal, as SQL."""

    kind: str
    deal: str
    statements: tuple[str, ...]


def edits(before: Picture, count: int, chance: random.Random) -> list[Edit]:
    """So many edits of as many deals, all kinds by turns, at random otherwise."""
    live = [id_ for id_, seen in before.items() if seen]
    deleted = [id_ for id_, seen in before.items() if not seen]
    chance.shuffle(live)
    chance.shuffle(deleted)
    found = []
    for number in range(count):
        kind = list(KINDS)[number % len(KINDS)]
        deal = (deleted if kind == "restored" else live).pop()
        statements = KINDS[kind](deal, number)
        found.append(Edit(kind, deal, statements))
    return found


def _own(deal: str, change: str) -> tuple[str, ...]:
    return (f"UPDATE opportunities SET {change} WHERE id = '{deal}'",)


def _custom(deal: str, column: str, value: str) -> tuple[str, ...]:
    """Some deals have no row of their own there yet."""
    return (
        f"INSERT INTO opportunities_cstm (id_c, {column}) VALUES ('{deal}', {value})"
        f" ON DUPLICATE KEY UPDATE {column} = {value}",
    )


def _contact_of(deal: str) -> str:
    return (
        "(SELECT contact_id FROM opportunities_contacts"
        f" WHERE opportunity_id = '{deal}' AND deleted = 0)"
    )


def _phone(deal: str, number: int) -> tuple[str, ...]:
    """Where the deal has a contact; else it gets one."""
    new = uid("contact", str(1 + number % CONTACTS))
    return (
        f"UPDATE contacts SET phone_mobile = '+7921{2000000 + number}'"
        f" WHERE id IN {_contact_of(deal)}",
        "INSERT INTO opportunities_contacts (id, opportunity_id, contact_id,"
        f" contact_role, date_modified, deleted) SELECT UUID(), '{deal}', {new},"
        " 'Other', '2026-01-02', 0 FROM DUAL WHERE NOT EXISTS"
        f" (SELECT 1 FROM opportunities_contacts WHERE opportunity_id = '{deal}'"
        " AND deleted = 0)",
    )


KINDS: dict[str, Callable[[str, int], tuple[str, ...]]] = {
    "name": lambda d, n: _own(d, f"name = '&lt;renamed&gt; &amp; {n}'"),
    "price": lambda d, n: _own(
        d, f"amount = amount + {n + 1}, amount_usdollar = amount_usdollar + {n + 1}"
    ),
    "currency": lambda d, n: _own(
        d,
        f"currency_id = {uid('currency', '2')},"
        f" amount_usdollar = {(n + 1) * 1000}.5 / 0.75, amount = {(n + 1) * 1000}.5",
    ),
    "stage": lambda d, n: _own(
        d, "sales_stage = IF(sales_stage = 'Closed Won', 'Qualification', 'Closed Won')"
    ),
    "deleted": lambda d, n: _own(d, "deleted = 1"),
    "restored": lambda d, n: _own(d, "deleted = 0"),
    "comment": lambda d, n: _own(d, f"description = 'edit &lt; {n}'"),
    "source": lambda d, n: _own(d, f"lead_source = 'Source {n}'"),
    "manager": lambda d, n: _own(
        d, f"assigned_user_id = IF(assigned_user_id = '1', {uid('user', '1')}, '1')"
    ),
    "visit": lambda d, n: _custom(d, "roistat_c", f"'{5000000 + n}'"),
    "region": lambda d, n: _custom(d, REGION, f"'East &amp; {n}'"),
    "cost": lambda d, n: _custom(d, COST, str(n + 0.25)),
    "client": _phone,
    "no client": lambda d, n: (
        f"UPDATE opportunities_contacts SET deleted = 1 WHERE opportunity_id = '{d}'",
        f"UPDATE accounts_opportunities SET deleted = 1 WHERE opportunity_id = '{d}'",
        *_own(d, f"name = 'Nobody&#039;s {n}'"),
    ),
    "email": lambda d, n: (
        *_own(d, f"name = 'By email {n}'"),
        f"UPDATE email_addresses SET email_address = 'edit{n}@example.com' WHERE id IN"
        " (SELECT email_address_id FROM email_addr_bean_rel WHERE bean_id IN"
        f" {_contact_of(d)})",
    ),
    "row": lambda d, n: (f"DELETE FROM opportunities WHERE id = '{d}'",),
}
