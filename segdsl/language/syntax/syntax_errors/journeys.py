"""Journeys: their heads and stages, criteria, steps and branches, in other words than ours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from segdsl.language.syntax.syntax_errors import deliveries
from segdsl.language.syntax.syntax_errors.expected import unexpected
from segdsl.language.syntax.syntax_errors.rules import Function, PatternMatch, Rule, write_help
from segdsl.language.syntax.syntax_errors.schedules import DAYS_LISTED, days
from segdsl.language.syntax.syntax_errors.site import Advice, Site
from segdsl.language.syntax.syntax_errors.tokens import Token

_QUOTED = "a name is written in quotes"
_CLAUSES = "description|folder|reentry|goal|enter|milestone|exit|steps|stage"
_STEPS = "activate|wait|decide|split|jump|end"
_NAMES = {
    "goal": "Reached",
    "enter": "Entered",
    "milestone": "Reached",
    "exit": "Left",
    "when": "Branch",
    "otherwise": "Others",
    "for": "Happened",
    "decide": "Decision",
    "split": "Test",
}
_STEP_WORDS = {
    **dict.fromkeys(("send", "activation", "syndicate", "export", "email", "mail"), "activate"),
    **dict.fromkeys(("delay", "sleep", "pause"), "wait"),
    **dict.fromkeys(("decision", "decision_point", "branch", "switch", "if", "case"), "decide"),
    **dict.fromkeys(("ab_test", "abtest", "test", "experiment"), "split"),
    **dict.fromkeys(("stop", "finish", "done", "exit", "leave"), "end"),
}


# --- what is left out where nothing can be suggested ---------------------------------------


def begins_clause(listed: list[Token], number: int) -> bool:
    """Whether a token begins what follows a condition: the next clause, or a block."""
    word = listed[number].text
    behind = listed[number + 1].text if number + 1 < len(listed) else ""
    if word in ("enter", "exit", "milestone", "goal", "stage", "description", "folder"):
        return behind.startswith('"')
    return (word in ("then", "steps", "otherwise") and behind == "(") or (
        word in ("up", "jump") and behind == "to"
    )


def is_in_a_condition(site: Site) -> bool:
    """Whether a condition may stand around the stop: no word of steps and clauses is due."""
    due = {"ACTIVATE", "OTHERWISE", "WHEN", "PERCENT", "CONTROL", "STAGE", "JOURNEY", "NEVER"}
    clauses = {"THEN", "STEPS", "REENTRY"}
    return not due & site.accepts and not (clauses & site.accepts and "AND" not in site.accepts)


def spans(site: Site) -> Iterator[tuple[int, int, str]]:
    """The step or the branch that the stop is in, then those around it; then the clause.

    Each comes with what can stand in its place.
    """
    listed = site.tokens
    low, high = site.at, site.at
    for _ in range(4):
        start, end = _piece(listed, low, high)
        if start == 0 or end >= len(listed):
            break
        if start < end and listed[start - 1].text in ("(", ","):
            yield listed[start].start, listed[end - 1].end, _instead(listed[start])
        low, high = start - 1, end + 1
    starts = [
        token.start
        for number, token in enumerate(listed)
        if re.fullmatch(_CLAUSES, token.text) and site.word(number - site.at - 1) != "to"
    ]
    behind = min((each for each in starts if each > site.stop), default=len(site.text))
    before = [each for each in starts if each <= site.stop]
    if before:
        yield before[-1], behind, ""
    yield site.stop, behind, ""


def _piece(listed: list[Token], start: int, end: int) -> tuple[int, int]:
    """The numbers of the tokens from the comma or parenthesis before to the one behind."""
    depth = 0
    while start > 0:
        word = listed[start - 1].text
        depth += {")": 1, "(": -1}.get(word, 0)
        if depth < 0 or (depth == 0 and word == ","):
            break
        start -= 1
    depth = 0
    while end < len(listed):
        word = listed[end].text
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth < 0 or (depth == 0 and word == ","):
            break
        end += 1
    return start, end


def _instead(first: Token) -> str:
    """What can stand in the place of a step, a branch or a variant that begins so."""
    if first.text in ("when", "otherwise"):
        return 'when "_" where _ then ()'
    return '0% "_" then ()' if first.kind == "number" else "end"


# --- criteria ------------------------------------------------------------------------------


def name_missing(site: Site) -> Advice | None:
    """`enter where …`, `decide (…)`, `otherwise then (…)`: what has a name, without one."""
    token, before = site.token, site.word(-1)
    if token is None or site.accepts != {"STRING"} or before not in _NAMES:
        return None
    if token.text not in ("where", "is", "(", "then", "if", "when"):
        return None
    fix = f'"{_NAMES[before]}" {token.text}'
    what = {"decide": "a decision", "split": "a split"}.get(
        before, "a branch" if before in ("when", "otherwise") else "a criterion"
    )
    return Advice(token.start, token.end, f"{what} has a name", write_help(fix), fix)


def rule_missing(site: Site) -> Advice | None:
    """`enter "A" country = "JP"`, `when "A": …`: a rule begins with `where`."""
    if not {"WHERE", "IS"} <= site.accepts or "STAGE_HEAD" in site.accepts or site.at_end:
        return None
    token = site.token
    if token is None or token.start > site.stop + 1:
        return None
    segment = re.compile(
        r"(?:=>|:=|[:=]|->|in|of|from|if|with|are)?\s*(?:the\s+)?segment\s*(?=[\"#])"
    ).match(site.text, site.stop)
    if segment is not None:
        fix = "is segment "
        return Advice(site.stop, segment.end(), unexpected(site), write_help(fix.strip()), fix)
    sign = re.compile(r"(?:=>|:=|[{:=]|->|when\b|if\b|with\b)(?:\s*where\b)?").match(
        site.text, site.stop
    )
    also = "a rule begins with `where`"
    if sign is not None:
        return Advice(site.stop, sign.end(), unexpected(site), write_help("where", also), "where ")
    if token.text == "then" and site.word(-2) in ("when", "if"):
        return Advice(
            token.start,
            token.end,
            unexpected(site),
            'say who takes this branch, `where …` or `is segment "…"`; the rest is `otherwise "…"`',
        )
    if token.kind not in ("word", "quoted") and token.text != "(":
        return None
    fix = f"where {token.text}"
    return Advice(token.start, token.end, unexpected(site), write_help(fix, also), fix)


def jump_target(site: Site) -> Advice | None:
    """`jump to "Loyal"`, `jump to journey "VIP"`: a jump leads to a stage."""
    token = site.token
    if token is not None and token.text == "journey" and site.accepts == {"STAGE"}:
        return Advice(
            token.start,
            token.end,
            "a jump leads to a stage",
            f'name the stage too: `jump to stage "…" of journey {site.word(1)}`',
        )
    if token is None or token.kind not in ("string", "id") or site.accepts != {"STAGE"}:
        return None
    fix = f"stage {token.text}"
    return Advice(token.start, token.end, unexpected(site), write_help(fix), fix)


# --- steps ---------------------------------------------------------------------------------


def step_word(site: Site) -> Advice | None:
    """`send "Mail"`, `delay 3 days`, `stop`: a step in another word."""
    token = site.token
    if token is None or "ACTIVATE" not in site.accepts or token.kind != "word":
        return None
    word = token.text.lower()
    if word == "merge":
        end = re.compile(r"merge(?:\s*\"[^\"\n]*\")?(?:\s*,)?").match(site.text, token.start)
        assert end is not None
        return Advice(
            token.start,
            end.end(),
            "there is no merge: the paths of a step meet behind its parentheses",
            "remove it",
            "",
        )
    fix = _STEP_WORDS.get(word)
    if fix is None or fix == word:
        return None
    return Advice(token.start, token.end, unexpected(site), write_help(fix), fix)


def unit_missing(site: Site) -> Advice | None:
    """`wait 3`: a number without a unit."""
    number = site.tokens[site.at - 1] if site.at else None
    if site.accepts != {"UNIT"} or number is None or site.word(-2) not in ("wait", "to"):
        return None
    fix = f"{number.text} days"
    return Advice(
        number.start,
        number.end,
        unexpected(site),
        write_help(fix, f"or `{number.text} weeks`"),
        fix,
    )


def step_comma(site: Site) -> Advice | None:
    """`wait 1 day activate "x"`: nothing between two steps, or a semicolon."""
    token = site.token
    if token is None or not site.accepts >= {"COMMA", "RPAR"} or site.at == 0:
        return None
    last = site.tokens[site.at - 1]
    if token.text == ";":
        return Advice(token.start, token.end, unexpected(site), write_help(","), ",")
    if not re.fullmatch(rf"{_STEPS}|when|otherwise|[0-9.]+", token.text):
        return None
    fix = f"{last.text},"
    return Advice(
        last.start,
        last.end,
        "a comma is missing behind this",
        write_help(fix, "steps and branches are separated by commas"),
        fix,
    )


def block_missing(site: Site) -> Advice | None:
    """`then activate "x"`, `otherwise end`: a block without parentheses."""
    if site.accepts != {"LPAR"} or site.word(-1) not in ("then", "otherwise", "steps"):
        return None
    step = re.compile(
        rf"(?!(?:{_CLAUSES})\b)[^\W\d]\w*\b[^(),\n]*?(?=\s*(?:,|\)|\n|$|otherwise\b|when\b))"
    ).match(site.text, site.stop)
    if step is None or site.text[site.stop] in "[{":
        return None
    fix = f"({step[0]})"
    return Advice(
        site.stop,
        step.end(),
        unexpected(site),
        write_help(fix, "the steps of a block stand in parentheses"),
        fix,
    )


def steps_missing(site: Site) -> Advice | None:
    """`stage "A" (…)`: the word before the steps."""
    if site.word(0) != "(" or "STEPS" not in site.accepts or "AND" in site.accepts:
        return None
    return Advice(site.stop, site.stop + 1, unexpected(site), write_help("steps ("), "steps (")


def then_missing(site: Site) -> Advice | None:
    """`when "A" where a = 1 (…)`, `50% "A" (…)`: the word before a block."""
    if site.word(0) != "(" or "THEN" not in site.accepts:
        return None
    return Advice(site.stop, site.stop + 1, unexpected(site), write_help("then ("), "then (")


def brackets(site: Site) -> Advice | None:
    """`steps [ … ]`, `then { … }` with no other mistake inside."""
    return None if "AND" in site.accepts else deliveries.braces(site)


def bracket(site: Site) -> Advice | None:
    """The same where more is wrong between them: each alone."""
    token = site.token
    if token is None or token.text not in ("{", "[", "}", "]"):
        return None
    fix = "(" if token.text in "{[" else ")"
    wanted = "LPAR" if fix == "(" else "RPAR"
    if wanted not in site.accepts or "AND" in site.accepts:
        return None
    return Advice(
        token.start,
        token.end,
        f"unexpected `{token.text}`: expected `{fix}`",
        write_help(fix),
        fix,
        once="bracket",
    )


def _reentry(found: PatternMatch) -> str | None:
    how = found.raw("how").lower()
    if "goal" in how or "unless" in how:
        return "reentry unless goal achieved"
    return "reentry always" if re.match(r"always|allow|true|yes", how) else "reentry never"


def _percent_first(found: PatternMatch) -> str | None:
    return f"{found.raw('share')}% {found['text']}"


def _weekdays(found: PatternMatch) -> str:
    return f"wait until {' or '.join(days(found.raw('days')))}"


def _wait(found: PatternMatch) -> str | None:
    length = found.duration()
    return None if length is None else f"wait {length}"


def _up_to(found: PatternMatch) -> str | None:
    length = found.duration()
    return None if length is None else f"up to {length}"


RULES: tuple[Rule | Function, ...] = (
    # heads
    Rule("journey", r"journey~[:=]~{text}", "journey {text}"),
    Rule("", r"(?P<word>description|folder)~[:=]~{text}", "{word} {text}"),
    # the head of a journey and its stages
    Rule(
        "reentry re-entry reenter",
        r"(?:allow[ _])?re-?entry(?:[ _]mode)?~[:=]?~[\"']?(?P<how>no_reentry|none|no|false|"
        r"never|reentry_always|always|allow(?:ed)?|true|yes|"
        r"(?:reentry_)?(?:unless|if|until|except)(?: the)?[ _]goal"
        r"(?:[ _](?:not )?(?:achieved|reached))?)[\"']?",
        _reentry,
    ),
    Rule(
        "entry enters entering start",
        r"(?:entry(?:[ _]criteria)?|enters|entering|enter[ _]criteria|starts?)~[:=]?(?=~\")",
        "enter",
    ),
    Rule(
        "exit exits leave leaves",
        r"(?:exits|exit[ _]criteria|leaves?)~[:=]?(?=~\")",
        lambda found: "exit" if "EXIT" in found.site.accepts else None,
    ),
    Rule("milestones", r"milestones~[:=]?(?=~\")", "milestone"),
    Rule("goals", r"goals~[:=]?(?=~\")", "goal"),
    Rule("", r"(?P<word>enter|exit|milestone|goal)~[:=](?=~\")", "{word}"),
    Rule("steps", r"steps~[:=](?=~[(\[{])", "steps"),
    # criteria
    name_missing,
    rule_missing,
    # jumps
    Rule(
        "go goto jump",
        r"(?:go~to|jump|move to|continue with)(?: to)?(?= (?:the )?stage )",
        "jump to",
    ),
    Rule(
        "go goto jump",
        r"(?:go~to|jump(?: to)?) (?=\")",
        lambda found: "jump to stage " if "JUMP" in found.site.accepts else None,
    ),
    jump_target,
    Rule("in journey", r"(?:in|from) journey(?=~[\"#])", "of journey"),
    # waits
    Rule("wait delay sleep pause", r"(?:wait|delay|sleep|pause) (?:for )?{amount}~{unit}", _wait),
    Rule(
        "wait",
        rf"wait (?:until|till|for|to)(?: next)? (?P<days>{DAYS_LISTED})",
        _weekdays,
    ),
    Rule(
        "wait",
        r"wait (?:until|till|for|to)(?: the)? [\"'](?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[\"']",
        "wait until {date}",
    ),
    Rule("wait till", r"wait till (?=[0-9])", "wait until "),
    Rule("wait", r"wait (?:until|till|on) (?P<n>\"[^\"\n]*\")(?= (?:where|is) )", "wait for {n}"),
    Rule(
        "timeout max maximum most within",
        r"(?:timeout|max(?:imum)?|at most|within|for(?: up to)?|up)~[:=]?~(?:to )?{amount}~{unit}",
        _up_to,
    ),
    # branches
    Rule(
        "else default other others rest",
        r"(?:else|default|others?|rest)(?=~(?:\(|\"|then))",
        lambda found: "otherwise" if "OTHERWISE" in found.site.accepts else None,
    ),
    Rule(
        "if case branch path",
        r"(?:if|case|branch|path|else if|elif)(?=~\")",
        lambda found: "when" if "WHEN" in found.site.accepts else None,
    ),
    Rule("", r"{text}~(?P<share>[0-9]+(?:\.[0-9]+)?)~%", _percent_first),
    Rule(
        "",
        r"(?P<share>[0-9]+(?:\.[0-9]+)?)(?: percent| of)?~{text}(?= (?:then|up|control) )",
        _percent_first,
    ),
    Rule("cap max limit", r"(?:cap|max|limit|at most)~[:=]?~(?P<cap>[0-9]+)", "up to {cap}"),
    Rule("", r"(?P<share>[0-9]+(?:\.[0-9]+)?) percent", "{share}%"),
    # steps
    Rule("activate", r"activate~[:=]~{text}", "activate {text}"),
    unit_missing,
    step_word,
    Rule(
        "activate",
        r"activate {n}(?=~[,)])",
        'activate "{n}"',
        also=_QUOTED,
    ),
    step_comma,
    steps_missing,
    block_missing,
    then_missing,
    brackets,
    bracket,
)
