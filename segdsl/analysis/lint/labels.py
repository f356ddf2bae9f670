"""How findings name what a condition asks of, in short."""

from __future__ import annotations

from typing import assert_never

from segdsl.language.condition import tree as c
from segdsl.language.format import flat
from segdsl.language.syntax.spelling import behavior, name, reference


def subject_text(of: c.Subject | c.Score) -> str:
    """`country`, `group household.size`, `count(purchases …)`; a filter is only hinted at."""
    match of:
        case c.Score(model):
            return f"score of {reference(model)}"
        case c.Attribute() | c.GroupAttribute() | c.MlAttribute():
            return flat.subject(of)
        case c.Aggregate(function, table, columns):
            source = behavior(table)
            of_what = ", ".join(f"{source}.{name(each)}" for each in columns)
            more = of.filter is not None or of.is_existential
            start = "count distinct (" if function == "count distinct" else f"{function}("
            some = "some " if of.some else ""
            return f"{start}{some}{of_what or source}{' …' if more else ''})"
        case _:
            assert_never(of)
