"""`SEGDSL_TESTS=quick`: every kind of check with fewer cases, for a verdict in under two minutes.

Four rules make a run quick, and all of them give the same tests in every run:

- Of the cases of one test function the first, the last and each n-th between them run, `CASES` at
  most.
- Of the heavy test functions of one module, which start servers or processes, `HEAVY` run in the
  same way, with one case each.
- Properties try fewer examples, and loops over random inputs go fewer rounds: `scaled` says how
  many.
- Tests that are marked slow stay out, and `test_quick` names a quick test of the same kind for
  each; but for `slow(quick=True)`: with few examples or cases those are quick too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import pytest

T = TypeVar("T")
NAME = "SEGDSL_TESTS"
AMOUNT = os.environ.get(NAME, "all")
if AMOUNT not in ("all", "quick"):
    raise pytest.UsageError(f"{NAME} is `all` or `quick`, not `{AMOUNT}`")
IS_QUICK = AMOUNT == "quick"
CASES = 3
"""The cases of one test function that run at most."""
HEAVY = 3
"""The heavy test functions of one module that run at most."""
SHARE = 40
"""Of so many examples or rounds one is made."""


def scaled(many: int, least: int = 1) -> int:
    """How many of `many` examples or rounds this run makes; `least` is a bound for quick runs."""
    return min(many, max(least, many // SHARE)) if IS_QUICK else many


def sampled(cases: Sequence[T], most: int) -> list[T]:
    """The first, the last and each n-th case between them; all where there are no more than `most`.

    At least two are kept of several.
    """
    if len(cases) <= most:
        return list(cases)
    step = -(-(len(cases) - 1) // (most - 1))
    return [*cases[: len(cases) - 1 : step], cases[-1]]


def chosen(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests of a quick run, in their order."""
    light: dict[str, list[str]] = {}
    heavy: dict[str, dict[str, list[str]]] = {}
    for item in items:
        if is_left_out(item):
            continue
        functions = light
        if item.get_closest_marker("heavy") is not None:
            functions = heavy.setdefault(module_of(item.nodeid), {})
        functions.setdefault(function_of(item.nodeid), []).append(item.nodeid)
    kept = {each for cases in light.values() for each in sampled(cases, CASES)}
    for of_module in heavy.values():
        for at, cases in enumerate(sampled(list(of_module.values()), HEAVY)):
            # Each takes another case: where all have the same, none is left out.
            kept.add(cases[at % len(cases)])
    return [item for item in items if item.nodeid in kept]


def is_left_out(item: pytest.Item) -> bool:
    """Whether a test is slow with any number of examples."""
    marker = item.get_closest_marker("slow")
    return marker is not None and not marker.kwargs.get("quick")


def module_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def function_of(nodeid: str) -> str:
    """The test function of a test: its id without the case."""
    return nodeid.partition("[")[0]


class Collected(NamedTuple):
    """The ids of test functions: of all, of those that are always left out, and of a quick run."""

    every: frozenset[str]
    slow: frozenset[str]
    quick: frozenset[str]


COLLECTED = pytest.StashKey[Collected]()


class Collection:
    """Keeps what was collected, before anything is left out, for `test_quick`."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        def functions(of: Iterable[pytest.Item]) -> frozenset[str]:
            return frozenset(function_of(item.nodeid) for item in of)

        config.stash[COLLECTED] = Collected(
            functions(items), functions(filter(is_left_out, items)), functions(chosen(items))
        )


class Quick:
    """Leaves out tests when they have been collected, and says how many."""

    def __init__(self) -> None:
        self._counts: tuple[int, int] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        kept = chosen(items)
        self._counts = (len(kept), len(items))
        names = {item.nodeid for item in kept}
        config.hook.pytest_deselected(items=[each for each in items if each.nodeid not in names])
        items[:] = kept

    def pytest_report_header(self) -> str:
        return (
            f"quick: of each test function {CASES} cases at most (the first, the last, each n-th "
            f"between them), of each module {HEAVY} heavy functions, one of {SHARE} examples, "
            "no slow tests"
        )

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["quick"] = self._counts

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # Every worker collects the same tests.
        self._counts = getattr(node, "workeroutput", {}).get("quick", self._counts)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._counts is not None:
            kept, every = self._counts
            terminalreporter.write_line(
                f"quick: {kept:,} of {every:,} tests; `make test` runs all but the slow ones"
            )
