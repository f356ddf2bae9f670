"""`from segdsl import …` gives the same things, whatever was imported before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import segdsl

ROOT = Path(__file__).parents[1]
CHECK = """
import inspect, segdsl
from segdsl import *
for name in segdsl.__all__:
    assert getattr(segdsl, name) is globals()[name]
    kind = type(globals()[name])
    assert not inspect.ismodule(globals()[name]), name
    assert name == "__version__" or callable(globals()[name]), name
for each in (resolve, lower, parse, decompile, format_file, create_request):
    assert inspect.isfunction(each), each
report = Report()
source = Source("x.seg", 'segment "x" where a = 1')
[segment] = resolve(Program("x.seg", {"x.seg": parse(source, report)}), report)
assert lower(segment, report) is not None
"""


@pytest.mark.parametrize(
    "before",
    [
        "",
        "import segdsl.language.resolve, segdsl.rules.lower",
        "import segdsl.language.resolve.program, segdsl.rules.lower.segment",
        "import segdsl.rules.decompile",
        "from segdsl import resolve, lower",
        "from segdsl import Program, resolve",
        "from segdsl.language.resolve import Program",
        "from segdsl.rules.lower import lower",
        "import segdsl; segdsl.Program; import segdsl.rules.lower; segdsl.rules.lower",
        "import segdsl.loading",
        "import importlib; [importlib.import_module('segdsl.' + each) for each in"
        " ('rules.lower', 'language.resolve', 'language.format', 'language.syntax.parser')]",
        "import importlib, sys, segdsl.language.resolve; importlib.reload(segdsl);"
        " importlib.reload(sys.modules['segdsl.language.resolve'])",
        "from segdsl.cli.group import cli; cli(['check', '--help'], standalone_mode=False)",
    ],
)
def test_public_names_are_what_they_are(before: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{before}\n{CHECK}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_listed() -> None:
    assert set(segdsl._PUBLIC) | {"__version__"} == set(segdsl.__all__)
    assert set(segdsl.__all__) <= set(dir(segdsl))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = segdsl.nothing  # type: ignore[attr-defined]
