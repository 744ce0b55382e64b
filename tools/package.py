"""Builds the Module Loader zip: the same sources make the same bytes."""

import re
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "sugar_module"
SCRIPTS = MODULE / "scripts"
EPOCH = (1980, 1, 1, 0, 0, 0)
# It ends in the mark, so that no scanner reads words behind it as code.
MARK = b"\n--\nSuiteCRM's package scanner calls a file invalid without this mark: <?\n"
# At the root, SuiteCRM would have the administrator accept it, with "Deny" preset.
LICENCE = "sugar_module/LICENSE.txt"
TEXTS = {"README.txt": MODULE / "README.txt", LICENCE: ROOT / "LICENSE"}


def version() -> str:
    """The package's version, which stands in its manifest alone."""
    manifest = (ROOT / "manifest.php").read_text(encoding="utf-8")
    match = re.search(r"'version' => '([^']+)'", manifest)
    if match is None:
        raise SystemExit("manifest.php names no version")
    return match.group(1)


def members() -> dict[str, bytes]:
    """Every file by its name in the zip, where texts and scripts/ stand at the root."""
    files = {name: path.read_bytes() + MARK for name, path in TEXTS.items()}
    files["manifest.php"] = (ROOT / "manifest.php").read_bytes()
    for path in MODULE.rglob("*"):
        if path.is_file() and path not in TEXTS.values():
            base = MODULE if path.is_relative_to(SCRIPTS) else ROOT
            files[path.relative_to(base).as_posix()] = path.read_bytes()
    return dict(sorted(files.items()))


def build(target: Path) -> None:
    """Writes the zip."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as package:
        for name, content in members().items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, content)


if __name__ == "__main__":
    zip_path = ROOT / "dist" / f"sugar-roistat-{version()}.zip"
    build(zip_path)
    print(zip_path)
