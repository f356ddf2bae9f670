"""What could have stood where the parser stopped, in the reader's words."""

from __future__ import annotations

from segdsl.language.syntax.syntax_errors.site import Site

# The first whose terminals could all stand there is said.
_EXPECTED: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"UNIT"}), "a unit of time such as `days`"),
    (
        frozenset({"WHERE", "KIND"}),
        "`where`, or a property: `description`, `folder`, `kind`",
    ),
    (frozenset({"EQUAL", "IN", "IS"}), "a comparison, such as `= …`, `in (…)` or `is null`"),
    (frozenset({"NAME", "NOT", "HAS"}), "a condition"),
    (frozenset({"STRING", "NUMBER"}), "a value"),
    (frozenset({"NAME", "NUMBER"}), "a number"),
    (frozenset({"DATE", "TIMESTAMP"}), "a date such as `2024-01-31`"),
    (frozenset({"SEGMENT", "AND"}), "`and`, `or` or the end of the condition"),
    (
        frozenset({"WHERE", "STAGE_HEAD"}),
        "`where`, `is segment`, or the next stage",
    ),
    (
        frozenset({"SEGMENT", "COLUMNS"}),
        "a clause, such as `to connection`, `columns` or `with`",
    ),
    (frozenset({"SEGMENT", "PREDICTS"}), "a clause, such as `predicts segment` or `features`"),
    (
        frozenset({"STAGE_HEAD", "REENTRY"}),
        "`description`, `folder`, `reentry`, `goal` or `stage`",
    ),
    (
        frozenset({"STAGE_HEAD", "STEPS"}),
        "`enter`, `milestone`, `exit`, `steps` or the next stage",
    ),
    (frozenset({"ACTIVATE", "WAIT"}), "a step, such as `activate`, `wait` or `end`"),
    (frozenset({"WHEN", "OTHERWISE"}), "`when` or `otherwise`"),
    (frozenset({"NEVER", "ALWAYS"}), "`never`, `always` or `unless goal achieved`"),
    (frozenset({"WHERE", "IS"}), "`where` or `is segment`"),
    (frozenset({"GUESSED", "LPAR"}), "`guessed` or a list in parentheses"),
    (frozenset({"SEGMENT", "STAGE_HEAD", "FOLDER"}), "`description`, `folder` or `stage`"),
    (frozenset({"SEGMENT", "STAGE_HEAD"}), "`stage`"),
    (frozenset({"SEGMENT", "LET"}), "an item, such as `segment`, `let` or `activation`"),
    (frozenset({"FIRST", "LAST", "TOP"}), "`all`, `first`, `last` or `top 10`"),
    (frozenset({"PIPE", "RPAR", "AS"}), "`as`, `|`, `,` or `)`"),
    (
        frozenset({"STRING", "LBRACKET"}),
        "a string, a number, `true`, `false`, `null`, a list or `(…)`",
    ),
    (frozenset({"ROWS", "COLS"}), "`rows` or `cols`"),
    (frozenset({"EQUAL", "IS", "MORE"}), "a comparison with a number, or `is null`"),
    (frozenset({"RPAR", "AND", "COMMA"}), "`and`, `or`, `,` or `)`"),
    (frozenset({"RPAR", "COMMA"}), "`,` or `)`"),
    (frozenset({"RPAR", "AND"}), "`and`, `or` or `)`"),
    (frozenset({"WHERE", "RPAR"}), "`where` or `)`"),
    (frozenset({"WHERE"}), "`where`"),
    (frozenset({"RPAR"}), "`)`"),
    (frozenset({"ASC"}), "`asc` or `desc`"),
    (frozenset({"ID", "STRING"}), "a name in quotes or an id such as `#1234`"),
    (frozenset({"STRING"}), "a string in quotes"),
    (frozenset({"NAME"}), "a name"),
    (frozenset({"NUMBER"}), "a number"),
    (frozenset({"DATE"}), "a date such as `2024-01-31`"),
    (frozenset({"AGO"}), "`ago`"),
)
SPELLED = {
    "FUNNEL_HEAD": "funnel",
    "STAGE_HEAD": "stage",
    "ACTIVATION_HEAD": "activation",
    "PREDICTIVE_HEAD": "predictive",
    "JOURNEY_HEAD": "journey",
    "ZONE": "in",
    "IN_SEQUENCE": "in",
    "LBRACKET": "[",
    "RBRACKET": "]",
    "PIPE": "|",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "COLON": ":",
    "DOT": ".",
    "PERCENT": "%",
    "EQUAL": "=",
    "MORE_WORD": "more",
    "LESS_WORD": "less",
}


def expected(accepts: frozenset[str]) -> str:
    """What could have stood there."""
    for kinds, words in _EXPECTED:
        if kinds <= accepts:
            return words
    shown = sorted(SPELLED.get(kind, kind.lower()) for kind in accepts if not kind.startswith("$"))
    listed = [f"`{word}`" for word in shown[:6]]
    if not listed:
        return "the end"
    return " or ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else listed[0]


def unexpected(site: Site) -> str:
    """The message for a token, or the end, where something else was expected."""
    if site.at_end:
        what = "the item" if site.more else "input"
        return f"unexpected end of {what}: expected {expected(site.accepts)}"
    token = site.token
    text = token.text if token is not None and token.start >= site.stop else site.found
    shown = text or site.text[site.stop : site.stop + 1]
    return f"unexpected `{short(shown)}`: expected {expected(site.accepts)}"


def short(text: str) -> str:
    """The text, cut where it is long; on one line."""
    text = " ".join(text.split("\n"))
    return text if len(text) <= 40 else text[:37] + "…"
