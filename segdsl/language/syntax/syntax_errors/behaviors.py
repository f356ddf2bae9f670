"""Events of a behavior: filters and times in the wrong place, and subqueries of SQL."""

from __future__ import annotations

import re

from segdsl.language.syntax.syntax_errors import moments, spelling
from segdsl.language.syntax.syntax_errors.rules import (
    PIECES,
    Function,
    PatternMatch,
    Rule,
    compiled,
    write_help,
)
from segdsl.language.syntax.syntax_errors.site import Advice, Site

_LENGTH = rf"{PIECES['amount'][1]}[\s-]*{PIECES['unit'][1]}"
_PAST = rf"(?:(?:in|within|during|over|for)\s+)?(?:the\s+)?(?:last|past|previous)\s+{_LENGTH}"
_UNIT = (
    rf"(?:(?:in|within|during)\s+)?(?:the\s+)?(?:this|current|last|past|previous)\s+"
    rf"{PIECES['unit'][1]}"
)
# A time that is asked of events, without the column that it is asked of.
_PHRASE = (
    rf"(?P<phrase>{_PAST}|within\s+{_LENGTH}|{_UNIT}|"
    rf"(?:{moments.COMPARISON})\s*(?:{moments.PATTERN}))"
)
_END = r"(?=~(?:$|\)|,|\n|\b(?:and|or|limit)\b))"
# Atomic, as a string is also a row of characters: tried both ways, many of them take for ever.
_TEST = r"(?P<filter>(?>\"[^\"\n]*+\"|'[^'\n]*+'|[^()\n,]){1,200}?)"
_FILTER = rf"{_TEST}{_END}"
_INSIDE = r"(?P<inside>(?:\"[^\"\n]*+\"|[^()\n\"])*+)"
_WHERE = rf"(?: where {_INSIDE.replace('inside', 'filter')})?"
_AGGREGATE = rf"(?P<f>count distinct|count|sum|min|max|average)~\({_INSIDE}\)"
_TIMES = "last past previous within in this since before after until during on ago current"


def when(phrase: str) -> str | None:
    """What asks the times of events what a phrase says; None where that is not known."""
    words = " ".join(phrase.split())
    past = re.fullmatch(
        rf"(?:(?:in|within|during|over|for) )?(?:the )?(?:last|past|previous) "
        rf"(?P<amount>{PIECES['amount'][1]})[\s-]*(?P<unit>{PIECES['unit'][1]})",
        words,
        re.IGNORECASE,
    ) or re.fullmatch(
        rf"within (?P<amount>{PIECES['amount'][1]})[\s-]*(?P<unit>{PIECES['unit'][1]})",
        words,
        re.IGNORECASE,
    )
    if past:
        length = spelling.duration(past["amount"], past["unit"])
        return None if length is None else f"timestamp within past {length}"
    words = re.sub(r"^(?:in|within|during) (?=(?:the )?(?:this|current|last|past|prev))", "", words)
    compared = re.match(rf"(?:(?P<word>{moments.COMPARISON}) ?)?", words, re.IGNORECASE)
    word = ((compared and compared["word"]) or "").lower()
    moment = moments.read_moment(words[len(word) :])
    if moment is None:
        return None
    predicate = moments.compare(moments.WORDS.get(word, "="), moment)
    return None if predicate is None else f"timestamp {predicate}"


def _has(word: str, behavior: str, filter: str) -> str:
    ours = "no" if word.lower() in ("no", "without") else "has"
    return f"({ours} {behavior} where {filter})" if filter else f"{ours} {behavior}"


_EVENTS = re.compile(
    rf"\s*(?P<b>{PIECES['b'][1]})\s*(?:(?:where|with|whose|,)\s*(?P<filter>.+?))?\s*", re.DOTALL
)


def _has_in_parentheses(found: PatternMatch) -> str | None:
    """`has (purchases where category = "A")`, `has(purchases)`, `no (purchases) where a = 1`."""
    inside = _EVENTS.fullmatch(found.raw("call")[1:-1])
    if inside is None:
        return None
    return _has(found.raw("has"), inside["b"], (found.raw("filter") or inside["filter"] or ""))


def _has_with(found: PatternMatch) -> str | None:
    filter = found.raw("filter").strip() or found.raw("call")[1:-1].strip()
    return _has(found.raw("has"), found.raw("b"), filter)


def _has_when(found: PatternMatch) -> str | None:
    time = when(found.raw("phrase"))
    filter = f"{found.raw('filter').strip()} and " if found.raw("filter") else ""
    return None if time is None else _has(found.raw("has"), found.raw("b"), filter + time)


def _filtered(inside: str, filter: str) -> str:
    """The inside of an aggregate with one more filter."""
    inside = inside.strip()
    if re.search(r"\swhere\s", inside):
        if re.search(r"\sor\s", inside):
            head, _, rest = inside.partition(" where ")
            return f"{head} where ({rest}) and {filter}"
        return f"{inside} and {filter}"
    return f"{inside} where {filter}"


def _aggregate_when(found: PatternMatch) -> str | None:
    """`count(purchases) > 3 in the last 30 days`."""
    time = when(found.raw("phrase"))
    if time is None:
        return None
    return (
        f"{found['f'].lower()}({_filtered(found.raw('inside'), time)}) {found['sign']} {found['v']}"
    )


def _inside_when(found: PatternMatch) -> str | None:
    """`count(purchases in the last 30 days)`, `sum(purchases.amount, 30 days)`."""
    phrase = found.raw("phrase") or f"past {found.raw('alone')}"
    time = when(phrase)
    if time is None:
        return None
    gap = " " if " " in found["f"] else ""
    return f"{found['f'].lower()}{gap}({_filtered(found.raw('inside'), time)})"


def _aggregate_filter(found: PatternMatch) -> str:
    """`sum(purchases.amount) filter (where a = 1)`, `count(purchases, a = 1)`."""
    filter = found.raw("filter").strip() or found.raw("call")[1:-1].strip()
    filter = re.sub(r"^where\s+", "", filter, flags=re.IGNORECASE)
    return f"{found['f'].lower()}({_filtered(found.raw('inside'), filter)})"


def time_without_column(site: Site) -> Advice | None:
    """`count(purchases where within past 30 days)`: the time of events is in `timestamp`."""
    match = compiled(rf"{_PHRASE}{_END}")
    for at in range(max(0, site.at - 3), min(site.at + 1, len(site.tokens))):
        found = match.match(site.text, site.tokens[at].start)
        if found is None or found.end() < site.previous_end:
            continue
        before = site.text[max(0, site.tokens[at].start - 300) : site.tokens[at].start]
        if not re.search(
            r"(?:\b(?:count|sum|min|max|average|distinct)\s*\([^()]*|\b(?:has|no)\s+\w+\s+)"
            r"\b(?:where|and|or)\s+$",
            before,
        ):
            continue
        fix = when(found["phrase"])
        if fix is not None:
            return Advice(
                found.start(),
                found.end(),
                "expected what is compared with this time",
                write_help(fix, "the time of an event is its `timestamp`"),
                fix,
            )
    return None


def _subquery(found: PatternMatch) -> str:
    """`exists (select 1 from purchases where a = 1)`, `id in (select id from purchases)`."""
    word = "no" if found.raw("no") else "has"
    filter = re.sub(r"'([^'\n]*)'", r'"\1"', found.raw("filter").strip())
    filter = re.sub(r"\bAND\b", "and", filter)
    return _has(word, found.raw("b"), filter)


def _subquery_count(found: PatternMatch) -> str:
    filter = re.sub(r"'([^'\n]*)'", r'"\1"', found.raw("filter").strip())
    where = f" where {filter}" if filter else ""
    return f"count({found.raw('b')}{where}) {found['sign']} {found['v']}"


_ORDERED = "the order determines which event is first or last"


def _ordered(found: PatternMatch) -> str:
    by = found.raw("order") or "timestamp"
    return f"{found['f'].lower()}({found.raw('b')}.{found.raw('c')} by {by}{found.raw('rest')})"


RULES: tuple[Rule | Function, ...] = (
    # SQL's subqueries
    Rule(
        "select",
        rf"(?P<no>not )?exists~\(~select [^()]*?from {{b}}{_WHERE}~\)",
        _subquery,
    ),
    Rule(
        "select",
        rf"{{n}} (?P<no>not )?in~\(~select [\w. ]+ from {{b}}{_WHERE}~\)",
        _subquery,
        message="there are no subqueries: use `has` to ask for events",
    ),
    Rule(
        "select",
        rf"\(~select count~\(~(?:\*|1)~\) from {{b}}{_WHERE}~\)~"
        r"{sign}~{v}",
        _subquery_count,
        message="there are no subqueries: use `count` to count events",
    ),
    # has (…), has … with …
    Rule(
        "has have no without exists",
        rf"(?P<has>has|have|no|without)~{{call}}(?: where {_FILTER})?",
        _has_in_parentheses,
    ),
    Rule(
        "has have no",
        # Where the filter has mistakes of its own, which are reported behind it.
        r"(?P<has>has|have|no)~\(~{b}(?= where )",
        lambda found: f"({'no' if found['has'].lower() == 'no' else 'has'} {found['b']}",
        also="the parenthesis comes before it",
    ),
    Rule("has have no", r"(?P<has>has|have|no) {b}~{call}", _has_with),
    Rule(
        "has have no",
        r"(?P<has>has|have|no) {b} (?:with|whose|having|for which|that have|such that) " + _FILTER,
        _has_with,
    ),
    Rule(
        "has have no",
        r"(?:has|have) {b}~{sign}~{number}",
        lambda found: f"count({found.raw('b')}) {found['sign']} {found['number']}",
        message="use a count for how often something happened",
    ),
    # a time behind events, or behind an aggregate
    time_without_column,
    Rule(_TIMES, rf"(?P<has>has|have|no) {{b}} {_PHRASE}{_END}", _has_when),
    Rule(
        _TIMES,
        rf"(?P<has>has|have|no) {{b}} where {_TEST} {_PHRASE}{_END}",
        _has_when,
    ),
    Rule(
        _TIMES,
        rf"{_AGGREGATE}~{{sign}}~{{v}} {_PHRASE}{_END}",
        _aggregate_when,
        message="a condition on the time of events goes inside the parentheses",
    ),
    Rule(
        _TIMES,
        rf"(?P<f>count distinct|count|sum|min|max|average)~\(~(?P<inside>[\w.`]+(?: where "
        rf"[^()\n]+?)?)(?:~,~| ){_PHRASE}~\)",
        _inside_when,
    ),
    Rule(
        "",
        rf"(?P<f>count|sum|min|max|average)~\(~(?P<inside>[\w.`]+)~,~(?P<alone>{_LENGTH})~\)",
        _inside_when,
    ),
    # a filter in another place
    Rule(
        "filter where",
        rf"{_AGGREGATE}~\.?~(?:filter|where)~{{call}}",
        _aggregate_filter,
        message="a filter goes inside the parentheses of its aggregate",
    ),
    Rule(
        "count sum min max average",
        r"(?P<f>count|sum|min|max|average)~\(~(?P<inside>[\w.`]+)~,~(?P<filter>{c}~"
        r"(?:[=!<>]|is |in~\(|contains |between )[^()\n]*(?:\([^()\n]*\))?)~\)",
        _aggregate_filter,
        message="a filter begins with `where`",
    ),
    Rule(
        "count",
        r"count(?: of)? {b} where (?P<filter>[^()\n]+?)~{sign}~{number}"
        r"(?=~(?:$|\)|\n|(?:and|or) ))",
        lambda found: (
            f"count({found.raw('b')} where {found.raw('filter').strip()}) "
            f"{found['sign']} {found['number']}"
        ),
        message="what is counted goes in parentheses",
    ),
    Rule(
        "sum min max average",
        r"(?P<f>sum|min|max|average|avg|total)~\(~{b}~,~{c}~\)",
        lambda found: (
            f"{ {'avg': 'average', 'total': 'sum'}.get(found['f'].lower(), found['f'].lower()) }"
            f"({found.raw('b')}.{found.raw('c')})"
        ),
    ),
    # first and last
    Rule(
        "first last",
        r"(?P<f>first|last)~\(~{b}\.{c}(?P<order>)(?P<rest>(?: (?:where|per|over) [^()\n]*)?)~\)",
        _ordered,
        also=_ORDERED,
    ),
    Rule(
        "first last",
        r"(?P<f>first|last)~\(~{b}\.{c} (?:order(?:ed)?|sort(?:ed)?) by (?P<order>\w+)"
        r"(?: asc| desc)?(?P<rest>(?: (?:where|per|over) [^()\n]*)?)~\)",
        _ordered,
    ),
    Rule(
        "first last",
        r"(?P<f>first|last) (?:of )?{b}\.{c}(?P<order>)(?P<rest>)(?=~[=!<>]| is | in | contains )",
        _ordered,
        also=_ORDERED,
    ),
)
