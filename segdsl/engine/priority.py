"""How the engine's threads leave the processor to others: answering comes before counting."""

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


def step_back() -> None:
    """Lets the threads of others go before this one, and before those that it starts.

    On Linux, where threads have a priority of their own; elsewhere nothing is done.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def kept_threads(most: int) -> ThreadPoolExecutor:
    """Threads that have stepped back, made as they are needed, and kept until it is shut down."""
    return ThreadPoolExecutor(most, "segdsl query", step_back)


def stepped_back(make: Callable[[], _T]) -> _T:
    """What `make` makes on a thread that has stepped back, as whatever threads it starts."""
    with ThreadPoolExecutor(1, initializer=step_back) as pool:
        return pool.submit(make).result()
