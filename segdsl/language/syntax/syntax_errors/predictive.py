"""Predictive segments: their heads and clauses, and their features, in other words than ours.

No condition stands in these items, so none of the rules about conditions is asked there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from segdsl.language.syntax.syntax_errors import deliveries
from segdsl.language.syntax.syntax_errors.expected import short, unexpected
from segdsl.language.syntax.syntax_errors.rules import Function, Rule, write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site

_CLAUSES = "description|folder|predicts|among|scores|grades|features"
_KINDS = "number|category|categories"


def spans(site: Site) -> Iterator[tuple[int, int]]:
    """The clause that the stop is in."""
    return deliveries.clause_spans(site, _CLAUSES)


def condition(site: Site) -> Advice | None:
    """`predicts where …`, `predicts country = "JP"`: who has converted is a segment."""
    use = site.word(-1)
    if site.accepts != {"SEGMENT"} or use not in ("predicts", "among", "scores"):
        return None
    token = site.token
    if token is None:
        return None
    if token.kind in ("string", "id"):
        fix = f"segment {token.text}"
        return Advice(token.start, token.end, unexpected(site), write_help(fix), fix)
    line = site.text.find("\n", token.start)
    end = len(site.text.rstrip()) if line < 0 else line
    return Advice(
        token.start,
        max(token.end, end),
        "a model is trained on segments, not on conditions",
        f'write the condition as a segment, and name it here: `{use} segment "…"`',
    )


def features_without_parentheses(site: Site) -> Advice | None:
    """`features number age, number visits`: a list without parentheses."""
    if site.word(-1) != "features" or "GUESSED" not in site.accepts:
        return None
    one = rf"(?:(?:{_KINDS})\s+)?(?!(?:{_CLAUSES})\b)[^\W\d]\w*"
    match = re.compile(rf"{one}(?:\s*,\s*{one})*").match(site.text, site.stop)
    if match is None:
        return None
    listed = [" ".join(each.split()) for each in match[0].split(",")]
    fix = f"({', '.join(each if ' ' in each else f'number {each}' for each in listed)})"
    return Advice(site.stop, match.end(), unexpected(site), write_help(short(fix)), fix)


def kind_missing(site: Site) -> Advice | None:
    """`features (age, visits)`: a feature without its kind."""
    token = site.token
    if token is None or not {"NAME", "QUOTED_NAME"} <= site.accepts or "COMMA" in site.accepts:
        return None
    if token.text not in (",", ")", "=") or site.at == 0:
        return None
    name = site.tokens[site.at - 1]
    if name.kind not in ("word", "quoted") or site.word(-2) not in ("(", ","):
        return None
    fix = f"number {name.text}"
    return Advice(
        name.start,
        name.end,
        "a feature begins with its kind",
        write_help(fix, "or `category`, or `categories` for a list"),
        fix,
    )


RULES: tuple[Rule | Function, ...] = (
    Rule(
        "predictive",
        r"predictive segment {n}(?=~(?:$|\n))",
        'predictive segment "{n}"',
        also="a name is written in quotes",
    ),
    Rule("predictive", r"predictive segment~[:=]~{text}", "predictive segment {text}"),
    condition,
    deliveries.call_around,
    deliveries.function_without_parentheses,
    Rule("", r"(?P<word>description|folder)~[:=]~{text}", "{word} {text}"),
    Rule("", r"(?P<word>predicts|among|scores)~[:=]", "{word}"),
    Rule(
        "predict target goal success",
        r"(?:predict|target|goal|success|positives?)~[:=]?(?= (?:segment )?[\"#])",
        "predicts",
    ),
    Rule(
        "base based from population train",
        r"(?:base|based on|from|population|trained on|trains on|of)~[:=]?(?= segment )",
        "among",
    ),
    Rule("score scored scoring", r"(?:score|scored|scoring)~[:=]?(?= segment )", "scores"),
    Rule(
        "grade grades threshold thresholds",
        r"(?:grades?|(?:grade )?thresholds?)~[:=]?~[(\[]?~"
        r"(?P<grades>[0-9.]+(?:~,?~[0-9.]+)*)(?:~[)\]])?",
        lambda found: f"grades {', '.join(re.findall(r'[0-9.]+', found.raw('grades')))}",
    ),
    Rule(
        "features",
        r"features~[:=]?~\(?~(?:guess|auto(?:matic)?|all|\*)~\)?",
        "features guessed",
    ),
    Rule(
        "features feature columns attributes",
        r"(?:feature|columns|attributes)~[:=]?(?=~\()",
        "features",
    ),
    Rule("features", r"features~[:=](?=~[(\[{])", "features"),
    features_without_parentheses,
    kind_missing,
    Rule("", r"(?P<op>[-+*/])~{number}", deliveries.arithmetic),
    deliveries.braces,
    deliveries.bracket,
    deliveries.bare_text,
    deliveries.comma_missing,
)
