"""An encoded list of everything of a kind, kept until the store changes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from segdsl.server.store.store import Store


class ListCache:
    """The JSON of an answer that depends on nothing but the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._cached: tuple[tuple[int, int], bytes] | None = None

    def answer(self, create: Callable[[], object]) -> bytes:
        """The result of `create` as JSON, created again whenever the store has changed."""
        with self._lock:
            # Read first: a change in the meantime gives another revision.
            revision = self._store.revision()
            if self._cached is None or self._cached[0] != revision:
                self._cached = (revision, msgspec.json.encode(create()))
            return self._cached[1]
