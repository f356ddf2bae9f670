"""Every error of segdsl that a command raises ends it with its exit code, and no traceback."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator

import pytest

import segdsl
from running import segdsl as run
from segdsl.api.errors import ClientError
from segdsl.cli import rule
from segdsl.diagnostics import Code, DiagnosticsError, Report
from segdsl.engine.errors import EngineError
from segdsl.errors import InputError, SegdslError
from segdsl.server.errors import ApiError


def error_classes() -> Iterator[type[SegdslError]]:
    """Every class of error in the package, in the order of its modules."""
    for module in pkgutil.walk_packages(segdsl.__path__, "segdsl."):
        if module.name == "segdsl.__main__":
            continue
        members = inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        for _, member in members:
            if member.__module__ == module.name and issubclass(member, SegdslError):
                yield member


ERRORS = list(error_classes())


def instance(kind: type[SegdslError]) -> SegdslError:
    """An error of a class with a message of its own, whatever its constructor takes."""
    error = kind.__new__(kind)
    SegdslError.__init__(error, "the disk is on fire")
    if isinstance(error, ClientError):
        error.help = "call someone"
    if isinstance(error, DiagnosticsError):
        error.report = Report()
        error.report.add(Code.SEG101, None, "the disk is on fire")
    return error


def expected_exit_code(kind: type[SegdslError]) -> int:
    if issubclass(kind, DiagnosticsError):
        return 1
    return 3 if issubclass(kind, ClientError | EngineError | ApiError) else 2


@pytest.fixture(params=ERRORS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[SegdslError]:
    """A class of error that `segdsl rule` raises instead of doing its work."""
    kind: type[SegdslError] = request.param

    def fail(**options: object) -> None:
        raise instance(kind)

    monkeypatch.setattr(rule.command, "callback", fail)
    return kind


def test_the_package_has_errors_of_every_exit_code() -> None:
    assert {expected_exit_code(kind) for kind in ERRORS} == {1, 2, 3}
    assert sum(issubclass(kind, InputError) for kind in ERRORS) > 10


def test_an_error_ends_the_command_with_its_exit_code_and_its_message(
    kind: type[SegdslError],
) -> None:
    done = run("rule")
    assert done.exit_code == expected_exit_code(kind)
    assert done.stdout == ""
    if done.exit_code != 3:
        assert done.stderr == "Error: the disk is on fire\n"
    elif issubclass(kind, ClientError):
        assert done.stderr == "error: the disk is on fire\n  = help: call someone\n"
    else:
        assert done.stderr == "error: the disk is on fire\n"


def test_the_json_document_has_the_error(kind: type[SegdslError]) -> None:
    done = run("rule", "--json")
    document = json.loads(done.stdout)
    assert document["exit_code"] == done.exit_code == expected_exit_code(kind)
    assert document["ok"] is False
    assert document["error"] == {
        "kind": "api" if done.exit_code == 3 else "usage",
        "message": "the disk is on fire",
        "help": "call someone" if issubclass(kind, ClientError) else None,
    }
    reported = [diagnostic["message"] for diagnostic in document["diagnostics"]]
    assert reported == (["the disk is on fire"] if done.exit_code == 1 else [])


def test_a_name_in_a_message_begins_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**options: object) -> None:
        raise InputError("there is no `a\nError: b`", "  in line 1")

    monkeypatch.setattr(rule.command, "callback", fail)
    assert run("rule").stderr == "Error: there is no `a␊Error: b`\n  in line 1\n"
