"""Names, ids and numbers in activations that are written in another form than the language's."""

from __future__ import annotations

import re

from segdsl.language.syntax.spelling import name
from segdsl.language.syntax.syntax_errors.expected import short, unexpected
from segdsl.language.syntax.syntax_errors.rules import Function, write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site


def target_of_funnel(site: Site) -> Advice | None:
    """`activation "x" of funnel "f"`: it is of one stage."""
    token = site.token
    if token is None or token.text != "funnel" or site.word(-1) != "of":
        return None
    is_segment = site.accepts == {"FOLDER"} and site.word(-3) == "segment"
    if site.accepts != {"SEGMENT", "STAGE", "JOURNEY"} and not is_segment:
        return None
    stage = site.word(-2) if is_segment else None
    of = site.tokens[site.at - 3] if is_segment else token
    fix = f"stage {stage} of funnel" if is_segment else f'stage "…" of {token.text}'
    return Advice(
        of.start,
        token.end,
        "an activation is of a segment, or of one stage of a funnel",
        write_help(fix),
        fix,
    )


def dotted_column(site: Site) -> Advice | None:
    """`household.size`: an attribute of a customer group, without `group`."""
    if site.word(0) != "." or not {"PIPE", "AS"} <= site.accepts:
        return None
    match = re.compile(r"\.(`[^`\n]+`|[^\W\d]\w*)(?!\w|\s*\()").match(site.text, site.stop)
    if match is None:
        return None
    owner = site.tokens[site.at - 1]
    fix = f"group {owner.text}.{match[1]}"
    return Advice(
        owner.start,
        match.end(),
        unexpected(site),
        write_help(fix, "columns of behaviors have a clause of their own"),
        fix,
    )


def odd_key(site: Site) -> Advice | None:
    """`with (de-name = "x")`, `with (a.b = 1)`: the name of a setting that needs backquotes."""
    if site.accepts != {"EQUAL"} or site.word(0) not in ("-", ".", "/", ":"):
        return None
    start = site.tokens[site.at - 1].start
    match = re.compile(r"[^\W\d][\w./:-]*(?=\s*=)").match(site.text, start)
    if match is None or match.end() <= site.stop:
        return None
    fix = name(match[0])
    return Advice(start, match.end(), unexpected(site), write_help(fix), fix)


def quoted_behavior(site: Site) -> Advice | None:
    """`behavior "purchases"`: a behavior, in quotes."""
    token = site.token
    if token is None or token.kind != "string" or site.word(-1) != "behavior":
        return None
    fix = name(token.text[1:-1].removeprefix("behavior_"))
    return Advice(
        token.start,
        token.end,
        "the name of a behavior is written without quotes",
        write_help(fix),
        fix,
    )


def number_of_events(site: Site) -> Advice | None:
    """`first 5 by …`: so many of the events; the last ones are the first in the other order."""
    token = site.token
    if token is None or token.kind != "number" or site.word(-1) not in ("first", "last"):
        return None
    taking = site.tokens[site.at - 1]
    fix = f"top {token.text}"
    message = f"`{taking.text}` takes one event"
    if taking.text == "last":
        help = f"{write_help(fix)} with the other order"
        return Advice(taking.start, token.end, message, help)
    return Advice(taking.start, token.end, message, write_help(fix), fix)


def settings_without_parentheses(site: Site) -> Advice | None:
    """`with bucket = "x"`: a setting without parentheses."""
    if site.word(-1) != "with" or site.accepts != {"LPAR"}:
        return None
    entry = r"[^\W\d]\w*\s*=\s*(?:\"[^\"\n]*\"|-?[0-9.]+|true|false|null)"
    match = re.compile(rf"{entry}(?:\s*,\s*{entry})*").match(site.text, site.stop)
    if match is None:
        return None
    fix = f"({match[0]})"
    return Advice(site.stop, match.end(), unexpected(site), write_help(short(fix)), fix)


def number_as_id(site: Site) -> Advice | None:
    """`to connection 4021`: an id without its sign."""
    token = site.token
    if token is None or token.kind != "number" or not token.text.isdecimal():
        return None
    if not {"STRING", "ID"} <= site.accepts or "NAME" in site.accepts:
        return None
    fix = f"#{token.text}"
    return Advice(token.start, token.end, unexpected(site), write_help(fix), fix)


RULES: tuple[Function, ...] = (
    target_of_funnel,
    dotted_column,
    odd_key,
    quoted_behavior,
    number_of_events,
    settings_without_parentheses,
    number_as_id,
)
