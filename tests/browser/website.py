"""A website with forms, and the receiver beside it, each at an origin of its own."""

import threading
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue

from receiver.views import visit_script

HIDDEN = "".join(
    f'<input type="hidden" name="{name}">'
    for name in ("roistat", "roistat_c", "roistat_visit")
)
FORM = f"""
<form action="/taken" method="post">
  {HIDDEN}<input name="name" value="Ada"><button>Send</button>
</form>
"""

# Roistat's own script, as far as we meet it: `start` is what happens when it arrives.
# The number comes after the first callback, as on the first page of a visit.
TRACKER = """
<script>
  function start({visit, cookie = true, getVisit = true, hooks}) {
    let known;
    const waiting = [];
    if (getVisit) window.roistat = {
      getVisit: () => known,
      registerOnVisitProcessedCallback: (callback) => waiting.push(callback),
    };
    const call = (name, ...values) => {
      if (hooks.includes(name) && typeof window[name] === "function") {
        window[name](...values);
      }
    };
    call("onRoistatModuleLoaded");
    known = visit;
    if (cookie) document.cookie = `roistat_visit=${visit}; path=/`;
    waiting.forEach((callback) => callback());
    call("roistatVisitCallback", visit);
    call("onRoistatAllModulesLoaded");
  }
</script>
"""


class Website:
    """The site's pages, and what its own form handler was sent."""

    def __init__(self) -> None:
        self.url = ""
        self.app = Flask("website")
        self.app.register_blueprint(visit_script.blueprint)  # for a page that wants it
        self.app.add_url_rule("/", view_func=self._page)
        self.app.add_url_rule("/other", "other", lambda: "<p>Other</p>")
        self.app.add_url_rule("/taken", view_func=self._take, methods=["GET", "POST"])
        self.app.add_url_rule("/favicon.ico", "favicon", lambda: ("", 204))
        self.forget()

    def forget(self) -> None:
        """Begin anew, as every test does."""
        self.html = ""
        self.headers: dict[str, str] = {}
        self.taken: list[dict[str, str]] = []

    def _page(self) -> ResponseReturnValue:
        kind = {"Content-Type": "text/html; charset=utf-8"}
        return f"<!doctype html>{self.html}", kind | self.headers

    def _take(self) -> ResponseReturnValue:
        self.taken.append({**request.args, **request.form})
        return "<p>Taken</p>"


class Receiver:
    """The real script, and a stand-in for `/leads` that answers as it is told."""

    def __init__(self) -> None:
        self.url = ""
        self.app = Flask("receiver")
        self.app.register_blueprint(visit_script.blueprint)
        self.app.add_url_rule("/leads", view_func=self._lead, methods=["POST"])
        self.arrived = threading.Event()
        self.may_answer = threading.Event()
        self.forget()

    def forget(self) -> None:
        """Begin anew, as every test does."""
        self.leads: list[dict[str, str]] = []
        self.requests: list[dict[str, str]] = []
        self.answer: tuple[Any, int] = ({"status": "success", "data": "lead-1"}, 200)
        self.arrived.clear()
        self.may_answer.set()

    def _lead(self) -> ResponseReturnValue:
        self.leads.append(request.form.to_dict())
        self.requests.append(dict(request.headers))
        self.arrived.set()
        self.may_answer.wait(20)
        body, status = self.answer
        allow = {"Access-Control-Allow-Origin": request.headers.get("Origin", "null")}
        return body, status, allow

    def tag(self, attributes: str = "") -> str:
        """The script tag of a website."""
        return f'<script src="{self.url}/roistat-visit.js" {attributes}></script>'
