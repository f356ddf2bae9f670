"""Checks many files in several processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from segdsl.language.resolve.sizes import MAX_UNITS
from segdsl.workspace.check.check_runner import Basis, CheckedPart, check_part

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

MANY = 400
"""Files from which on a second process is faster than one."""
MAX_PROCESSES = 8


def check_in_processes(files: Sequence[str], basis: Basis) -> list[CheckedPart] | None:
    """Checks files in several processes; None where that is slower, impossible or too much.

    Processes are forked: they start at once, and keys of conditions are the same in all.
    """
    if len(files) < MANY or "-" in files or basis.settings or sys.platform != "linux":
        # A setting is wrong only if no file of all has such a param.
        return None
    processes = min(len(os.sched_getaffinity(0)), MAX_PROCESSES)
    if processes < 2:
        return None
    import multiprocessing
    import threading
    from concurrent.futures import ProcessPoolExecutor

    if threading.active_count() > 1:
        return None
    share = -(-len(files) // (2 * processes))
    chunks = [files[at : at + share] for at in range(0, len(files), share)]
    pool: AbstractContextManager[ProcessPoolExecutor] = ProcessPoolExecutor(
        processes, multiprocessing.get_context("fork"), initializer=_begin_work
    )
    with pool as workers:
        parts = list(workers.map(check_part, chunks, [basis] * len(chunks)))
    # The limit on what definitions add is one for all processes.
    return parts if sum(part.grown for part in parts) <= MAX_UNITS else None


def _begin_work() -> None:
    """A worker does this work alone; its parent reports an interruption."""
    import gc
    import signal

    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
