"""Structure: what stands between conditions and around them."""

from __future__ import annotations

import re

from segdsl.diagnostics import Code
from segdsl.language.syntax.grammar import reserved_words
from segdsl.language.syntax.syntax_errors.expected import short, unexpected
from segdsl.language.syntax.syntax_errors.joints import (
    and_missing,
    closes_nothing,
    comma_between,
    dangling,
    unclosed,
)
from segdsl.language.syntax.syntax_errors.rules import (
    Function,
    PatternMatch,
    Rule,
    compiled,
    write_help,
)
from segdsl.language.syntax.syntax_errors.site import Advice, Site

_JOINTS = {
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "!": "not",
    "~": "not",
    "also": "and",
    "plus": "and",
    "then": "and",
    "having": "and",
    "with": "and",
    "unless": "and not",
    "except": "and not",
    "excluding": "and not",
    "without": "and not",
    "but": "and",
    "nor": "and not",
    "andalso": "and",
    "orelse": "or",
    "xor": None,
    "minus": "and not",
    **dict.fromkeys(("und", "et", "y", "かつ", "且つ", "且", "並且", "及び", "и"), "and"),
    **dict.fromkeys(("oder", "ou", "または", "又は", "或", "或者", "或いは", "или"), "or"),
}


def group_in_brackets(site: Site) -> Advice | None:
    """`{a = 1 or b = 2}`, `[a = 1, b = 2]` where a condition was expected."""
    token = site.token
    if token is None or token.text not in "{[" or not {"NOT", "LPAR"} <= site.accepts:
        return None
    close = {"{": "}", "[": "]"}[token.text]
    depth = 0
    for at in range(site.at, len(site.tokens)):
        depth += {token.text: 1, close: -1}.get(site.tokens[at].text, 0)
        if depth == 0:
            inside = site.text[token.end : site.tokens[at].start]
            fix = f"({inside.strip()})"
            return Advice(
                token.start,
                site.tokens[at].end,
                f"unexpected character `{token.text}`",
                write_help(short(fix), "a group is written in parentheses"),
                fix,
                Code.SEG004,
            )
    return None


def joint(site: Site) -> Advice | None:
    """`&&`, `||`, `!`, `but not`, `and also`: words and signs between conditions."""
    start = site.stop
    token = site.token
    if token is None:
        return None
    if site.text[start - 1 : start + 1] in ("&&", "||"):
        start -= 1
    match = re.compile(
        r"&&?|\|\|?|!(?![=~])|(?:and also|as well as|but also|and then|or else|but not|and is not|"
        r"unless|except|excluding|also|plus|andalso|orelse|nor|but|xor|"
        r"minus|(?:und|et|y|かつ|且つ|且|並且|及び|и|oder|ou|または|又は|或者|或いは|或|или)"
        r"(?!\s*[=<>!]))\b",
        re.IGNORECASE,
    ).match(site.text, start)
    if match is None:
        return None
    word = match[0].lower()
    fix = {
        "and also": "and",
        "as well as": "and",
        "but also": "and",
        "and then": "and",
        "or else": "or",
        "but not": "and not",
    }.get(word, _JOINTS.get(word, "and"))
    if fix is None:
        return Advice(
            start,
            match.end(),
            "there is no `xor` in the language",
            "write both cases: `(a and not b) or (b and not a)`",
        )
    if fix == "not" and (word_behind := re.compile(r"\s*(\w+)").match(site.text, match.end())):
        fix = f"not {word_behind[1]}"
        return Advice(start, word_behind.end(), unexpected(site), write_help(fix), fix)
    if fix == "not" and site.text[match.end() : match.end() + 1].strip():
        return Advice(start, match.end(), unexpected(site), write_help(fix), "not ")
    return Advice(start, match.end(), unexpected(site), write_help(fix), fix)


def and_or(site: Site) -> Advice | None:
    """`a = 1 and/or b = 2`."""
    if site.word(0) != "/" or site.word(-1) not in ("and", "or") or site.at == 0:
        return None
    if site.word(1) not in ("and", "or"):
        return None
    start, end = site.tokens[site.at - 1].start, site.tokens[site.at + 1].end
    return Advice(
        start,
        end,
        f"`{site.text[start:end]}` is ambiguous",
        write_help("or", "`or` includes profiles for which both hold; or write `and`"),
        "or",
    )


def property_behind(site: Site) -> Advice | None:
    """`where a = 1` and then `description "…"`: a property stands before the `where`."""
    match = re.compile(
        r"(?:description|folder)\s*[:=]?\s*\"[^\"\n]*\"|kind\s+\w+|hidden(?=\s*(?:$|\n))"
    ).match(site.text, site.stop)
    if match is None or not {"AND", "SEGMENT"} <= site.accepts:
        return None
    return Advice(
        site.stop,
        match.end(),
        f"`{match[0].split()[0]}` is a property, and belongs before the `where`",
        f"move `{short(match[0])}` before the `where`",
        "",
    )


_EVERYONE = re.compile(
    r"(?:\*|true|1\s*={1,3}\s*1|(?:all|any)(?:\s+(?:profiles|customers|users|people|of them))?|"
    r"all\s*\(\s*\)|every\s+(?:one|body|profile|customer|user)|anyone|anybody|everybody)",
    re.IGNORECASE,
)


def everyone(site: Site) -> Advice | None:
    """`where *`, `where true`, `where 1 = 1`, `where all profiles`."""
    for at in range(max(0, site.at - 3), min(site.at + 1, len(site.tokens))):
        token = site.tokens[at]
        if site.word(at - site.at - 1) != "where" or site.word(at - site.at - 2) in ("", "and"):
            continue
        found = _EVERYONE.match(site.text, token.start)
        if found is None:
            continue
        if not re.compile(
            r"\s*(?:#|$|(?:segment|let|param|import|limit|(?:stage|funnel|activation)(?=\s*\"))\b)"
        ).match(site.text, found.end()):
            continue
        return Advice(
            token.start,
            found.end(),
            f"`{found[0]}` is not a condition",
            write_help("everyone", "it selects all profiles"),
            "everyone",
        )
    return None


def bullet(site: Site) -> Advice | None:
    """`- country = "JP"`, `1. country = "JP"`: a list as in a text."""
    match = re.compile(r"(?:[-*+•‣–—▪·]|[0-9]{1,2}[.)]|\([0-9a-z]\))(?=[ \t]+\S)").match(
        site.text, site.stop
    )
    if match is None:
        return None
    line = site.text[site.text.rfind("\n", 0, site.stop) + 1 : site.stop]
    if {"NOT", "LPAR"} <= site.accepts and "EQUAL" not in site.accepts:
        fix = ""
    elif "AND" in site.accepts and not line.strip():
        fix = "and"
    else:
        return None
    return Advice(
        site.stop,
        match.end(),
        f"unexpected `{match[0]}`",
        write_help(fix, "conditions are joined with `and` or `or`") if fix else "remove it",
        fix,
        Code.SEG004,
    )


def negated_start(site: Site) -> Advice | None:
    """`unless a = 1`, `except a = 1`, `return a = 1` where a condition begins."""
    if site.at == 0:
        return None
    last = site.tokens[site.at - 1]
    word = last.text.lower()
    if site.word(-2) not in ("where", "and", "or", "(", ",") or last.end > site.stop:
        return None
    if word in ("unless", "except", "excluding", "exclude", "without"):
        fix = "not"
    elif word in ("return", "if", "when", "include", "including", "only", "having", "filter"):
        fix = ""
    else:
        return None
    return Advice(
        last.start,
        last.end,
        f"unexpected `{last.text}`",
        write_help(fix) if fix else "remove it: a condition needs no introduction",
        fix,
    )


def capitals(site: Site) -> Advice | None:
    """`AND`, `WHERE`, `Segment`: keywords are in lower case."""
    token = site.token
    if token is None or token.kind != "word" or token.text == token.text.lower():
        return None
    lowered = token.text.lower()
    kinds = {kind.lower().removesuffix("_word") for kind in site.accepts}
    units = re.fullmatch(r"(?:year|quarter|month|week|day|hour|minute|second)s?", lowered)
    if lowered not in kinds | reserved_words() and not (units and "UNIT" in site.accepts):
        return None
    # The words that follow are likely to be in capitals as well.
    return Advice(
        token.start,
        token.end,
        unexpected(site),
        write_help(lowered, "keywords are in lower case"),
        lowered,
        once="capitals",
    )


def capital_function(site: Site) -> Advice | None:
    """`COUNT(p) > 1`, `HAS purchases`: a word in capitals that was taken for a name."""
    for at in range(site.at - 1, max(-1, site.at - 30), -1):
        token = site.tokens[at]
        lowered = token.text.lower()
        if token.kind == "word" and token.text != lowered and lowered in reserved_words():
            return Advice(
                token.start,
                token.end,
                f"unexpected `{token.text}`: keywords are in lower case",
                write_help(lowered, "keywords are in lower case"),
                lowered,
            )
        if token.text in ("and", "or", "where"):
            break
    return None


def subject_missing(site: Site) -> Advice | None:
    """`age >= 18 and < 30`: what is compared is named again."""
    token = site.token
    if token is None or "NOT" not in site.accepts or site.word(-1) not in ("and", "or", "not"):
        return None
    if not re.match(
        r"(?:[=!<>]|is|in|between|contains|matches|starts|ends|before|after)", token.text
    ):
        return None
    match = compiled(r"{s}~(?:[=!<>]=?|is |in~\(|not |between |contains |starts |before |after )")
    for at in range(site.at - 2, max(-1, site.at - 40), -1):
        found = match.match(site.text, site.tokens[at].start)
        if found and site.word(at - site.at - 1) in ("where", "and", "or", "(", "not", "="):
            subject = " ".join(found["s"].split())
            # With its value, where that is one token.
            value = re.compile(r"\s*(?:@?\"[^\"\n]*\"|-?[0-9][\w.-]*|null|true|false)").match(
                site.text, token.end
            )
            end = value.end() if value else token.end
            fix = f"{subject} {site.text[token.start : end]}"
            return Advice(
                token.start,
                end,
                f"expected what is compared with this `{token.text}`",
                write_help(fix, "repeat it, as in `age >= 18 and age < 30`"),
                fix,
            )
    return None


def not_before_is(site: Site) -> Advice | None:
    """`email not is null`: the `not` stands behind the `is`."""
    match = compiled(r"not is (?P<word>null|true|false|today)")
    at = site.at - 1
    if at < 0 or site.tokens[at].text != "not" or site.word(0) != "is":
        return None
    found = match.match(site.text, site.tokens[at].start)
    if found is None:
        return None
    fix = f"{'' if 'EQUAL' in site.accepts else 'name '}is not {found['word'].lower()}"
    return Advice(
        site.tokens[at].start,
        found.end(),
        "`not` comes after `is`",
        write_help(fix),
        fix,
    )


def _case(found: PatternMatch) -> str | None:
    if re.fullmatch(r"(?:true|1|'?yes'?)", found.raw("then"), re.IGNORECASE):
        return f"({found.raw('test').strip()})"
    return None


def _if(found: PatternMatch) -> str:
    return f"({found.raw('test').strip()})"


def _excel(found: PatternMatch) -> str:
    """`=AND(a = 1, b = 2)`, `OR(…)`."""
    word = {"and": "all", "or": "any", "not": "not"}[found.raw("word").lower()]
    return f"{word} {found.raw('call')}"


def _limit(found: PatternMatch) -> str:
    count = found.raw("count") or "100"
    direction = (found.raw("way") or "asc").lower()
    return f"limit {count} by {found.raw('n')} {direction}"


FIRST: tuple[Rule | Function, ...] = (
    Rule(
        "case",
        r"case when (?P<test>.+?) then (?P<then>\S+)(?: else \S+)? end(?:~(?:=|is)~(?:true|1))?",
        _case,
        stays=True,
        also="alternatives are joined with `or`: `(… and …) or (… and …)`",
        message="there is no `case`: a condition is true or false in itself",
    ),
    Rule(
        "if iif",
        r"i?if~\(~(?P<test>[^,()]+),~(?:true|1)~,~(?:false|0)~\)",
        _if,
        message="there is no `if`: a condition is true or false in itself",
    ),
    Rule(
        "if",
        r"if (?P<test>[^\n:{]+?)~(?: then|:|\{)(?: true)?(?: else false)?(?: end)?",
        _if,
        message="there is no `if`: a condition is true or false in itself",
    ),
    unclosed,
    dangling,
    not_before_is,
)
RULES: tuple[Rule | Function, ...] = (
    Rule("and or", r"=~(?P<word>and|or|not)~{call}", _excel),
    Rule(
        "and or",
        r"(?P<word>and|or)~{call}",
        _excel,
        also="a list of conditions is `all (…)` or `any (…)`",
    ),
    everyone,
    and_or,
    negated_start,
    bullet,
    Rule("is", r"is (?P<no>not )?{n}(?=~(?:$|\)|,|\b(?:and|or)\b))", "{n} is {no}true"),
    Rule(
        "percent",
        r"limit (?P<count>[0-9.]+) percent by {n}(?: (?P<way>asc|desc))?",
        lambda found: (
            f"limit {found.raw('count')}% by {found.raw('n')} "
            f"{(found.raw('way') or 'desc').lower()}"
        ),
    ),
    Rule(
        "ascending descending", r"(?P<way>asc|desc)ending", lambda found: found.raw("way").lower()
    ),
    Rule(
        "all any none",
        r"(?P<word>all|any|none)(?: of)?~:?~\[(?P<inside>[^\[\]]+)\]",
        "{word} ({inside})",
    ),
    Rule(
        "rule",
        r"rule set:? (?P<test>[^()\n]+?)(?=~(?:$|\)|\n|\b(?:and|or|limit)\b))",
        "rule set ({test})",
    ),
    property_behind,
    Rule(
        "",
        r"{n}~\(~\)",
        lambda found: found["n"],
        also="a definition without parameters is used without parentheses",
    ),
    Rule("offset skip", r"(?:offset|skip) [0-9]+", ""),
    Rule(
        "fetch top",
        r"fetch (?:first|next) (?P<count>[0-9]+) rows?(?: only)?",
        lambda found: None,
        stays=True,
        also="an order belongs to a limit: `limit 100 by ltv desc`",
    ),
    Rule(
        "sort",
        r"sort(?:ed)? by {n}(?: (?P<way>asc|desc))?",
        _limit,
        also="an order belongs to a limit",
    ),
    Rule(
        "having",
        r"having",
        lambda found: "and" if {"AND", "SEGMENT"} <= found.site.accepts else None,
        also="conditions are joined with `and` or `or`",
    ),
    Rule("of", r"(?P<word>all|any|none)(?: of)?(?: the following)?~:?~\(", "{word} ("),
    Rule(
        "both either neither",
        r"(?P<word>both|either|neither)~{call}",
        lambda found: (
            {"both": "all", "either": "any", "neither": "none"}[found.raw("word").lower()]
            + f" {found.raw('call')}"
        ),
    ),
    Rule(
        "where",
        r"where",
        lambda found: "" if found.site.word(-1) == "where" else None,
        message="a segment has one `where`",
    ),
    Rule(
        "where",
        r"where",
        lambda found: "and" if {"AND", "SEGMENT"} <= found.site.accepts else None,
        message="a segment has one `where`",
        also="conditions are joined with `and` or `or`",
    ),
    Rule(
        "order",
        r"order by {n}(?: (?P<way>asc|desc))? limit (?P<count>[0-9]+)",
        _limit,
        also="an order belongs to a limit",
    ),
    Rule(
        "order",
        r"order by {n}(?: (?P<way>asc|desc))?",
        _limit,
        also="an order belongs to a limit: `limit 100 by ltv desc`",
    ),
    Rule(
        "limit",
        r"limit (?P<count>[0-9]+%?) order by {n}(?: (?P<way>asc|desc))?",
        _limit,
    ),
    Rule(
        "limit",
        r"limit (?P<count>[0-9]+%?) by {n}(?! asc| desc)",
        lambda found: f"limit {found.raw('count')} by {found.raw('n')} desc",
    ),
    Rule(
        "top first",
        r"(?:top|first) (?P<count>[0-9]+%?)(?: by| of) {n}",
        lambda found: f"limit {found.raw('count')} by {found.raw('n')} desc",
    ),
    Rule(
        "group",
        r"group by [\w.]+(?:~,~[\w.]+)*",
        "",
        also="remove it: a condition is about one profile; `count(purchases by order_id) >= 3` "
        "counts by a column",
    ),
    # between conditions
    group_in_brackets,
    capitals,
    joint,
    subject_missing,
    comma_between,
    closes_nothing,
    Rule("", r"{text}~\(", "{text}: (", also="a label is followed by a colon"),
    Rule(
        "",
        r"(?P<label>\"[^\"\n]+\"):~(?P<test>[^()\n]+?)(?=~(?:$|\)|\n|\b(?:and|or|limit)\b))",
        "{label}: ({test})",
        also="put the labelled group in parentheses",
    ),
    Rule(
        "is",
        r"(?:it )?is not the case that~(?=\()",
        "not ",
    ),
    capital_function,
    and_missing,
)
