"""Labels: what the console calls attributes, behaviors and columns, and how a name is found by one.

Rules, and so `.seg` files, name matrix columns and tables; people know the labels. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from segdsl.diagnostics.suggest import did_you_mean, nearest
from segdsl.language.behaviors import name_of
from segdsl.language.syntax.spelling import behavior, name
from segdsl.schema.model import Schema


class Known(msgspec.Struct, frozen=True):
    """A name that can be written, as it is written, with its label in the console."""

    spelling: str
    label: str | None = None


class Labels(msgspec.Struct, frozen=True):
    """The labels that say more than the names do, by name; of columns by matrix table and name."""

    attributes: Mapping[str, str] = {}
    behaviors: Mapping[str, str] = {}
    columns: Mapping[tuple[str, str], str] = {}


NO_LABELS = Labels()


def labels_of(schema: Schema) -> Labels:
    """The labels of a schema that tell a reader something new."""
    return Labels(
        {
            each.name: each.label
            for each in schema.attributes
            if each.label is not None and says_more(each.label, each.name)
        },
        {
            each.name: each.label
            for each in schema.behaviors
            if each.label is not None and says_more(each.label, name_of(each.name) or each.name)
        },
        {
            (of.name, each.name): each.label
            for of in schema.behaviors
            for each in of.columns
            if each.label is not None and says_more(each.label, each.name)
        },
    )


def says_more(label: str, name: str) -> bool:
    """Whether a label is more than its name in other capitals and separators."""
    return _letters(label) != _letters(name)


def known_columns(columns: Iterable[tuple[str, str | None]]) -> list[Known]:
    """Columns, or attributes, by name and label."""
    return [Known(name(each), label) for each, label in columns]


def known_behaviors(schema: Schema) -> list[Known]:
    return [Known(behavior(each.name), each.label) for each in schema.behaviors]


def suggestion(word: str, known: Iterable[Known], otherwise: str | None = None) -> str | None:
    """A help line that names what was meant: by its label, or the nearest; or `otherwise`.

    `word` is the name as a reader wrote it, without backquotes.
    """
    listed = list(known)
    found = labelled(word, listed)
    if found:
        which = " or ".join(f"`{each.spelling}`" for each in found)
        return f"“{found[0].label}” is a label of the console: write {which}"
    names = {each.spelling.strip("`"): each for each in reversed(listed)}
    if nearest(word, names) is None:
        near = nearest(word, [each.label for each in listed if each.label])
        if near is not None:
            meant = next(each for each in listed if each.label == near)
            return f"did you mean `{meant.spelling}` (“{near}” in the console)?"
    return did_you_mean(word, names, otherwise)


def labelled(word: str, known: Iterable[Known]) -> list[Known]:
    """What has the label `word`, in whatever capitals and separators."""
    return [each for each in known if each.label and _letters(each.label) == _letters(word)]


def _letters(text: str) -> str:
    """A text without what labels and names write differently: capitals and separators."""
    return "".join(each for each in text.casefold() if each.isalnum())
