"""What is imported when: a command that does not need a library does not wait for it."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import segdsl
from segdsl.cli.group import _MODULES, COMMANDS

ROOT = Path(__file__).parents[1]
HEAVY = {
    *("difflib", "duckdb", "httpx", "hypothesis", "json", "lark", "msgspec", "rich"),
    *("sqlglot", "stamina", "starlette", "uvicorn"),
}

# What `segdsl compile` takes to start is mostly the import of these: the list grows only where
# what is added is worth the time of every run.
COMPILING = {
    "segdsl._version",
    "segdsl.analysis",
    "segdsl.analysis.lint",
    "segdsl.analysis.lint.contradictions",
    "segdsl.analysis.lint.duplicates",
    "segdsl.analysis.lint.intervals",
    "segdsl.analysis.lint.labels",
    "segdsl.analysis.lint.normal_form",
    "segdsl.analysis.lint.prefilter",
    "segdsl.analysis.lint.relative_times",
    "segdsl.analysis.lint.suppressions",
    "segdsl.analysis.lint.unused",
    "segdsl.cli",
    "segdsl.cli.compile",
    "segdsl.cli.completer",
    "segdsl.cli.connection",
    "segdsl.cli.console",
    "segdsl.cli.document",
    "segdsl.cli.errors",
    "segdsl.cli.examples",
    "segdsl.cli.group",
    "segdsl.cli.options",
    "segdsl.cli.reporting",
    "segdsl.cli.segment_arguments",
    "segdsl.diagnostics",
    "segdsl.diagnostics.codes",
    "segdsl.diagnostics.places",
    "segdsl.diagnostics.report",
    "segdsl.diagnostics.suggest",
    "segdsl.errors",
    "segdsl.files",
    "segdsl.imports",
    "segdsl.language",
    "segdsl.language.behaviors",
    "segdsl.language.condition",
    "segdsl.language.condition.counting",
    "segdsl.language.condition.ml",
    "segdsl.language.condition.tree",
    "segdsl.language.condition.walk",
    "segdsl.language.format",
    "segdsl.language.format.flat",
    "segdsl.language.predicates",
    "segdsl.language.references",
    "segdsl.language.references.facts",
    "segdsl.language.references.ids",
    "segdsl.language.references.memberships",
    "segdsl.language.references.substitution",
    "segdsl.language.references.symbolic_ids",
    "segdsl.language.references.uniqueness",
    "segdsl.language.resolve",
    "segdsl.language.resolve.aggregates",
    "segdsl.language.resolve.context",
    "segdsl.language.resolve.names",
    "segdsl.language.resolve.program",
    "segdsl.language.resolve.resolver",
    "segdsl.language.resolve.segments",
    "segdsl.language.resolve.sizes",
    "segdsl.language.resolve.uses",
    "segdsl.language.resolve.values",
    "segdsl.language.syntax",
    "segdsl.language.syntax.base_builder",
    "segdsl.language.syntax.builder",
    "segdsl.language.syntax.fast_path",
    "segdsl.language.syntax.grammar",
    "segdsl.language.syntax.item_starts",
    "segdsl.language.syntax.lalr",
    "segdsl.language.syntax.lexer",
    "segdsl.language.syntax.parser",
    "segdsl.language.syntax.predicate_builder",
    "segdsl.language.syntax.spelling",
    "segdsl.language.syntax.tables",
    "segdsl.language.syntax.tree",
    "segdsl.language.syntax.walk",
    "segdsl.language.values",
    "segdsl.loading",
    "segdsl.project_file",
    "segdsl.rules",
    "segdsl.rules.layout",
    "segdsl.rules.layout.packing",
    "segdsl.rules.layout.shape",
    "segdsl.rules.layout.two_levels",
    "segdsl.rules.lower",
    "segdsl.rules.lower.arrays",
    "segdsl.rules.lower.filters",
    "segdsl.rules.lower.leaves",
    "segdsl.rules.lower.operators",
    "segdsl.rules.lower.segment",
    "segdsl.rules.rule",
    "segdsl.rules.rule.composite",
    "segdsl.rules.rule.counts",
    "segdsl.rules.rule.model",
    "segdsl.source",
    "segdsl.terminal",
    "segdsl.workspace",
    "segdsl.workspace.check",
    "segdsl.workspace.check.check_runner",
    "segdsl.workspace.check.exports",
    "segdsl.workspace.check.inputs",
    "segdsl.workspace.check.load_checked",
    "segdsl.workspace.check.other_items",
    "segdsl.workspace.project",
    "segdsl.workspace.project.known_ids",
}
# Modules of Python that take a millisecond or more each, and that nothing here needs.
SLOW_OF_PYTHON = {
    *("asyncio", "concurrent.futures", "hashlib", "ipaddress", "logging", "multiprocessing"),
    *("pathlib", "random", "shutil", "subprocess", "tempfile", "tomllib", "urllib.parse"),
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


@pytest.mark.parametrize("command", ["check", "compile", "fmt"])
def test_of_libraries_compiling_imports_only_the_encoder(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.seg").write_text('segment "東京" where sum(buys.price where a = "b") > 3\n')
    assert imported_by(running(command, "a.seg"), tmp_path) == {"msgspec"}


def test_a_mistake_is_told_without_lark(tmp_path: Path) -> None:
    (tmp_path / "a.seg").write_text('segment "東京" whre a = "b"\n')
    code = running("check", "a.seg").replace("not end.code", "end.code == 1")
    assert "lark" not in imported_by(code, tmp_path)


def test_compiling_imports_these_modules_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "a.seg").write_text('segment "a" where (a = 1 or b > 2) and sum(c.d) > 3')
    script = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{running('compile', 'a.seg')}"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    modules = set(done.stdout.splitlines()[-1].split())
    assert {each for each in modules if each.startswith("segdsl.")} == COMPILING
    assert not modules & SLOW_OF_PYTHON


def test_the_help_of_all_says_what_each_command_says_first() -> None:
    for name, line in COMMANDS.items():
        module = importlib.import_module(f"segdsl.cli.{_MODULES.get(name, name)}")
        assert module.command.get_short_help_str(limit=200) == line


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
