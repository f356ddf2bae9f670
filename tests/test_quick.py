"""A quick run leaves out no kind of check; how it is made is in `quick`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quick import COLLECTED, Collected, module_of, sampled

TESTS = Path(__file__).parent

STANDS_FOR = {
    "tests/cli/test_packaging.py::test_the_wheel_takes_the_package_and_the_reference": [
        "tests/cli/test_packaging.py::test_the_wheel_carries_the_grammar_and_its_reference",
        "tests/cli/test_packaging.py::test_the_source_archive_carries_the_tests_and_no_leftovers",
        "tests/cli/test_packaging.py::test_the_installed_command_runs_without_the_checkout",
    ],
    "tests/cli/test_secrets.py::test_a_wrong_key_is_not_told_either": [
        "tests/cli/test_secrets.py::test_no_command_tells_the_key",
    ],
    "tests/docs/test_docs.py::test_a_session_does_what_is_shown": [
        "tests/test_demo.py::test_the_demo_tells_its_story",
    ],
    "tests/local/test_local_store.py::test_nothing_acknowledged_is_lost_by_kill_9": [
        "tests/cli/test_faults.py::test_nothing_acknowledged_is_lost_when_the_server_is_killed",
    ],
    "tests/cli/test_faults.py::test_every_segment_is_made_exactly_once": [
        "tests/plans/test_exactly_once.py::test_a_client_that_is_killed_again_and_again",
        "tests/plans/test_exactly_once.py::test_through_bad_weather",
    ],
    "tests/local/test_local_queries.py::test_closing_stops_everything": [
        "tests/local/test_local_queries.py::test_polls_are_answered_while_long_queries_run",
    ],
    "tests/plans/test_edited_by_hand.py::test_mutants_of_a_lock": [
        "tests/plans/test_edited_by_hand.py::test_more_mutants",
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
"""The slow tests by the quick test of the same kind that stands for them."""


def collected(request: pytest.FixtureRequest) -> Collected | None:
    """What this session has collected; None where that is not the whole of the tests.

    The same test of a session that has it all is run then.
    """
    found = request.config.stash[COLLECTED]
    modules = {f"tests/{path.relative_to(TESTS).as_posix()}" for path in TESTS.rglob("test_*.py")}
    if modules <= set(map(module_of, found.every)):
        return found
    name = request.node.name
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", name, TESTS],
        cwd=TESTS.parent,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    return None


def test_every_module_and_every_kind_of_slow_test_is_in_a_quick_run(
    request: pytest.FixtureRequest,
) -> None:
    found = collected(request)
    if found is None:
        return
    stood_for = {slow for slows in STANDS_FOR.values() for slow in slows}
    assert stood_for == found.slow
    assert STANDS_FOR.keys() <= found.quick
    modules = set(map(module_of, found.every))
    only_slow = modules - set(map(module_of, found.every - found.slow))
    assert set(map(module_of, found.quick)) == modules - only_slow


@pytest.mark.parametrize(
    ("many", "most", "kept"),
    [
        (1, 3, [0]),
        (3, 3, [0, 1, 2]),
        (4, 3, [0, 2, 3]),
        (5, 3, [0, 2, 4]),
        (100, 3, [0, 50, 99]),
        (100, 4, [0, 33, 66, 99]),
        (11, 4, [0, 4, 8, 10]),
    ],
)
def test_a_sample_has_the_first_and_the_last(many: int, most: int, kept: list[int]) -> None:
    assert sampled(range(many), most) == kept
