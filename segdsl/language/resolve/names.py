"""Names of the items of one file: none is blank, and no two of a kind are the same."""

from __future__ import annotations

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ByName, Reference
from segdsl.source import Span

_PURPOSES = {
    "segment": "describe in a few words who is in it",
    "funnel": "describe in a few words what it leads to",
    "stage": "describe in a few words who is in it",
    "activation": "describe in a few words what is sent where",
    "activation template": "describe in a few words what is sent where",
    "predictive segment": "describe in a few words what it predicts",
    "journey": "describe in a few words what it leads to",
    "journey stage": "describe in a few words what happens in it",
    "goal": "describe in a few words who has reached it",
    "criterion": "describe in a few words who meets it",
    "milestone": "describe in a few words who has reached it",
    "exit": "describe in a few words why profiles leave",
    "step": "describe in a few words what it does, or leave the name out",
    "branch": "describe in a few words who takes it",
    "variant": "describe in a few words what it is",
}
_KNOWN_BY_NAME = "{} is known by its name: give it another one"
_UNIQUE = "the API keeps names unique within {}: give it another name{}"
_WITHIN = {
    "segment": _UNIQUE.format("a folder", " or folder"),
    "funnel": _UNIQUE.format("a folder", " or folder"),
    "predictive segment": _UNIQUE.format("a folder", " or folder"),
    "journey": _UNIQUE.format("a folder", " or folder"),
    "stage": _KNOWN_BY_NAME.format("a stage"),
    "journey stage": _KNOWN_BY_NAME.format("a stage"),
    "activation": _KNOWN_BY_NAME.format("an activation"),
    "activation template": _KNOWN_BY_NAME.format("a template"),
    "exit": _KNOWN_BY_NAME.format("an exit"),
    "step": _KNOWN_BY_NAME.format("a step"),
    "branch": _KNOWN_BY_NAME.format("a branch"),
    "variant": _KNOWN_BY_NAME.format("a variant"),
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
        return self.is_named(kind, name, span) and before is None

    def is_named(self, kind: str, name: str, span: Span) -> bool:
        """Whether the name of something is not blank; reported where it is."""
        if name.strip():
            return True
        article = "an" if kind[0] in "aeiou" else "a"
        self.report.add(
            Code.SEG114,
            span,
            f"{article} {kind} cannot have a blank name",
            help=_PURPOSES[kind],
        )
        return False

    def refers(self, kind: str, target: Reference, span: Span) -> bool:
        """Whether a reference has a name that is not blank, or an id; reported where not."""
        if not isinstance(target, ByName) or target.name.strip():
            return True
        self.report.add(
            Code.SEG114,
            span,
            f"no {kind} can have a blank name",
            help=f"name the {kind}, or use its id",
        )
        return False
