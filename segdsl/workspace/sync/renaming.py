"""Resources that look renamed: a new one in a file, like one of the lock that no file has.

A plan would create the new one and leave (or delete) the old one, and with that lose its id and
all that is attached to it. What is found here is asked or reported, and never decided: a wrong
guess would give the activations of one resource to another. Pure.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from segdsl.workspace.kinds.registry import Kinds
from segdsl.workspace.kinds.resource import Change, Outline
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.lock import Entry
from segdsl.workspace.sync.plan import Rename

MOST_PAIRS = 40_000
"""Pairs whose rules are compared; of more, only those that share a file, description or name."""
ENOUGH = 2.5
"""The least score of a pair that is reported."""
_SIMILAR_RULE = 0.5
_SIMILAR_NAME = 0.6


def likely_renames(
    entries: Iterable[Entry], changes: Iterable[Change], kinds: Kinds
) -> tuple[Rename, ...]:
    """Pairs of a new resource and the entry that it is like, each side in one pair at most.

    `entries` are those whose resource is on the server and in no file; the most alike come first.
    An entry without a file is paired with nothing.
    """
    olds = [_Old(entry, kinds[entry.kind].outline(entry.source)) for entry in entries if entry.file]
    news = [
        _New(change, change.after.state, kinds[change.kind].outline(change.after.source or ""))
        for change in changes
        if change.after is not None and change.before is None
    ]
    if not olds or not news:
        return ()
    alone = _alone_in_file(olds, news)
    found = []
    for old, new in _pairs(olds, news):
        score, why = _likeness(old, new, alone)
        if score >= ENOUGH and _may_be(old.entry, new.state):
            found.append((-score, new.state.key, old.entry.ref, old.entry, new, why))
    found.sort(key=lambda pair: pair[:3])
    renames: list[Rename] = []
    taken: set[object] = set()
    for _, key, ref, entry, new, why in found:
        if key not in taken and ref not in taken:
            taken.update((key, ref))
            folder, name = key.folder, key.name
            renames.append(
                Rename(*ref, entry.folder, entry.name, folder, name, new.change.file, why)
            )
    return tuple(renames)


def _may_be(entry: Entry, state: State) -> bool:
    """Whether a resource can have been the one of an entry: nothing goes to another owner."""
    is_near = state.owner is None or entry.folder == state.folder
    return entry.kind == state.resource and is_near


class _Old(NamedTuple):
    entry: Entry
    outline: Outline


class _New(NamedTuple):
    change: Change
    state: State
    outline: Outline


def _pairs(olds: Sequence[_Old], news: Sequence[_New]) -> Iterator[tuple[_Old, _New]]:
    if len(olds) * len(news) <= MOST_PAIRS:
        yield from ((old, new) for old in olds for new in news)
        return
    groups: dict[tuple[str, str], list[_Old]] = {}
    for old in olds:
        for feature in _features(old.entry.file, old.outline.description, old.entry.name):
            groups.setdefault(feature, []).append(old)
    for new in news:
        features = _features(new.change.file, new.outline.description, new.state.name)
        alike = {id(old): old for each in features for old in groups.get(each, ())[:_MOST_ALIKE]}
        yield from ((old, new) for old in alike.values())


_MOST_ALIKE = 40


def _features(file: str, description: str, name: str) -> list[tuple[str, str]]:
    found = [("file", file), ("name", name.casefold())]
    return [*found, ("description", description)] if description else found


def _alone_in_file(olds: Sequence[_Old], news: Sequence[_New]) -> set[str]:
    """The files that lost one segment, and have one that is new."""
    lost = Counter(each.entry.file for each in olds)
    gained = Counter(each.change.file for each in news)
    return {file for file, times in lost.items() if times == gained[file] == 1}


def _likeness(old: _Old, new: _New, alone: set[str]) -> tuple[float, tuple[str, ...]]:
    score, why = 0.0, []
    if old.entry.file == new.change.file:
        score += 3 if old.entry.file in alone else 1.5
        why.append("in the same file")
    if old.outline.description and old.outline.description == new.outline.description:
        score += 3
        why.append("with the same description")
    if old.entry.name == new.state.name:
        score += 3
        why.append("with the same name")
    elif (alike := _name_ratio(old.entry.name, new.state.name)) >= _SIMILAR_NAME:
        score += 2 * alike
        why.append("with a similar name")
    share = _share(Counter(old.outline.words), Counter(new.outline.words))
    if share >= _SIMILAR_RULE:
        score += 4 * share
        why.append("with the same rule" if share == 1 else "with a similar rule")
    return score, tuple(why)


def _name_ratio(one: str, other: str) -> float:
    # Names are short on real servers; of a long one only the beginning counts.
    return difflib.SequenceMatcher(None, one[:100].casefold(), other[:100].casefold()).ratio()


def _share(one: Counter[str], other: Counter[str]) -> float:
    """How much of the words of two rules is in both: 0 to 1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
