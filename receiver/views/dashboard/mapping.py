"""The mapping: what of a deal Roistat gets, as a form; nothing is stored before its
consequences were shown.
"""

import json
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from receiver import words
from receiver.bootstrap import Services
from receiver.errors import InvalidMapping, InvalidSettings
from receiver.mapping import Mapping
from receiver.mapping.kinds import types_of
from receiver.preview import held_deals, preview
from receiver.views.dashboard import frame
from receiver.views.dashboard.mapping_form import (
    Form,
    Mistakes,
    amounts,
    content,
    everything,
    filled,
    including,
    merged,
    named,
    placed,
    posted,
    told,
    with_spare_rows,
)

LOOKED_AT = 500  # of the deals that are held, for a preview
MORE_ROWS = 5

blueprint = Blueprint("mapping", __name__)


@blueprint.app_template_filter()
def idly(place: str) -> str:
    """A row's name as an element's id, which must hold no space."""
    return "".join(c if c.isalnum() else f"_{ord(c):x}" for c in place)


@dataclass(frozen=True, slots=True)
class Known:
    """What the CRM has told of itself: its fields with types and labels, its stages."""

    types: dict[str, str]
    labels: dict[str, str]
    stages: dict[str, str]


@blueprint.get("/mapping")
def show() -> ResponseReturnValue:
    """The mapping that counts."""
    current, why = _current()
    mistakes = placed(filled(current), frame.services().mapping.problems(current))
    return _page(filled(current), mistakes, current, unreadable=why)


@blueprint.post("/mapping")
def change() -> ResponseReturnValue:
    """Show what another mapping would change, or the form with what is wrong in it."""
    services = frame.services()
    services.mapping.require_unset()
    current, _ = _current()
    action = request.form.get("action", "")
    if action in ("json", "edit"):
        return _from_json(current, request.form.get("json", ""), action)
    form = posted(request.form)
    if action == "more":
        return _page(with_spare_rows(form, MORE_ROWS), {}, current, spare=0)
    said, mistakes = content(form, current, known(services).types)
    try:
        new = Mapping.load(said)
    except InvalidMapping as error:
        mistakes = merged(mistakes, placed(form, error.mistakes))
    if mistakes:
        return _page(form, mistakes, current, refused=True), 422
    return _preview(new)


@blueprint.post("/mapping/store")
def store() -> ResponseReturnValue:
    """Store the mapping whose consequences were shown, if they still are the same."""
    services = frame.services()
    services.mapping.require_unset()
    try:
        new = Mapping.load(request.form.get("json", ""))
    except InvalidMapping as error:
        return _page_of_json(request.form.get("json", ""), error), 422
    if request.form.get("was") != _digest(services):
        flash("Somebody changed the mapping meanwhile: look again.", "warning")
        return _preview(new)
    services.mapping.keep(new)
    flash("Stored. What is held is mapped again, beginning in a minute.")
    return redirect(url_for("dashboard.mapping.show"), 303)


@blueprint.errorhandler(InvalidSettings)
def _read_only(error: InvalidSettings) -> ResponseReturnValue:
    flash(str(error), "failed")
    return redirect(url_for("dashboard.mapping.show"), 303)


# --- the pages ---


def _page(
    form: Form,
    mistakes: Mistakes,
    current: Mapping,
    *,
    spare: int | None = None,
    refused: bool = False,
    **more: Any,
) -> str:
    services = frame.services()
    crm = known(services)
    is_set = services.config.mapping is not None
    if spare is None and not is_set:
        form = with_spare_rows(form)
    return render_template(
        "dashboard/mapping.html",
        form=form,
        mistakes=mistakes,
        refused=refused,
        is_set=is_set,
        origin=words.mapping.ORIGINS[services.mapping.origin()],
        as_json=_as_text(current),
        stages=stages_of(crm.stages, form.groups),
        is_told=bool(crm.types),
        amounts=amounts(crm.types, crm.labels),
        fields=everything(crm.types, crm.labels),
        including=including,
        conditions=words.mapping.CONDITIONS,
        untold=words.mapping.FIELDS_UNTOLD,
        groups=words.mapping.GROUPS,
        is_walking=not more.get("unreadable") and services.remap.is_needed(),
        **more,
    )


def _from_json(current: Mapping, text: str, action: str) -> ResponseReturnValue:
    """A mapping as JSON: looked at in the form, or shown what it would change."""
    try:
        new = Mapping.load(text)
    except InvalidMapping as error:
        return _page_of_json(text, error), 422
    return _page(filled(new), {}, current) if action == "edit" else _preview(new)


def _page_of_json(text: str, error: InvalidMapping) -> str:
    current, _ = _current()
    mistakes = {"json": list(error.mistakes)}
    return _page(filled(current), mistakes, current, refused=True, written=text)


def _preview(new: Mapping) -> ResponseReturnValue:
    services = frame.services()
    current, why = _current()
    if new == current and not why:
        flash("That is the mapping that counts already. Nothing was changed.")
        return redirect(url_for("dashboard.mapping.show"), 303)
    deals = islice(held_deals(services.store), LOOKED_AT)
    found = preview(deals, current, new)
    return render_template(
        "dashboard/mapping_preview.html",
        changes=[] if why else list(told(current, new)),
        unreadable=why,
        found=found,
        is_all=found.deals < LOOKED_AT,
        respects=[
            (said, getattr(found, respect))
            for respect, said in words.mapping.RESPECTS.items()
        ],
        phones=current.phone_region != new.phone_region,
        groups_changed=current.statuses != new.statuses,
        problems=list(named(services.mapping.problems(new))),
        json=_as_text(new),
        was=_digest(services),
    )


def _current() -> tuple[Mapping, str]:
    """The mapping that counts; the default one, and why, where it cannot be read."""
    try:
        return frame.services().mapping.current(), ""
    except InvalidMapping as error:
        return Mapping(), str(error)


def known(services: Services) -> Known:
    """What the CRM last told."""
    fields = (services.store.notes.ping() or {}).get("fields") or []
    labels = {str(one["name"]): str(one.get("label") or "") for one in fields}
    return Known(types_of(fields), labels, services.stages.of_crm())


def stages_of(told: dict[str, str], chosen: dict[str, str]) -> dict[str, str]:
    """The stages to choose a group for, id to name: the CRM's, then others."""
    return told | {stage: "" for stage in chosen if stage not in told}


def _digest(services: Services) -> str:
    """Which mapping is stored."""
    text = services.store.notes.mapping() or ""
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _as_text(mapping: Mapping) -> str:
    return json.dumps(mapping.as_json(), ensure_ascii=False, indent=2)
