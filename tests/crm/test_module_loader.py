"""The package comes and goes by the CRM's own Module Loader."""

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from tests.crm.crm import Crm, Pages

LINT = Path(__file__).parents[1] / "sugar_module" / "DeniedNames.php"
VIEWS = ("editview", "detailview")


def test_installing_puts_the_field_once_on_both_views(
    crm: Crm, installed: None
) -> None:
    opportunities = crm.run("opportunities")

    assert opportunities["type"] == "varchar"
    assert opportunities["length"] == "255"
    assert opportunities["label"] == "roistat"
    for view in VIEWS:
        assert fields_of(opportunities["views"][view]).count("roistat_c") == 1


def test_uninstalling_removes_all_but_the_field_and_its_data(
    crm: Crm, pages: Pages, package: Path, installed: None
) -> None:
    crm.run("settings", url="http://127.0.0.1:9", secret="whsec_AAAA")
    deal = crm.save("Opportunities", name="Kept", roistat_c="4521890")

    pages.uninstall()

    for name in zipfile.ZipFile(package).namelist():
        landed = crm.root / name.replace("sugar_module", "custom")
        assert name == "manifest.php" or not landed.exists(), landed
    assert not (crm.root / "custom/include/SugarRoistat").exists()
    compiled = (
        crm.root / "custom/modules/Opportunities/Ext/LogicHooks/logichooks.ext.php"
    )
    assert not compiled.exists() or "Roistat" not in compiled.read_text()
    opportunities = crm.run("opportunities")
    assert opportunities["settings"] == []
    for view in VIEWS:
        assert "roistat_c" not in fields_of(opportunities["views"][view])
    saved = crm.save("Opportunities", id=deal["id"], next_step="Still saves")
    assert crm.run("stored", module="Opportunities", id=saved["id"])["roistat_c"] == (
        "4521890"
    )


def test_layouts_are_as_before_when_the_package_went_and_came_back(
    crm: Crm, pages: Pages, package: Path, installed: None
) -> None:
    with_field = crm.run("opportunities")["views"]

    pages.uninstall()
    without_field = crm.run("opportunities")["views"]
    pages.install(package)

    assert crm.run("opportunities")["views"] == with_field
    for view in VIEWS:
        ours = [row for row in rows_of(with_field[view]) if "roistat_c" in row]
        assert ours == [["roistat_c", "(empty)"]]
        theirs = [row for row in rows_of(with_field[view]) if row not in ours]
        assert rows_of(without_field[view]) == theirs


def test_a_field_that_an_administrator_made_stays_as_it_was(
    crm: Crm, pages: Pages, package: Path, installed: None
) -> None:
    pages.uninstall()
    crm.run("make_field", length=50, label="LBL_VISIT")

    pages.install(package)
    opportunities = crm.run("opportunities")
    crm.run("make_field", length=255, label="LBL_ROISTAT")

    assert opportunities["length"] == "50"
    assert opportunities["label_key"] == "LBL_VISIT"


def test_the_full_scanner_has_nothing_to_say(
    crm: Crm, package: Path, tmp_path: Path
) -> None:
    zipfile.ZipFile(package).extractall(tmp_path)

    assert crm.run("scan", folder=str(tmp_path)) == []


def test_the_full_scanner_would_find_a_violation(
    crm: Crm, package: Path, tmp_path: Path
) -> None:
    zipfile.ZipFile(package).extractall(tmp_path)
    planted = tmp_path / "sugar_module" / "planted.php"
    planted.write_text("<?php file_get_contents('x');")

    assert list(crm.run("scan", folder=str(tmp_path))["file"]) == [str(planted)]


def test_our_own_lint_refuses_every_name_that_the_scanner_refuses(crm: Crm) -> None:
    names = crm.run("denied_names")

    assert len(names["isFunction"]) > 200
    assert len(names["isClass"]) > 10
    for kind, refused in names.items():
        assert refused_by_us(kind, refused) == refused


def refused_by_us(kind: str, names: list[str]) -> list[str]:
    code = f"""
        require $argv[1];
        print json_encode(array_values(array_filter(
            array_slice($argv, 2), 'SugarRoistat\\Tests\\DeniedNames::{kind}'
        )));
    """
    done = subprocess.run(
        ["php", "-r", code, str(LINT), *names],
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def rows_of(panels: dict[str, Any]) -> list[list[str]]:
    return [row for panel in panels.values() for row in panel]


def fields_of(panels: dict[str, Any]) -> list[str]:
    return [field for row in rows_of(panels) for field in row]
