"""The zip that the Module Loader gets."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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
    sources = contents()

    scripts = {path.name for path in (ROOT / "sugar_module" / "scripts").iterdir()}
    assert {name for name in sources if name.startswith("scripts/")} == {
        f"scripts/{name}" for name in scripts
    }
    at_the_root = {name for name in sources if "/" not in name}
    assert at_the_root == {"manifest.php", "README.txt"}  # none of them to be accepted
    on_disk = [
        path
        for path in (ROOT / "sugar_module").rglob("*")
        if path.is_file() and path.name != "README.txt"
    ]
    assert len(sources) == len(on_disk) + 3
    assert all(path.read_bytes() in sources.values() for path in on_disk)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("sugar_module/LICENSE.txt", "LICENSE"),
        ("README.txt", "sugar_module/README.txt"),
    ],
)
def test_licence_and_readme_travel_whole_and_end_in_the_mark_that_a_scanner_wants(
    name: str, source: str
) -> None:
    text = contents()[name]

    assert text.startswith((ROOT / source).read_bytes())
    assert text.endswith(b": <?\n")
    assert text.count(b"<?") == 1


def contents() -> dict[str, bytes]:
    with zipfile.ZipFile(build()) as package:
        names = package.namelist()
        assert len(names) == len(set(names))
        return {name: package.read(name) for name in names}
