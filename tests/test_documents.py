"""The documents say what is so: every setting, every link, every file they name."""

import re

import pytest

from tests.processes import ROOT

GUNICORNS = {"WEB_CONCURRENCY"}


def settings_of_the_code():
    text = (ROOT / "receiver/config.py").read_text()
    named = re.findall(r'env(?:\.\w+\(\s*|, )"([A-Z][A-Z_]+)"', text)
    (sugar,) = re.findall(r'names = \(("API"[^)]*)\)', text)
    return {*named, *(f"SUGAR_{one}" for one in re.findall(r'"(\w+)"', sugar))}


def settings_of_the_guide():
    text = (ROOT / "docs/operations.md").read_text()
    table = text.partition("## Settings")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)


def test_the_guide_has_every_setting_once_and_no_other():
    named = settings_of_the_guide()
    assert sorted(named) == sorted(settings_of_the_code() | GUNICORNS)


def test_the_example_has_every_setting():
    text = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", text, re.MULTILINE))
    assert named == settings_of_the_code()


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        path, _, anchor = link.partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def anchors(page):
    """How headings are linked to, by GitHub's rule."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in found
    } | set(re.findall(r'id="([^"]+)"', text))
