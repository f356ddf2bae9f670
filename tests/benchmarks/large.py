"""What a large segment costs: how time grows with its conditions, and the memory it takes.

Growth is judged as n log n: for ten times the conditions, the time may be ten times as long and
as much more as the logarithm grows. That it is 1 where a stage is just n log n, and less where it
is linear, needs no other side.
"""

from __future__ import annotations

import gc
import itertools
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from commands import surroundings
from measures import Figure
from segdsl.diagnostics import Report
from segdsl.language.format import format_file
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.tree import File
from segdsl.rules.decompile import decompile
from segdsl.rules.lower import lower
from segdsl.rules.rule.model import Rule, encode
from segdsl.source import Source

SIZES = (10, 100, 1_000, 10_000)
AT_LEAST = 0.05
"""Seconds that a stage is run for at each size; the shortest run counts."""
FEWEST_RUNS = 5
MEGABYTE = 1_000_000
MOST_MEMORY = 200
_NAME = "large.seg"


def text(conditions: int) -> str:
    """A segment of rule sets of ten conditions, each of another attribute."""
    asked = [
        (
            f"points_{at} > {at}",
            f'city_{at} in ("Tokyo", "Osaka {at}")',
            f'email_{at} contains "{at}@example"',
            f"plan_{at} is not null",
            f"age_{at} between {at} and {at + 19}",
        )[at % 5]
        for at in range(conditions)
    ]
    groups = [asked[at : at + 10] for at in range(0, conditions, 10)]
    each = [f"any ({', '.join(group)})" for group in groups]
    return f'segment "Large" where {" and ".join(each)}\n'


def tree_of(source: Source) -> File:
    report = Report()
    tree = parse(source, report)
    assert not report.diagnostics, report.diagnostics[0].message
    return tree


def rule_of(tree: File) -> Rule:
    report = Report()
    (segment,) = resolve(Program(_NAME, {_NAME: tree}), report, {})
    rule = lower(segment, report)
    assert not report.diagnostics, report.diagnostics[0].message
    assert rule is not None
    return rule


def source_of(rule: str) -> str:
    report = Report()
    found = decompile(rule, "large.json", report)
    assert found is not None, report.diagnostics[0].message
    return found


Stage = Callable[[], object]


def stages(conditions: int) -> dict[str, Stage]:
    """Each stage over a segment of that many conditions."""
    source = Source(_NAME, text(conditions))
    tree = tree_of(source)
    rule = encode(rule_of(tree))
    return {
        "parse": lambda: tree_of(source),
        "compile": lambda: encode(rule_of(tree)),
        "format": lambda: format_file(tree, source),
        "decompile": lambda: source_of(rule),
    }


def goes_round(sizes: tuple[int, ...]) -> None:
    """Asserts that what the stages make is right: all conditions there, and the same again."""
    for conditions in sizes:
        source = Source(_NAME, text(conditions))
        tree = tree_of(source)
        rule = rule_of(tree)
        encoded = encode(rule)
        found = sum(len(each["conditions"]) for each in json.loads(encoded)["conditions"])
        assert found == conditions, f"of {conditions} conditions the rule has {found}"
        formatted = tree_of(Source(_NAME, format_file(tree, source)))
        assert formatted == tree, f"formatting {conditions} conditions changed them"
        again = rule_of(tree_of(Source(_NAME, source_of(encoded))))
        assert again == rule, f"{conditions} conditions decompiled are others"


def shortest(run: Stage) -> float:
    """The seconds of the shortest of several runs: what the work takes when nothing disturbs it.

    What earlier runs left is collected first: it is not this one's cost. The collector stays on.
    """
    times: list[float] = []
    gc.collect()
    while len(times) < FEWEST_RUNS or sum(times) < AT_LEAST:
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times)


def growth(times: dict[int, float]) -> float:
    """The worst step from a size to the next, as a share of what n log n would grow."""

    def allowed(small: int, large: int) -> float:
        return (large * math.log(large)) / (small * math.log(small))

    steps = itertools.pairwise(sorted(times))
    return max((times[b] / times[a]) / allowed(a, b) for a, b in steps)


def rows(folder: Path, sizes: tuple[int, ...] = SIZES) -> Iterator[Figure]:
    most = max(sizes)
    asserted: list[None] = []

    def agree() -> None:
        if not asserted:
            goes_round(sizes)
            asserted.append(None)

    def figure(stage: str) -> Figure:
        return Figure(
            f"{stage}: growth from {min(sizes):,} to {most:,} conditions",
            "n log n, the worst step",
            "",
            1,
            lambda: growth({size: shortest(stages(size)[stage]) for size in sizes}),
            agree,
            rounds=5,
        )

    yield from map(figure, ("parse", "compile", "format", "decompile"))
    yield Figure(
        f"memory of {most:,} conditions, all four stages",
        f"{MOST_MEMORY} MB, at its peak",
        " MB",
        MOST_MEMORY,
        lambda: peak(most),
        agree,
    )


# --- memory ------------------------------------------------------------------------------


def peak(conditions: int) -> float:
    """The most memory, in MB, that a fresh process had while it ran all four stages."""
    done = subprocess.run(
        [sys.executable, __file__, str(conditions)],
        check=True,
        env={**surroundings(), "PYTHONPATH": ":".join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return float(done.stdout)


def _all_stages(conditions: int) -> float:
    """Runs all stages here, and keeps what each made; the peak of this process in MB."""
    made = [stage() for stage in stages(conditions).values()]
    assert all(made)
    return peak_memory()


def peak_memory() -> float:
    """The most memory that this process had, in MB."""
    if sys.platform == "linux":
        # What `getrusage` tells may be of the process that started this one.
        status = Path("/proc/self/status").read_text()
        (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        return int(peak) * 1024 / MEGABYTE
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / MEGABYTE if sys.platform == "darwin" else used * 1024 / MEGABYTE


if __name__ == "__main__":
    print(_all_stages(int(sys.argv[1])))
