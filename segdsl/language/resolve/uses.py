"""What is wrong with the use of a definition, a rule set or a segment, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segdsl.diagnostics import Code, Note, Report
from segdsl.diagnostics.places import counted
from segdsl.language.condition.ml import MODEL_ATTRIBUTES
from segdsl.language.resolve.program import Definition, Scope
from segdsl.language.resolve.sizes import MAX_UNITS, Size, Sizes
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import name
from segdsl.source import Span

MOVE = 'move a part into its own segment and refer to it: `in segment "…"`'
EXPLAINED = 2_000
"""What it takes to look at a function of another language, as so many names compared."""


def report_value(use: t.Use, report: Report, via: tuple[Span, ...]) -> None:
    """A param or a parameter stands where a condition is needed."""
    report.add(
        Code.SEG101,
        use.span,
        f"`{name(use.name)}` is a value, not a condition",
        help="use it in a comparison",
        via=via,
    )


def report_unknown(
    use: t.Use, names: Mapping[str, object], report: Report, via: tuple[Span, ...]
) -> None:
    """No definition has that name."""
    if use.arguments:
        from segdsl.language.resolve.foreign import explain_use

        foreign = explain_use(use) if report.can_compare(EXPLAINED) else None
        if foreign is not None:
            report.add(Code.SEG101, foreign.span, foreign.message, help=foreign.help, via=via)
            return
    ask = (
        None if use.arguments else f"if it is an attribute, compare it: `{name(use.name)} is true`"
    )
    best = report.did_you_mean(use.name, names)
    report.add(
        Code.SEG101,
        use.span,
        f"`{name(use.name)}` is not defined here",
        help="; ".join(part for part in (best, ask) if part)
        or "define it with `let`, or import it",
        via=via,
    )


def report_cycle(
    use: t.Use, let: t.Let, active: Sequence[Definition], report: Report, via: tuple[Span, ...]
) -> None:
    """A definition uses itself, perhaps through others; `active` are those being expanded."""
    first = next(at for at, each in enumerate(active) if each is let)
    chain = " uses ".join(f"`{each.name}`" for each in (*active[first:], let))
    report.add(
        Code.SEG103,
        use.span,
        f"{chain}: a definition cannot use itself",
        help="write out the condition where it is needed",
        via=via,
    )


def takes(use: t.Use, let: t.Let, report: Report, via: tuple[Span, ...]) -> bool:
    """Whether a definition is given as many values as it takes; reported where not."""
    given = use.arguments or ()
    if len(given) == len(let.parameters) and (use.arguments is None) == (not let.parameters):
        return True
    signature = f"{let.name}({', '.join(let.parameters)})" if let.parameters else let.name
    report.add(
        Code.SEG104,
        use.span,
        f"`{let.name}` takes {counted(len(let.parameters), 'value')}, and "
        f"{counted(len(given), 'value')} {'is' if len(given) == 1 else 'are'} given",
        help=f"write it as `{signature}`",
        via=via,
        notes=(Note("defined here", let.name_span),),
    )
    return False


def report_size(size: Size, sizes: Sizes, scope: Scope, report: Report) -> None:
    """A segment or definition grows to more than one segment can be."""
    assert size.largest is not None, "only definitions make it so large"
    report.add(
        Code.SEG108,
        size.largest.span,
        f"with its definitions written out this grows to {size}",
        help=MOVE,
        notes=_culprits(size, sizes, scope),
    )


def report_run(size: Size, at: Span, sizes: Sizes, scope: Scope, report: Report) -> None:
    """The segments of a run grow to more than a run can hold."""
    report.add(
        Code.SEG108,
        size.largest.span if size.largest is not None else at,
        f"with definitions and params written out the segments of this run grow to more than "
        f"{MAX_UNITS:,} conditions and groups, of which this one adds {size.grown:,}",
        help=MOVE + ", or compile fewer files in one run",
        notes=_culprits(size, sizes, scope),
    )


def _culprits(size: Size, sizes: Sizes, scope: Scope) -> tuple[Note, ...]:
    """The definition that adds the most, and the first one below it that is too large itself."""
    if size.largest is None:
        return ()
    found = sizes.meant(size.largest, scope)
    assert found is not None
    told = [found]
    own = sizes.of_definition(*found)
    while not own.fits and own.largest is not None:
        inner = sizes.meant(own.largest, sizes.scopes[found[0]])
        assert inner is not None
        within = sizes.of_definition(*inner)
        if within.fits:
            break
        found, own = inner, within
    if found[1] is not told[0][1]:
        told.append(found)
    return tuple(
        Note(f"`{let.name}` grows to {sizes.of_definition(file, let)}", let.name_span)
        for file, let in told
    )


def report_compared(
    test: t.Test, truth: bool, let: t.Let, report: Report, via: tuple[Span, ...]
) -> None:
    """Warns of `vip = true` where `vip` is a definition; with a schema the checker knows."""
    written = name(let.name) if truth != test.negated else f"not {name(let.name)}"
    report.add(
        Code.SEG218,
        test.span,
        f"this tests an attribute `{name(let.name)}`, but a definition has that name",
        help=f"write `{written}`; a definition is a condition in itself; if you mean the "
        "attribute, rename the definition",
        via=via,
        notes=(Note("the definition", let.name_span),),
    )


def report_no_attribute(
    solution: str, attribute: str, span: Span, report: Report, via: tuple[Span, ...]
) -> None:
    """A model has no attribute of that name."""
    known = MODEL_ATTRIBUTES[solution]
    otherwise = f"it has {', '.join(f'`{each}`' for each in known)}"
    report.add(
        Code.SEG110,
        span,
        f"a model of {solution} has no attribute `{name(attribute)}`",
        help=report.did_you_mean(attribute, known, otherwise),
        via=via,
    )


def report_negated_rule_set(
    label: str | None, span: Span, via: tuple[Span, ...], report: Report
) -> None:
    """Reports a rule set, with or without a label, that is under a `not`."""
    report.add(
        Code.SEG209,
        span,
        "a label under a `not` would describe the opposite of its group"
        if label is not None
        else "a group under a `not` is inverted, and cannot stay a rule set of its own",
        help='put the `not` inside: `"Label": (not …)`'
        if label is not None
        else "put the `not` inside: `rule set (not …)`, or remove `rule set`",
        via=via,
    )


def report_blank_name(span: Span, via: tuple[Span, ...], report: Report) -> None:
    """Reports a reference to a segment whose name is blank."""
    report.add(
        Code.SEG114,
        span,
        "no segment can have a blank name",
        help="name the segment, or use its id: `in segment #1234`",
        via=via,
    )
