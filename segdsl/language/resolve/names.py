"""Names of the items of one file: none is blank, and no two of a kind are the same."""

from __future__ import annotations

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.syntax.spelling import string
from segdsl.source import Span

_PURPOSES = {
    "segment": "describe in a few words who is in it",
    "funnel": "describe in a few words what it leads to",
    "stage": "describe in a few words who is in it",
    "activation": "describe in a few words what is sent where",
    "activation template": "describe in a few words what is sent where",
}
_UNIQUE = "the API keeps names unique within {}: give it another name{}"
_WITHIN = {
    "segment": _UNIQUE.format("a folder", " or folder"),
    "funnel": _UNIQUE.format("a folder", " or folder"),
    "stage": "a stage is known by its name: give it another one",
    "activation": "an activation is known by its name: give it another one",
    "activation template": "a template is known by its name: give it another one",
}


class Names:
    """The names that items of a file have taken."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._spans: dict[tuple[str, object, str], Span] = {}

    def take(self, kind: str, name: str, within: object, span: Span, other: str) -> bool:
        """Whether an item may have a name; reported where not.

        `within` is where no other of its kind may have it. `other` begins the message about one
        that has it: `another segment of this file is`.
        """
        key = kind, within, name
        before = self._spans.get(key)
        if before is None:
            self._spans[key] = span
        else:
            self.report.add(
                Code.SEG111,
                span,
                f"{other} named {string(name)} too",
                help=_WITHIN[kind],
                notes=(Note("the first one", before),),
            )
        if not name.strip():
            article = "an" if kind[0] in "aeiou" else "a"
            self.report.add(
                Code.SEG114,
                span,
                f"{article} {kind} cannot have a blank name",
                help=_PURPOSES[kind],
            )
            return False
        return before is None
