"""The wheel holds all it needs, and so does the source archive it is built from."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from running import ENVIRONMENT, ROOT, UNTIDY


def test_the_wheel_takes_the_package_and_the_reference() -> None:
    """As the builder lists the files; the tests below build it."""
    builder = WheelBuilder(str(ROOT))
    names = {each.distribution_path for each in builder.recurse_included_files()}
    assert {
        "segdsl/py.typed",
        "segdsl/cli/__init__.py",
        "segdsl/language/syntax/segment.lark",
    } <= names
    for page in (ROOT / "docs" / "reference").iterdir():
        assert f"segdsl/reference/{page.name}" in names
    assert not [name for name in names if name.startswith(("tests", "examples"))]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source archive, and the wheel built from that archive."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.mark.slow
def test_the_wheel_carries_the_grammar_and_its_reference(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "segdsl/language/syntax/segment.lark" in names
    assert "segdsl/py.typed" in names
    for page in (ROOT / "docs" / "reference").iterdir():
        assert f"segdsl/reference/{page.name}" in names
    assert not [name for name in names if name.startswith(("tests", "examples"))]


@pytest.mark.slow
def test_the_source_archive_carries_the_tests_and_no_leftovers(built: Path) -> None:
    [archive] = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"grammar/segment.lark", "Makefile", "LICENSE", "tests/cli/running.py"} <= names
    assert not [name for name in names if name.startswith((".venv", ".mypy_cache", "dist/"))]


@pytest.mark.slow
def test_the_installed_command_runs_without_the_checkout(built: Path, tmp_path: Path) -> None:
    [wheel] = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=False)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python")]
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *options, str(wheel)], check=True)
    (tmp_path / "a.seg").write_text(UNTIDY)
    # Its libraries are those of this interpreter; the package itself is the wheel's.
    surroundings = ENVIRONMENT | {"PYTHONPATH": sysconfig.get_path("purelib")}

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=tmp_path, env=surroundings
        )
        return done.stdout

    where = run(scripts / "python", "-c", "import segdsl; print(segdsl.__file__)")
    assert Path(where.strip()).is_relative_to(tmp_path)
    assert '"rightValue": "JP"' in run(scripts / "segdsl", "compile", "a.seg")
    assert "+where" in run(scripts / "python", "-m", "segdsl", "fmt", "--diff", "a.seg")
