"""A quick run leaves out no kind of check; how it is made is in `quick`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quick import COLLECTED, STANDS_FOR, Collected, module_of, sampled

TESTS = Path(__file__).parent


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
