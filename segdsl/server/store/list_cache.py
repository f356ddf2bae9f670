"""The list of all segments as it is answered, kept until anything changes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from segdsl.server.store.store import Store


class Listed:
    """The JSON of an answer that is made of nothing but what is in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: tuple[tuple[int, int], bytes] | None = None

    def answer(self, make: Callable[[], object]) -> bytes:
        """What `make` makes, as JSON; made again as soon as the store is another."""
        with self._lock:
            # Asked before it is made: what changes meanwhile makes it another one.
            revision = self._store.revision()
            if self._kept is None or self._kept[0] != revision:
                self._kept = (revision, msgspec.json.encode(make()))
            return self._kept[1]
