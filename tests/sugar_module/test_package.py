"""The zip that the Module Loader gets."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build() -> Path:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "package.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip())


def test_the_zip_is_named_after_the_version_in_the_manifest() -> None:
    manifest = (ROOT / "manifest.php").read_text(encoding="utf-8")
    version = build().stem.removeprefix("sugar-roistat-")

    assert f"'version' => '{version}'" in manifest


def test_the_same_sources_make_the_same_bytes() -> None:
    first = build().read_bytes()
    (ROOT / "manifest.php").touch()

    assert build().read_bytes() == first


def test_the_zip_holds_every_file_once_where_the_module_loader_looks() -> None:
    with zipfile.ZipFile(build()) as package:
        names = package.namelist()
        sources = {name: package.read(name) for name in names}

    scripts = {path.name for path in (ROOT / "sugar_module" / "scripts").iterdir()}
    assert {name for name in names if name.startswith("scripts/")} == {
        f"scripts/{name}" for name in scripts
    }
    assert "manifest.php" in names
    on_disk = [p for p in (ROOT / "sugar_module").rglob("*") if p.is_file()]
    assert len(names) == len(set(names)) == len(on_disk) + 1
    assert all(path.read_bytes() in sources.values() for path in on_disk)
