"""What can be written into a CRM, in one shape for all of them.

SugarCRM and SuiteCRM speak two languages (rest_v11_writing.py and
suitecrm_v8_writing.py). Whoever sends leads knows only what stands here.

Every id is chosen by the caller, and a record that is there already is left as it is:
so whatever failed with an unknown outcome may be asked for again.
"""

from dataclasses import dataclass
from typing import Protocol

from receiver.deal import Lead


@dataclass(frozen=True, slots=True)
class Person:
    """A contact of the CRM's and its account.

    `is_new`: made for this lead, so that all that the lead says of the person is there.
    """

    contact_id: str
    account_id: str | None = None
    is_new: bool = False


class CrmWriter(Protocol):
    """A CRM that can be written to.

    Every method raises `UpstreamError` where it does not succeed: `ContentRefused`
    where the content will be refused again, and never for a login that is wrong.
    """

    def person(
        self,
        *,
        contact_id: str | None = None,
        email: str | None = None,
        phone: str | None = None,
    ) -> Person | None:
        """The contact of that id, or with that address or number, the first one made;
        one of the three is given. However a number is written, it is the same.
        """

    def account(self, name: str) -> str | None:
        """The id of the account of that name."""

    def open_deal(self, contact_id: str, since: str) -> str | None:
        """The newest deal of a contact that was made since then (UTC, as in `Lead`)
        and is neither won nor lost.
        """

    def create_account(self, account_id: str, lead: Lead) -> None:
        """Make the account of the lead's company."""

    def create_contact(
        self, contact_id: str, lead: Lead, account_id: str | None
    ) -> None:
        """Make the contact that the lead tells of."""

    def create_deal(self, deal_id: str, lead: Lead, person: Person) -> None:
        """Make the deal, linked to its contact and account."""

    def note(self, note_id: str, deal_id: str, lead: Lead) -> None:
        """Make a note on a deal that says all that the lead does."""

    def deal_url(self, deal_id: str) -> str:
        """The deal's page in the CRM."""
