"""Activations and their templates, as the grammar recognises them.

What the grammar lets through and the language does not take is reported here. Clauses come out in
the order in which they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast, get_args

from segdsl.diagnostics import Code
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.language import activations as a
from segdsl.language.syntax import delivery_tree as d
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.base_builder import MAX_DEPTH, StoppedError
from segdsl.language.syntax.lalr import Child
from segdsl.language.syntax.schedule_builder import ScheduleBuilder
from segdsl.language.syntax.spelling import EscapeError, name
from segdsl.language.syntax.text_source import PlaceholderError, read_text_source
from segdsl.language.values import Boolean, Number, Text
from segdsl.source import Span

_S = TypeVar("_S", a.ListSetting, a.MapSetting)
_OUTCOMES: tuple[a.Outcome, ...] = get_args(a.Outcome)
_STATES: tuple[a.TemplateState, ...] = get_args(a.TemplateState)
# What a clause is called where there are two; behaviors may be several.
_NAMES: dict[type, str] = {
    d.Described: "a description",
    d.InFolder: "a folder",
    d.FromTemplate: "a template",
    a.Connection: "a connection",
    a.Columns: "columns",
    a.BehaviorExport: "",
    a.Repeat: "a schedule",
    a.Once: "a schedule",
    a.Cron: "a schedule",
    a.ByHand: "a schedule",
    a.AfterJourney: "a schedule",
    a.Workflow: "a workflow",
    d.InSequence: "`in sequence`",
    d.Settings: "settings",
    a.Notification: "a notification",
    d.InState: "a state",
    d.Locked: "locks",
}
_ORDER = list(dict.fromkeys(_NAMES.values()))
# The kinds of children that are clauses.
_CLAUSES = (
    *("description", "folder", "from_template", "to_connection", "columns", "behavior", "schedule"),
    *("run_workflow", "in_sequence", "settings", "notify", "state", "locked"),
)


class DeliveryBuilder(ScheduleBuilder):
    """A method for each rule of activations."""

    # --- items -------------------------------------------------------------------------

    def target(self, c: list[Child]) -> a.Target:
        kind: a.TargetKind = c[0][1]
        return a.Target(kind, self._parented(kind, c, f"of {kind}"), self._span(c))

    def activation(self, c: list[Child]) -> None:
        target: a.Target = c[3][1]
        clauses = self._sorted(c, "activation")
        for clause in clauses:
            if isinstance(clause, a.AfterJourney) and target.kind != "journey":
                self.report.add(
                    Code.SEG001,
                    clause.span,
                    f"this is an activation of a {target.kind}, and no journey",
                    help='write when it runs, as in `every day`, or whose it is: `of journey "…"`',
                )
        item = t.Activation(self._text(c[1]), target, clauses, self._span(c), self._at(c[1]))
        self.items.append(item)

    def template(self, c: list[Child]) -> None:
        item = t.ActivationTemplate(
            self._text(c[2]), self._sorted(c, "template"), self._span(c), self._at(c[2])
        )
        self.items.append(item)

    def _sorted(self, c: list[Child], what: str) -> tuple[d.DeliveryClause, ...]:
        """The clauses among the children, in order, without those that have no place there."""
        clauses: list[d.DeliveryClause] = []
        seen: set[str] = set()
        for clause in (child[1] for child in c if child[0] in _CLAUSES):
            called = _NAMES[type(clause)]
            if not self._fits(clause, what):
                continue
            if called and called in seen:
                self.report.add(
                    Code.SEG011,
                    clause.span,
                    f"this {what} already has {called}",
                    help="keep one of them",
                )
                continue
            seen.add(called)
            clauses.append(clause)
        return tuple(sorted(clauses, key=lambda clause: _ORDER.index(_NAMES[type(clause)])))

    def _fits(self, clause: d.DeliveryClause, what: str) -> bool:
        """Whether an item takes a clause; reported where not."""
        match clause:
            case d.InFolder() if what == "activation":
                message = "an activation has no folder"
                help = "remove it: an activation is where its segment or its funnel is"
            case d.InState() | d.Locked() if what == "activation":
                message = "only a template has a state and locks"
                help = "remove this line, or make the item an `activation template`"
            case d.FromTemplate() if what == "template":
                message = "a template is not made from another template"
                help = "remove this line, and write out what the template has"
            case _:
                return True
        self.report.add(Code.SEG001, clause.span, message, help=help)
        return False

    # --- clauses -----------------------------------------------------------------------

    def description(self, c: list[Child]) -> d.Described:
        return d.Described(self._text(c[1]), self._span(c))

    def folder(self, c: list[Child]) -> d.InFolder:
        return d.InFolder(self._text(c[1]), self._span(c))

    def from_template(self, c: list[Child]) -> d.FromTemplate:
        return d.FromTemplate(c[2][1], self._span(c))

    def to_connection(self, c: list[Child]) -> a.Connection:
        return a.Connection(c[2][1], self._span(c))

    def run_workflow(self, c: list[Child]) -> a.Workflow:
        return a.Workflow(self._text(c[3]), self._text(c[6]), self._span(c))

    def in_sequence(self, c: list[Child]) -> d.InSequence:
        return d.InSequence(self._span(c))

    def settings(self, c: list[Child]) -> d.Settings:
        return d.Settings(c[1][1], self._span(c))

    def notify(self, c: list[Child]) -> a.Notification:
        recipients = [
            a.Recipient(child[1], self._at(child)) for child in self._unique(c, "ref", "recipient")
        ]
        outcomes = {child[1] for child in self._unique(c, "outcome", "outcome")}
        return a.Notification(
            tuple(recipients),
            tuple(outcome for outcome in _OUTCOMES if outcome in outcomes),
            self._span(c),
        )

    def outcome(self, c: list[Child]) -> a.Outcome:
        return cast(a.Outcome, self._choice(c[0], _OUTCOMES, "an outcome"))

    def state(self, c: list[Child]) -> d.InState:
        state = self._choice(c[1], _STATES, "a state of a template")
        return d.InState(cast(a.TemplateState, state), self._span(c))

    def locked(self, c: list[Child]) -> d.Locked:
        locks: dict[a.LockKind, a.Lock] = {}
        for lock in self._of(c, "lock"):
            if locks.setdefault(lock.kind, lock) is not lock:
                self._twice(lock.span, "this lock is already listed")
        whole = locks.get("columns")
        for lock in locks.values():
            if whole is None or lock.kind not in a.COLUMN_PARTS:
                continue
            if not whole.names or {*lock.names} & {*whole.names}:
                self._twice(lock.span, "`columns` already locks this")
        return d.Locked(tuple(locks[kind] for kind in a.LOCKS if kind in locks), self._span(c))

    def _twice(self, span: Span, message: str) -> None:
        self.report.add(Code.SEG011, span, message, help="keep one of them")

    def lock(self, c: list[Child]) -> a.Lock:
        words = [child for child in c if child[0] != "lock_names"]
        text = ("NAME", " ".join(child[1] for child in words), words[0][2], words[-1][3])
        names: tuple[str, ...] = self._one(c, "lock_names") or ()
        first, second = words[0][1], words[-1][1]
        if len(words) == 2 and first in a.LOCKS_WITH_NAMES:
            self.report.add(
                Code.SEG001,
                self._at(text),
                f"`{first}` are named in parentheses",
                help=f"write `{first} ({second})`",
            )
            return a.Lock(cast(a.LockKind, first), (second,), self._span(c))
        kind = cast(a.LockKind, self._choice(text, a.LOCKS, "a lock"))
        if names and text[1] == kind and kind not in a.LOCKS_WITH_NAMES:
            self.report.add(
                Code.SEG001,
                self._span(c),
                f"`{kind}` names nothing",
                help=f"write `{kind}`; only columns and settings are locked one by one",
            )
            names = ()
        return a.Lock(kind, names, self._span(c))

    def lock_names(self, c: list[Child]) -> tuple[str, ...]:
        return tuple(child[1] for child in self._unique(c, "name", "name"))

    def _unique(self, c: list[Child], kind: str, what: str) -> list[Child]:
        """The children of a kind, each value once; others are reported."""
        unique: dict[Any, Child] = {}
        for child in c:
            if child[0] == kind and unique.setdefault(child[1], child) is not child:
                self.report.add(
                    Code.SEG011,
                    self._at(child),
                    f"this {what} is already listed",
                    help="keep one of them",
                )
        return list(unique.values())

    # --- columns -----------------------------------------------------------------------

    def columns(self, c: list[Child]) -> a.Columns:
        items: tuple[a.ExportColumn, ...] = self._one(c, "export_columns") or ()
        return a.Columns(c[1][0] == "ALL", items, self._span(c))

    def behavior(self, c: list[Child]) -> a.BehaviorExport:
        strategy, count = c[2][1]
        kinds = self._kinds(c)
        formatting: a.Formatting | None = (
            "rows" if "ROWS" in kinds else "cols" if "COLS" in kinds else None
        )
        return a.BehaviorExport(
            c[1][1],
            strategy,
            count,
            tuple(self._of(c, "behavior_order")),
            formatting,
            c[-1][1],
            self._span(c),
            self._at(c[1]),
        )

    def taking(self, c: list[Child]) -> tuple[a.JoinStrategy, Number | None]:
        if len(c) == 1:
            return c[0][1], None
        count = self._number(c[1])
        if not count.is_whole or count.text == "0":
            self.report.add(
                Code.SEG013,
                self._at(c[1]),
                f"`{c[1][1]}` is not a number of events",
                help="write a whole number from 1 on",
            )
            count = Number("1")
        return "top", count

    def behavior_order(self, c: list[Child]) -> a.BehaviorOrder:
        return a.BehaviorOrder(c[0][1], c[1][0] == "DESC", self._span(c))

    def export_columns(self, c: list[Child]) -> tuple[a.ExportColumn, ...]:
        return tuple(self._of(c, "export_column"))

    def export_column(self, c: list[Child]) -> a.ExportColumn:
        source: a.ColumnSource | a.TextSource = c[0][1]
        at = self._at(c[0])
        if len(c) > 1:
            return a.ExportColumn(source, c[2][1], self._span(c), at, self._at(c[2]))
        if isinstance(source, a.ColumnSource):
            return a.ExportColumn(source, source.column, at, at, at)
        self.report.add(
            Code.SEG001,
            at,
            "a text needs a name in the export",
            help="add one: `as campaign`",
        )
        return a.ExportColumn(source, "", at, at, at)

    def column_source(self, c: list[Child]) -> a.ColumnSource:
        return a.ColumnSource(c[0][1], None, self._functions(c))

    def group_source(self, c: list[Child]) -> a.ColumnSource:
        return a.ColumnSource(c[3][1], c[1][1], self._functions(c))

    def text_source(self, c: list[Child]) -> a.TextSource:
        start = c[0][2]
        try:
            return read_text_source(c[0][1])
        except EscapeError as error:
            low, high = error.at, error.at + len(error.escape)
            help = (
                'the escapes are `\\"`, `\\\\`, `\\n`, `\\{` and `\\u{…}` with a code point in hex'
            )
            self.report.add(
                Code.SEG003, Span(self.file, start + low, start + high), str(error), help=help
            )
        except PlaceholderError as error:
            span = Span(self.file, start + error.start, start + error.end)
            self.report.add(Code.SEG012, span, str(error), help=error.help)
        return a.TextSource()

    # --- functions ---------------------------------------------------------------------

    def _functions(self, c: list[Child]) -> tuple[a.Function, ...]:
        return tuple(child[1] for child in c if child[0] in ("call", "if_"))

    def call(self, c: list[Child]) -> a.Call:
        function: str = c[0][1]
        arguments = [child for child in c if child[0] == "argument"]
        signature = a.FUNCTIONS.get(function)
        if signature is None:
            self.report.add(
                Code.SEG012,
                self._at(c[0]),
                f"`{function}` is not a function",
                help=did_you_mean(
                    function, a.FUNCTIONS, f"the functions are {_listed(tuple(a.FUNCTIONS))}"
                ),
            )
        elif self._has_number(c, function, signature, len(arguments)):
            for child, (argument, type_) in zip(arguments, signature.arguments, strict=False):
                self._check_argument(child, argument, type_)
        return a.Call(function, tuple(child[1] for child in arguments), self._span(c))

    def _has_number(
        self, c: list[Child], function: str, signature: a.Signature, given: int
    ) -> bool:
        most = len(signature.arguments)
        least = most - signature.optional
        if least <= given <= most:
            return True
        count = (
            "no arguments"
            if most == 0
            else f"{least} argument{'' if least == 1 else 's'}"
            if least == most
            else f"{least} or {most} arguments"
        )
        self.report.add(
            Code.SEG104,
            self._span(c),
            f"`{function}` takes {count}, not {given}",
            help=f"write `{usage(function)}`",
        )
        return False

    def _check_argument(self, child: Child, argument: str, type_: a.ArgumentType) -> None:
        if isinstance(child[1], Number if type_ == "number" else Text):
            return
        what = "a number" if type_ == "number" else "a string in quotes"
        self.report.add(
            Code.SEG013,
            self._at(child),
            f"the argument `{argument}` is {what}",
            help=f"write {what}",
        )

    def argument(self, c: list[Child]) -> Number | Text:
        return self._number(c[0]) if c[0][0] == "NUMBER" else Text(self._text(c[0]))

    def if_(self, c: list[Child]) -> a.If:
        branches = self._of(c, "branch")
        if c[1][0] == "IS":
            operator: a.IfOperator = "is not null" if c[2][0] == "NOT" else "is null"
            return a.If(operator, None, branches[0], branches[1], self._span(c))
        return a.If(c[1][1], self._number(c[2]), branches[0], branches[1], self._span(c))

    def branch(self, c: list[Child]) -> Number | None:
        return self._number(c[0]) if c[0][0] == "NUMBER" else None

    # --- settings ----------------------------------------------------------------------

    def map(self, c: list[Child]) -> a.MapSetting:
        entries: list[a.Entry] = self._of(c, "entry")
        seen: set[str] = set()
        for entry in entries:
            if entry.name in seen:
                self.report.add(
                    Code.SEG011,
                    entry.span,
                    f"`{name(entry.name)}` is already set",
                    help="keep one of them",
                )
            seen.add(entry.name)
        return self._nested(
            a.MapSetting(tuple(entries)), [entry.value for entry in entries], self._span(c)
        )

    def entry(self, c: list[Child]) -> a.Entry:
        return a.Entry(c[0][1], c[2][1], self._span(c), self._at(c[2]))

    def setting(self, c: list[Child]) -> a.Setting:
        match c[0][0]:
            case "STRING":
                return Text(self._text(c[0]))
            case "NUMBER":
                return self._number(c[0])
            case "TRUE" | "FALSE":
                return Boolean(c[0][0] == "TRUE")
            case "NULL":
                return a.Null()
            case "LBRACKET":
                items = self._of(c, "setting")
                return self._nested(a.ListSetting(tuple(items)), items, self._span(c))
            case _:
                return cast(a.MapSetting, c[0][1])

    def _nested(self, node: _S, values: Sequence[a.Setting], span: Span) -> _S:
        """Notes how deep a setting is."""
        depth = 1 + max((self._depth(value)[0] for value in values), default=0)
        if depth > MAX_DEPTH:
            self.report.add(
                Code.SEG007,
                span,
                f"these settings are nested more than {MAX_DEPTH} levels deep",
                help="no connector takes such settings",
            )
            raise StoppedError
        self.depths[id(node)] = (node, depth, 0)
        return node


def usage(function: str) -> str:
    """How a function is written: `substr(start, length)`."""
    signature = a.FUNCTIONS[function]
    return f"{function}({', '.join(argument for argument, _ in signature.arguments)})"


def _listed(names: Sequence[str]) -> str:
    *others, last = (f"`{each}`" for each in names)
    return f"{', '.join(others)} and {last}"
