"""Guesses of features, made in the background and kept as long as the server runs.

The first request for a segment starts a guess, and later ones get it. A guess is made anew for a
rule that has changed since, and where the last one could not be made.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from segdsl.engine import QueryKilled
from segdsl.language.activations import ColumnSource, ExportColumn
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.predictive import FEATURE_LISTS, Feature
from segdsl.rules.activations.columns import encode_columns
from segdsl.rules.rule.model import encode
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.kinds.segments.table import Segment
from segdsl.server.service import Json, Service
from segdsl.training.guess import guess


class Guesses:
    """The guesses of one server."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._made: dict[tuple[int, int], Future[Json]] = {}
        self._closed = False

    def of_segment(self, id: int) -> Json | None:
        """The guessed features of who is in a segment, None while they are looked for.

        Raises ApiError (404), and EngineError where they cannot be found.
        """
        segment = self._service[Segments].find(id)
        key = (segment.id, segment.revision)
        with self._lock:
            future = self._made.get(key)
            if future is None:
                if self._closed:
                    raise QueryKilled
                if self._threads is None:
                    self._threads = ThreadPoolExecutor(1, thread_name_prefix="segdsl guesses")
                self._made[key] = self._threads.submit(self._guess, segment)
                return None
            if not future.done():
                return None
            if future.exception() is not None:
                # The next request tries again.
                del self._made[key]
        return future.result()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            threads = self._threads
        if threads is not None:
            threads.shutdown(cancel_futures=True)

    def _guess(self, segment: Segment) -> Json:
        return rule_of(guess(self._service.data, self._attributes_of(segment)))

    def _attributes_of(self, segment: Segment) -> frozenset[str]:
        """The attributes that say who is in a segment, directly or through others."""
        segments = self._service[Segments]
        names: set[str] = set()
        waiting, seen = [segment], {segment.id}
        while waiting:
            reading = segments.rules.of_stored(waiting.pop())
            for node in walk(reading.segment.condition):
                if isinstance(node, c.Test) and isinstance(node.subject, c.Attribute):
                    names.add(node.subject.name)
            for id in reading.refers_to:
                if id not in seen:
                    seen.add(id)
                    waiting.append(segments.find(id))
        return frozenset(names)


def rule_of(features: Sequence[Feature]) -> Json:
    """Features as the API's lists, with `preprocess` where some of them are computed."""
    lists: dict[str, list[str]] = {key: [] for key in FEATURE_LISTS.values()}
    for feature in features:
        lists[FEATURE_LISTS[feature.kind]].append(feature.name)
    computed = [_item(each) for each in features if each.source is not None]
    return {**lists, **({"preprocess": computed} if computed else {})}


def _item(feature: Feature) -> msgspec.Raw:
    """An item of `preprocess`: a column as activations export it, with its table."""
    source = feature.source
    assert source is not None
    column = ExportColumn(ColumnSource(source.column, None, source.functions), feature.name)
    [item] = encode_columns([column])
    item["source"]["table"] = source.table
    return msgspec.Raw(encode(item, pretty=False).encode())
