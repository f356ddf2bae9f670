"""Funnels and stages: their heads, and what stands before the rule of a stage."""

from __future__ import annotations

import re

from segdsl.language.syntax.syntax_errors.expected import unexpected
from segdsl.language.syntax.syntax_errors.rules import Function, Rule, write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site

_ITEM = frozenset({"SEGMENT", "LET"})


def stage_alone(site: Site) -> Advice | None:
    """`stage "x" where …` without a funnel before it."""
    if not site.accepts >= _ITEM or {"STAGE_HEAD", "AND"} & site.accepts:
        return None
    token = site.token
    if token is None or token.text != "stage" or not site.word(1).startswith('"'):
        return None
    return Advice(
        token.start,
        token.end,
        "a stage belongs to a funnel or a journey",
        'begin that above its stages: `funnel "…"` or `journey "…"`',
    )


def brace(site: Site) -> Advice | None:
    """`funnel "x" {`: a brace where stages begin."""
    token = site.token
    if token is None or token.text != "{" or "FOLDER" not in site.accepts:
        return None
    if "STAGE_HEAD" not in site.accepts:
        return None
    return Advice(
        token.start,
        token.end,
        "unexpected character `{`",
        "remove it: the stages of a funnel follow its head, without braces",
        "",
        once="brace",
    )


def segment_missing(site: Site) -> Advice | None:
    """`stage "x" is "Payers"`: what a stage is, without the word before its name."""
    token = site.token
    if token is None or token.kind not in ("string", "id") or site.accepts != {"SEGMENT"}:
        return None
    if site.word(-1) != "is":
        return None
    fix = f"segment {token.text}"
    return Advice(token.start, token.end, unexpected(site), write_help(fix), fix)


def rule_missing(site: Site) -> Advice | None:
    """`stage "x" country = "JP"`, `stage "x": …`: the rule of a stage begins with `where`."""
    if not {"WHERE", "IS", "STAGE_HEAD"} <= site.accepts or site.at_end:
        return None
    token = site.token
    if token is None or token.start > site.stop + 1:
        return None
    match = re.compile(
        r"(?:=>|:=|[{:=]|->|in|of|from|as|when|if|with|are)?\s*(?:(?:the\s+)?segment\s*)"
        r"(?=[\"#])"
    ).match(site.text, site.stop)
    if match is not None:
        fix = "is segment "
        return Advice(site.stop, match.end(), unexpected(site), write_help(fix.strip()), fix)
    sign = re.compile(r"(?:=>|:=|[{:=]|->|when\b|if\b|with\b)\s*(?:where\b)?\s*").match(
        site.text, site.stop
    )
    if sign is not None:
        return Advice(
            site.stop,
            site.stop + len(sign[0].rstrip()),
            unexpected(site),
            write_help("where", "the rule of a stage begins with `where`"),
            "where ",
        )
    if token.kind not in ("word", "quoted") and token.text != "(":
        return None
    if not re.match(
        r"\s*(?:[=<>!.(]|is\b|in\b|not\b|[a-z]+\b)", site.text[token.end : token.end + 40]
    ):
        return None
    fix = f"where {token.text}"
    return Advice(
        token.start,
        token.end,
        unexpected(site),
        write_help(fix, "the rule of a stage begins with `where`"),
        fix,
    )


RULES: tuple[Rule | Function, ...] = (
    stage_alone,
    brace,
    segment_missing,
    # heads of items
    Rule(
        "syndication activate export",
        r"(?:syndication|activate|export)(?= \"[^\"\n]*\" of )",
        lambda found: "activation" if found.site.accepts >= _ITEM else None,
    ),
    Rule(
        "template",
        r"(?:(?:syndication|activation)[_-])?template(?=~\")",
        lambda found: "activation template" if found.site.accepts >= _ITEM else None,
    ),
    Rule(
        "predictive prediction model",
        r"(?:predictive(?:[_ ](?:model|segment))?|prediction|model)(?=~\")",
        lambda found: "predictive segment" if found.site.accepts >= _ITEM else None,
    ),
    Rule("funnel journey", r"(?P<word>funnel|journey)~[:=]~{text}", "{word} {text}"),
    Rule("activation", r"activation~[:=]~{text}", "activation {text}"),
    Rule(
        "activation",
        r"activation {n}(?= of )",
        'activation "{n}"',
        also="a name is written in quotes",
    ),
    Rule(
        "funnel",
        r"funnel {n}(?=~(?:$|\n|stage|description|folder))",
        'funnel "{n}"',
        also="a name is written in quotes",
    ),
    Rule(
        "journey",
        r"journey {n}(?=~(?:$|\n|stage|description|folder|reentry|goal))",
        'journey "{n}"',
        also="a name is written in quotes",
    ),
    # stages
    Rule(
        "step steps stages level",
        r"(?:step|stages?|level)~[:=]?~(?P<at>[0-9]+[.:)]?)?~{text}",
        lambda found: f"stage {found['text']}" if "STAGE_HEAD" in found.site.accepts else None,
    ),
    Rule(
        "stage",
        r"stage {n}(?=~(?:where |is segment))",
        'stage "{n}"',
        also="a name is written in quotes",
    ),
    rule_missing,
)
