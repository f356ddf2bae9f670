"""Lowers the priority of the engine's threads, so that the server stays responsive."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_NICENESS = 10


def lower_priority() -> None:
    """Lowers the priority of this thread and of those that it starts.

    Only on Linux, where threads have their own priority.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def low_priority_pool(size: int) -> ThreadPoolExecutor:
    """A pool of low-priority threads, created on demand and kept until shutdown."""
    return ThreadPoolExecutor(size, "segdsl query", lower_priority)


def run_at_low_priority(function: Callable[[], _T]) -> _T:
    """Calls a function on a low-priority thread, whose priority new threads inherit."""
    with ThreadPoolExecutor(1, initializer=lower_priority) as pool:
        return pool.submit(function).result()
