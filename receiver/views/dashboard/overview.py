"""The first page: whether each part of the way works, how fresh Roistat is, what waits
and why.
"""

import time

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from receiver import overview, words
from receiver.views.dashboard import frame
from receiver.views.dashboard.chart import chart

blueprint = Blueprint("overview", __name__)

PLACES = (overview.CRM, overview.RECEIVER, overview.ROISTAT)


@blueprint.get("/")
def show() -> ResponseReturnValue:
    """Everything at a glance."""
    facts = overview.overview(frame.services())
    return render_template(
        "dashboard/overview.html",
        facts=facts,
        places=[(place, facts.of(place)) for place in PLACES],
        chart=chart(facts.hours),
        notes=[
            (note, n, words.deals.of_note(note)) for note, n in facts.notes.items() if n
        ],
        now=time.time(),
    )
