"""Times: SQL's and Python's dates and intervals, and the phrases of plain English."""

from __future__ import annotations

import re

from segdsl.diagnostics import Code
from segdsl.language.syntax.syntax_errors import moments, spelling
from segdsl.language.syntax.syntax_errors.moments import Moment, read_moment
from segdsl.language.syntax.syntax_errors.rules import (
    Function,
    PatternMatch,
    Rule,
    Write,
    advice,
    write_help,
)
from segdsl.language.syntax.syntax_errors.site import Advice, Site

_MORE = {">": "more than", ">=": "at least", "<": "less than", "<=": "at most"}
_MONTH_FIRST = "if the day was written first, swap day and month"
NAMED_DAYS = "days of the week cannot be named: name the week, the date or `1 day ago`"


def _relation(word: str) -> moments.Relation:
    plain = re.sub(r"^(?:is|are|was|were)\s+(?=\w)", "", " ".join(word.lower().split()))
    return moments.WORDS[plain] if plain in moments.WORDS else moments.WORDS[word.lower()]


def _compare(found: PatternMatch) -> str | None:
    moment = read_moment(found.raw("moment"))
    if moment is None:
        return None
    predicate = moments.compare(_relation(found.raw("when")), moment)
    return None if predicate is None else f"{found['s']} {predicate}"


def _also(moment: Moment, fix: str, subject: str) -> str:
    if moment.kind == "date":
        return _MONTH_FIRST if moment.ambiguous else ""
    if moment.kind == "weekday":
        return NAMED_DAYS
    if moment.kind == "ago" and moment.text == "1 day" and "within" in fix:
        return f"yesterday and later is `{subject} at most 1 day ago`"
    return ""


def compared_with_a_moment(site: Site) -> Advice | None:
    """`last_seen > 30 days ago`, `signup since 01/31/2024`, `visit = yesterday`."""
    rule = Rule("", r"{s} {when}~{moment}", _compare)
    bare = Rule("", r"{s} {moment}", _compare)
    for each in (rule, bare):
        for found in advice([each], site):
            written = site.text[found.start : found.end]
            match = re.search(rf"(?:{moments.PATTERN})$", written, re.IGNORECASE)
            moment = read_moment(match[0]) if match else None
            subject = written.split()[0]
            assert found.fix is not None
            also = _also(moment, found.fix, subject) if moment else ""
            return Advice(
                found.start,
                found.end,
                "times are compared with other words",
                write_help(found.fix, also),
                found.fix,
            )
    return None


def no_comparison_with_the_future(site: Site) -> Advice | None:
    """`renewal > 30 days from now`: there is no such operator."""
    match = re.compile(rf"(?:{moments.COMPARISON})\s*(?P<moment>{moments.PATTERN})", re.IGNORECASE)
    for token in site.tokens[max(0, site.at - 8) : site.at + 1]:
        found = match.match(site.text, token.start)
        if found and found.end() >= site.previous_end and token.start <= site.stop:
            moment = read_moment(found["moment"])
            if moment is not None and moment.kind == "ahead":
                return Advice(
                    token.start,
                    found.end(),
                    "`<` and `>` cannot compare a time with the future",
                    f"write both ends, such as `between 1 and {moment.text} from now`, or "
                    f"`within next {moment.text}`",
                )
    return None


def _within(direction: str) -> Write:
    def write(found: PatternMatch) -> str | None:
        length = found.duration()
        negation = "not " if found.raw("no") else ""
        return None if length is None else f"{found['s']} {negation}within {direction} {length}"

    return write


def _range(found: PatternMatch) -> str | None:
    low, high = read_moment(found.raw("moment")), read_moment(found.raw("until"))
    negation = "not " if found.raw("no") else ""
    ends = [_end(each) for each in (low, high)]
    if None in ends:
        return None
    return f"{found['s']} {negation}between {ends[0]} and {ends[1]}"


def _end(moment: Moment | None) -> str | None:
    if moment is None:
        return None
    match moment.kind:
        case "date":
            return moment.text
        case "ago":
            return f"{moment.text} ago"
        case "today":
            return "0 days ago"
        case _:
            return None


def _between_ago(found: PatternMatch) -> str | None:
    unit = spelling.unit(found.raw("unit"))
    low, high = sorted((found["amount"], found["number"]), key=lambda each: -int(each))
    return None if unit is None else f"{found['s']} between {low} and {high} {unit}s ago"


def _unit_of(found: PatternMatch) -> str | None:
    unit = spelling.unit(found.raw("unit"))
    amount = found.raw("amount")
    count = spelling.amount(amount) if amount else "1"
    plural = "" if count == "1" else "s"
    return None if unit is None else f"{count} {unit}{plural}"


def _date_alone(found: PatternMatch) -> str | None:
    moment = read_moment(found.raw("moment"))
    return moment.text if moment is not None and moment.kind == "date" else None


def _time_range(found: PatternMatch) -> str | None:
    """`TD_TIME_RANGE(time, '2024-01-01', '2024-02-01')`, `TD_INTERVAL(time, '-30d')`."""
    arguments = [each.strip() for each in found.raw("call")[1:-1].split(",")]
    interval = re.fullmatch(r"['\"]-([0-9]+)([a-z]+)(?:/now)?['\"]", " ".join(arguments[1:2]))
    if interval:
        length = spelling.duration(interval[1], interval[2])
        return None if length is None else f"{arguments[0]} within past {length}"
    low, high = (read_moment(each) for each in (*arguments[1:3], "", "")[:2])
    low_end, high_end = _end(low), _end(high)
    if low is not None and high is None and low.kind == "date":
        return f"{arguments[0]} on or after {low.text}"
    if low is None and high is not None and high.kind == "date":
        return f"{arguments[0]} before {high.text}"
    if low_end is None or high_end is None:
        return None
    return f"({arguments[0]} on or after {low_end} and {arguments[0]} before {high_end})"


def _older(found: PatternMatch) -> str | None:
    length = found.duration()
    word = "more" if found.raw("old").lower() in ("older", "earlier", "longer", "more") else "less"
    return None if length is None else f"{found['s']} {word} than {length} ago"


def _ago_alone(found: PatternMatch) -> str | None:
    length = found.duration()
    words = " ".join(found.raw("how").lower().split())
    words = {
        "over": "more than",
        "under": "less than",
        "no more than": "at most",
        "not more than": "at most",
        "no less than": "at least",
        "not less than": "at least",
    }.get(words, words)
    return None if length is None else f"{found['s']} {words} {length} ago"


def _date_difference(found: PatternMatch) -> str | None:
    """`DATEDIFF(day, last_seen, NOW()) > 30`: so many days ago."""
    arguments = [each.strip().strip("'\"") for each in found.raw("call")[1:-1].split(",")]
    unit = "day"
    if len(arguments) == 3:
        known = spelling.unit(arguments.pop(0))
        if known is None:
            return None
        unit = known
    columns = [each for each in arguments if (read_moment(each) or Moment("date")).kind != "today"]
    sign, number = found["sign"], found["number"]
    if len(columns) != 1 or sign not in _MORE or not number.isdigit():
        return None
    return f"{columns[0]} {_MORE[sign]} {spelling.duration(number, unit)} ago"


def _period(found: PatternMatch) -> str | None:
    """`signup in 2024`, `signup before January 2024`: from the first day to the last."""
    days = moments.read_period(found.raw("period"))
    if days is None:
        return None
    first, last = days
    match _relation(found.raw("when") or ""):
        case "=":
            return f"{found['s']} between {first} and {last}"
        case "!=":
            return f"{found['s']} not between {first} and {last}"
        case ">":
            return f"{found['s']} after {last}"
        case ">=":
            return f"{found['s']} on or after {first}"
        case "<":
            return f"{found['s']} before {first}"
        case _:
            return f"{found['s']} on or before {last}"


def _part_of_date(found: PatternMatch) -> str | None:
    """`YEAR(signup) = 2024`."""
    days = moments.read_period(found.raw("number"))
    sign = found["sign"]
    if days is None:
        return None
    first, last = days
    predicates = {
        "=": f"between {first} and {last}",
        "!=": f"not between {first} and {last}",
        ">": f"after {last}",
        ">=": f"on or after {first}",
        "<": f"before {first}",
        "<=": f"on or before {last}",
    }
    return f"{found.raw('n')} {predicates[sign]}"


def never(found: PatternMatch) -> str:
    return f"{found['s']} is null"


RULES: tuple[Rule | Function, ...] = (
    Rule("datediff date_diff", r"date_?diff~{call}~{sign}~{number}", _date_difference),
    Rule("td_time_range td_interval", r"td_(?:time_range|interval)~{call}", _time_range),
    # in the last 30 days, during the past week, over the next 2 weeks
    Rule(
        "last past previous 過去",
        r"{s} (?:is |was )?(?P<no>not )?(?:in|within|during|over|for) (?:the )?"
        r"(?:last|past|previous|過去) {amount}~-?~{unit}",
        _within("past"),
    ),
    Rule(
        "last past previous",
        r"{s} (?P<no>not )?(?:last|past|previous) {amount}~-?~{unit}",
        _within("past"),
    ),
    Rule(
        "next coming following",
        r"{s} (?:is |was )?(?P<no>not )?(?:(?:in|within|during|over) )?(?:the )?"
        r"(?:next|coming|following) {amount}~-?~{unit}",
        _within("next"),
    ),
    Rule(
        "within in",
        r"{s} (?P<no>not )?within {amount}~-?~{unit}(?: (?:(?:of|before) (?:now|today)|ago))?"
        r"(?! from)",
        _within("past"),
        also="for the future write `within next …`",
    ),
    Rule(
        "in within",
        r"{s} (?P<no>not )?(?:with)?in {amount}~-?~{unit}(?: from (?:now|today))?(?! ago)",
        _within("next"),
        also="for the past write `within past …`",
    ),
    Rule(
        "within",
        r"{s} (?P<no>not )?within (?:the )?(?P<which>past|last|next) {amount}"
        r"(?=~(?:$|\)|,|(?:and|or)\b))",
        lambda found: (
            f"{found['s']} {'not ' if found.raw('no') else ''}within "
            f"{'next' if found.raw('which') == 'next' else 'past'} {found.raw('amount')} days"
            if found.raw("amount")
            else None
        ),
        also="add the unit: `days`, `weeks`, `months` …",
    ),
    Rule(
        "within in",
        r"{s} (?P<no>not )?(?:within|in|during) (?:the )?(?P<which>past|last|next) {unit}",
        lambda found: (
            f"{found['s']} {'not ' if found.raw('no') else ''}"
            f"in {'next' if found.raw('which').lower() == 'next' else 'last'} "
            f"{spelling.unit(found.raw('unit'))}"
        ),
        also="the whole calendar {unit}",
    ),
    # between … and …
    Rule(
        "between from",
        r"{s} (?:is )?(?P<no>not )?(?:between|from) {moment}~(?:and|to|until|till|-|–|,|\.\.)~"
        r"{until}",
        _range,
    ),
    Rule(
        "between",
        r"{s} between {amount} (?:and|to) {number} {unit} (?:ago|back)",
        _between_ago,
    ),
    # older than 30 days, more than 30 days
    Rule(
        "older newer younger longer earlier later",
        r"{s} (?:is )?(?P<old>older|newer|younger|longer|earlier|later) than {amount}~-?~{unit}"
        r"(?: ago| old)?",
        _older,
    ),
    Rule(
        "more less at least most over under",
        r"{s} (?:is |was )?(?P<how>more than|less than|at least|at most|over|under|no more than|"
        r"not more than|no less than|not less than) {amount}~-?~{unit}"
        r"(?: (?:ago|back|old|earlier|before (?:now|today)))?",
        _ago_alone,
    ),
    Rule(
        "day week month hour minute",
        r"{s}~{sign}~{amount}~-?~{unit}(?! (?:ago|from|before|old))",
        lambda found: (
            None
            if spelling.unit(found.raw("unit")) == "year" or found["sign"] not in _MORE
            else f"{found['s']} {_MORE[found['sign']]} {found.duration()} ago"
        ),
    ),
    Rule(
        "past future",
        r"{s} (?:is |was |are )?(?P<no>not )?in the (?P<which>past|future)",
        lambda found: (
            f"{found['s']} {'not ' if found.raw('no') else ''}"
            f"{'more' if found.raw('which').lower() == 'past' else 'less'} than 0 days ago"
        ),
        also="`0 days ago` is today",
    ),
    Rule(
        "year",
        r"(?:year~\(|extract~\(~year from )~{n}~\)~{sign}~{number}",
        _part_of_date,
    ),
    compared_with_a_moment,
    Rule(
        "19 20",
        rf"{{s}} {{when}} (?P<period>{moments.PERIOD})",
        _period,
        message="times are compared with other words",
    ),
    Rule(
        "before after since until till from prior by",
        r"{s} (?P<when>before|after|since|until|till|from|prior to|by) "
        rf"(?P<period>{moments.YEAR})",
        _period,
        message="times are compared with other words",
    ),
    Rule(
        "in during",
        rf"{{s}} (?P<when>(?:not )?(?:in|during)) (?P<period>{moments.YEAR})",
        _period,
        message="times are compared with other words",
        also="of a number it is `{s} = {period}`",
    ),
    no_comparison_with_the_future,
    Rule(
        "before after",
        r"{s} (?P<how>before|after) {amount}(?<![0-9]{4})(?![\w./:-])(?! \w)",
        lambda found: (
            f"{found['s']} {'more' if found.raw('how').lower() == 'before' else 'less'} than "
            f"{spelling.duration(found.raw('amount'), 'days')} ago"
        ),
        also="a date is written `2024-01-31`",
    ),
    Rule(
        "never", r"{s} (?:is |was |= ~)?never", never, also="`is null` means that there is no value"
    ),
    Rule("ever", r"{s} (?:is |was |= ~)?ever", lambda found: f"{found['s']} is not null"),
    # a length without its space, or in other units
    Rule(
        "",
        r"{amount}~-?~{unit}",
        _unit_of,
        code=Code.SEG008,
        message="`{amount}` and its unit are two words",
    ),
    Rule(
        "ago",
        r"{s} {amount} {unit}",
        lambda found: f"{found['s']} between {found['amount']} and {found.duration()} ago",
    ),
    Rule("", r"{moment}", _date_alone),
)
