"""Labels of attributes, behaviors and columns in the console, and suggestions by label. Pure.

Rules and `.seg` files use the names of matrix columns and tables; users know the labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from segdsl.diagnostics.suggest import did_you_mean, nearest
from segdsl.language.behaviors import name_of
from segdsl.language.syntax.spelling import behavior, name
from segdsl.schema.model import Schema


class LabelledName(msgspec.Struct, frozen=True):
    """A name as written in a `.seg` file, with its label in the console."""

    spelling: str
    label: str | None = None


class Labels(msgspec.Struct, frozen=True):
    """Informative labels by name; those of columns by matrix table and name."""

    attributes: Mapping[str, str] = {}
    behaviors: Mapping[str, str] = {}
    columns: Mapping[tuple[str, str], str] = {}


NO_LABELS = Labels()


def labels_of(schema: Schema) -> Labels:
    """The informative labels of a schema."""
    return Labels(
        {
            each.name: each.label
            for each in schema.attributes
            if each.label is not None and is_informative(each.label, each.name)
        },
        {
            each.name: each.label
            for each in schema.behaviors
            if each.label is not None
            and is_informative(each.label, name_of(each.name) or each.name)
        },
        {
            (behavior_.name, each.name): each.label
            for behavior_ in schema.behaviors
            for each in behavior_.columns
            if each.label is not None and is_informative(each.label, each.name)
        },
    )


def is_informative(label: str, name: str) -> bool:
    """Whether a label differs from its name in more than case and separators."""
    return _normalized(label) != _normalized(name)


def column_names(columns: Iterable[tuple[str, str | None]]) -> list[LabelledName]:
    """The spellings of columns or attributes, from names and labels."""
    return [LabelledName(name(each), label) for each, label in columns]


def behavior_names(schema: Schema) -> list[LabelledName]:
    return [LabelledName(behavior(each.name), each.label) for each in schema.behaviors]


def suggest_name(
    word: str, candidates: Iterable[LabelledName], default: str | None = None
) -> str | None:
    """A help line for an unknown name: the name with that label or a similar one, or `default`.

    `word` is the name as written, without backquotes.
    """
    listed = list(candidates)
    matches = with_label(word, listed)
    if matches:
        which = " or ".join(f"`{each.spelling}`" for each in matches)
        return f"“{matches[0].label}” is a label in the console: write {which}"
    by_spelling = {each.spelling.strip("`"): each for each in reversed(listed)}
    if nearest(word, by_spelling) is None:
        label = nearest(word, [each.label for each in listed if each.label])
        if label is not None:
            match = next(each for each in listed if each.label == label)
            return f"did you mean `{match.spelling}` (“{label}” in the console)?"
    return did_you_mean(word, by_spelling, default)


def with_label(word: str, candidates: Iterable[LabelledName]) -> list[LabelledName]:
    """The names with the label `word`, ignoring case and separators."""
    return [
        each for each in candidates if each.label and _normalized(each.label) == _normalized(word)
    ]


def _normalized(text: str) -> str:
    """A text without case and separators, in which labels and names may differ."""
    return "".join(each for each in text.casefold() if each.isalnum())
