"""What Roistat refused for good, by cause, with the cure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from receiver import words
from receiver.bootstrap import Services
from receiver.views.dashboard import frame
from receiver.views.dashboard.deals import send_again

LOOKED_AT = 5000  # of what is parked, for a page
AT_ONCE = 20_000  # of what is parked, for one click
PIECE = 500
EXAMPLES = 10

blueprint = Blueprint("parked", __name__)


@dataclass(slots=True)
class Group:
    """What is parked for the same cause: how many, some of them, and a reason of one in
    full.
    """

    cause: str
    reason: str
    count: int = 0
    members: list[str] = field(default_factory=list)

    @property
    def heading(self) -> str:
        """The cause in few words."""
        return words.parked.heading(self.cause)

    @property
    def cure(self) -> str:
        """What there is to do about it."""
        return words.parked.cure(self.cause)


@blueprint.get("/parked")
def show() -> ResponseReturnValue:
    """Every cause, the commonest first."""
    services = frame.services()
    groups = sorted(_groups(services), key=lambda group: -group.count)
    ids = [
        member.partition(":")[2]
        for group in groups
        for member in group.members
        if member.startswith("deal:")
    ]
    rows = {row.id: row for row in services.store.index.rows(ids)}
    return render_template(
        "dashboard/parked.html",
        groups=groups,
        rows=rows,
        total=services.store.counts()["parked"],
        looked_at=sum(group.count for group in groups),
    )


@blueprint.post("/parked")
def again() -> ResponseReturnValue:
    """Send again what is parked for one cause."""
    cause = request.form.get("cause", "")
    chosen = [
        member
        for member, reason in islice(frame.services().store.parked(), AT_ONCE)
        if words.parked.cause(reason) == cause
    ]
    sent = 0
    for start in range(0, len(chosen), PIECE):
        sent += send_again(chosen[start : start + PIECE])[1]
    if sent:
        flash(f"{sent} {'is' if sent == 1 else 'are'} on the way to Roistat again.")
    else:
        flash("Nothing is parked for that cause any more.", "warning")
    return redirect(url_for("dashboard.parked.show"), 303)


def _groups(services: Services) -> Iterator[Group]:
    groups: dict[str, Group] = {}
    for member, reason in islice(services.store.parked(), LOOKED_AT):
        cause = words.parked.cause(reason)
        group = groups.setdefault(cause, Group(cause, reason))
        group.count += 1
        if len(group.members) < EXAMPLES:
            group.members.append(member)
    return iter(groups.values())
