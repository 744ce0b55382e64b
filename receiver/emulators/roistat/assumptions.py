"""What Roistat's documents leave open, each as a switch with our best reading."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Assumptions:
    """How the emulator behaves where no document says how Roistat does."""

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
