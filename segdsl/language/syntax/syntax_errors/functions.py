"""Functions around an attribute in a comparison: `lower(name) = …`, `len(name) > …`."""

from __future__ import annotations

from segdsl.language.syntax.syntax_errors.rules import Function, PatternMatch, Rule


def _coalesce(found: PatternMatch) -> str | None:
    """`COALESCE(x, 0) < 3`: whether a missing value is to hold depends on the default."""
    subject, sign = found.raw("n"), found["sign"]
    default, value = found["literal"], found["other"]
    test = f"{subject} {sign} {value}"
    holds = {
        "=": default == value,
        "!=": default != value,
    }.get(sign)
    if holds is None:
        try:
            one, two = float(default), float(value)
        except ValueError:
            return None
        holds = {">": one > two, ">=": one >= two, "<": one < two, "<=": one <= two}[sign]
    if sign == "!=":  # holds of a missing value anyway
        return test if holds else f"({test} and {subject} is not null)"
    return f"({test} or {subject} is null)" if holds else test


def _in_any_case(found: PatternMatch) -> str | None:
    text = found["text"]
    spellings = dict.fromkeys((text, text.lower(), text.upper(), text.title()))
    return f"{found.raw('n')} in ({', '.join(spellings)})"


def _length(found: PatternMatch) -> str | None:
    """`len(x) > 3`: of a text, by a regular expression."""
    sign, number = found["sign"], int(found["number"])
    match sign:
        case ">":
            count = f"{number + 1},"
        case ">=":
            count = f"{number},"
        case "<" | "<=":
            count = f"0,{max(number - (sign == '<'), 0)}"
        case _:
            count = str(number)
    negation = "not " if sign == "!=" else ""
    if sign == ">" and number == 0:
        return f"{found.raw('n')} is not null"
    return f'{found.raw("n")} {negation}matches "^.{{{count}}}$"'


RULES: tuple[Rule | Function, ...] = (
    Rule(
        "coalesce ifnull nvl isnull",
        r"(?:coalesce|ifnull|nvl|isnull)~\(~{n}~,~{literal}~\)~{sign}~{other}",
        _coalesce,
        also="a comparison with a missing value is false",
    ),
    Rule(
        "lower upper lcase ucase casefold tolowercase touppercase",
        r"(?:lower|upper|lcase|ucase)~\(~{n}~\)~(?:===?|=)~{text}",
        _in_any_case,
        also="comparisons are case-sensitive",
    ),
    Rule(
        "lower upper casefold tolowercase touppercase",
        r"{n}\.(?:lower|upper|casefold|tolowercase|touppercase)~\(~\)~(?:===?|=)~{text}",
        _in_any_case,
        also="comparisons are case-sensitive",
    ),
    Rule("trim strip", r"(?:l?r?trim|strip)~\(~{n}~\)~{sign}~{v}", "{n} {sign} {v}"),
    Rule(
        "len length char_length",
        r"(?:len|length|char_length|strlen)~\(~{n}~\)~{sign}~(?P<number>[0-9]{1,4})",
        _length,
    ),
    Rule("length", r"{n}\.length~{sign}~(?P<number>[0-9]{1,4})", _length),
    Rule(
        "cast",
        r"cast~\(~{n} as \w+~\)~{sign}~{v}",
        "{n} {sign} {v}",
        also="a column has the type that the parent segment gives it",
    ),
)
