"""Activations and templates: their heads and clauses, columns and functions, settings.

No condition stands in these items, so none of the rules about conditions is asked there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from segdsl.language import activations as a
from segdsl.language.syntax.spelling import name, string
from segdsl.language.syntax.syntax_errors import delivery_names
from segdsl.language.syntax.syntax_errors.expected import short, unexpected
from segdsl.language.syntax.syntax_errors.rules import Function, PatternMatch, Rule, write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site

_CLAUSES = (
    "description|folder|from|to|columns|behavior|every|once|cron|by|then|in|with|notify|state"
    "|locked"
)
_QUOTED = "a name is written in quotes"
_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
_WORDS = {
    "none": "null",
    "nil": "null",
    "undefined": "null",
    "yes": "true",
    "no": "false",
    "on": "true",
    "off": "false",
}


def spans(site: Site) -> Iterator[tuple[int, int]]:
    """The clause that the stop is in."""
    return clause_spans(site, _CLAUSES)


def clause_spans(site: Site, clauses: str) -> Iterator[tuple[int, int]]:
    """The clause that the stop is in: by lines that begin one, else by words that do."""
    starts = [match.start(1) for match in re.finditer(rf"(?m)^[ \t]+((?:{clauses})\b)", site.text)]
    end = min((start for start in starts if start > site.stop), default=len(site.text))
    before = [start for start in starts if start <= site.stop]
    line = site.text.rfind("\n", 0, site.stop) + 1
    if before:
        yield before[-1], end
    if line:
        yield line, end
    depth = 0
    for token in reversed(site.tokens[: site.at]):
        depth += {")": 1, "(": -1}.get(token.text, 0)
        if depth <= 0 and re.fullmatch(clauses, token.text):
            yield token.start, end
    yield site.stop, end


def condition(site: Site) -> Advice | None:
    """`where country = "JP"` in an activation."""
    token = site.token
    if (
        token is None
        or token.text not in ("where", "when", "filter")
        or "NOTIFY" not in site.accepts
    ):
        return None
    return Advice(
        token.start,
        token.end,
        "an activation has no condition",
        "write the condition in its segment",
    )


def target_missing(site: Site) -> Advice | None:
    """`activation "x" for segment "y"`, `activation "x" "y"`: what an activation is of."""
    if site.accepts == {"OF"} and site.word(-2) == "activation":
        match = re.compile(
            r"(?:(?:for|to|on|from|:|=|->)\s*)?(?=(?:segment|stage|journey)\b)"
        ).match(site.text, site.stop)
        named = re.compile(r"(?:(?:for|to|on|from|:|=|->)\s*)?(\"[^\"\n]*\"|#[0-9]+)").match(
            site.text, site.stop
        )
        if match is not None:
            word = re.match(r"\w+", site.text[match.end() :])
            assert word is not None
            fix = f"of {word[0]}"
            return Advice(
                site.stop, match.end() + len(word[0]), unexpected(site), write_help(fix), fix
            )
        if named is not None:
            fix = f"of segment {named[1]}"
            return Advice(site.stop, named.end(), unexpected(site), write_help(fix), fix)
        return Advice(
            max(0, site.stop - 1) if site.at_end else site.stop,
            site.stop if site.at_end else site.stop + len(site.found or " "),
            unexpected(site),
            'name what it belongs to: `of segment "…"`, `of stage "…" of funnel "…"` or '
            '`of journey "…"`',
        )
    if site.accepts == {"SEGMENT", "STAGE", "JOURNEY"}:
        token = site.token
        if token is not None and token.kind in ("string", "id"):
            fix = f"segment {token.text}"
            return Advice(token.start, token.end, unexpected(site), write_help(fix), fix)
    return None


def quoted_export_name(site: Site) -> Advice | None:
    """`email as "E-mail"`: a name of an export, in quotes."""
    token = site.token
    if token is None or token.kind != "string" or site.word(-1) != "as":
        return None
    fix = name(token.text[1:-1])
    return Advice(
        token.start,
        token.end,
        "the name of a column is written without quotes",
        write_help(fix),
        fix,
    )


def quoted_key(site: Site) -> Advice | None:
    """`with ("de_name" = "x")`: a name of a setting, in quotes."""
    token = site.token
    if (
        token is None
        or token.kind not in ("string", "single")
        or site.word(1) not in ("=", ":", "=>")
    ):
        return None
    if "NAME" not in site.accepts or "STRING" in site.accepts:
        return None
    fix = f"{name(token.text[1:-1])} ="
    return Advice(
        token.start,
        site.tokens[site.at + 1].end,
        "the name of a setting is written without quotes",
        write_help(fix),
        fix,
    )


def quoted_lock(site: Site) -> Advice | None:
    """`locked (settings ("de_name"))`: the name of a column or a setting, in quotes."""
    token = site.token
    if token is None or token.kind not in ("string", "single") or len(token.text) < 3:
        return None
    if "QUOTED_NAME" not in site.accepts or "STRING" in site.accepts or not _is_lock(site):
        return None
    fix = name(token.text[1:-1])
    message = "what is locked is named without quotes"
    return Advice(token.start, token.end, message, write_help(fix), fix)


def dotted_lock(site: Site) -> Advice | None:
    """`settings.de_name`, `settings: (de_name)`, `settings [de_name]` among what is locked."""
    if site.at == 0 or not {"LPAR", "COMMA", "RPAR"} <= site.accepts or not _is_lock(site):
        return None
    kind = site.tokens[site.at - 1]
    match = re.compile(
        r"[.:=]?\s*(?:(`[^`\n]+`|[^\W\d]\w*)|\[\s*((?:`[^`\n]+`|[\w,\s])+?),?\s*\]|(?=\())"
    ).match(site.text, site.stop)
    if match is None or match.end() == site.stop or kind.text not in ("columns", "settings"):
        return None
    names = match[1] or match[2]
    fix = kind.text if names is None else f"{kind.text} ({names})"
    return Advice(kind.start, match.end(), unexpected(site), write_help(fix), fix)


def _is_lock(site: Site) -> bool:
    """Whether the stop is inside of `locked (…)`."""
    for token in reversed(site.tokens[: site.at]):
        if token.text == "locked":
            return True
        if token.kind not in ("word", "quoted", "string", "single") and token.text not in "(),":
            return False
    return False


def braces(site: Site) -> Advice | None:
    """`with { a = 1 }`, `columns [a, b]`: other brackets than parentheses."""
    token = site.token
    if token is None or token.text not in "{[" or "LPAR" not in site.accepts:
        return None
    close = {"{": "}", "[": "]"}[token.text]
    depth = 0
    for at in range(site.at, len(site.tokens)):
        depth += {token.text: 1, close: -1}.get(site.tokens[at].text, 0)
        if depth == 0:
            inside = site.text[token.end : site.tokens[at].start].strip()
            fix = f"({inside})"
            return Advice(
                token.start,
                site.tokens[at].end,
                f"unexpected `{token.text}`: expected `(`",
                write_help(short(fix)),
                fix,
            )
    return None


def bracket(site: Site) -> Advice | None:
    """The same where more is wrong between them: each alone."""
    token = site.token
    if token is None or token.text not in ("{", "[", "}", "]"):
        return None
    fix = "(" if token.text in "{[" else ")"
    if ("LPAR" if fix == "(" else "RPAR") not in site.accepts:
        return None
    return Advice(
        token.start,
        token.end,
        f"unexpected `{token.text}`: expected `{fix}`",
        write_help(fix),
        fix,
        once="bracket",
    )


def unclosed(site: Site) -> Advice | None:
    """`columns (a, b` and then another clause."""
    token = site.token
    if token is None or "RPAR" not in site.accepts or site.at == 0:
        return None
    line = site.text.rfind("\n", 0, token.start) + 1
    if site.text[line : token.start].strip() or not re.fullmatch(_CLAUSES, token.text):
        return None
    last = site.tokens[site.at - 1]
    return Advice(
        last.start,
        last.end,
        "a parenthesis is not closed",
        "add `)`",
        f"{last.text})",
    )


def comma_missing(site: Site) -> Advice | None:
    """`columns (a b)`, `with (a = 1 b = 2)`: nothing between two items."""
    token = site.token
    if token is None or not site.accepts >= {"COMMA", "RPAR"} or token.start > site.stop:
        return None
    if token.kind not in ("word", "quoted", "string", "number"):
        return None
    fix = f", {token.text}"
    return Advice(
        token.start,
        token.end,
        unexpected(site),
        write_help(fix, "items are separated by commas"),
        fix,
        weak=True,
    )


def strategy_missing(site: Site) -> Advice | None:
    """`behavior purchases columns (…)`: which of the events."""
    token = site.token
    if token is None or not site.accepts >= {"FIRST", "LAST", "TOP"}:
        return None
    return Advice(
        token.start,
        token.end,
        unexpected(site),
        "specify the events of a profile to send: `all`, `first`, `last` or `top 10`",
    )


def columns_missing(site: Site) -> Advice | None:
    """`behavior purchases all as rows (…)`: the word before a behavior's columns."""
    if site.word(0) != "(" or "COLUMNS" not in site.accepts or "SEGMENT" in site.accepts:
        return None
    return Advice(site.stop, site.stop + 1, unexpected(site), write_help("columns ("), "columns (")


def bare_setting(site: Site) -> Advice | None:
    """`format = csv`, `trace = None`: a word where a value of a setting was expected."""
    token = site.token
    if token is None or token.kind != "word" or not {"STRING", "LBRACKET"} <= site.accepts:
        return None
    lowered = token.text.lower()
    fix = _WORDS.get(lowered, lowered if lowered in ("true", "false", "null") else None)
    if fix is None:
        match = re.compile(r"[\w.@/:+-]+").match(site.text, token.start)
        assert match is not None
        fix = string(match[0])
        return Advice(token.start, match.end(), unexpected(site), write_help(fix), fix)
    return Advice(token.start, token.end, unexpected(site), write_help(fix), fix)


def bare_text(site: Site) -> Advice | None:
    """`to connection s3`, `notify team@example.com`: a name without its quotes."""
    if "STRING" not in site.accepts or {"NAME", "LBRACKET"} & site.accepts:
        return None
    match = re.compile(r"[^\W\d][\w.@/+-]*").match(site.text, site.stop)
    if match is None:
        return None
    fix = string(match[0])
    return Advice(site.stop, match.end(), unexpected(site), write_help(fix), fix)


def columns_without_parentheses(site: Site) -> Advice | None:
    """`columns email, name`: a list without parentheses."""
    if site.word(-1) != "columns" or "LPAR" not in site.accepts:
        return None
    match = re.compile(
        r"(?!all\b)[^\W\d]\w*(?:\s+as\s+[^\W\d]\w*)?(?:\s*,\s*[^\W\d]\w*(?:\s+as\s+[^\W\d]\w*)?)*"
    ).match(site.text, site.stop)
    if match is None:
        return None
    fix = f"({match[0]})"
    return Advice(site.stop, match.end(), unexpected(site), write_help(short(fix)), fix)


def call_around(site: Site) -> Advice | None:
    """`substr(postcode, 1, 3)`: a function that is called with the column."""
    if site.word(0) != "(" or site.at == 0 or "PIPE" not in site.accepts:
        return None
    function = site.tokens[site.at - 1]
    match = re.compile(r"\(\s*(`[^`\n]+`|[^\W\d]\w*)\s*(?:,\s*([^()\n]*?))?\s*\)").match(
        site.text, site.stop
    )
    if match is None or function.kind != "word":
        return None
    called = {"substring": "substr", "regexp": "regexp_extract"}.get(
        function.text.lower(), function.text.lower()
    )
    if called not in a.FUNCTIONS:
        return None
    fix = f"{match[1]} | {called}({match[2] or ''})"
    return Advice(
        function.start,
        match.end(),
        "a function follows its column",
        write_help(fix),
        fix,
    )


def function_without_parentheses(site: Site) -> Advice | None:
    """`last_visit | day_of_week`: a function without its parentheses."""
    if site.accepts != {"LPAR"} or site.word(-2) != "|":
        return None
    function = site.tokens[site.at - 1]
    fix = f"{function.text}()"
    return Advice(function.start, function.end, "a function has parentheses", write_help(fix), fix)


def arithmetic(found: PatternMatch) -> str:
    return f"| {_ARITHMETIC[found.raw('op')]}({found['number']})"


FIRST: tuple[Rule | Function, ...] = (
    Rule("activation", r"activation {n}(?= of )", 'activation "{n}"', also=_QUOTED),
    Rule(
        "template",
        r"activation template {n}(?=~(?:$|\n))",
        'activation template "{n}"',
        also=_QUOTED,
    ),
    condition,
    target_missing,
    quoted_export_name,
    quoted_key,
    quoted_lock,
    dotted_lock,
    call_around,
    function_without_parentheses,
    *delivery_names.RULES,
)
RULES: tuple[Rule | Function, ...] = (
    # notifications
    Rule(
        "email mail notification notifications alert",
        r"(?:e-?mail|notification|notifications|alert)(?:~[:=])?(?=~\")",
        "notify",
    ),
    Rule("notify", r"notify~:", "notify"),
    Rule(
        "notify",
        r"notify on (?P<on>success|failure|success~,~failure)~:?~(?:to )?{text}",
        "notify {text} on {on}",
    ),
    Rule(
        "notify success failure",
        r"on (?P<one>success|failure) (?:and|or) (?:on )?(?P<two>success|failure)",
        "on {one}, {two}",
    ),
    Rule("and", r"and(?=~(?:\"[^\"\n]*\"|#[0-9]+)(?: on |~$|~\n))", ","),
    # clauses
    Rule("description folder", r"(?P<word>description|folder)~[:=]~{text}", "{word} {text}"),
    Rule("desc", r"desc~[:=]?~{text}", "description {text}"),
    Rule("connection", r"(?:to )?connection~[:=]~{text}", "to connection {text}"),
    Rule("connection", r"connection(?=~[\"#])", "to connection"),
    Rule("to", r"to(?=~[\"#])", "to connection"),
    Rule("to", r"to (?!conn){n}", 'to connection "{n}"'),
    Rule("via using", r"(?:via|using|with)(?: connection)?(?=~[\"#])", "to connection"),
    Rule(
        "template",
        r"(?:(?:from|using|with) )?template~[:=]?~(?P<t>\"[^\"\n]*\"|#[0-9]+)",
        "from template {t}",
    ),
    Rule("from using", r"(?:from|using)(?=~[\"#])", "from template"),
    Rule("columns", r"columns~[:=]", "columns"),
    Rule("columns", r"columns~(?:\(~)?\*(?:~\))?", "columns all"),
    Rule("columns", r"columns~\(~all~\)", "columns all"),
    Rule("all_columns all columns", r"all[_ ]columns(?:~[:=]?~true)?", "columns all"),
    Rule(
        "fields column attributes export", r"(?:fields|column|attributes|export)(?=~\()", "columns"
    ),
    columns_without_parentheses,
    Rule("rows cols columns", r"as (?P<how>rows|cols|columns)(?:~\()?(?=~$)", "as {how} columns"),
    Rule(
        "with settings config",
        r"(?:settings|config|connector_config|options)(?: with)?(?:~[:=])?(?=~[({\[])",
        "with",
    ),
    Rule("with", r"with~[:=]", "with"),
    Rule(
        "run workflow",
        r"(?:and )?(?:run )?workflow~[:=]?~{text}(?= of project)",
        "then run workflow {text}",
    ),
    Rule(
        "workflow project",
        r"(?:then )?run workflow {text} (?:in|from)(?: project)? {other}",
        "then run workflow {text} of project {other}",
    ),
    Rule("sequential sequentially", r"sequential(?:ly)?(?:~[:=]?~true)?", "in sequence"),
    Rule(
        "state draft published",
        r"state~[:=]?~[\"']?(?P<word>draft|published)[\"']?",
        "state {word}",
    ),
    Rule("published", r"published(?:~[:=]?~true)?", "state published"),
    Rule("lock locks locked", r"(?:lock|locks|locked)(?:~[:=])?(?=~\()", "locked"),
    # columns
    Rule(
        "",
        r"{c}~(?:->|=>|:|=)~(?P<alias>`[^`\n]+`|[^\W\d]\w*)",
        "{c} as {alias}",
        also="the name in the export follows `as`",
    ),
    Rule("", r"(?P<op>[-+*/])~{number}", arithmetic),
    Rule("if", r"if(?=\s+(?:[><=!]|is ))", "when"),
    Rule("end", r"end(?=~[,)])", ""),
    Rule(
        "when",
        r"when (?P<test>(?:is (?:not )?null|[><=!]+ -?[0-9.]+)) then (?P<then>null|-?[0-9.]+)"
        r"(?=~[,)])",
        "when {test} then {then} else null",
    ),
    Rule("by", r"(?:order|sorted|ordered|sort) by", "by"),
    Rule(
        "by",
        r"by {c}(?=~(?:as |columns))",
        "by {c} desc",
        also="an order has a direction: `asc` or `desc`",
    ),
    Rule(
        "order descending ascending",
        r"(?P<way>asc|desc)ending",
        lambda found: found.raw("way").lower(),
    ),
    # settings
    Rule("", r"(?P<key>`[^`\n]+`|[^\W\d]\w*)~(?::=?|=>|==)(?=~[\"'(\[\w-])", "{key} ="),
    braces,
    bracket,
    unclosed,
    columns_missing,
    bare_setting,
    strategy_missing,
    bare_text,
    comma_missing,
)
