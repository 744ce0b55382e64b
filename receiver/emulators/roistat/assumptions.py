"""What Roistat's documents leave open, each as a switch with our best reading."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from receiver.emulators.roistat.errors import HTTP_STATUS, ApiError

INTEGRATIONS = ("api", "goals", "crm")


@dataclass(frozen=True)
class Assumptions:
    """How the emulator behaves where no document says how Roistat does, or where one
    project differs from another.
    """

    # How the project gets its deals: status updates need api or goals, deletions api.
    integration: str = "api"
    # The code that every call of the project is refused with, such as project_frozen.
    project_is_refused_with: str = ""
    # Clients can be read; a project without Client Management says option_not_enabled.
    client_management: bool = True
    # Clients can be imported without Client Management.
    import_needs_client_management: bool = False
    # add-orders counts skipped_by_invalid_format, as it did years ago.
    old_counter_names: bool = False

    # A deal with a status id that the dictionary lacks is kept but not counted; a
    # live project listed such deals.
    unknown_status_is_stored: bool = True
    # "Not registered" counts as skipped_by_status, as an unknown status does.
    unused_status_is_skipped: bool = True
    # A deal whose visit is not known yet is kept and finds its visit later.
    waiting_visit_is_stored: bool = True
    # A key left out of a deal or client clears the value; nothing says it stays.
    omitted_fields_are_kept: bool = False
    # A status that set-statuses leaves out is no longer recognised.
    omitted_statuses_are_forgotten: bool = True
    # set-statuses moves a status it names into the group it names, even one that
    # somebody sorted by hand.
    set_statuses_regroups: bool = True
    # A call that was throttled does not count against the quota.
    refused_calls_use_quota: bool = False
    # The per-minute quotas of order/list, which a live project applied loosely.
    list_quotas_apply: bool = True
    # How many rows order/list and clients answer when the body has no limit.
    list_limit_when_omitted: int = 100
    # order/list gives a deal's price as its revenue, whatever its status.
    revenue_only_when_paid: bool = False
    # What a valid key gets for somebody else's project; "access_denied" fits too.
    foreign_project_error: str = "authentication_failed"
    # Roistat stamps paid_date when it first sees a deal in a paid status.
    paid_date_is_stamped: bool = True
    # What external-url answers; {id} is the deal's.
    order_url: str = ""

    def changed(self, given: Mapping[str, Any]) -> Self:
        """The same but for the switches given by name. Raises `ApiError`."""
        known = {one.name: type(one.default) for one in fields(self)}
        for name, value in given.items():
            if name not in known:
                names = ", ".join(known)
                raise ApiError("incorrect_request", f"{name}: must be one of {names}")
            if type(value) is not known[name] or not _means(name, value):
                raise ApiError("incorrect_request", f"{name}: wrong value")
        return replace(self, **given)


def _means(name: str, value: Any) -> bool:
    if name == "integration":
        return value in INTEGRATIONS
    if name == "project_is_refused_with":
        return value == "" or value in HTTP_STATUS
    if name == "foreign_project_error":
        return value in HTTP_STATUS
    return name != "list_limit_when_omitted" or value > 0
