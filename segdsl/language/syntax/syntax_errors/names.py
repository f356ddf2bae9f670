"""Names: quoted, dotted, bracketed, reserved ones, and references to segments."""

from __future__ import annotations

import re

from segdsl.diagnostics import Code
from segdsl.language.syntax.grammar import reserved_words
from segdsl.language.syntax.spelling import name, string
from segdsl.language.syntax.syntax_errors.expected import expected
from segdsl.language.syntax.syntax_errors.rules import Function, PatternMatch, Rule, write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site

COMPARISONS = ("=", "!=", ">", ">=", "<", "<=")
_PREDICATE = (
    r"(?:[=!<>]|is\b|in\b|not\b|contains\b|starts\b|ends\b|matches\b|between\b|within\b|before\b|"
    r"after\b|on\b|at\b|more\b|less\b|for\b|like\b|exists\b)"
)
_BARE = "an attribute is written bare, a string on the right"
_BACKQUOTES = "a name with other characters is written in backquotes"
_NO_NAMES = frozenset(
    """and or not is isn in where segment has have had any all of if case when select count sum the
    number average avg never ever since last next this than more less at least most days day weeks
    months years hours before after within older newer exists does doesn are was no either both
    neither every each none to from by with without everyone limit one return unless except typeof
    rule group total current previous over under exactly""".split()  # noqa: SIM905
)
# Before a condition: the start of the item's condition, or what joins conditions.
_STARTS = ("where", "and", "or", "not", "(", ",", "=", "AND", "OR", "NOT")


def quoted_attribute(site: Site) -> Advice | None:
    """`"country" = "JP"`, `'country' = "JP"`: SQL's quoted names."""
    match = re.compile(rf"(?P<quoted>\"[^\"\n]+\"|'[^'\n]+')(?=\s*{_PREDICATE})").match
    for at in (site.at, site.at - 1):
        token = site.tokens[at] if 0 <= at < len(site.tokens) else None
        if token is None or token.kind not in ("string", "single"):
            continue
        found = match(site.text, token.start)
        if found and (site.word(at - site.at - 1) in _STARTS or at == 0):
            fix = name(token.text[1:-1])
            return Advice(
                token.start,
                token.end,
                f"`{token.text}` is a value: expected an attribute",
                write_help(fix, _BARE),
                fix,
            )
    return None


def bracketed_attribute(site: Site) -> Advice | None:
    """`[country]`, `user["country"]`, `data['country']`."""
    match = re.compile(r"(?:[^\W\d]\w*)?\[\s*[\"']?([^\W\d][\w .-]*)[\"']?\s*\]").match
    for at in (site.at, site.at - 1):
        token = site.tokens[at] if 0 <= at < len(site.tokens) else None
        found = match(site.text, token.start) if token is not None else None
        if token is not None and found and found.end() > site.stop:
            before = site.word(at - site.at - 1)
            if token.text == "[" and before not in _STARTS:
                continue
            fix = name(found[1])
            return Advice(
                token.start,
                found.end(),
                "an attribute is written without brackets",
                write_help(fix),
                fix,
            )
    return None


def odd_name(site: Site) -> Advice | None:
    """`order-id = 3`, `order id = 3`, `2fa is true`: a name with other characters."""
    match = re.compile(
        rf"(?P<name>\w++(?:(?:[-/:.&+]| )\w++){{1,4}}|[0-9]++[^\W\d]\w*+)(?=\s*{_PREDICATE})"
    ).match
    for at in range(max(0, site.at - 4), site.at + 1):
        token = site.tokens[at] if at < len(site.tokens) else None
        if token is None or token.kind not in ("word", "number", "date"):
            continue
        before = site.word(at - site.at - 1)
        if before not in _STARTS and at > 0:
            continue
        found = match(site.text, token.start)
        if found is None or found.end() < site.stop or found["name"].isidentifier():
            continue
        words = set(re.findall(r"[a-z]+", found["name"].lower()))
        if words & _NO_NAMES or (token.kind == "number" and " " in found["name"]):
            continue
        if token.kind == "date" or re.fullmatch(r"[0-9./:-]+", found["name"]):
            continue
        if re.fullmatch(r"\w+\.\w+", found["name"]):
            continue
        fix = name(found["name"])
        return Advice(
            token.start,
            token.start + len(found["name"]),
            f"`{found['name']}` needs backquotes",
            write_help(fix, _BACKQUOTES),
            fix,
        )
    return None


def dotted_twice(site: Site) -> Advice | None:
    """`db.customers.country = "JP"`: a name has one dot at most."""
    match = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*){2,}").match
    for at in range(max(0, site.at - 5), site.at + 1):
        token = site.tokens[at] if at < len(site.tokens) else None
        found = match(site.text, token.start) if token is not None else None
        if token is not None and found and found.end() > site.stop:
            fix = found[0].rsplit(".", 1)[-1]
            if site.word(at - site.at - 1) not in _STARTS:
                fix = ".".join(found[0].split(".")[-2:])
            return Advice(
                token.start,
                found.end(),
                f"`{found[0]}` has more than one dot",
                write_help(
                    name(fix) if "." not in fix else fix,
                    "a name has at most one dot; a dot inside a name needs backquotes",
                ),
                name(fix) if "." not in fix else fix,
            )
    return None


def reserved(site: Site) -> Advice | None:
    """`limit = 3`: a word of the language where a name was meant."""
    words = reserved_words()
    last = site.tokens[site.at - 1] if site.at else None
    token = site.token
    if (
        last is not None
        and last.text in words
        and "LPAR" in site.accepts
        and site.found in COMPARISONS
    ):
        fix = f"`{last.text}`"
        return Advice(
            last.start,
            last.end,
            f"`{last.text}` is a keyword",
            write_help(fix, "a name that is a keyword is written in backquotes"),
            fix,
            Code.SEG009,
        )
    if token is None or token.text not in words:
        return None
    if "NAME" not in site.accepts or {"AND", "RPAR", "EQUAL"} & site.accepts:
        return None
    fix = f"`{token.text}`"
    return Advice(
        token.start,
        token.end,
        f"`{token.text}` is a keyword: expected {expected(site.accepts)}",
        write_help(fix, "a name that is a keyword needs backquotes")
        if token.text not in ("and", "or")
        else f"if it is a name, write it in backquotes: `` {fix} ``",
        fix,
        Code.SEG009,
        weak=True,
    )


def quoted_name(site: Site) -> Advice | None:
    """`let "x" = …`, `count("purchases")`: a name in quotes."""
    token = site.token
    if (
        token is None
        or token.kind not in ("string", "single")
        or "NAME" not in site.accepts
        or {"STRING", "DATE"} & site.accepts
    ):
        return None
    fix = name(token.text[1:-1])
    return Advice(
        token.start,
        token.end,
        f"`{token.text}` is in quotes: expected a name",
        write_help(fix, "a name is written bare or in backquotes, not in quotes"),
        fix,
    )


def quoted_column(site: Site) -> Advice | None:
    """`sum("purchases"."amount")`."""
    match = re.compile(r"[\"']([^\"'\n]+)[\"']\.[\"']([^\"'\n]+)[\"']").match(site.text, site.stop)
    if match is None:
        return None
    fix = f"{name(match[1])}.{name(match[2])}"
    return Advice(
        site.stop,
        match.end(),
        "names are written bare or in backquotes, not in quotes",
        write_help(fix),
        fix,
    )


def bare_text(site: Site) -> Advice | None:
    """`segment x`, `in segment Churned`, `import a from b`: a string without its quotes."""
    token = site.token
    if token is None or "STRING" not in site.accepts or token.kind != "word":
        return None
    if {"NAME", "NOT"} <= site.accepts:
        return None
    ends = re.compile(r"(?:(?!\b(?:and|or|where|limit|of|folder|description|kind)\b)[^\n\"'(),=])+")
    found = ends.match(site.text, token.start)
    text = found[0].strip() if found else token.text
    if token.kind == "word" and token.text in reserved_words():
        return None
    fix = string(text.rstrip(":{ "))
    return Advice(
        token.start,
        token.start + len(text),
        f"unexpected `{token.text}`: expected {expected(site.accepts)}",
        write_help(
            fix,
            f"a string is written in quotes: `{fix}`"
            if len(fix) < 3
            else "a string is written in quotes",
        ),
        fix,
    )


def _segment(found: PatternMatch) -> str:
    negation = "not " if found.raw("no").strip() else ""
    return f"{negation}in segment {found['v'] if found.raw('v') else found.raw('id')}"


def in_segment(site: Site) -> Advice | None:
    """`in "Churned"`, `segment "Churned"`, `member of "Churned"`."""
    match = re.compile(
        r"(?P<no>not\s+)?(?:(?:is\s+)?(?:a\s+)?member\s+of|in(?:\s+the)?|is\s+in|belongs\s+to|"
        r"in_segment|segment)\s*(?:segment\s*)?[:(=]?\s*"
        r"(?P<ref>\"[^\"\n]+\"|'[^'\n]+'|#[0-9]+)\s*\)?(?:\s+segment\b)?",
        re.IGNORECASE,
    )
    for at in range(max(0, site.at - 4), site.at + 1):
        token = site.tokens[at] if at < len(site.tokens) else None
        if token is None or (site.word(at - site.at - 1) not in _STARTS):
            continue
        found = match.match(site.text, token.start)
        if found is None or found.end() < site.previous_end or token.start > site.stop:
            continue
        ref = found["ref"] if found["ref"][0] in '"#' else string(found["ref"][1:-1])
        end = found.end()
        if found[0].endswith(")") and "(" not in found[0]:
            end = found.end("ref")
        if re.match(r"\s*(?:where|description|folder|kind)\b", site.text[end : end + 40]):
            continue
        fix = f"{'not ' if found['no'] else ''}in segment {ref}"
        return Advice(
            token.start,
            end,
            "a reference to a segment begins with `in segment`",
            write_help(fix),
            fix,
        )
    return None


def name_of_a_segment(site: Site) -> Advice | None:
    """`in segment `Churned``, `in segment 1234`."""
    token = site.token
    if token is None or not {"ID", "STRING"} <= site.accepts:
        return None
    if token.kind == "quoted":
        fix = string(token.text[1:-1])
    elif token.kind == "number" and token.text.isdigit():
        fix = f"#{token.text}"
    else:
        return None
    return Advice(
        token.start,
        token.end,
        f"unexpected `{token.text}`: expected {expected(site.accepts)}",
        write_help(fix),
        fix,
    )


RULES: tuple[Rule | Function, ...] = (
    Rule(
        "segment stage variant",
        r"in (?P<what>segment|stage|variant) (?:with )?(?:the )?id~[:=]?~#?(?P<digits>[0-9]+)",
        "in {what} #{digits}",
    ),
    Rule(
        "folder",
        r"(?:in|from|inside|under)(?: the)? folder(?= ~\")",
        "of folder",
    ),
    Rule(
        "stage of", r"in stage {text} (?:of|in|from) {other}", "in stage {text} of funnel {other}"
    ),
    Rule("variant of", r"in variant {text} (?:of|in) {other}", "in variant {text} of test {other}"),
    Rule(
        "funnel stage",
        r"in (?:the )?funnel {text}~,?~(?:at |in )?stage {other}",
        "in stage {other} of funnel {text}",
    ),
    Rule("score", r"(?:predictive |the )?score~\(~{text}~\)", "score of {text}"),
    Rule("predictive", r"predictive (?=score of)", ""),
    Rule(
        "score",
        r"score of (?P<model>\"[^\"\n]+\"|#[0-9]+)~{sign}~{number}",
        lambda found: None,
        stays=True,
        message="a score needs both ends",
        also="write both, as in `score of {model} between 3 and 4`",
    ),
    Rule("rfm cltv", r"(?P<f>rfm|cltv)~{text}~\.~{n}", "{f}({text}).{n}"),
    Rule("group", r"group {n} {c}(?=~[=!<>]| is | in | contains )", "group {n}.{c}"),
    in_segment,
    quoted_attribute,
    bracketed_attribute,
    quoted_column,
    dotted_twice,
    name_of_a_segment,
    quoted_name,
    bare_text,
    reserved,
)
