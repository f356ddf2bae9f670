"""One expression to a condition: definitions expanded, and each test looked at.

Everything that makes a test mean something else than it seems to is refused here, at
the place where it was written; what only the API's rule cannot hold is left to
`segdsl.rules.lower`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.behaviors import source_names
from segdsl.language.condition import tree as c
from segdsl.language.condition.ml import MODEL_ATTRIBUTES
from segdsl.language.resolve.aggregates import makes_sense, report_no_elements, report_no_negation
from segdsl.language.resolve.context import Context, Memory
from segdsl.language.resolve.program import Scope
from segdsl.language.resolve.sizes import MAX_CONDITIONS, MAX_GROUPS, Room, Sizes
from segdsl.language.resolve.uses import (
    MOVE,
    report_blank_name,
    report_compared,
    report_cycle,
    report_negated_rule_set,
    report_no_attribute,
    report_run,
    report_size,
    report_unknown,
    report_value,
    takes,
)
from segdsl.language.resolve.values import Values, has_no_length
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import name
from segdsl.language.values import Boolean, ByName, Duration, Limit, Literal, Name, Number, Owner
from segdsl.source import Span

MAX_DEPTH = 200


class _TooLargeError(Exception):
    pass


def _negation(child: c.Condition | None, span: Span, context: Context) -> c.Not | None:
    return None if child is None else c.Not(child, span=span, via=context.via)


class Resolver:
    """Expands expressions of one program; counts what they grow to."""

    def __init__(
        self,
        scopes: Mapping[str, Scope],
        params: Mapping[tuple[str, str], Literal | None],
        report: Report,
        owners: Mapping[str, Owner] | None = None,
        room: Room | None = None,
    ) -> None:
        self.owners = owners
        self.room = Room() if room is None else room
        self.sizes = Sizes(scopes, params)
        self.scopes = scopes
        self.params = params
        self.report = report
        self.conditions = self.holders = 0
        self._known: dict[str, tuple[Mapping[str, Literal | None], frozenset[str]]] = {}
        # Uses of what is not there: told once, however often they are come upon.
        self._vain: set[tuple[str, int, int]] = set()
        # What values mean outside of definitions, by file.
        self._outside: dict[str, Values] = {}
        # What was found of definitions while they were only looked at, and where that is now.
        self._memory = Memory()
        self._checked: Memory | None = None
        # Whether a definition with a mistake in it was used since the segment began.
        self._is_doubtful = False

    def segment(self, expression: t.Expression, scope: Scope) -> c.Condition | None:
        """The condition of a segment's `where`; None after a report.

        Of one that is too large the definitions are looked at all the same, and so they are where
        a mistake in one of them leaves the segment out.
        """
        self._is_doubtful = False
        if scope.names and not self._has_room(expression, scope):
            self._check(expression, Context(scope, {}))
            return None
        found = self._whole(expression, Context(scope, {}))
        return None if self._is_doubtful else found

    def definition(self, let: t.Let, scope: Scope) -> None:
        """Looks at a definition that nothing uses; its parameters are not known."""
        size = self.sizes.of(let.body, scope)
        if not size.fits and size.largest is not None:
            report_size(size, self.sizes, scope, self.report)
        unknown: dict[str, Literal | None] = dict.fromkeys(let.parameters)
        self._check(let.body, Context(scope, unknown, active=(let,)))

    def _has_room(self, expression: t.Expression, scope: Scope) -> bool:
        """Whether a segment can be written out, in this run; reported where not."""
        size = self.sizes.of(expression, scope)
        if not size.fits and size.largest is not None:
            report_size(size, self.sizes, scope, self.report)
            return False
        if not self.room.take(size.grown):
            report_run(size, expression.span, self.sizes, scope, self.report)
            return False
        return True

    def _check(self, expression: t.Expression, context: Context) -> None:
        """Expands for what is wrong alone: each definition once, however often it is used."""
        self._checked = self._memory
        try:
            self._whole(expression, context)
        finally:
            self._checked = None

    def _whole(self, expression: t.Expression, context: Context) -> c.Condition | None:
        self.conditions = self.holders = 0
        try:
            return self._expand(expression, context)
        except _TooLargeError:
            return None

    def _too_large(self, span: Span, context: Context) -> _TooLargeError:
        if self.conditions > MAX_CONDITIONS:
            bound = f"more than {MAX_CONDITIONS:,} conditions"
        elif self.holders > MAX_GROUPS:
            bound = f"more than {MAX_GROUPS:,} groups and uses of definitions"
        else:
            bound = f"more than {MAX_DEPTH} levels"
        self.report.add(
            Code.SEG108,
            context.via[0] if context.via else span,
            f"with its definitions written out this grows to {bound}"
            if context.via
            else f"this segment has {bound}",
            help=MOVE,
        )
        return _TooLargeError()

    def limit(self, limit: Limit | None, scope: Scope) -> Limit | None:
        """A segment's limit with its number looked up."""
        if limit is None:
            return None
        return self._values(Context(scope, {})).limit(limit, aggregate=False)

    def _values(self, context: Context) -> Values:
        scope = context.scope
        if not context.active and scope.file in self._outside:
            return self._outside[scope.file]
        if scope.file not in self._known:
            self._known[scope.file] = scope.known(self.params)
        params, conditions = self._known[scope.file]
        found = Values(context.parameters, params, conditions, scope.used, self.report, context.via)
        if not context.active:
            self._outside[scope.file] = found
        return found

    # --- groups ------------------------------------------------------------------------

    def _expand(self, expression: t.Expression, context: Context) -> c.Condition | None:
        if isinstance(expression, t.Test | t.Has | t.Membership | t.Score):
            self.conditions += 1
        else:
            self.holders += 1
        if (
            self.conditions > MAX_CONDITIONS
            or self.holders > MAX_GROUPS
            or context.depth > MAX_DEPTH
        ):
            raise self._too_large(expression.span, context)
        if isinstance(expression, t.Test):
            return self._test(expression, context)
        inner = msgspec.structs.replace(context, depth=context.depth + 1)
        match expression:
            case t.Chain(word, operands):
                return self._group(word == "and", operands, inner, expression.span)
            case t.Listing("none", items):
                return _negation(
                    self._group(False, items, inner.inverted, expression.span),
                    expression.span,
                    context,
                )
            case t.Listing(word, items):
                return self._group(word == "all", items, inner, expression.span)
            case t.Negation(operand):
                child = self._expand(operand, inner.inverted)
                return _negation(child, expression.span, context)
            case t.FixedRuleSet():
                return self._rule_set(expression, context, inner)
            case t.Limited(operand):
                return self._limited(expression, operand, inner)
            case t.Has():
                return self._has(expression, inner)
            case t.Membership():
                return self._membership(expression, context)
            case t.Score():
                return self._score(expression, inner)
            case t.Use():
                return self._use(expression, inner)
            case _:
                assert_never(expression)

    def _rule_set(
        self, expression: t.FixedRuleSet, context: Context, inner: Context
    ) -> c.RuleSet | None:
        label = expression.label
        what = "a label" if label is not None else "`rule set`"
        if self._outside_filter(expression.span, context, what) and context.negated:
            report_negated_rule_set(label, expression.span, context.via, self.report)
        child = self._expand(expression.operand, inner)
        if child is None or context.in_filter or context.negated:
            return None
        return c.RuleSet(label, child, span=expression.span, via=context.via)

    def _membership(self, expression: t.Membership, context: Context) -> c.Membership | None:
        kind, target = expression.of, expression.target
        if not self._outside_filter(expression.span, context, f"`in {kind}`"):
            return None
        if kind == "segment" and isinstance(target, ByName) and not target.name.strip():
            report_blank_name(expression.span, context.via, self.report)
            return None
        return c.Membership(kind, target, span=expression.span, via=context.via)

    def _group(
        self, conjunction: bool, items: tuple[t.Expression, ...], context: Context, span: Span
    ) -> c.Condition | None:
        expanded = [self._expand(item, context) for item in items]
        children = tuple(child for child in expanded if child is not None)
        if len(children) < len(expanded):
            return None
        if len(children) == 1:
            return children[0]
        return (c.And if conjunction else c.Or)(children, span=span, via=context.via)

    def _use(self, use: t.Use, context: Context) -> c.Condition | None:
        found = context.scope.names.get(use.name)
        if use.name in context.parameters or (found and isinstance(found[1], t.Param)):
            report_value(use, self.report, context.via)
            return None
        if found is None:
            if use.name not in context.scope.missing and use.span.key not in self._vain:
                self._vain.add(use.span.key)
                report_unknown(use, context.scope.names, self.report, context.via)
            return None
        file, let = found
        assert isinstance(let, t.Let)
        context.scope.used.add(use.name)
        self._is_doubtful = self._is_doubtful or use.name in context.scope.doubtful
        if any(each is let for each in context.active):
            report_cycle(use, let, context.active, self.report, context.via)
            return None
        if not takes(use, let, self.report, context.via):
            return None
        given = use.arguments or ()
        values = self._values(context)
        arguments = {
            parameter: values.literal(value, use.span)
            for parameter, value in zip(let.parameters, given, strict=True)
        }
        seen = None if self._checked is None else self._checked.of(let, arguments, context)
        if seen is not None and seen.is_known:
            return seen.found
        inside = Context(
            self.scopes[file],
            arguments if seen is None else seen.arguments,
            (*context.via, use.span),
            (*context.active, let),
            context.in_filter,
            context.negated,
            context.depth,
        )
        made = self._expand(let.body, inside)
        if seen is not None:
            seen.is_known, seen.found = True, made
        return made

    # --- leaves ------------------------------------------------------------------------

    def _outside_filter(self, span: Span, context: Context, what: str) -> bool:
        if context.in_filter:
            self.report.add(
                Code.SEG201,
                span,
                f"{what} is not allowed inside a behavior's filter",
                help="a filter tests only columns of its events; move this outside the aggregate",
                via=context.via,
            )
        return not context.in_filter

    def _plain_names(self, names: tuple[str, ...], span: Span, context: Context) -> bool:
        """Refuses parameters where a name of the data stands: they would be taken literally."""
        for each in names if context.parameters else ():
            if each in context.parameters:
                self.report.add(
                    Code.SEG113,
                    span,
                    f"`{name(each)}` is a parameter of this definition, and a parameter is "
                    "a value, never an attribute, a behavior or a column",
                    help="rename the parameter, or write the name itself here",
                    via=context.via,
                )
                return False
        return True

    def _test(self, node: t.Test, context: Context) -> c.Condition | None:
        subject: c.Subject | None
        if isinstance(node.subject, c.Attribute) and not context.parameters:
            subject = node.subject
        else:
            subject = self._subject(node, context)
        values = self._values(context)
        predicate = (
            None
            if self._is_foreign(node, values, context)
            else values.predicate(node.predicate, node.span)
        )
        if node.quantifier is None and isinstance(subject, c.Attribute):
            # Nothing more can be wrong with the kind that most are.
            if predicate is None:
                return None
            test = c.Test(subject, predicate, span=node.span, via=context.via)
            return c.Not(test, span=node.span, via=context.via) if node.negated else test
        quantifier = values.quantifier(node.quantifier, node.span)
        if subject is None or predicate is None or (node.quantifier and quantifier is None):
            return None
        if isinstance(subject, c.Aggregate) and not makes_sense(
            node, subject, predicate, self.report, context.via
        ):
            return None
        if quantifier is not None and isinstance(subject, c.MlAttribute):
            report_no_elements("an attribute of a model", node.span, self.report, context.via)
            return None
        on_operator = quantifier is not None or (isinstance(subject, c.Aggregate) and subject.some)
        if on_operator and node.negated and not p.has_not(predicate):
            report_no_negation(node.span, self.report, context.via)
            return None
        if on_operator:
            return c.Test(
                subject, predicate, node.negated, quantifier, span=node.span, via=context.via
            )
        test = c.Test(subject, predicate, span=node.span, via=context.via)
        return c.Not(test, span=node.span, via=context.via) if node.negated else test

    def _is_foreign(self, test: t.Test, values: Values, context: Context) -> bool:
        """Reports a test that compares with a name as other languages do, or with a definition."""
        match test.predicate:
            case p.Compare(_, Name() as value) | p.TimeCompare(_, Name() as value):
                if values.is_known(value.name):
                    return False
                from segdsl.language.resolve.foreign import report_foreign

                report_foreign(test, value, values, self.report, context.via)
                return True
            case p.Compare("=", Boolean(truth)) if isinstance(test.subject, t.Attribute):
                found = context.scope.names.get(test.subject.name)
                if found is None or self.owners is not None or context.in_filter:
                    return False
                let = found[1]
                if isinstance(let, t.Let) and let not in context.active:
                    report_compared(test, truth, let, self.report, context.via)
        return False

    def _subject(self, test: t.Test, context: Context) -> c.Subject | None:
        subject = test.subject
        span = test.subject_span
        match subject:
            case t.Attribute(attribute):
                return subject if self._plain_names((attribute,), span, context) else None
            case t.Dotted(left, right):
                return self._dotted(left, right, span, context)
            case t.GroupAttribute(group, attribute):
                if not self._outside_filter(test.span, context, "an attribute of a customer group"):
                    return None
                return subject if self._plain_names((group, attribute), span, context) else None
            case t.MlAttribute(solution, _, attribute):
                if not self._outside_filter(test.span, context, "an attribute of a model"):
                    return None
                if attribute in MODEL_ATTRIBUTES[solution]:
                    return subject
                report_no_attribute(solution, attribute, span, self.report, context.via)
                return None
            case t.Aggregate():
                return self._aggregate(test, subject, context)
            case _:
                assert_never(subject)

    def _dotted(
        self, left: str, right: str, span: Span, context: Context
    ) -> c.GroupAttribute | None:
        owner = None if self.owners is None else self.owners.get(left)
        if owner == "customer group":
            if not self._outside_filter(span, context, "an attribute of a customer group"):
                return None
            return c.GroupAttribute(left, right)
        from segdsl.language.resolve.qualified_names import wrong

        code, what, help = wrong(left, right, self.owners, self.report, in_filter=context.in_filter)
        self.report.add(code, span, what, help=help, via=context.via)
        return None

    def _aggregate(
        self, test: t.Test, subject: t.Aggregate, context: Context
    ) -> c.Aggregate | None:
        if not self._outside_filter(test.span, context, f"`{subject.function}`"):
            return None
        names = (*source_names(subject.behavior), *subject.columns, *subject.grouping)
        names = (*names, subject.order) if subject.order is not None else names
        if not self._plain_names(names, test.subject_span, context):
            return None
        window: Duration | None = None
        if subject.window is not None:
            window = self._values(context).duration(subject.window, test.subject_span)
            if window is not None and has_no_length(window):
                self.report.add(
                    Code.SEG014,
                    test.subject_span,
                    "a window of length 0 contains no events",
                    help="give it a length: `over 7 days`",
                    via=context.via,
                )
                return None
        inside = self._filter(subject.filter, context)
        if (window is None) != (subject.window is None) or (inside is None) != (
            subject.filter is None
        ):
            return None
        return c.Aggregate(
            subject.function,
            subject.behavior,
            subject.columns,
            subject.some,
            subject.order,
            subject.grouping,
            window,
            inside,
        )

    def _filter(self, expression: t.Expression | None, context: Context) -> c.Condition | None:
        if expression is None:
            return None
        return self._expand(
            expression, msgspec.structs.replace(context, in_filter=True, negated=False)
        )

    def _has(self, node: t.Has, context: Context) -> c.Condition | None:
        if not self._outside_filter(node.span, context, f"`{'no' if node.absent else 'has'}`"):
            return None
        if not self._plain_names(source_names(node.behavior), node.span, context):
            return None
        inside = self._filter(node.filter, context)
        if (inside is None) != (node.filter is None):
            return None
        count = c.Aggregate("count", node.behavior, filter=inside)
        test = c.Test(count, p.Compare(">=", Number("1")), span=node.span, via=context.via)
        return c.Not(test, span=node.span, via=context.via) if node.absent else test

    def _score(self, score: t.Score, context: Context) -> c.Condition | None:
        if not self._outside_filter(score.span, context, "a score"):
            return None
        values = self._values(context)
        low, high = values.number(score.low, score.span), values.number(score.high, score.span)
        if low is None or high is None:
            return None
        return c.Score(
            score.model, low, high, score.including_converted, span=score.span, via=context.via
        )

    def _limited(
        self, limited: t.Limited, operand: t.Expression, context: Context
    ) -> c.Condition | None:
        if not self._outside_filter(limited.span, context, "a limit"):
            return None
        child = self._expand(operand, msgspec.structs.replace(context, negated=False))
        test = child.child if isinstance(child, c.Not) else child
        aggregate = not isinstance(test, c.Test) or isinstance(test.subject, c.Aggregate)
        limit = self._values(context).limit(limited.limit, aggregate=aggregate)
        if limit is None or child is None:
            return None
        if isinstance(test, c.Test) and not isinstance(test.subject, c.MlAttribute):
            return c.Limited(child, limit, span=limited.span, via=context.via)
        self.report.add(
            Code.SEG208,
            limited.span,
            "the API limits a whole segment or a single test of an attribute or a behavior, "
            "not this",
            help='move this with its limit into its own segment, and write `in segment "…"`',
            via=context.via,
        )
        return None
