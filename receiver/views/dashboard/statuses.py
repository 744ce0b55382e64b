"""Roistat's four groups with their statuses, and the CRM's stages in them. Roistat is
asked only when somebody compares or uploads, and nothing is uploaded unseen.
"""

import json
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from receiver import words
from receiver.bootstrap import Services
from receiver.errors import InvalidMapping, UpstreamError
from receiver.mapping import Mapping
from receiver.preview import held_deals
from receiver.roistat.schemas import status_of
from receiver.roistat.statuses import NOT_REGISTERED, Change, Status
from receiver.views.dashboard import frame
from receiver.views.dashboard.mapping import stages_of
from receiver.views.dashboard.mapping_form import Form, placed, posted

blueprint = Blueprint("statuses", __name__)


@blueprint.get("/statuses")
def show() -> ResponseReturnValue:
    """What Roistat last showed, and the group of each stage."""
    current, why = _current(frame.services())
    return _page(current.statuses, unreadable=why)


@blueprint.post("/statuses")
def compare() -> ResponseReturnValue:
    """Ask Roistat what it has, and show what an upload would change."""
    return _compared(posted(request.form).groups)


@blueprint.post("/statuses/upload")
def upload() -> ResponseReturnValue:
    """Upload what was shown, if it still is what would change."""
    services = frame.services()
    chosen = posted(request.form).groups
    agreed = _agreed(request.form.get("agreed", ""))
    try:
        new = _chosen(services, chosen)
        _, changes = _push(services, new, agreed=agreed)
        if changes != agreed:
            flash("Roistat's statuses changed meanwhile: look again.", "warning")
            return _compared(chosen)
    except (InvalidMapping, UpstreamError) as error:
        return _refused(chosen, error)
    if _is_new(services, new):
        services.mapping.keep(new)
    flash("Uploaded." if changes else "Kept in the mapping.")
    return redirect(url_for("dashboard.statuses.show"), 303)


def _compared(chosen: dict[str, str]) -> ResponseReturnValue:
    services = frame.services()
    try:
        new = _chosen(services, chosen)
        _, changes = _push(services, new)
    except (InvalidMapping, UpstreamError) as error:
        return _refused(chosen, error)
    return _page(
        chosen,
        changes=changes,
        is_new=_is_new(services, new),
        removes=_allows_removal(services),
        agreed=json.dumps([asdict(one) for one in changes]),
    )


def _push(
    services: Services, mapping: Mapping, agreed: Sequence[Change] | None = None
) -> tuple[list[Status], list[Change]]:
    """What an upload changes; uploaded where it is known what somebody agreed to."""
    removes = _allows_removal(services)
    return services.stages.push(
        _used(services) if removes else {},
        dry_run=agreed is None,
        allow_removal=removes,
        mapping=mapping,
        agreed=agreed,
    )


def _allows_removal(services: Services) -> bool:
    """Whether statuses may go; of a CRM that never told its stages, none may."""
    return bool(request.form.get("removal") and services.stages.of_crm())


def _used(services: Services) -> dict[str, str]:
    """The stages of all deals that are held, id to name. It looks at every deal, for a
    status that one of them has must not go.
    """
    return dict(status_of(deal) for deal in held_deals(services.store))


def _chosen(services: Services, chosen: dict[str, str]) -> Mapping:
    """The mapping with the groups that somebody chose. Raises `InvalidMapping`."""
    if services.config.mapping is not None:
        return services.config.mapping
    groups = {stage: group for stage, group in chosen.items() if group}
    checked = Mapping.load({"statuses": groups}).statuses
    return replace(services.mapping.current(), statuses=checked)


def _is_new(services: Services, mapping: Mapping) -> bool:
    """Whether a mapping with these groups is still to be stored."""
    return services.config.mapping is None and mapping != services.mapping.current()


def _agreed(text: str) -> list[Change]:
    """The changes that somebody was shown; none where they cannot be read."""
    try:
        return [Change(**one) for one in json.loads(text)]
    except (ValueError, TypeError):
        return []


# --- the page ---


def _refused(
    chosen: dict[str, str], error: InvalidMapping | UpstreamError
) -> ResponseReturnValue:
    if isinstance(error, UpstreamError):
        return _page(chosen, why=words.deals.of_asking(error)), 502
    mistakes = placed(Form(groups=chosen), error.mistakes)
    return _page(chosen, mistakes=mistakes, why="Nothing was changed."), 422


def _page(chosen: Dictionary[str, str], **more: Any) -> str:
    services = frame.services()
    remembered = services.store.notes.statuses()
    known = [one for one in remembered or [] if one["id"] != NOT_REGISTERED]
    named = {one["id"]: one["name"] for one in known}
    stages = stages_of(services.stages.of_crm(), dict(chosen))
    return render_template(
        "dashboard/statuses.html",
        stages=stages | {key: name for key, name in named.items() if key not in stages},
        of_crm=services.stages.of_crm(),
        chosen=chosen,
        groups=words.mapping.GROUPS,
        is_set=services.config.mapping is not None,
        theirs=None if remembered is None else {s["id"]: s["type"] for s in known},
        by_group=None if remembered is None else _by_group(remembered),
        never=words.legs.CRM_NEVER[1],
        **{"mistakes": {}} | more,
    )


def _by_group(statuses: Sequence[Status]) -> dict[str, list[Status]]:
    """Roistat's groups, each with its statuses, in Roistat's order."""
    kinds = dict.fromkeys([*words.mapping.GROUPS, *(one["type"] for one in statuses)])
    return {kind: [one for one in statuses if one["type"] == kind] for kind in kinds}


def _current(services: Services) -> tuple[Mapping, str]:
    try:
        return services.mapping.current(), ""
    except InvalidMapping as error:
        return Mapping(), str(error)
