"""`SEGDSL_TESTS=quick`: every kind of check with fewer cases, for a fast verdict.

Four rules make a run quick, and all of them give the same tests in every run:

- Of the cases of one test function the first, the last and each n-th between them run, `CASES` at
  most.
- Of the heavy test functions of one module, which start servers or processes, `HEAVY` run in the
  same way, with one case each.
- Properties try fewer examples, and loops over random inputs go fewer rounds: `scaled` says how
  many.
- Tests that are marked slow stay out, and `STANDS_FOR` has a quick test of the same kind for
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
CASES = 2
"""The cases of one test function that run at most."""
HEAVY = 2
"""The heavy test functions of one module that run at most."""
SHARE = 40
"""Of so many examples or rounds one is made."""


STANDS_FOR = {
    "tests/cli/test_packaging.py::test_the_wheel_takes_the_package_and_the_reference": [
        "tests/cli/test_packaging.py::test_the_wheel_carries_the_grammar_and_its_reference",
        "tests/cli/test_packaging.py::test_the_source_archive_carries_the_tests_and_no_leftovers",
        "tests/cli/test_packaging.py::test_the_installed_command_runs_without_the_checkout",
    ],
    "tests/cli/test_secrets.py::test_a_wrong_key_is_not_printed_either": [
        "tests/cli/test_secrets.py::test_no_command_tells_the_key",
    ],
    "tests/docs/test_docs.py::test_a_session_does_what_is_shown": [
        "tests/test_demo.py::test_the_demo_tells_its_story",
    ],
    "tests/cli/test_faults.py::test_every_segment_is_made_exactly_once": [
        "tests/plans/test_exactly_once.py::test_a_client_that_is_killed_again_and_again",
        "tests/plans/test_exactly_once.py::test_through_injected_faults",
    ],
    "tests/local/test_local_queries.py::test_closing_stops_everything": [
        "tests/local/test_local_queries.py::test_polls_are_answered_while_long_queries_run",
    ],
    "tests/local/test_local_store.py::test_nothing_acknowledged_is_lost_by_kill_9": [
        "tests/cli/test_faults.py::test_nothing_acknowledged_is_lost_when_the_server_is_killed",
        "tests/local/test_local_parents.py::test_a_server_that_is_killed_during_a_run_leaves_what_was_built",
    ],
    "tests/plans/test_edited_by_hand.py::test_mutants_of_a_lock": [
        "tests/plans/test_edited_by_hand.py::test_more_mutants",
    ],
    "tests/plans/test_exports_exactly_once.py::test_a_few_through_faults": [
        "tests/plans/test_exports_exactly_once.py::test_many_through_faults",
    ],
    "tests/plans/test_no_export_is_lost.py::test_no_edit_is_lost": [
        "tests/plans/test_no_export_is_lost.py::test_no_edit_is_lost_in_long_histories",
    ],
    "tests/plans/test_nothing_lost.py::test_no_edit_is_lost": [
        "tests/plans/test_nothing_lost.py::test_no_edit_is_lost_in_long_histories",
    ],
    "tests/sql/test_sql_numbers.py::test_every_number_with_every_column": [
        "tests/sql/test_sql_edges.py::test_ten_thousand_values_run",
        "tests/sql/test_sql_edges.py::test_two_hundred_levels_run",
        "tests/sql/test_sql_edges.py::test_very_many_conditions_run",
    ],
    "tests/sql/test_sql_references.py::test_a_segment_used_twice_is_evaluated_once": [
        "tests/sql/test_sql_references.py::test_long_chains_and_doubling_trees_stay_small",
    ],
    "tests/test_fuzzing.py::test_some_folders": ["tests/test_fuzzing.py::test_many_folders"],
    "tests/test_fuzzing.py::test_some_rules": ["tests/test_fuzzing.py::test_many_rules"],
    "tests/test_fuzzing.py::test_some_texts": ["tests/test_fuzzing.py::test_many_texts"],
    "tests/test_cdnow.py::test_tables_from_a_small_file": [
        "tests/test_benchmarks.py::test_ten_million_rows_are_built_in_bounded_memory",
        "tests/test_retail_data.py::test_arrays_are_of_all_lengths",
        "tests/test_retail_data.py::test_each_example_selects_some_and_not_all",
        "tests/test_retail_data.py::test_nothing_lies_after_now_or_before_signup",
        "tests/test_retail_data.py::test_nulls_are_everywhere_but_in_ids_and_signup",
        "tests/test_retail_data.py::test_some_elements_of_arrays_are_null",
        "tests/test_retail_data.py::test_the_same_bytes_each_time",
        "tests/test_retail_data.py::test_there_is_enough",
        "tests/test_retail_data.py::test_what_is_known_of_profiles_follows_from_their_events",
    ],
}
"""The slow tests by the test of the same kind that stands for them in each quick run."""


def scaled(many: int, least: int = 1) -> int:
    """How many of `many` examples or rounds this run makes; `least` is a bound for quick runs."""
    return min(many, max(least, many // SHARE)) if IS_QUICK else many


def tenth(many: int) -> int:
    """How many examples a test marked `many` tries: a tenth of `many`, and all in `make slow`."""
    is_slow = os.environ.get("SEGDSL_HYPOTHESIS_PROFILE") in ("slow", "thorough")
    return many if is_slow else scaled(many // 10)


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
    for functions in heavy.values():
        kept |= {cases[0] for name, cases in functions.items() if name in STANDS_FOR}
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
