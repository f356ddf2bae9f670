"""Plain JSON data to the rule model: strict in what it understands, lenient in form.

Takes v5 rules, older ones, and what real servers answer (observed). Keys that are left out
get the value the description requires; what carries no meaning is normalised on the way
(`visibility`, `exclude: false` where nothing can be excluded, the value of IsNull, `exclude` on
a scalar that has a `not`, the two ways to compare a bare count, groups of one in a filter). A
key or a shape it does not know is a finding with its path, never a guess.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.condition.ml import MODEL_ATTRIBUTES
from segdsl.language.values import Number
from segdsl.rules.rule import model as m
from segdsl.rules.rule.composite import ExprError, names, over_rule_sets, read_expr
from segdsl.rules.rule.counts import complemented, is_bare, is_numeric
from segdsl.rules.rule.document import UnreadableError
from segdsl.rules.rule.growth import Growth
from segdsl.rules.rule.operators import OperatorReader

MAX_DEPTH = 200
_GROUPS = ("And", "Or", "Composite")
_REFERENCES = tuple(m.REFERENCE_TYPES.values())
_TYPES = (*_GROUPS, "Value", *_REFERENCES, "PredictiveScoreReference", "MlAttributeReference")


def read_rule(value: Any, path: str, report: Report, growth: Growth | None = None) -> m.Rule | None:
    """The rule; `null`, `{}` and a group without conditions are everyone. None after a report.

    `growth` is that of the document, where it holds several rules.
    """
    try:
        return _RuleReader(report, growth or Growth()).rule(value, path)
    except UnreadableError:
        return None


class _RuleReader(OperatorReader):
    def __init__(self, report: Report, growth: Growth) -> None:
        super().__init__(report)
        self._growth = growth
        # Whether an expression names a part more than once.
        self._repeats = False

    def rule(self, value: Any, path: str) -> m.Rule:
        if value is None or value == {}:
            return m.EVERYONE
        of = self.object(
            value, path, ("type", "conditions", "expr", "limit", "description"), "a rule"
        )
        limit = self._limit(of["limit"], f"{path}.limit") if "limit" in of else None
        if of.get("description"):
            self.fail(f"{path}.description", "a rule has no description; its rule sets have")
        made = self._group({k: v for k, v in of.items() if k != "limit"}, path, 0)
        if not made.conditions and made.type != "And":
            self._empty_or(path)
        if self._repeats and not self._growth.takes(made):
            self.fail(
                path,
                "its Composite expressions name their parts so often that the rule would be too "
                "large to write out",
                "move what is repeated into its own segment, and refer to it",
                Code.SEG403,
            )
        return msgspec.structs.replace(made, limit=limit)

    def _empty_and(self, path: str, inside: str) -> None:
        self.fail(
            path,
            f"it is undefined whether an `And` without conditions inside {inside} is for everyone "
            "or counts for nothing",
            "add a condition, or remove it",
            Code.SEG405,
        )

    def _empty_or(self, path: str) -> None:
        self.fail(
            path,
            "an `Or` or a Composite without conditions is for everyone or for nobody, and "
            "which is undefined",
            "add a condition, or make it an `And` (everyone)",
            Code.SEG405,
        )

    def _group(self, value: Any, path: str, depth: int) -> m.Group:
        if depth > MAX_DEPTH:
            self.fail(path, f"groups are nested more than {MAX_DEPTH} deep")
        known = ("type", "conditions", "expr", "description", "limit")
        of = self.object(value, path, known, "a group")
        kind = self.choice(of.get("type"), f"{path}.type", _GROUPS, "the type of a group")
        if "limit" in of:
            self.fail(f"{path}.limit", "only a whole rule or a single condition has a limit")
        at = f"{path}.conditions"
        listed = self.items(self.need(of, "conditions", path, kind), at, "`conditions`")
        parts = self.each(listed, at, lambda each, where: self._part(each, where, depth + 1))
        description = None
        if "description" in of:
            description = (
                self.text(of["description"], f"{path}.description", "a description") or None
            )
        if kind != "Composite" and of.get("expr"):
            self.fail(
                f"{path}.expr",
                f"only a Composite has an expression, and this is an `{kind}`",
                "remove it, or set the type to `Composite`",
            )
        if kind == "Composite":
            expr = self._expr(of, parts, depth == 0, path)
            return m.Group("Composite", parts, description, expr)
        kept = tuple(part for part in parts if not _is_empty(part))
        for index, part in enumerate(parts):
            # Only an And without conditions is everyone, and adds nothing to another And.
            if not isinstance(part, m.Group) or not _is_empty(part):
                continue
            if part.type != "And":
                self._empty_or(f"{at}[{index}]")
            if kind == "Or":
                self._empty_and(f"{at}[{index}]", "an `Or`")
        return m.Group("And" if kind == "And" else "Or", kept, description)

    def _expr(
        self, data: dict[str, Any], parts: tuple[m.Group | m.Condition, ...], top: bool, path: str
    ) -> str:
        at = f"{path}.expr"
        text = self.text(self.need(data, "expr", path, "Composite"), at, "`expr`")
        groups = any(isinstance(part, m.Group) for part in parts)
        sets = over_rule_sets(text, holds_groups=groups, top=top)
        try:
            every = names(read_expr(text, rule_sets=sets))
        except ExprError as error:
            self.fail(at, f"the Composite expression cannot be read: {error}", None, Code.SEG403)
        named = set(every)
        self._repeats = self._repeats or len(named) < len(every)
        missing = named - set(range(len(parts)))
        if missing:
            self.fail(
                at,
                f"the Composite expression names {_name(min(missing), sets)}, and there are "
                f"{len(parts)} conditions",
                None,
                Code.SEG403,
            )
        left_out = set(range(len(parts))) - named
        if left_out:
            self.fail(
                at,
                f"the Composite expression does not name {_name(min(left_out), sets)}: "
                "every rule must be named",
                None,
                Code.SEG403,
            )
        for index, part in enumerate(parts):
            if isinstance(part, m.Group) and _is_empty(part):
                where = f"{path}.conditions[{index}]"
                if part.type == "And":
                    self._empty_and(where, "a Composite")
                self._empty_or(where)
        return text

    def _part(self, value: Any, path: str, depth: int) -> m.Group | m.Condition:
        if value == {} or value is None:
            self.fail(
                path,
                "null is not a condition"
                if value is None
                else "an empty object is not a condition: the API's quickstart shows it as a "
                "placeholder",
                "replace it by a condition; a rule for everyone has no conditions at all",
                Code.SEG404,
            )
        if not isinstance(value, dict):
            self.fail(path, "a condition is an object")
        kind = self.choice(value.get("type"), f"{path}.type", _TYPES, "the type of a condition")
        if kind in _GROUPS:
            return self._group(value, path, depth)
        if kind == "Value":
            return self._value(value, path)
        if kind in _REFERENCES:
            return self._reference(kind, value, path)
        if kind == "PredictiveScoreReference":
            return self._score(value, path)
        return self._ml(value, path)

    # --- conditions --------------------------------------------------------------------

    def _reference(self, kind: m.ReferenceType, value: Any, path: str) -> m.ReferenceCondition:
        """A reference; `include` may stand beside `exclude` or instead of it (observed)."""
        of = self.object(value, path, ("type", "id", "exclude", "include"), kind)
        id = self.identifier(self.need(of, "id", path, kind), f"{path}.id", "an id")
        exclude = self.truth(of, "exclude", path)
        if "include" not in of:
            return m.ReferenceCondition(kind, id, exclude)
        include = self.truth(of, "include", path)
        if "exclude" in of and include == exclude:
            self.fail(
                f"{path}.include",
                f"`include` and `exclude` are both {str(exclude).lower()}, and they "
                "contradict each other",
                "keep only `exclude`",
            )
        return m.ReferenceCondition(kind, id, not include)

    def _score(self, value: Any, path: str) -> m.PredictiveScoreReference:
        kind = "PredictiveScoreReference"
        known = ("type", "id", "minGrade", "maxGrade", "includeConvertedCustomers")
        of = self.object(value, path, known, kind, excludes=False)
        return m.PredictiveScoreReference(
            "PredictiveScoreReference",
            self.identifier(self.need(of, "id", path, kind), f"{path}.id", "an id"),
            self.number(self.need(of, "minGrade", path, kind), f"{path}.minGrade", "a grade"),
            self.number(self.need(of, "maxGrade", path, kind), f"{path}.maxGrade", "a grade"),
            self.truth(of, "includeConvertedCustomers", path),
        )

    def _ml(self, value: Any, path: str) -> m.MlAttributeReference:
        kind = "MlAttributeReference"
        known = ("type", "id", "leftValue", "operator", "solutionType")
        of = self.object(value, path, known, kind, excludes=False)
        solution = self.choice(
            of.get("solutionType"), f"{path}.solutionType", ("rfm", "cltv"), "a solution"
        )
        at = f"{path}.leftValue"
        left = self.object(
            self.need(of, "leftValue", path, kind), at, ("attribute",), "`leftValue`"
        )
        attributes = MODEL_ATTRIBUTES[solution]
        attribute = self.choice(
            left.get("attribute"), f"{at}.attribute", attributes, f"an attribute of {solution}"
        )
        operator = self.operator(self.need(of, "operator", path, kind), f"{path}.operator")
        operator = self._possible(operator, f"{path}.operator")
        id = self.identifier(self.need(of, "id", path, kind), f"{path}.id", "an id")
        return m.MlAttributeReference(
            "MlAttributeReference", cast(Any, solution), id, m.MlValue(attribute), operator
        )

    def _possible(self, operator: m.Operator, path: str) -> m.Operator:
        """The operator; a `not` that it cannot have goes to one that says the same."""
        if not operator.negated or m.takes_not(operator):
            return operator
        found = m.with_not(operator)
        if found is None:
            self.fail(
                f"{path}.not",
                f"{operator.type} of a time has no `not`",
                "ask for the opposite with another operator; on a condition outside of filters "
                "`exclude` is the complement",
            )
        return found

    def _value(self, value: Any, path: str) -> m.ValueCondition:
        known = ("type", "leftValue", "operator", "arrayMatching", "exclude", "limit")
        of = self.object(value, path, known, "a Value condition")
        left_at = f"{path}.leftValue"
        left = self.need(of, "leftValue", path, "a Value condition")
        subject: m.AttributeValue | m.BehaviorValue
        if isinstance(left, dict) and left.get("source") is not None:
            subject = self._behavior(left, left_at)
        else:
            subject = self._attribute(left, left_at)
        operator = self.operator(
            self.need(of, "operator", path, "a Value condition"), f"{path}.operator"
        )
        matching = self._matching(of.get("arrayMatching"), f"{path}.arrayMatching")
        limit = self._limit(of["limit"], f"{path}.limit") if "limit" in of else None
        exclude = self.truth(of, "exclude", path)
        if isinstance(subject, m.AttributeValue) and matching is None and limit is None:
            operator, exclude = _folded(operator, exclude)
        operator = self._possible(operator, f"{path}.operator")
        if isinstance(subject, m.BehaviorValue):
            self._one_number(subject, matching, path)
            if is_bare(subject):
                operator = self._of_count(operator, path)
                if limit is None:
                    operator, exclude = complemented(operator, exclude)
        return m.ValueCondition("Value", subject, operator, matching, exclude, limit)

    def _one_number(
        self, subject: m.BehaviorValue, matching: m.ArrayMatching | None, path: str
    ) -> None:
        """Refuses what asks a number for elements: it would hold of nobody, and not say so."""
        kind = subject.aggregation.type
        if kind in ("Count", "CountDistinct", "Sum", "Average") and matching is not None:
            self.fail(
                f"{path}.arrayMatching",
                f"`arrayMatching` tests elements of a list, and {kind} is one number",
                "set it to null",
            )

    def _of_count(self, operator: m.Operator, path: str) -> m.Operator:
        """What is asked of a bare count, which is a number and never null."""
        match operator:
            case m.Comparison("IsNull", negated):
                return m.Comparison("Less", negated, Number("0"))
            case _ if is_numeric(operator):
                return operator
            case _:
                self.fail(
                    f"{path}.operator", "Count is a number, and can only be compared with numbers"
                )

    def _attribute(self, value: Any, path: str) -> m.AttributeValue:
        of = self.object(value, path, ("name", "customerGroup"), "`leftValue`")
        name = self.text(self.need(of, "name", path, "an attribute"), f"{path}.name", "a name")
        if "customerGroup" not in of:
            return m.AttributeValue(name)
        group = self.text(of["customerGroup"], f"{path}.customerGroup", "a customer group")
        return m.AttributeValue(name, group)

    def _matching(self, value: Any, path: str) -> m.ArrayMatching | None:
        if value is None:
            return None
        if isinstance(value, str):
            found = self.choice(value, path, ("any", "all"), "`arrayMatching`")
            return "any" if found == "any" else "all"
        of = self.object(value, path, ("atLeast", "atMost", "exactly"), "`arrayMatching`")
        if len(of) != 1:
            self.fail(path, "`arrayMatching` has one of `atLeast`, `atMost`, `exactly`")
        ((key, number),) = of.items()
        whole = self.whole(number, f"{path}.{key}", "a number of elements")
        match key:
            case "atLeast":
                return m.CountMatching(at_least=whole)
            case "atMost":
                return m.CountMatching(at_most=whole)
            case _:
                return m.CountMatching(exactly=whole)

    # --- behaviors ---------------------------------------------------------------------

    def _behavior(self, value: Any, path: str) -> m.BehaviorValue:
        known = ("source", "aggregation", "filter", "window")
        of = self.object(value, path, known, "a behavior")
        source = self.object(of["source"], f"{path}.source", ("name",), "`source`")
        name = self.need(source, "name", f"{path}.source", "`source`")
        aggregation = self._aggregation(
            self.need(of, "aggregation", path, "a behavior"), f"{path}.aggregation"
        )
        inside = self._filter(of.get("filter"), f"{path}.filter")
        window = self.window(of["window"], f"{path}.window") if "window" in of else None
        behavior = m.BehaviorSource(self.text(name, f"{path}.source.name", "a name"))
        return m.BehaviorValue(behavior, aggregation, inside, window)

    def _aggregation(self, value: Any, path: str) -> m.Aggregation:
        if not isinstance(value, dict):
            self.fail(path, "an aggregation is an object")
        kinds = tuple(m.AGGREGATION_TYPES.values())
        kind = cast(
            m.AggregationType,
            self.choice(value.get("type"), f"{path}.type", kinds, "the type of an aggregation"),
        )
        known = {
            "Count": ("type", "groupingColumns"),
            "CountDistinct": ("type", "columns", "groupingColumns"),
            "First": ("type", "column", "orderColumn", "groupingColumns"),
            "Last": ("type", "column", "orderColumn", "groupingColumns"),
        }.get(kind, ("type", "column", "groupingColumns"))
        of = self.object(value, path, known, kind)
        grouping = self.texts(of.get("groupingColumns", []), f"{path}.groupingColumns", "a column")
        if kind == "Count":
            return m.Aggregation(kind, grouping_columns=grouping)
        if kind == "CountDistinct":
            columns = self.texts(
                self.need(of, "columns", path, kind), f"{path}.columns", "a column"
            )
            if not columns:
                self.fail(f"{path}.columns", "CountDistinct has no column to count")
            if grouping:
                self.fail(
                    f"{path}.groupingColumns",
                    "CountDistinct counts the values of all events together, and has no groups",
                    "set it to an empty list",
                )
            return m.Aggregation(kind, columns=columns)
        column = self.text(self.need(of, "column", path, kind), f"{path}.column", "a column")
        order = None
        if kind in ("First", "Last"):
            order_at = f"{path}.orderColumn"
            order = self.text(self.need(of, "orderColumn", path, kind), order_at, "a column")
        return m.Aggregation(kind, column, order_column=order, grouping_columns=grouping or None)

    def _filter(self, value: Any, path: str) -> m.Filter | None:
        if value is None or value == {}:
            return None
        found = self._filter_part(value, path, 0)
        if isinstance(found, m.Column):
            return m.Filter("And", (found,))
        return found

    def _filter_part(self, value: Any, path: str, depth: int) -> m.Filter | m.Column | None:
        """A part of a filter, groups flat; None for one that every event passes."""
        if depth > MAX_DEPTH:
            self.fail(path, f"groups are nested more than {MAX_DEPTH} deep")
        if not isinstance(value, dict):
            self.fail(path, "a part of a filter is an object")
        types = ("And", "Or", "Column")
        kind = self.choice(
            value.get("type"), f"{path}.type", types, "the type of a part of a filter"
        )
        if kind == "Column":
            return self._column(value, path)
        of = self.object(value, path, ("type", "conditions"), "a group of a filter")
        at = f"{path}.conditions"
        listed = self.items(self.need(of, "conditions", path, kind), at, "`conditions`")
        parts = self.each(listed, at, lambda each, where: self._filter_part(each, where, depth + 1))
        if kind == "Or" and None in parts:
            self._empty_and(f"{at}[{parts.index(None)}]", "an `Or`")
        if kind == "Or" and not parts:
            self._empty_or(path)
        flat: list[m.Filter | m.Column] = []
        for part in parts:
            if isinstance(part, m.Filter) and part.type == kind:
                flat.extend(part.conditions)
            elif part is not None:
                flat.append(part)
        if len(flat) <= 1:
            return flat[0] if flat else None
        return m.Filter("And" if kind == "And" else "Or", tuple(flat))

    def _column(self, value: Any, path: str) -> m.Filter | m.Column:
        known = ("type", "column", "operator", "arrayMatching")
        of = self.object(value, path, known, "a Column", excludes=False)
        column = self.text(self.need(of, "column", path, "a Column"), f"{path}.column", "a column")
        operator = self.operator(self.need(of, "operator", path, "a Column"), f"{path}.operator")
        matching = self._matching(of.get("arrayMatching"), f"{path}.arrayMatching")
        opposite = m.opposite(operator) if operator.negated and matching is None else None
        if opposite is not None and not m.takes_not(operator) and m.with_not(operator) is None:
            # As the compiler writes it: the opposite, or no value.
            is_null = m.Comparison("IsNull", False, True)
            parts = (m.Column("Column", column, each, None) for each in (opposite, is_null))
            return m.Filter("Or", tuple(parts))
        operator = self._possible(operator, f"{path}.operator")
        return m.Column("Column", column, operator, matching)

    # --- limits ------------------------------------------------------------------------

    def _limit(self, value: Any, path: str) -> m.Limit:
        of = self.object(value, path, ("type", "number", "orderColumns"), "a limit")
        kind = self.choice(
            of.get("type"), f"{path}.type", ("Count", "Percent"), "the type of a limit"
        )
        raw = self.need(of, "number", path, "a limit")
        if kind == "Count":
            number = self.whole(raw, f"{path}.number", "a number of profiles")
        else:
            number = self.number(raw, f"{path}.number", "a share")
            if not 0 <= number.value <= 100:
                self.fail(f"{path}.number", "a percentage is from 0 to 100")
        at = f"{path}.orderColumns"
        listed = self.items(of.get("orderColumns", []), at, "`orderColumns`")
        return m.Limit(cast(Any, kind), number, self.each(listed, at, self._order))

    def _order(self, value: Any, path: str) -> m.OrderColumn:
        of = self.object(value, path, ("type", "order", "column"), "an order")
        kind = self.choice(of.get("type"), f"{path}.type", ("Column", "Aggregation"), "an order")
        orders = ("ascending", "descending")
        order = self.choice(of.get("order"), f"{path}.order", orders, "`order`")
        column = None
        if kind == "Column":
            column = self.text(self.need(of, "column", path, kind), f"{path}.column", "a column")
        elif "column" in of:
            self.fail(f"{path}.column", "an order by the aggregate names no column")
        return m.OrderColumn(cast(Any, kind), cast(Any, order), column)


def _is_empty(part: m.Group | m.Condition) -> bool:
    return isinstance(part, m.Group) and not part.conditions


def _name(index: int, sets: bool) -> str:
    return (
        f"rule set {index + 1}"
        if sets
        else f"rule {chr(ord('A') + index)}"
        if index < 26
        else f"rule {index + 1}"
    )


def _folded(operator: m.Operator, exclude: bool) -> tuple[m.Operator, bool]:
    """On a scalar `not` and `exclude` are both the complement: one of them says it."""
    wanted = operator.negated != exclude
    if m.takes_not(operator):
        return msgspec.structs.replace(operator, negated=wanted), False
    return msgspec.structs.replace(operator, negated=False), wanted
