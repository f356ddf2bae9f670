"""Short texts for the subjects of conditions in messages."""

from __future__ import annotations

from typing import assert_never

from segdsl.language.condition import tree as c
from segdsl.language.format import flat
from segdsl.language.syntax.spelling import behavior, name, reference


def subject_text(subject: c.Subject | c.Score) -> str:
    """`country`, `group household.size`, `count(purchases …)`; a filter is abbreviated."""
    match subject:
        case c.Score(model):
            return f"score of {reference(model)}"
        case c.Attribute() | c.GroupAttribute() | c.MlAttribute():
            return flat.subject(subject)
        case c.Aggregate(function, table, columns):
            source = behavior(table)
            of_what = ", ".join(f"{source}.{name(each)}" for each in columns)
            more = subject.filter is not None or subject.is_existential
            start = "count distinct (" if function == "count distinct" else f"{function}("
            some = "some " if subject.some else ""
            return f"{start}{some}{of_what or source}{' …' if more else ''})"
        case _:
            assert_never(subject)
