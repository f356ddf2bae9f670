"""Aggregates: functions of SQL and Excel, and how often something happened in plain English."""

from __future__ import annotations

import re

from segdsl.language.syntax.syntax_errors import spelling
from segdsl.language.syntax.syntax_errors.expected import unexpected
from segdsl.language.syntax.syntax_errors.rules import Function, PatternMatch, Rule, compiled
from segdsl.language.syntax.syntax_errors.site import Advice, Site

_FUNCTIONS = {
    **dict.fromkeys(("avg", "mean", "average"), "average"),
    **dict.fromkeys(("sum", "total"), "sum"),
    **dict.fromkeys(("min", "minimum", "lowest", "smallest", "earliest"), "min"),
    **dict.fromkeys(("max", "maximum", "highest", "largest", "latest"), "max"),
    "count": "count",
}
_NAMES = "|".join(_FUNCTIONS)
_HOW_MANY = (
    r"(?P<how>at least|at most|more than|less than|fewer than|exactly|no more than|no fewer than|"
    r"over|under|only)"
)
_SIGNS = {
    **dict.fromkeys(("at least", "no fewer than", "no less than"), ">="),
    **dict.fromkeys(("at most", "no more than", "up to"), "<="),
    **dict.fromkeys(("more than", "over"), ">"),
    **dict.fromkeys(("less than", "fewer than", "under"), "<"),
    **dict.fromkeys(("exactly", "only", ""), "="),
}
_TIMES = r"(?: times?)"
_FILTER = r"(?P<filter>[^()\n]+?)(?=~(?:$|\)|\n|\b(?:and|or|limit)\b))"


def _called(found: PatternMatch) -> str | None:
    """`AVG(bookings.fare)`: the function in our spelling, its argument as it is."""
    ours = _FUNCTIONS[found.raw("f").lower()]
    return f"{ours}{found.raw('call')}" if found.raw("f") != ours else None


def _counted(found: PatternMatch) -> str:
    """`COUNT(*)`: of the behavior that is meant."""
    return f"count({found.raw('of') or found.site.behavior}{found.raw('rest')})"


def _distinct(found: PatternMatch) -> str | None:
    columns = found.raw("columns")
    if "." not in columns:
        columns = f"{found.site.behavior}.{columns}"
    return f"count distinct ({columns})"


def _how_many(found: PatternMatch) -> str | None:
    """`at least 3 bookings`, `bookings more than 3 times`."""
    how = " ".join(found.raw("how").lower().split())
    sign = _SIGNS[how]
    thing = found.raw("b")
    return f"count({thing}) {sign} {found['amount']}"


def _words(found: PatternMatch) -> str | None:
    """`number of bookings > 3`, `average of bookings.fare > 3`."""
    ours = _FUNCTIONS.get(found.raw("f").lower(), "count")
    thing = found.raw("of")
    if ours != "count" and "." not in thing:
        return None
    return f"{ours}({thing})"


def _method(found: PatternMatch) -> str | None:
    """`bookings.count`, `len(bookings)`, `bookings.fare.sum()`."""
    ours = _FUNCTIONS.get(found.raw("f").lower(), "count")
    column = found.raw("c")
    if not found.raw("b").endswith("s"):
        return None  # the length of a text, and no number of events
    if ours == "count" and not column:
        return f"count({found.raw('b')})"
    return f"{ours}({found.raw('b')}.{column})" if column else None


_CRITERION = re.compile(r'^"?(?P<sign>>=|<=|<>|>|<|=)?(?P<value>[^"]*)"?$')


def _if(found: PatternMatch) -> str | None:
    """Excel's `COUNTIF(bookings.fare, ">100")` and `SUMIF(…)`."""
    match = _CRITERION.match(found.raw("criterion").strip())
    if match is None:
        return None
    sign = {"<>": "!=", None: "="}.get(match["sign"], match["sign"])
    value = match["value"]
    if not re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", value):
        value = f'"{value}"'
    test = f"{found.raw('c')} {sign} {value}"
    f = found.raw("f").lower()
    if f.startswith("count"):
        return f"count({found.raw('b')} where {test})"
    column = (found.raw("column") or f"{found.raw('b')}.{found.raw('c')}").split(".")[-1]
    ours = _FUNCTIONS[f.removesuffix("s").removesuffix("if")]
    return f"{ours}({found.raw('b')}.{column} where {test})"


_AGGREGATE = r"(?:count distinct~|count~|sum~|min~|max~|average~|avg~)\([^()]*\)"


def two_aggregates(site: Site) -> Advice | None:
    """`sum(b.x) >= sum(b.y)`, `sum(b.x) / count(b) > 3`."""
    pattern = compiled(rf"(?P<left>{_AGGREGATE})~(?P<sign>[=!<>]=?|[-+*/])~(?P<right>{_AGGREGATE})")
    for token in site.tokens[max(0, site.at - 30) : site.at + 1]:
        match = pattern.match(site.text, token.start)
        if match and match.end() >= site.previous_end and token.start <= site.stop:
            if match["sign"] in "-+*/":
                return Advice(
                    token.start,
                    match.end(),
                    "aggregates cannot be added, multiplied or divided",
                    "compare each with a number, or let a workflow put the result into an "
                    "attribute, and compare that",
                )
            return Advice(
                token.start,
                match.end(),
                "two aggregates cannot be compared with each other",
                f"compare each with a number, such as `{match['left']} >= 100`, or let a workflow "
                "put the difference into an attribute, and compare that",
            )
    return None


def column_missing(site: Site) -> Advice | None:
    """`sum(p)`, `sum(fare)`: an aggregate takes a column of a behavior."""
    if site.accepts != {"DOT"} or site.at == 0:
        return None
    last = site.tokens[site.at - 1]
    if last.kind not in ("word", "quoted"):
        return None
    fix = f"{last.text}.column"
    return Advice(
        last.start,
        last.end,
        unexpected(site),
        f"name a column of the behavior: `{fix}`",
        fix,
    )


RULES: tuple[Rule | Function, ...] = (
    two_aggregates,
    Rule(
        "distinct",
        r"(?:count)~\(~distinct(?: ~|~\(~)(?P<columns>[\w.]+(?:~,~[\w.]+)*)~\)(?:~\))?",
        _distinct,
    ),
    Rule(
        "distinct nunique unique",
        r"(?:count_distinct|countd|nunique|count_unique|distinct_count|approx_distinct|"
        r"count distinct|unique|distinct count)~\(?~(?P<columns>\w+\.\w+)~\)?",
        _distinct,
    ),
    Rule(
        "distinct unique different",
        r"(?:the )?(?:number|count) of (?:distinct|unique|different) (?P<columns>\w+\.\w+)",
        _distinct,
    ),
    Rule(
        "count",
        r"count~\(~(?:\*|1)?~(?P<rest>)\)",
        _counted,
        also="name the behavior whose events are counted",
        message="a count is of the events of a behavior",
    ),
    Rule(
        "count",
        r"count~\(~(?:\*|1) (?:from )?(?P<of>\w+)?(?P<rest>(?:~where [^()\n]*)?)~\)",
        _counted,
    ),
    Rule(
        "count",
        r"count~\(~(?P<of>[^\W\d]\w*)\.(?:\w+|\*)(?P<rest>(?:\s+(?:where|by|over)\s[^()\n]*)?)\)",
        _counted,
        message="a count is of events, not of a column",
    ),
    Rule(
        "countif countifs sumif averageif sumifs",
        r"(?P<f>countifs?|sumifs?|averageifs?)~\(~{b}\.{c}~,~(?P<criterion>\"[^\"\n]*\"|-?[0-9.]+)~"
        r"(?:,~(?P<column>[\w.]+)~)?\)",
        _if,
    ),
    Rule(
        "avg mean total minimum maximum lowest highest largest smallest earliest latest sum min "
        "max average count",
        rf"(?P<f>{_NAMES})~{{call}}",
        _called,
        message="there is no aggregate `{f}`",
    ),
    Rule(
        "where",
        rf"(?P<f>count|sum|min|max|average)~\((?P<inside>[^()\n]*)\)~{{sign}}~{{v}} where "
        rf"{_FILTER}",
        lambda found: (
            f"{found.raw('f').lower()}({found.raw('inside').strip()} where "
            f"{found.raw('filter').strip()}) {found['sign']} {found['v']}"
        ),
        message="a filter goes inside the parentheses of its aggregate",
    ),
    Rule(
        "where",
        rf"(?P<f>count|sum|min|max|average)~\((?P<inside>[^()\n]*)\) where {_FILTER}",
        lambda found: (
            f"{found.raw('f').lower()}({found.raw('inside').strip()} where "
            f"{found.raw('filter').strip()}) >= 1"
        ),
        message="a filter goes inside the parentheses of its aggregate",
        also="and say what the result is compared with",
    ),
    # how often
    Rule(
        "last past previous",
        rf"(?:has |have |had |with )?(?:made )?(?:{_HOW_MANY} )?{{amount}} {{b}} "
        r"(?:in|within|during|over|for) (?:the )?(?:last|past|previous) (?P<many>[0-9]+) {unit}",
        lambda found: (
            f"count({found.raw('b')} where timestamp within past "
            f"{spelling.duration(found.raw('many'), found.raw('unit'))}) "
            f"{_SIGNS[' '.join(found.raw('how').lower().split())]} {found['amount']}"
        ),
        message="use a count for how often something happened",
    ),
    Rule(
        "where with whose",
        rf"(?:has |have |with )?{_HOW_MANY} {{amount}} {{b}} (?:where|with|whose) {_FILTER}",
        lambda found: (
            f"count({found.raw('b')} where {found.raw('filter').strip()}) "
            f"{_SIGNS[' '.join(found.raw('how').lower().split())]} {found['amount']}"
        ),
        message="use a count for how often something happened",
    ),
    Rule(
        "least most more less fewer exactly over under only",
        rf"(?:has |have |had |with )?(?:made )?{_HOW_MANY} {{amount}} {{b}}(?! of\b)"
        r"(?! (?:days?|weeks?|months?|years?|hours?|ago))",
        _how_many,
        message="use a count for how often something happened",
    ),
    Rule(
        "or more fewer less",
        r"(?:has |have |with )?{amount} or (?P<how>more|fewer|less) {b}",
        lambda found: (
            f"count({found.raw('b')}) {'>=' if found.raw('how').lower() == 'more' else '<='} "
            f"{found['amount']}"
        ),
    ),
    Rule(
        "time times",
        rf"{{b}} (?:is )?{_HOW_MANY}?~{{amount}}{_TIMES}",
        _how_many,
        message="use a count for how often something happened",
    ),
    Rule(
        "time times",
        rf"{{b}}~{{sign}}~{{amount}}{_TIMES}",
        lambda found: f"count({found.raw('b')}) {found['sign']} {found['amount']}",
    ),
    Rule(
        "has have",
        r"(?:has|have) {amount} {b}",
        lambda found: f"count({found.raw('b')}) = {found['amount']}",
    ),
    Rule(
        "has have any some",
        r"(?:has|have) (?:any|some|a|an|at least one) {b}",
        lambda found: f"has {found.raw('b')}",
    ),
    Rule(
        "no without never doesn't not don't",
        r"(?:has no|have no|does not have(?: any)?|doesn['’]t have(?: any)?|has not|"
        r"without(?: any)?|has never|never(?: had| made| has)?|not has|has zero|no any) {b}",
        lambda found: f"no {found.raw('b')}",
    ),
    Rule(
        "exists",
        r"(?P<no>not )?exists~\(?~(?:select .*? from )?{b}~\)?",
        lambda found: f"{'no' if found.raw('no') else 'has'} {found.raw('b')}",
    ),
    # in words, as methods
    Rule(
        "number count how many",
        r"(?:the )?(?:number|count|num|#) of (?:all )?(?P<of>[^\W\d]\w*)(?!\.)(?P<f>)",
        _words,
    ),
    Rule(
        "sum total average mean minimum maximum min max avg",
        rf"(?:the )?(?P<f>{_NAMES})(?: value)? (?:of )?(?:the )?(?P<of>[^\W\d]\w*\.\w+)",
        _words,
    ),
    Rule("count", r"{b} count(?=~[=!<>])", lambda found: f"count({found.raw('b')})"),
    Rule("count", r"count (?:of )?(?P<of>[^\W\d]\w*)(?P<f>)", _words),
    Rule(
        "count length size len",
        r"(?:{b}\.(?P<f>count|length|size|nunique)(?:~\(~\))?)",
        _method,
    ),
    Rule("len size", r"(?:len|size|cardinality|array_length)~\(~{b}~\)(?P<f>)", _method),
    Rule(
        "sum mean avg min max average",
        rf"{{b}}\.{{c}}\.(?P<f>{_NAMES})~\(~\)",
        _method,
    ),
    # sum(bookings where fare > 3), sum(fare of bookings)
    Rule(
        "of from in",
        rf"(?P<f>{_NAMES})~\(~{{c}} (?:of|from|in) {{b}}~\)",
        lambda found: f"{_FUNCTIONS[found.raw('f').lower()]}({found.raw('b')}.{found.raw('c')})",
    ),
    Rule(
        "where",
        rf"{{b}} where {_FILTER}",
        lambda found: f"(has {found.raw('b')} where {found.raw('filter').strip()})",
        also="`has` means at least one such event",
    ),
    Rule(
        "median percentile stddev variance mode stdev",
        r"(?:median|percentile|stddev|stdev|variance|mode)~{call}",
        lambda found: None,
        stays=True,
        also="the aggregates are `count`, `count distinct`, `sum`, `min`, `max`, `average`, "
        "`first` and `last`",
    ),
    column_missing,
)
