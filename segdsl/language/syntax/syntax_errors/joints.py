"""Joints between conditions: a missing `and`, one too many, unmatched parentheses."""

from __future__ import annotations

import re

from segdsl.diagnostics import Code
from segdsl.language.syntax.syntax_errors.expected import short, unexpected
from segdsl.language.syntax.syntax_errors.rules import write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site
from segdsl.language.syntax.syntax_errors.tokens import tokens

_STARTS_CONDITION = re.compile(
    r"(?:(?:not|has|no|any|all|none|count|sum|average|min|max|first|last|every|exactly)\b|"
    r"in\s+(?:segment|stage|variant)\b|at\s+(?:least|most)\s+\S+\s+of\b|\(|score\s+of\b|"
    r"(?:`[^`\n]+`|[^\W\d]\w*)(?:\.\w+)?\s*(?:[=!<>(]|is\b|in\b|not\b|contains\b|starts\b|ends\b|"
    r"matches\b|between\b|within\b|before\b|after\b|on\b|at\b|more\b|less\b|for\b|like\b))"
)


def and_missing(site: Site) -> Advice | None:
    """Two conditions with nothing between them."""
    token = site.token
    if token is None or "AND" not in site.accepts or token.start > site.stop + 1:
        return None
    if not _STARTS_CONDITION.match(site.text, token.start):
        return None
    fix = f"and {token.text}"
    return Advice(
        token.start,
        token.end,
        "`and` or `or` is missing between two conditions",
        write_help(fix, f"or `or {token.text}`"),
        fix,
    )


def comma_between(site: Site) -> Advice | None:
    """`a = 1, b = 2`: conditions are joined by words."""
    token = site.token
    if token is None or token.text != "," or "AND" not in site.accepts:
        return None
    following = site.word(1)
    if following in ("and", "or"):
        return Advice(
            token.start,
            token.end,
            unexpected(site),
            "remove it: conditions are joined with `and` or `or`",
            "",
        )
    if following in ("", ")") or site.begins_item(1):
        return Advice(token.start, token.end, unexpected(site), "remove it", "")
    gap = "" if site.text[token.start - 1].isspace() else " "
    return Advice(
        token.start,
        token.end,
        unexpected(site),
        write_help("and", "conditions are joined with `and` or `or`"),
        f"{gap}and",
    )


def dangling(site: Site) -> Advice | None:
    """`a = 1 and` at the end, `where and a`, `a and and b`."""
    if not {"NOT", "LPAR"} <= site.accepts or site.at == 0:
        return None
    token, last = site.token, site.tokens[site.at - 1]
    if (
        token is not None
        and token.text in ("and", "or")
        and last.text in ("and", "or", "where", "(")
    ):
        start = site.text[: token.start].rstrip()
        end = re.compile(r"\s*").match(site.text, token.end)
        assert end
        return Advice(
            token.start,
            token.end,
            f"`{token.text}` joins two conditions, and one is missing here",
            f"remove it; if it is a name, write it in backquotes: `` `{token.text}` ``",
            "" if start else None,
            Code.SEG009,
        )
    if (
        token is not None
        and token.text in ("where", ",", "if", "also")
        and last.text in ("and", "or")
    ):
        return Advice(
            token.start,
            token.end,
            f"unexpected `{token.text}` after `{last.text}`",
            "remove it",
            "",
        )
    if token is not None and last.text == "," and token.text in ("and", "or"):
        return Advice(
            token.start,
            token.end,
            f"unexpected `{token.text}` in a list, where commas separate conditions",
            "remove it",
            "",
        )
    ends = token is None or token.text == ")" or site.begins_item(0)
    if ends and last.text in ("and", "or", "not"):
        return Advice(
            last.start,
            last.end,
            f"expected a condition after this `{last.text}`",
            f"remove the `{last.text}`, or write the condition",
            "",
        )
    return None


def unclosed(site: Site) -> Advice | None:
    """A parenthesis that is still open where the item ends."""
    token = site.token
    if "RPAR" not in site.accepts or not (site.at_end or (token and site.begins_item(0))):
        return None
    opened: list[tuple[int, int]] = []
    for each in tokens(site.text, 0, site.stop):
        if each.text == "(":
            opened.append((each.start, each.end))
        elif each.text == ")" and opened:
            opened.pop()
    if not opened:
        return None
    last = site.tokens[site.at - 1] if site.at else None
    start = last.end if last is not None else site.stop
    closing = ")" * min(len(opened), 300)
    what = "a parenthesis is" if len(opened) == 1 else f"{len(opened)} parentheses are"
    start_of_last = last.start if last is not None else site.stop
    return Advice(
        max(start - 1, start_of_last),
        start,
        unexpected(site),
        f"{what} not closed: add `)`"
        if len(opened) == 1
        else f"{what} not closed: add `{short(closing)}`",
        site.text[max(start - 1, start_of_last) : start] + closing,
        notes=tuple(("this parenthesis is not closed", low, high) for low, high in opened[-1:]),
    )


def closes_nothing(site: Site) -> Advice | None:
    """A `)` too many."""
    if site.found != ")" or "SEGMENT" not in site.accepts:
        return None
    return Advice(site.stop, site.stop + 1, "unmatched `)`", "remove it", "")
