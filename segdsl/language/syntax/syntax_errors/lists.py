"""Lists of values: chains of `or`, brackets, and what asks for an element of an array."""

from __future__ import annotations

import re

from segdsl.language.syntax.spelling import string
from segdsl.language.syntax.syntax_errors import spelling
from segdsl.language.syntax.syntax_errors.rules import Function, PatternMatch, Rule

_ITEM = (
    r"(?:@?\"[^\"\n]*+\"|'[^'\n]*+'|[“”„「『][^“”„」』\n]*+[“”」』]|-?[0-9][\w.]*+|"
    r"(?!(?:and|or|not|where|limit)(?!\w))[^\W\d]\w*+(?!\s*[.(=<>!]|\s+(?:is|in|not|has|contains|between)\b))"
)
_LITERAL = (
    r"(?:@?\"[^\"\n]*+\"|'[^'\n]*+'|[“”„「『][^“”„」』\n]*+[“”」』]|"
    r"-?[0-9]+(?:\.[0-9]+)?(?![\w.])(?!~[-/]))"
)
_OPEN, _CLOSE = r"[\[({（［｛]", r"[\])}）］｝]"
_SEPARATOR = r"(?:(?:~[,、，;|])+~(?:(?:or|and) )?| (?:or|and) | )"
_LIST = rf"(?P<list>{_OPEN}~[,;]?~{_ITEM}(?:{_SEPARATOR}{_ITEM})*~[,、，;]?~{_CLOSE})"
_BARE = rf"(?P<list>{_LITERAL}(?:(?:~[,、，]~| )(?:or |and |nor )?~?{_LITERAL})+)"
_ORS = (
    rf"(?P<list>{_LITERAL}(?:(?:~(?:,|\|\|?)~| )(?:or )?~?{_LITERAL})*(?:~,)?~"
    rf"(?:or|\|\|?|and)~{_LITERAL})"
)


def _in(found: PatternMatch) -> str | None:
    values = spelling.values(found.raw("list"), found.site.names)
    if not values:
        return None
    negation = "not " if found.raw("no").strip() else ""
    return f"{found['s']} {negation}in ({', '.join(values)})"


def _text_in(found: PatternMatch) -> str | None:
    raw = found.raw("list")
    values = spelling.values(raw, found.site.names)
    word = " ".join(found.raw("how").lower().split())
    if re.search(r"\sand\s", raw, re.IGNORECASE) and not found.raw("no").strip():
        tests = [f"{found['s']} {word} {each}" for each in values]
        return f"({' and '.join(tests)})"
    negation = "not " if found.raw("no").strip() else ""
    return f"{found['s']} {negation}{word} any ({', '.join(values)})"


def _is_list(name: str) -> bool:
    """Whether a name is likely to be that of a list: a plural."""
    return re.search(r"(?:[^su]s|list|array)$", name.lower()) is not None


def _member(found: PatternMatch) -> str:
    """Python's `"x" in tags`."""
    negation = "not " if found.raw("no") else ""
    if not _is_list(found["n"]):
        return f"{found['n']} {negation}contains {found['literal']}"
    return f"{negation}any of {found['n']} = {found['literal']}"


def _contains_all(found: PatternMatch) -> str:
    """`tags contains all ("vip", "gold")`."""
    values = spelling.values(found.raw("list"), found.site.names)
    name = found["n"]
    if found.raw("how").lower() in ("none", "no"):
        listed = ", ".join(values)
        if _is_list(name):
            return f"not any of {name} in ({listed})"
        return f"{name} not contains any ({listed})"
    test = f"any of {name} =" if _is_list(name) else f"{name} contains"
    return f"({' and '.join(f'{test} {each}' for each in values)})"


def _segments(found: PatternMatch) -> str:
    names = spelling.values(found.raw("list"))
    negation = "not in" if found.raw("no") else "in"
    is_all = negation == "not in" or re.search(r"\sand\s", found.raw("list"), re.IGNORECASE)
    word = "all" if is_all else "any"
    return f"{word} ({', '.join(f'{negation} segment {each}' for each in names)})"


_TEXT_WORDS = r"(?P<how>contains|starts with|ends with)"
_SEVERAL = "`in` tests for one of several values"
_ARRAY = "for a list write `any of {n} = {literal}`, for a string `{n} contains {literal}`"

RULES: tuple[Rule | Function, ...] = (
    Rule("in segments segment", rf"(?P<no>not )?in segments? {_LIST}", _segments),
    Rule("in segments segment", rf"(?P<no>not )?in segments? {_BARE}", _segments),
    # is (not) one of, in [..]
    Rule(
        "one any either among listed",
        rf"{{s}} (?:is |are |= ~)?(?P<no>not )?(?:one of|any of|either of|either|among|"
        rf"listed in)~{_LIST}",
        _in,
    ),
    Rule(
        "one any either among",
        rf"{{s}} (?:is |are |= ~)?(?P<no>not )?(?:one of|any of|either of|either|among)~{_BARE}",
        _in,
    ),
    Rule(
        "one any either among",
        rf"{{s}} (?:is |are |= ~)?(?P<no>not |neither )?(?:one of|any of|either of|either|among)?~"
        rf"(?P<list>{_ITEM}(?: (?:or|nor) {_ITEM})+)",
        _in,
    ),
    Rule(
        "in",
        rf"{{s}} (?:is |are )?(?P<no>(?:not|isn['’]t) |!)?in~{_LIST}(?:\.includes)?",
        _in,
    ),
    Rule(
        "in",
        rf"{{s}} (?:is )?(?P<no>not )?in (?P<list>{_LITERAL}(?:(?:~,~| or | and ){_LITERAL})*)",
        _in,
    ),
    Rule("not", rf"{{s}} (?P<no>not)~{_LIST}", _in),
    Rule(
        "in",
        r"{s} (?:is )?(?P<no>not )?in (?P<list>"
        r"(?!(?:the|last|next|this|past|previous|current|segments?|stage|variant|top|funnel)(?!\w))"
        rf"[^\W\d]\w*+(?:~,~{_ITEM})*)(?!\s*[\w(])",
        _in,
    ),
    Rule(
        "contains",
        rf"{{n}} contains (?P<how>all|every|none|no)(?: of)?~{_LIST}",
        _contains_all,
    ),
    Rule(
        "exclude omit lack",
        r"{n} (?:does not have|excludes?|omits?|lacks?) {literal}",
        lambda found: (
            f"not any of {found['n']} = {found['literal']}"
            if _is_list(found["n"])
            else f"{found['n']} not contains {found['literal']}"
        ),
        also="for a list write `not any of {n} = {literal}`, "
        "for a string `{n} not contains {literal}`",
    ),
    Rule(
        "contains starts ends",
        rf"{{s}} (?P<no>not )?{_TEXT_WORDS}~(?:any of~|one of~|any~)?{_LIST}",
        _text_in,
    ),
    Rule(
        "contains starts ends",
        rf"{{s}} (?P<no>not )?{_TEXT_WORDS}~(?:any of~|one of~|any~)?{_ORS}",
        _text_in,
    ),
    # country = "JP" or "US"
    Rule("any", rf"{{s}}~(?:===?|=)(?P<no>)~(?:any|some)~{_LIST}", _in, message=_SEVERAL),
    Rule(
        "includes contains indexof",
        rf"(?P<no>!)?{_LIST}\.(?:includes|contains|indexof)~\(~{{s}}~\)",
        _in,
        message=_SEVERAL,
    ),
    Rule("=", rf"{{s}}~(?:===?|=)(?P<no>)~{_LIST}", _in, message=_SEVERAL),
    Rule("!= <> !==", rf"{{s}}~(?P<no>!==?|<>)~{_LIST}", _in, message=_SEVERAL),
    Rule("=", rf"{{s}}~(?:===?|=)(?P<no>)~{_ORS}", _in, message=_SEVERAL),
    Rule("!= <> !==", rf"{{s}}~(?P<no>!==?|<>)~{_ORS}", _in, message=_SEVERAL),
    Rule("=", rf"{{s}}~(?:===?|=)(?P<no>)~{_BARE}", _in, message=_SEVERAL),
    Rule("!= <> !==", rf"{{s}}~(?P<no>!==?|<>)~{_BARE}", _in, message=_SEVERAL),
    Rule("is", rf"{{s}} is (?P<no>not )?(?:either )?{_ORS}", _in, message=_SEVERAL),
    # an element of an array
    Rule("in", r"{literal} (?P<no>not )?in {n}", _member, also=_ARRAY),
    Rule(
        "includes contains has any",
        r"{n}\.(?:includes|contains|has|some|include)~\(~{literal}~\)",
        _member,
        also=_ARRAY,
    ),
    Rule(
        "array_contains contains list_contains",
        r"(?:array_contains|list_contains|contains|array_exists)~\(~{n}~,~{literal}~\)",
        _member,
        also=_ARRAY,
    ),
    Rule("any", r"{literal}~(?:===?|=)~any~\(~{n}~\)", _member),
    Rule("has have includes", r"{n} (?:has|have|includes?) {literal}", _member, also=_ARRAY),
    Rule(
        "any",
        r"any~\(~{n}~\)~{sign}~{literal}",
        "any of {n} {sign} {literal}",
    ),
    Rule(
        "none no",
        r"(?:none of|no) (?:the )?{n}~(?:is|are|===?|=)~{literal}",
        "not any of {n} = {literal}",
    ),
    Rule(
        "of",
        r"(?!one |an? ){amount} of (?:the )?{n}"
        r"(?=~[=!<>]| is | in | contains | starts | ends | matches )",
        "at least {amount} of {n}",
        also="or `exactly {amount} of {n}`, `at most {amount} of {n}`",
    ),
    Rule(
        "[",
        r"{n}~\[~-?[0-9]+~\]~{sign}~{literal}",
        "any of {n} {sign} {literal}",
        also="the elements of a list have no order",
    ),
    Rule(
        "@>",
        r"{n}~@>~(?:array~)?['\[]~[{\[]?~['\"]?(?P<element>[^'\"{}\[\],\n]+)['\"]?~[}\]]?~['\]]?",
        lambda found: f"any of {found['n']} = {string(found.raw('element').strip())}",
    ),
    Rule(
        "any every all one some",
        r"(?:any|one|some) (?:of )?(?:the )?{n} (?:is|are|=|==) {literal}",
        "any of {n} = {literal}",
    ),
    Rule(
        "every all each",
        r"(?:every|all|each) (?:one )?(?:of )?(?:the )?{n} (?:is|are|=|==) {literal}",
        "every one of {n} = {literal}",
    ),
    Rule(
        "every all each",
        r"(?:every|all|each) (?:of )?(?:the )?{n} in~\((?P<list>[^()\n]*)\)",
        "every one of {n} in ({list})",
    ),
)
