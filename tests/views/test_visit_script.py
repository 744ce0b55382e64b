"""`GET /roistat-visit.js`."""

import requests

ADDRESS = "/roistat-visit.js"


def test_the_script_is_served_as_one_that_is_kept_for_an_hour(receiver):
    answer = receiver.get(ADDRESS)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "sugarRoistat" in answer.text


def test_after_the_hour_it_is_not_sent_again_unless_it_has_changed(receiver):
    tag = receiver.get(ADDRESS).headers["ETag"]
    again = requests.get(
        receiver.url + ADDRESS, headers={"If-None-Match": tag}, timeout=20
    )
    assert (again.status_code, again.content) == (304, b"")
    other = requests.get(
        receiver.url + ADDRESS, headers={"If-None-Match": '"old"'}, timeout=20
    )
    assert other.status_code == 200


def test_it_is_served_even_without_the_store(without_store):
    assert without_store.get(ADDRESS).status_code == 200
