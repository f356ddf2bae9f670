"""The list of all segments as it is answered, kept until anything changes."""

from __future__ import annotations

import threading

import msgspec

from segdsl.local import shapes
from segdsl.local.store import Store


class Listed:
    """The segments of a parent segment as the JSON of an answer."""

    def __init__(self, store: Store, audience: str) -> None:
        self._store = store
        self._audience = audience
        self._lock = threading.Lock()
        self._kept: tuple[tuple[int, int], bytes] | None = None

    def answer(self) -> bytes:
        """All of them as they are now, whoever changed them last."""
        with self._lock:
            # Asked before they are read: what comes between makes it another one.
            revision = self._store.revision()
            if self._kept is None or self._kept[0] != revision:
                made = [shapes.segment(each) for each in self._store.segments(self._audience)]
                self._kept = (revision, msgspec.json.encode(made))
            return self._kept[1]
