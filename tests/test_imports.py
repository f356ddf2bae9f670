"""What is imported when: a command that does not need a library does not wait for it."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import segdsl
from segdsl.cli.group import COMMANDS

ROOT = Path(__file__).parents[1]
HEAVY = {
    *("difflib", "duckdb", "httpx", "hypothesis", "json", "lark", "msgspec", "rich"),
    *("sqlglot", "stamina", "starlette", "uvicorn"),
}


def imported_by(code: str, folder: Path = ROOT) -> set[str]:
    """The heavy modules in a fresh interpreter after running `code`."""
    script = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=folder
    )
    return HEAVY & set(done.stdout.splitlines()[-1].split())


def running(*arguments: str) -> str:
    return (
        "from segdsl.cli.group import cli\n"
        f"try: cli({list(arguments)!r})\n"
        "except SystemExit as end: assert not end.code, end.code"
    )


def test_the_package_imports_nothing_heavy() -> None:
    assert imported_by("import segdsl") == set()
    assert imported_by("import segdsl.cli") == set()


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), *((each, "--help") for each in COMMANDS)]
)
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported_by(running(*arguments)) == set()


@pytest.mark.parametrize("command", ["check", "compile"])
def test_compiling_imports_only_the_parser_and_the_encoder(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.seg").write_text('segment "東京" where sum(buys.price where a = "b") > 3')
    assert imported_by(running(command, "a.seg"), tmp_path) == {"lark", "msgspec"}


def test_formatting_imports_no_more_than_compiling(tmp_path: Path) -> None:
    (tmp_path / "a.seg").write_text('segment "東京" where a = "b"')
    assert imported_by(running("fmt", "a.seg"), tmp_path) <= {"lark", "msgspec"}


def test_a_real_target_needs_no_engine(tmp_path: Path) -> None:
    (tmp_path / "segdsl.toml").write_text(
        '[targets.live]\nkind = "treasuredata"\nregion = "us01"\nparent_segment = 1\n'
        'url = "http://127.0.0.1:9"\n'
    )
    code = (
        "import os\nos.environ['TD_API_KEY'] = '1/' + '0' * 40\n"
        "from segdsl.cli.group import cli\n"
        "try: cli(['list'])\n"
        "except SystemExit as end: assert end.code == 3, end.code"
    )
    assert not imported_by(code, tmp_path) & {"duckdb", "sqlglot", "starlette", "uvicorn"}


def test_every_public_name_is_there() -> None:
    for name in segdsl.__all__:
        assert getattr(segdsl, name) is not None
    assert set(segdsl.__all__) <= set(dir(segdsl))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = segdsl.nothing  # type: ignore[attr-defined]


def test_every_module_says_what_it_is_for() -> None:
    for found in pkgutil.walk_packages(segdsl.__path__, "segdsl."):
        module = importlib.import_module(found.name)
        source = Path(module.__file__ or "").read_text(encoding="utf-8")
        assert module.__doc__ or not source, found.name
