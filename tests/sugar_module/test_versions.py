"""The package under every version of PHP that it promises, compiled to WebAssembly."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.sugar_module.test_package import build

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES = Path(sys.prefix) / "php" / "node_modules"
NODE = Path(sys.prefix) / "bin" / "node"
VERSIONS = ["7.4", "8.0", "8.1", "8.2", "8.3", "8.4"]
DEBIANS_PHP_LIBRARY = Path("/usr/share/php")
MASKED = "8191"  # E_ALL without E_DEPRECATED: what PHPUnit is loaded with

pytestmark = pytest.mark.skipif(
    not MODULES.is_dir(),
    reason="no other versions of PHP here: make test installs them",
)

OLDER_REFUSE = {
    "match": ("8.0", "<?php $a = match (1) { 1 => 2 };"),
    "promotion": ("8.0", "<?php class A { function __construct(private $a) {} }"),
    "named argument": ("8.0", "<?php trim(string: 'a');"),
    "union type": ("8.0", "<?php function a(int|string $b) {}"),
    "enum": ("8.1", "<?php enum A { case B; }"),
    "read-only class": ("8.2", "<?php readonly class A {}"),
    "typed constant": ("8.3", "<?php class A { const int B = 1; }"),
    "property hook": ("8.4", "<?php class A { public $b { get => 1; } }"),
}
NEWER_REFUSE = {
    "braces as index": ("8.0", "<?php $a = $b{0};"),
    "cast to nothing": ("8.0", "<?php $a = (unset) $b;"),
    "required after optional": ("8.1", "<?php function a($b = 1, $c) {}"),
    "name in a string": ("8.2", '<?php $a = "${b}";'),
    "implicitly nullable": ("8.4", "<?php function a(int $b = null) {}"),
}


def php(
    version: str, *arguments: str, sees: list[Path]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            NODE,
            HERE / "versions" / "php.mjs",
            MODULES,
            version,
            ",".join(str(folder) for folder in [HERE, *sees]),
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def findings(version: str, folder: Path) -> list[str]:
    """What that version says about every PHP file below the folder."""
    done = php(
        version,
        *("-d", "opcache.enable=1", "-d", "opcache.enable_cli=1"),
        *("-d", "error_reporting=-1", "-d", "display_errors=1", "-d", "log_errors=0"),
        str(HERE / "versions" / "compile.php"),
        *(str(path) for path in sorted(folder.rglob("*.php"))),
        sees=[folder],
    )
    *lines, last = done.stdout.split("\n")[:-1]
    assert last == "compiled", done.stdout + done.stderr
    return [line for line in lines if line]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_file_compiles_without_a_word(version: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(build()) as package:
        package.extractall(tmp_path)

    assert findings(version, tmp_path) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_version_does_not_know_is_found(version: str, tmp_path: Path) -> None:
    for name, (_, code) in {**OLDER_REFUSE, **NEWER_REFUSE}.items():
        (tmp_path / f"{name}.php").write_text(code)

    text = "\n".join(findings(version, tmp_path))

    found = {path.stem for path in tmp_path.iterdir() if str(path) in text}
    too_new = {name for name, (since, _) in OLDER_REFUSE.items() if version < since}
    too_old = {name for name, (since, _) in NEWER_REFUSE.items() if version >= since}
    assert too_new | too_old <= found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.skipif(not DEBIANS_PHP_LIBRARY.is_dir(), reason="no PHPUnit of Debian's")
def test_the_packages_own_tests_pass(version: str, tmp_path: Path) -> None:
    done = php(
        version,
        *("-d", f"include_path={DEBIANS_PHP_LIBRARY}"),
        *("-d", f"error_reporting={MASKED}", "-d", "log_errors=0"),
        *("-d", "disable_functions=shell_exec"),  # PHPUnit asks it for the screen
        str(HERE / "versions" / "phpunit.php"),
        str(HERE),
        str(tmp_path),
        sees=[DEBIANS_PHP_LIBRARY, ROOT, tmp_path],
    )

    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    assert "OK (" in done.stdout


def test_the_check_runs_the_versions_that_it_names() -> None:
    assert NODE.exists()
    assert shutil.which("php")
    for version in VERSIONS:
        done = php(version, "-r", "print PHP_VERSION;", sees=[])
        assert done.stdout.startswith(f"{version}."), done.stderr
