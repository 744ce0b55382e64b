"""The package goes without a trace: files, tables and layouts are compared."""

import getpass
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crm.crm import Crm, Pages
from tests.crm.traces import differences, mentions, state_of

Flow = Callable[[], None]
LABELS = {
    f"file custom/Extension/modules/{module}/Ext/Language/_override_{language}.lang.php"
    for module in ("Opportunities", "Leads")
    for language in ("en_us", "ru_ru")
} | {
    f"file custom/modules/{module}/Ext/Language/{language}.lang.ext.php"
    for module in ("Opportunities", "Leads")
    for language in ("en_us", "ru_ru")
}
FIELD = {
    f"file custom/{place}"
    for module in ("Opportunities", "Leads")
    for place in (
        f"Extension/modules/{module}/Ext/Vardefs/_override_sugarfield_roistat_c.php",
        f"modules/{module}/Ext/Vardefs/vardefs.ext.php",
    )
} | {
    "columns of leads_cstm",
    "columns of opportunities_cstm",
    "rows of fields_meta_data",
    "rows of leads_cstm",
    "rows of opportunities_cstm",
}


@pytest.fixture
def without_package(crm: Crm, pages: Pages, package: Path) -> None:
    """A CRM without the package and its field, whatever earlier tests left there."""
    has_field = crm.run("opportunities")["type"] is not None
    if has_field and not (crm.root / VERSION).exists():
        pages.install(package)
    if (crm.root / VERSION).exists():
        remove_with_field(crm, pages)
    uninstall_what_is_still_listed(pages)
    if crm.run("opportunities")["type"] is not None:  # made by hand in another test
        crm.run("drop_field", name="roistat_c")


@pytest.fixture
def newer(package: Path, tmp_path: Path) -> Path:
    """The same package, of a later version."""
    return of_version(package, tmp_path / "newer.zip", "99.0.0")


@pytest.fixture
def cron(crm: Crm) -> Iterator[Flow]:
    """Runs the CRM's own cron.php as whoever runs the tests, and looks at our job."""
    override = crm.root / "config_override.php"
    before = override.read_bytes()
    ours = f"""
$sugar_config['cron']['min_cron_interval'] = 0;
$sugar_config['cron']['max_cron_jobs'] = 50;
$sugar_config['cron']['allowed_cron_users'][] = '{getpass.getuser()}';
"""
    override.write_bytes(before.replace(b"?>", b"") + ours.encode())

    def run() -> None:
        done = subprocess.run(
            ["php", "-d", "display_errors=stderr", "cron.php"],
            cwd=crm.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    yield run
    override.write_bytes(before)


@pytest.mark.usefixtures("without_package")
class TestWithTheBoxTicked:
    """The CRM is as it was."""

    def test_install_and_uninstall(
        self, crm: Crm, pages: Pages, package: Path, cron: Flow
    ) -> None:
        before = state_of(crm)

        pages.install(package)
        cron()
        assert jobs(crm) == ["success"]
        remove_with_field(crm, pages)
        cron()

        assert differences(before, state_of(crm)) == {}
        assert mentions(crm) == []

    def test_install_upgrade_and_uninstall(
        self, crm: Crm, pages: Pages, package: Path, newer: Path, cron: Flow
    ) -> None:
        before = state_of(crm)

        pages.install(package)
        crm.run("query", sql="UPDATE schedulers SET status = 'Inactive' WHERE " + OURS)
        first = state_of(crm)
        pages.install(newer)
        changed = differences(first, state_of(crm)).keys()
        assert changed == {f"file {VERSION}"}
        cron()
        remove_with_field(crm, pages)
        uninstall_what_is_still_listed(pages)
        cron()

        assert differences(before, state_of(crm)) == {}
        assert mentions(crm) == []

    def test_install_disable_cron_enable_and_uninstall(
        self, crm: Crm, pages: Pages, package: Path, cron: Flow
    ) -> None:
        before = state_of(crm)

        pages.install(package)
        enabled = state_of(crm)
        pages.disable()
        cron()
        assert jobs(crm) == ["success"]
        assert crm.run("opportunities")["label"] == "roistat"
        pages.enable()
        assert differences(enabled, state_of(crm)).keys() <= {"rows of config"}
        remove_with_field(crm, pages)

        assert differences(before, state_of(crm)) == {}
        assert mentions(crm) == []

    def test_install_disable_and_uninstall(
        self, crm: Crm, pages: Pages, package: Path, cron: Flow
    ) -> None:
        before = state_of(crm)

        pages.install(package)
        pages.disable()
        remove_with_field(crm, pages)
        cron()

        assert differences(before, state_of(crm)) == {}
        assert mentions(crm) == []

    def test_install_upgrade_disable_and_uninstall(
        self, crm: Crm, pages: Pages, package: Path, newer: Path, cron: Flow
    ) -> None:
        before = state_of(crm)

        pages.install(package)
        pages.install(newer)
        upgraded = crm.root / VERSION
        assert "99.0.0" in upgraded.read_text()
        pages.disable()
        assert "99.0.0" in upgraded.read_text(), "the version before came back"
        cron()
        remove_with_field(crm, pages)

        assert differences(before, state_of(crm)) == {}
        assert mentions(crm) == []


@pytest.mark.usefixtures("without_package")
def test_without_the_box_only_the_field_its_label_and_its_data_stay(
    crm: Crm, pages: Pages, package: Path
) -> None:
    deal = crm.save("Opportunities", name="Kept")
    before = state_of(crm)

    pages.install(package)
    crm.run(
        "query",
        sql="INSERT INTO opportunities_cstm (id_c, roistat_c)"
        f" VALUES ('{deal['id']}', '4521890')"
        " ON DUPLICATE KEY UPDATE roistat_c = '4521890'",
    )
    pages.uninstall()

    assert differences(before, state_of(crm)).keys() <= FIELD | LABELS
    assert crm.run("opportunities")["label"] == "roistat"
    stored = crm.run("stored", module="Opportunities", id=deal["id"])
    assert stored["roistat_c"] == "4521890"

    pages.install(package)
    remove_with_field(crm, pages)
    assert crm.run("opportunities")["type"] is None, "it still is known as ours"


class TestOnACustomisedCrm:
    @pytest.fixture
    def customised(self, crm: Crm, without_package: None) -> Iterator[None]:
        """An administrator's own field, label, panel and column."""
        crm.run("customise")
        yield
        crm.run("uncustomise")

    def test_every_customisation_is_as_it_was(
        self, crm: Crm, pages: Pages, package: Path, customised: None
    ) -> None:
        before = state_of(crm)

        pages.install(package)
        installed = crm.run("layouts")
        assert installed["Opportunities/editview"] != before[EDIT]
        assert "branch_c" in installed["Opportunities/listview"]
        remove_with_field(crm, pages)

        assert differences(before, state_of(crm)) == {}

    def test_what_an_administrator_customised_later_stays(
        self, crm: Crm, pages: Pages, package: Path, without_package: None
    ) -> None:
        pages.install(package)
        crm.run("customise")
        remove_with_field(crm, pages)

        layouts = crm.run("layouts")
        panels = layouts["Opportunities/editview"]["panels"]
        crm.run("uncustomise")
        assert "LBL_BRANCHES" in panels
        assert not [row for rows in panels.values() for row in rows if is_empty(row)]
        assert "branch_c" in layouts["Opportunities/listview"]
        assert "roistat_c" not in str(layouts)

    def test_a_field_made_by_hand_stays_as_it_was(
        self, crm: Crm, pages: Pages, package: Path, without_package: None
    ) -> None:
        crm.run("make_field", length=50, label="LBL_VISIT")
        crm.run("label_field", label="LBL_VISIT", text="Visit")
        before = state_of(crm)

        pages.install(package)
        remove_with_field(crm, pages)

        left = differences(before, state_of(crm))
        crm.run("drop_field", name="roistat_c")
        assert left == {}


VERSION = "custom/include/SugarRoistat/Package.php"
OURS = "job LIKE '%SugarRoistat%'"
EDIT = "layout Opportunities/editview"


def jobs(crm: Crm) -> list[str]:
    """How the runs of our job ended; it forgets them."""
    rows = crm.run(
        "query",
        sql="SELECT resolution FROM job_queue WHERE target LIKE '%SugarRoistat%'",
    )
    crm.run("query", sql="DELETE FROM job_queue WHERE target LIKE '%SugarRoistat%'")
    return [row["resolution"] for row in rows]


def remove_with_field(crm: Crm, pages: Pages) -> None:
    crm.run("settings", remove_field="1")
    pages.uninstall()


def uninstall_what_is_still_listed(pages: Pages) -> None:
    """The version before an upgrade stays in the list, with a button of its own."""
    while pages.is_installed():
        pages.uninstall()


def of_version(package: Path, target: Path, version: str) -> Path:
    """A copy of the zip whose manifest and code say another version."""
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.php" or name.endswith("/Package.php"):
                content = content.replace(b"'0.1.0'", f"'{version}'".encode())
            new.writestr(name, content)
    return target


def is_empty(row: list[Any]) -> bool:
    return all(cell in ("", "(empty)", "(filler)") for cell in row)
