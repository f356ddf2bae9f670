"""Looks at every name and every comparison of segments, and reports what the schema speaks against.

What is wrong in itself was reported before; here only the schema is asked. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import assert_never

from segdsl.analysis.checking import types
from segdsl.analysis.checking.patterns import fault
from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.condition import tree as c
from segdsl.language.condition.ml import MODEL_ATTRIBUTES, model_type
from segdsl.language.condition.walk import walk
from segdsl.language.predicates import compared_kinds
from segdsl.language.references.segment_names import index_names, segment_ids
from segdsl.language.references.symbolic_ids import symbolic_segment_id
from segdsl.language.syntax.spelling import behavior, name, reference, string
from segdsl.language.values import PARENT_WORDS, ById, ByName, ColumnType, Limit, Reference, Text
from segdsl.schema.ids import all_ids
from segdsl.schema.labels import (
    LabelledName,
    behavior_names,
    column_names,
    suggest_name,
    with_label,
)
from segdsl.schema.model import Behavior, Column, Schema

PROFILE_ID = Column("cdp_customer_id", "string")
_NONE: Mapping[str, Collection[str]] = {}
_PULL = "if it is new, run `segdsl schema pull`"


def check_segments(
    segments: Sequence[c.Segment],
    schema: Schema,
    report: Report,
    definitions: Mapping[str, Collection[str]] = _NONE,
) -> list[c.Segment]:
    """Reports what the schema contradicts, except names of segments, stages and predictive models.

    See `check_names`, and `check_stages` and `check_models` in `segdsl.analysis.checking.targets`.

    `definitions` are the names of conditions by file, for the help where one is taken for an
    attribute. Returns the segments with errors.
    """
    checker = _Checker(schema, Report(), definitions)
    failed = []
    for segment in segments:
        checker.report = own = Report()
        checker.segment(segment)
        for diagnostic in own.diagnostics:
            report.put(diagnostic)
        if own.has_errors:
            failed.append(segment)
    return failed


def check_names(
    segments: Iterable[c.Segment],
    schema: Schema | None,
    report: Report,
    among: Collection[c.Place] = (),
    locked: Collection[c.Place] = (),
) -> None:
    """Reports references to segments that are nowhere, or whose name several have.

    `among` are the places of all segments of the workspace: what is defined there may be
    referred to, whether or not it is on the server already. `locked` are those that the lock
    knows from the server. Without a schema, only a name that several of them have is reported.
    """
    there = () if schema is None else schema.segments
    known = {
        **index_names((each.folder, each.name, each.id) for each in there),
        # What the workspace defines is what the name means, also where the server has it already.
        **index_names((*each, symbolic_segment_id(*each)) for each in sorted(among)),
    }
    found = Report()
    segment_ids(segments, known, found, among=[*among, *locked])
    for diagnostic in found.diagnostics:
        # Without a schema, a name that no file defines may be one of the server.
        if schema is not None or diagnostic.code is not Code.SEG304:
            report.put(diagnostic)


def _known(columns: Iterable[Column]) -> list[LabelledName]:
    return column_names((each.name, each.label) for each in columns)


class _Checker:
    def __init__(
        self, schema: Schema, report: Report, definitions: Mapping[str, Collection[str]]
    ) -> None:
        self.schema = schema
        self.definitions = definitions
        self.report = report
        self.attributes: Mapping[str, Column] = {
            PROFILE_ID.name: PROFILE_ID,
            **schema.attributes_by_name,
        }
        self.ids = all_ids(schema)
        self.known_ids = {(kind, id) for (kind, _), ids in self.ids.items() for id in ids}
        self.realtime = False
        # The help for each unknown attribute.
        self._attribute_help: dict[str, str | None] = {}

    def segment(self, segment: c.Segment) -> None:
        self.realtime = segment.kind == "realtime"
        self._condition(segment.condition)
        if segment.limit is not None:
            self._limit(segment.limit, segment)

    def _add(self, code: Code, node: c.Node, message: str, help: str | None = None) -> None:
        self.report.add(code, node.span, message, help=help, via=node.via)

    # --- groups ------------------------------------------------------------------------

    def _condition(self, condition: c.Condition) -> None:
        for node in walk(condition):
            match node:
                case c.Test():
                    self._test(node)
                case c.Limited(_, limit):
                    self._limit(limit, node)
                case c.Membership(kind, target):
                    if kind == "segment" and self.realtime:
                        self._not_in_realtime(node, "a reference to another segment")
                    self._reference(kind, target, node)
                case c.Score(model):
                    self._reference("predictive model", model, node)
                case c.And() | c.Or() | c.Not() | c.RuleSet() | c.Everyone():
                    pass
                case _:
                    assert_never(node)

    def _limit(self, limit: Limit, node: c.Node | c.Segment) -> None:
        for order in limit.order:
            if order.column is not None and order.column not in self.attributes:
                via = node.via if isinstance(node, c.Node) else ()
                self.report.add(
                    Code.SEG501,
                    limit.span,
                    f"there is no attribute `{name(order.column)}`",
                    help=self._nearest(order.column, self._attributes),
                    via=via,
                )

    def _reference(self, kind: str, target: Reference, node: c.Node) -> None:
        match target:
            case ById(id):
                if (kind, id) not in self.known_ids:
                    self._add(
                        Code.SEG511, node, f"the schema has no {kind} with the id #{id}", _PULL
                    )
            case ByName() if kind not in ("segment", "stage"):
                found = self.ids.get((kind, target), [])
                if len(found) > 1:
                    listed = " or ".join(f"#{id}" for id in found)
                    said = reference(target, kind)
                    what = f"{len(found)} {kind}s are named {said}"
                    self._add(Code.SEG305, node, what, f"specify one by its id: {listed}")
                elif not found and kind != "predictive model":
                    self._unknown(kind, target, node)
            case _:
                pass  # those that files define are looked up together, as models are

    def _unknown(self, kind: str, target: ByName, node: c.Node) -> None:
        others = self._of_kind(kind)
        parents = {each.parent for each in others if each.parent is not None}
        if target.parent is not None and target.parent not in parents:
            what = f"there is no {PARENT_WORDS[kind]} {string(target.parent)}"
            help = self.report.did_you_mean(target.parent, parents, _PULL)
        else:
            beside = [each.name for each in others if each.parent == target.parent]
            what = f"there is no {kind} {reference(target, kind)}"
            help = self.report.did_you_mean(target.name, beside, _PULL)
        self._add(Code.SEG510, node, what, help)

    def _of_kind(self, kind: str) -> list[ByName]:
        """What there is of a kind, as long as it may still be compared with."""
        return [each for of, each in self.ids if of == kind] if self.report.can_compare() else []

    def _nearest(self, word: str, known: Callable[[], Sequence[LabelledName]]) -> str | None:
        """A help line that names what was meant."""
        if not self.report.can_compare():
            return _PULL
        listed = known()
        self.report.can_compare(len(listed))
        return suggest_name(word, listed, _PULL)

    # --- tests -------------------------------------------------------------------------

    def _test(self, test: c.Test) -> None:
        self._in_realtime(test)
        match test.subject:
            case c.Attribute(attribute):
                column = self.attributes.get(attribute)
                if column is None:
                    self._no_attribute(attribute, test)
                else:
                    self._fits(test, column.type, f"`{name(attribute)}`")
            case c.GroupAttribute(group, attribute):
                self._group_attribute(group, attribute, test)
            case c.MlAttribute(solution, model, attribute):
                self._reference(f"{solution} model", model, test)
                if attribute in MODEL_ATTRIBUTES[solution]:
                    self._fits(test, model_type(attribute), f"`{name(attribute)}`")
            case c.Aggregate() as aggregate:
                self._aggregate(aggregate, test)
            case _:
                assert_never(test.subject)

    def _no_attribute(self, attribute: str, test: c.Test) -> None:
        if table_of(attribute) in self.schema.behaviors_by_name:
            self._add(
                Code.SEG505,
                test,
                f"`{name(attribute)}` is a behavior, not an attribute",
                f"test the number of its events, `count({name(attribute)}) > 0`, or that there is "
                f"one, `has {name(attribute)}`",
            )
            return
        if attribute in self.definitions.get(test.span.file, ()):
            written = name(attribute)
            self._add(
                Code.SEG501,
                test,
                f"there is no attribute `{written}`",
                f"a definition has that name: write `{written}` or `not {written}`, without a "
                "comparison",
            )
            return
        if attribute not in self._attribute_help:
            self._attribute_help[attribute] = self._instead_of(attribute)
        help = self._attribute_help[attribute]
        self._add(Code.SEG501, test, f"there is no attribute `{name(attribute)}`", help)

    def _instead_of(self, attribute: str) -> str | None:
        """What may have been meant by an attribute that is not there."""
        if not self.report.can_compare():
            return _PULL
        having = [each.name for each in self.schema.behaviors if attribute in each.by_name]
        known = self._attributes()
        called = with_label(attribute, behavior_names(self.schema))
        if called and not with_label(attribute, known):
            of_events = called[0].spelling
            return (
                f"“{called[0].label}” is the label of a behavior: test the number of its "
                f"events, `count({of_events}) > 0`, or that there is one, `has {of_events}`"
            )
        if having:
            which = " and of ".join(f"`{behavior(each)}`" for each in having[:3])
            column = name(attribute)
            return (
                f"`{column}` is a column of the events of {which}: test the events, "
                f"`has {behavior(having[0])} where {column} …`, or an aggregate of them"
            )
        return self._nearest(attribute, lambda: known)

    def _attributes(self) -> list[LabelledName]:
        return _known(self.attributes.values())

    def _group_attribute(self, group: str, attribute: str, test: c.Test) -> None:
        found = self.schema.groups_by_name.get(group)
        if found is None:
            what = f"there is no customer group `{name(group)}`"
            help = self.report.did_you_mean(group, self.schema.groups_by_name, _PULL)
            self._add(Code.SEG504, test, what, help)
            return
        column = found.by_name.get(attribute)
        if column is None:
            what = f"the customer group `{name(group)}` has no attribute `{name(attribute)}`"
            columns = found.columns
            help = self._nearest(attribute, lambda: _known(columns))
            self._add(Code.SEG504, test, what, help)
            return
        self._fits(test, column.type, f"`{name(group)}.{name(attribute)}`")

    def _in_realtime(self, test: c.Test) -> None:
        """What is wrong in a realtime segment; lists are reported where types are checked."""
        if (
            self.realtime
            and isinstance(test.predicate, p.Within)
            and test.predicate.direction == "past"
        ):
            self._not_in_realtime(test, "`within past`")

    def _not_in_realtime(self, node: c.Node, what: str) -> None:
        self._add(
            Code.SEG512,
            node,
            f"a realtime segment cannot contain {what}",
            "use `kind batch`, or another condition",
        )

    # --- behaviors ---------------------------------------------------------------------

    def _aggregate(self, aggregate: c.Aggregate, test: c.Test) -> None:
        events = self.schema.behaviors_by_name.get(aggregate.behavior)
        if events is None:
            self._no_behavior(aggregate.behavior, test)
            return
        columns = [self._column(events, each, test) for each in aggregate.columns]
        for each in aggregate.grouping:
            self._column(events, each, test)
        if aggregate.order is not None:
            order = self._column(events, aggregate.order, test)
            if order is not None and (order.type in types.ELEMENTS or order.type == "boolean"):
                self._cannot(test, "order events by", order)
        if aggregate.filter is not None:
            self._filter(aggregate.filter, events)
        match aggregate.function:
            case "count" | "count distinct":
                pass
            case "sum" | "average":
                for column in columns:
                    if column is not None and column.type not in ("number", None):
                        self._cannot(test, f"take the {aggregate.function} of", column)
                        return
                self._fits(test, "number", f"the {aggregate.function}")
            case "min" | "max":
                for column in columns:
                    if column is None:
                        continue
                    if column.type in types.ELEMENTS or column.type == "boolean":
                        self._cannot(test, f"take the {aggregate.function} of", column)
                    else:
                        self._fits(test, column.type, f"the {aggregate.function}")
            case "first" | "last":
                for column in columns:
                    if column is not None:
                        self._fits(test, column.type, f"the {aggregate.function}")
            case _:
                assert_never(aggregate.function)

    def _cannot(self, test: c.Test, what: str, column: Column) -> None:
        self._add(
            Code.SEG506,
            test,
            f"cannot {what} `{name(column.name)}`, which is of type {column.type_name}",
            "use another column",
        )

    def _no_behavior(self, table: str, test: c.Test) -> None:
        written = name_of(table) or table
        if written in self.attributes and name_of(table) is not None:
            self._add(
                Code.SEG505,
                test,
                f"`{name(written)}` is an attribute, not a behavior",
                f"compare it directly: `{name(written)} …`",
            )
            return
        known = self.schema.behaviors_by_name
        help = self._nearest(written, lambda: behavior_names(self.schema))
        if written in known:
            # The prefix was written, or left out of a table in quotes.
            help = f"write `{behavior(written)}`"
        elif table_of(written) in known:
            help = f"write `{name(written)}`"
        self._add(Code.SEG502, test, f"there is no behavior `{behavior(table)}`", help)

    def _column(self, events: Behavior, column: str, node: c.Node) -> Column | None:
        found = PROFILE_ID if column == PROFILE_ID.name else events.by_name.get(column)
        if found is None:
            help = self._nearest(column, lambda: _known(events.columns))
            if column in self.attributes:
                help = (
                    f"`{name(column)}` is an attribute of the profile: compare it outside the "
                    "parentheses, beside the aggregate"
                )
            self._add(
                Code.SEG503,
                node,
                f"the behavior `{behavior(events.name)}` has no column `{name(column)}`",
                help,
            )
        return found

    def _filter(self, condition: c.Condition, events: Behavior) -> None:
        for node in walk(condition):
            match node:
                case c.Test(c.Attribute(column)):
                    self._in_realtime(node)
                    found = self._column(events, column, node)
                    if found is not None:
                        self._fits(node, found.type, f"`{name(column)}`")
                case c.And() | c.Or() | c.Not():
                    pass
                case _:
                    raise AssertionError("a filter holds tests of columns alone")

    # --- types -------------------------------------------------------------------------

    def _fits(self, test: c.Test, type: ColumnType | None, what: str) -> None:
        """Whether a test makes sense of values of a type; of one that is not known it may."""
        if isinstance(test.predicate, p.Matches) and isinstance(test.predicate.pattern, Text):
            wrong = fault(test.predicate.pattern.value)
            if wrong is not None:
                self._add(Code.SEG509, test, *wrong)
        if type is None:
            return
        element = types.ELEMENTS.get(type)
        if self.realtime and element is not None:
            self._not_in_realtime(test, f"{what}, which is a list of elements")
            return
        if test.quantifier is not None and element is None:
            self._add(
                Code.SEG508,
                test,
                f"{what} is a single value of type {type}, not a list",
                "remove `… of`",
            )
            return
        kinds = compared_kinds(test.predicate)
        if test.quantifier is None and element is not None:
            if kinds != {"null"}:
                self._add(
                    Code.SEG508,
                    test,
                    f"{what} is a list, which cannot be compared as a single value",
                    "add a quantifier: `any of …`, `every one of …`, `at least 2 of …`",
                )
            return
        scalar = element or type
        if len(kinds) > 1:
            listed = " and ".join(sorted(types.DESCRIBED[kind] for kind in kinds))
            self._add(
                Code.SEG507,
                test,
                f"{what} is of type {type}, but is compared with {listed}",
                "use values of one kind",
            )
        elif not kinds <= types.FITS[scalar]:
            [kind] = kinds
            code = Code.SEG507 if types.compares_values(test.predicate) else Code.SEG506
            self._add(
                code,
                test,
                f"{what} is of type {type}, and can never be compared with {types.DESCRIBED[kind]}",
                types.advice(scalar, kinds),
            )
