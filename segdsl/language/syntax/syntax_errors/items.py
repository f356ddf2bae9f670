"""Items: heads of segments, definitions and imports, and texts of other languages whole."""

from __future__ import annotations

import re

from segdsl.diagnostics import Code
from segdsl.diagnostics.suggest import nearest
from segdsl.language.syntax.syntax_errors import spelling
from segdsl.language.syntax.syntax_errors.expected import short, unexpected
from segdsl.language.syntax.syntax_errors.rules import Function, PatternMatch, Rule, write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site
from segdsl.language.values import is_iso_timestamp

_HEAD = ("description", "folder", "kind")


def value_in_a_let(site: Site) -> Advice | None:
    """`let n = 30`: a value is a param."""
    match = re.compile(
        r"(?:let|const|var|define|set)\s+(?P<name>`[^`\n]+`|[^\W\d]\w*)\s*"
        r"(?::\s*(?:number|num|int|integer|float|string|str|text|bool|boolean|date)\s*)?:?=\s*"
        r"(?P<value>@?\"[^\"\n]*\"|'[^'\n]*'|-?[0-9][\w.:-]*|true|false|True|False)"
        r"(?P<end>\s*;?\s*)(?=$|#|segment\b|let\b|param\b|import\b|const\b|var\b)"
    )
    for at in range(max(0, site.at - 5), site.at + 1):
        token = site.tokens[at] if at < len(site.tokens) else None
        found = match.match(site.text, token.start) if token is not None else None
        if token is None or found is None or found.end() < site.stop:
            continue
        value = spelling.value(found["value"])
        if is_iso_timestamp(found["value"]):
            value, kind = found["value"], "date"
        elif value in ("true", "false"):
            kind = "boolean"
        else:
            kind = "string" if value[:1] in '"@' else "number"
        fix = f"param {found['name']}: {kind} = {value}"
        return Advice(
            token.start,
            token.start + len(found[0].rstrip()),
            "`let` defines a condition, and this is a value",
            write_help(fix, "a named value is a param"),
            fix,
        )
    return None


_TYPES = {
    **dict.fromkeys(("int", "integer", "float", "double", "decimal", "num"), "number"),
    **dict.fromkeys(("str", "text", "varchar", "char"), "string"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("datetime", "timestamp", "time"), "date"),
}


def _param(found: PatternMatch) -> str | None:
    raw = found.raw("value")
    value = raw if is_iso_timestamp(raw) else spelling.value(raw)
    kind = (
        "date"
        if is_iso_timestamp(raw)
        else "boolean"
        if value in ("true", "false")
        else "string"
        if value[:1] == '"'
        else "number"
    )
    return f"param {found.raw('n')}: {kind} = {value}"


def _head(found: PatternMatch) -> str:
    return f"{found.raw('word').lower()} {found['v']}"


def head_property(site: Site) -> Advice | None:
    """`folders "a"`, `desc "…"`, `name "…"`: what stands between a segment's name and `where`."""
    if not {"WHERE", "KIND"} <= site.accepts:
        return None
    token = site.token
    if token is None or token.kind != "word":
        return None
    known = {
        **dict.fromkeys(("desc", "about", "comment", "note", "title", "label"), "description"),
        **dict.fromkeys(("path", "directory", "dir", "in"), "folder"),
        **dict.fromkeys(("type", "schedule"), "kind"),
        **dict.fromkeys(("when", "if", "having", "filter", "with", "rule", "who"), "where"),
    }
    if token.text.lower() == "name":
        named = re.compile(r"name\s*[:=]?\s*(?:\"[^\"\n]*\"|\S+)").match(site.text, token.start)
        assert named is not None
        return Advice(
            token.start,
            named.end(),
            "the name of a segment follows `segment`",
            "remove it",
            "",
        )
    fix = known.get(token.text.lower())
    if fix is None or fix == token.text:
        return None
    return Advice(token.start, token.end, unexpected(site), write_help(fix), fix)


def where_missing(site: Site) -> Advice | None:
    """`segment "x" country = "JP"`: the condition begins with `where`."""
    if not {"WHERE", "KIND"} <= site.accepts or site.at_end:
        return None
    token = site.token
    if token is None or token.start > site.stop + 1:
        return None
    best = nearest(token.text, (*_HEAD, "where", "hidden"))
    if best is not None and not re.match(r"\s*[=<>!]", site.text[token.end : token.end + 5]):
        return Advice(token.start, token.end, unexpected(site), f"did you mean `{best}`?", best)
    if token.kind not in ("word", "quoted", "string") and token.text != "(":
        return None
    fix = f"where {token.text}"
    return Advice(
        token.start,
        token.end,
        unexpected(site),
        write_help(fix, "the condition begins with `where`"),
        fix,
    )


def braces_around(site: Site) -> Advice | None:
    """`segment "x" { … }` with no other mistake inside."""
    token = site.token
    if not site.in_head or token is None or token.text != "{":
        return None
    depth = 0
    for number in range(site.at, len(site.tokens)):
        depth += {"{": 1, "}": -1}.get(site.tokens[number].text, 0)
        if depth == 0:
            inside = site.text[token.end : site.tokens[number].start].strip()
            begun = re.match(r"(?:where|description|folder|kind|hidden)\b", inside)
            fix = inside if begun else f"where {inside}"
            return Advice(
                token.start,
                site.tokens[number].end,
                "unexpected `{`: expected `where`",
                write_help(short(fix), "a segment has no braces"),
                fix,
            )
    return None


def braces(site: Site) -> Advice | None:
    """`segment "x" { country = "JP" }`: braces, brackets or a sign where `where` belongs."""
    token = site.token
    if token is None:
        return None
    if {"WHERE", "KIND"} <= site.accepts:
        match = re.compile(
            r"(?:=>|:=|[{:=]|=\s*\{|:\s*\{|then|->|as)\s*(?:(?:where|if|when)\b\s*)?", re.IGNORECASE
        ).match(site.text, site.stop)
        if match is None:
            return None
        following = re.match(r"(?:description|folder|kind|hidden)\b", site.text[match.end() :])
        end = site.stop + len(match[0].rstrip())
        apart = site.text[end : end + 1].isspace()
        fix = "" if following else "where" if apart else "where "
        if match[0].startswith("{") and re.search(r"\bwhere\b", site.text[match.end() :]):
            fix = ""
        return Advice(
            site.stop,
            end,
            f"unexpected `{short(match[0].strip())}`: expected `where`",
            write_help("where", "a segment has no braces")
            if fix
            else "remove it: a segment has no braces",
            fix,
        )
    if token.text == "}" and ("AND" in site.accepts or "LET" in site.accepts):
        return Advice(
            token.start,
            token.end,
            "unexpected character `}`",
            "remove it: a segment has no braces, and a group is written in `(…)`",
            "",
            once="brace",
        )
    return None


def other_language(site: Site) -> Advice | None:
    """JSON, YAML or SQL pasted in where an item was expected."""
    if not {"SEGMENT", "LET"} <= site.accepts or {"AND", "WHERE"} & site.accepts:
        return None
    rest = site.text[site.stop :]
    if re.match(r"[{\[]\s*(?:[\"{\[]|\})", rest):
        return Advice(
            site.stop,
            site.stop + 1,
            "this is JSON, not segdsl",
            "to convert a rule in JSON, run `segdsl decompile FILE.json`",
            code=Code.SEG004,
        )
    yaml = re.match(
        r"(?:---\s*\n|- |(?:name|rule|kind|description|segments?|type)\s*:(?!\s*=))", rest
    )
    if yaml:
        return Advice(
            site.stop,
            site.stop + len(yaml[0].rstrip()),
            "this is YAML, not segdsl",
            "to convert segments in YAML, run `segdsl import FILE.yml`",
        )
    return None


def fence(site: Site) -> Advice | None:
    """The lines with three backquotes around a text that was copied out of Markdown."""
    match = re.compile(r"(?m)^[ \t]*(?:```|~~~)[\w-]*[ \t]*$").match(
        site.text, site.text.rfind("\n", 0, site.stop) + 1
    )
    if match is None:
        return None
    return Advice(
        match.start(),
        match.end(),
        "this line is Markdown, not segdsl",
        "remove it",
        "",
    )


_TESTED = re.compile(
    r"(?:`[^`\n]+`|[^\W\d]\w*)\s*(?:[=!<>]|(?:is|in|contains|between|within|before|after)\b)"
)


def item_missing(site: Site) -> Advice | None:
    """`where a = 1`, `a = 1`, `"x" where a = 1`: a file begins with a condition."""
    token = site.token
    if token is None or site.at > 0 or "LET" not in site.accepts or token.start != site.stop:
        return None
    if token.kind == "string" and site.word(1) in ("where", "description", "folder", "kind"):
        fix, also = f"segment {token.text}", ""
    elif token.text == "where":
        fix, also = 'segment "x" where', "a condition belongs to a segment, which has a name"
    elif _TESTED.match(site.text, token.start) and ":" not in (site.word(1), site.word(2)):
        fix = f'segment "x" where {token.text}'
        also = "a condition belongs to a segment, which has a name"
    else:
        return None
    return Advice(token.start, token.end, unexpected(site), write_help(fix, also), fix)


def _select(found: PatternMatch) -> str:
    table = found.raw("table").split(".")[-1].strip('`"')
    return f'segment "{table}" where'


_VALUE = r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|-?[0-9][\w.:-]*|true|false)"


FIRST: tuple[Rule | Function, ...] = (
    value_in_a_let,
    other_language,
    # whole statements
    Rule(
        "select",
        r"select~(?:\*|[\w., ()*]+?) from (?P<table>[\w.\"`]+)(?: (?:as )?(?!where)\w+)? where",
        _select,
        message="this is SQL: a segment begins with its name",
    ),
    Rule(
        "select",
        r"select~(?:\*|[\w.,()*]+(?:~,~[\w.,()*]+)*) from (?P<table>[\w.\"`]+)(?=~;?~$)",
        lambda found: f"{_select(found)} everyone",
        message="this is SQL: a segment begins with its name",
    ),
    Rule(
        "create",
        r"(?P<word>create|define|new)(?: or replace)?(?= segment )",
        lambda found: "" if "LET" in found.site.accepts else None,
    ),
    fence,
    item_missing,
    # definitions
    Rule("let const var def define", r"(?:const|var|def|define) {n}~:?=", "let {n} ="),
    Rule("let", r"let {n}~(?::~\w+~)?:=", "let {n} ="),
    Rule("let", r"let {n}~(?::~(?:number|string|str|int|bool|boolean|date)~=|==|:)", "let {n} ="),
    Rule("param", rf"param {{n}}~:?=~{_VALUE}", _param, also="a param has a type"),
    Rule(
        "param",
        rf"param (?P<kind>int|integer|float|number|string|str|bool|boolean|date) {{n}}~=~{_VALUE}",
        _param,
    ),
    Rule(
        "param",
        rf"param {{n}}(?:~:~| )(?P<kind>number|string|boolean|date)(?:~:?=~| ){_VALUE}",
        "param {n}: {kind} = {value}",
    ),
    Rule("param", r"param {n}~(?=$|\n)", "param {n}: number", also="a param has a type"),
    Rule(
        "import from",
        r"from {text} import (?P<names>\w+(?:~,~\w+)*)",
        lambda found: f"import {found.raw('names').strip()} from {found['text']}",
    ),
    Rule(
        "import from",
        r"import~\{~(?P<names>[\w, ]+?)~\}~from {text}",
        lambda found: f"import {found.raw('names').strip()} from {found['text']}",
    ),
    Rule(
        "import",
        r"import~(?:\* from )?~{text}",
        lambda found: f"import name from {found['text']}",
        also="name what is imported",
    ),
    Rule("as", r"as {n}(?=~,| from )", "", also="remove it: an imported definition keeps its name"),
    Rule(
        "include require use",
        r"(?:include|require|use)~\(?~{text}(?:~\))?",
        "import name from {text}",
        also="name what is imported",
    ),
    Rule(
        "include require use load",
        r"(?:include|require|use|load) (?P<names>\w+(?:~,~\w+)*) from {text}",
        "import {names} from {text}",
    ),
    # heads
    Rule("hidden", r"hidden~[:=]?~(?:true|yes)", "hidden"),
    Rule("visible isvisible", r"(?:is_?)?visible~[:=]?~(?:false|no)", "hidden"),
    Rule("visible isvisible", r"(?:is_?)?visible~[:=]?~(?:true|yes)", ""),
    Rule(
        "description folder kind",
        r"(?P<word>description|folder)~[:=]~{v}",
        _head,
    ),
    Rule(
        "kind",
        r"kind~[:=]?~[\"']?(?P<word>\w+)[\"']?",
        "kind {word}",
        also="a kind is written without quotes",
    ),
    Rule("segment", r"segment~[:=]~{text}", "segment {text}"),
    Rule("segment", r"segment~\(~{text}~\)", "segment {text}"),
)
RULES: tuple[Rule | Function, ...] = (head_property, braces_around, braces, where_missing)
