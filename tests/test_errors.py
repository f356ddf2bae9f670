"""One root for every error that segdsl raises on purpose."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import segdsl
from segdsl.api.errors import ClientError
from segdsl.diagnostics import DiagnosticsError, Report
from segdsl.errors import FileError, InputError, SegdslError
from segdsl.server.http.faults import ConnectionCutError


def errors() -> Iterator[type[BaseException]]:
    """The public exception classes of the package."""
    for module in pkgutil.walk_packages(segdsl.__path__, "segdsl."):
        if module.name == "segdsl.__main__":
            continue
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            own = found.__module__ == module.name and not found.__name__.startswith("_")
            if own and issubclass(found, BaseException):
                yield found


def test_every_error_has_the_root() -> None:
    # A cut connection ends a request of the local API whatever catches errors on the way, and
    # click's own exceptions are what it shows.
    others = {
        each
        for each in errors()
        if not issubclass(each, SegdslError) and not each.__mro__[1].__module__.startswith("click")
    }
    assert others == {ConnectionCutError}


def test_what_a_person_gave_is_no_error_of_the_system() -> None:
    found = [each for each in errors() if issubclass(each, InputError)]
    assert len(found) > 10
    assert not [each for each in found if issubclass(each, OSError)]
    assert FileError in found
    assert not issubclass(ClientError, InputError)


def test_the_text_of_an_error() -> None:
    assert str(InputError("there is no region `x`")) == "there is no region `x`"
    assert str(InputError("it is wrong", "line 1")) == "it is wrong\nline 1"
    assert str(DiagnosticsError(Report())) == ""
