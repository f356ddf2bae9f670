"""Comparisons: signs and functions of other languages, and the console's words."""

from __future__ import annotations

import re

from segdsl.diagnostics import Code
from segdsl.language.syntax.spelling import string
from segdsl.language.syntax.syntax_errors import functions, spelling
from segdsl.language.syntax.syntax_errors.rules import SIGNS, Function, PatternMatch, Rule, Write

_BE = r"(?:(?:is|are|was|be) )?"
_NO = r"(?P<no>(?:(?:does|do|did|is|are)(?: not|n['’]t)|not|!)~)?"
_MORE = "more greater larger bigger higher over above exceeds older gt"
# Of a duration, which only a time is compared with.
_UNIT = r"(?:days?|weeks?|months?|quarters?|hours?|minutes?|seconds?|years?\s+ago)(?!\w)"
_LESS = "less fewer smaller lower under below younger lt"


def _like(found: PatternMatch) -> str | None:
    """`LIKE '%x%'` by its wildcards."""
    subject, text = found["s"], found["text"]
    negation = "not " if found.raw("no").strip() else ""
    pattern = text[1:-1]
    inner = pattern.strip("%")
    if "%" in inner or "_" in inner or pattern == "%" or not inner:
        if not inner:
            return f"{subject} is {'' if negation else 'not '}null"
        expression = re.sub(r"[.^$*+?()\[\]{}|]", r"\\\\\g<0>", inner)
        expression = expression.replace("%", ".*").replace("_", ".")
        start = "" if pattern.startswith("%") else "^"
        end = "" if pattern.endswith("%") else "$"
        return f'{subject} {negation}matches "{start}{expression}{end}"'
    match pattern.startswith("%"), pattern.endswith("%"):
        case True, True:
            return f'{subject} {negation}contains "{inner}"'
        case True, False:
            return f'{subject} {negation}ends with "{inner}"'
        case False, True:
            return f'{subject} {negation}starts with "{inner}"'
        case _:
            return f'{subject} {"!=" if negation else "="} "{inner}"'


_METHODS = {
    "startswith": "starts with",
    "starts_with": "starts with",
    "endswith": "ends with",
    "ends_with": "ends with",
    "includes": "contains",
    "contains": "contains",
    "indexof": "contains",
    "match": "matches",
    "matches": "matches",
    "search": "matches",
    "test": "matches",
    "regexp_like": "matches",
    "strpos": "contains",
    "instr": "contains",
    "contains_substr": "contains",
}


def _method(found: PatternMatch) -> str | None:
    """`url.startswith("/x")`, `STARTS_WITH(url, '/x')`."""
    word = _METHODS[found.raw("method").lower()]
    negation = "not " if found.raw("no").strip() else ""
    return f"{found['s']} {negation}{word} {found['text']}"


def _text_match(found: PatternMatch) -> str | None:
    word = found.raw("how").lower()
    ours = (
        "starts with"
        if word.startswith(("start", "begin"))
        else "ends with"
        if word.startswith("end")
        else "matches"
        if word.startswith(("match", "reg", "rlike", "similar", "=~", "~", "!~"))
        else "contains"
    )
    negation = "not " if found.raw("no").strip() or word == "!~" else ""
    return f"{found['s']} {negation}{ours} {string_of(found)}"


def string_of(found: PatternMatch) -> str:
    """The value `v` as a string, also where it was written as a number."""
    text = found["v"]
    return text if text[:1] == '"' or text in found.site.names else string(text)


def _compared(sign: str, opposite: str) -> Write:
    def write(found: PatternMatch) -> str | None:
        return f"{found['s']} {opposite if found.raw('no').strip() else sign} {found['v']}"

    return write


def _equal(found: PatternMatch) -> str | None:
    value = found["v"]
    negated = bool(found.raw("no").strip())
    if value in ("true", "false"):
        return f"{found['s']} is {'not ' if negated else ''}{value}"
    return f"{found['s']} {'!=' if negated else '='} {value}"


def _null(found: PatternMatch) -> str:
    """`is set`, `is not empty`: the positive words mean that there is a value."""
    word = " ".join(found.raw("word").lower().split())
    present = word in (
        *("set", "present", "defined", "known", "given", "filled", "filled in", "available"),
        *("exists", "exist", "notnull", "notna", "any value", "a value", "nonempty", "non-empty"),
        *("something",),
    )
    negated = bool(found.raw("no").strip())
    return f"{found['s']} is {'not ' if present != negated else ''}null"


def _null_call(found: PatternMatch) -> str:
    negated = bool(found.raw("no")) or "not" in found.raw("f").lower()
    return f"{found['s']} is {'not ' if negated else ''}null"


def _strict(found: PatternMatch) -> str | None:
    """Python's `18 <= age <= 65`."""
    low, high = found.raw("low"), found.raw("high")
    if found.raw("first") == found.raw("second") == "<=":
        return f"{found['s']} between {low} and {high}"
    return (
        f"({found['s']} {found.raw('first').replace('<', '>')} {low} "
        f"and {found['s']} {found.raw('second')} {high})"
    )


def _turned(found: PatternMatch) -> str | None:
    turned = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
    sign = found["sign"]
    return f"{found['s']} {turned.get(sign, sign)} {found['literal']}"


def _sign(found: PatternMatch) -> str:
    return SIGNS[found.raw("sign")]


def _truth(found: PatternMatch) -> str:
    word = found.raw("word").lower()
    value = "true" if word in ("true", "yes", "on", "1", "y") else "false"
    return f"{found['s']} is {'not ' if found.raw('no') else ''}{value}"


_ABSENT = (
    r"(?P<word>set|unset|present|missing|defined|undefined|known|unknown|given|empty|blank|none|"
    r"nil|nan|nothing|null|filled(?: in)?|available|non-?empty|notnull|absent)"
)


def _and_compared(found: PatternMatch) -> str:
    """`age > 18 < 65`, `age > 18, < 65`."""
    second = SIGNS.get(found.raw("second"), found.raw("second"))
    return f"({found['s']} {found['sign']} {found['v']} and {found['s']} {second} {found['w']})"


def _beginning(found: PatternMatch) -> str | None:
    """`LEFT(zip, 3) = '100'`, `zip[:3] == '100'`, `SUBSTR(zip, 1, 3) = '100'`."""
    text = spelling.value(found.raw("text"))
    length = len(text) - 2
    f = found.raw("f").lower()
    count = int(found.raw("count") or 0)
    if "\\" in text or count != length or found["sign"] not in ("=", "!="):
        return None
    word = "ends with" if f in ("right", "-") else "starts with"
    return f"{found.raw('n')} {'not ' if found['sign'] == '!=' else ''}{word} {text}"


_FUNCTIONS = (
    "abs round floor ceil ceiling mod left right substr substring mid year month day hour "
    "concat replace split sqrt power log exp int str float to_number try_cast date_trunc "
    "extract date_part datepart weekday dayofweek dow strftime date_format regexp_extract "
    "json_extract nullif"
)


RULES: tuple[Rule | Function, ...] = (
    Rule(
        "empty blank",
        r"{s} is (?P<no>not )?(?:an |the )?(?:empty|blank) (?:string|text)",
        lambda found: f'{found["s"]} {"!=" if found.raw("no") else "="} ""',
    ),
    Rule(
        "distinct",
        r"{s} is (?P<no>not )?distinct from {v}",
        lambda found: f"{found['s']} {'=' if found.raw('no') else '!='} {found['v']}",
    ),
    Rule("", r"{s}~{sign}~{v}(?:~,| but)?~(?P<second>>=|<=|<|>)~{w}", _and_compared),
    Rule(
        "left right substr substring mid",
        r"(?P<f>left|right|substr|substring|mid)~\(~{n}~,~(?:[01]~,~)?(?P<count>[0-9]{1,3})~\)~"
        r"{sign}~{text}",
        _beginning,
    ),
    Rule(
        "[",
        r"{n}~\[~(?:0~)?(?P<f>:|-)~(?P<count>[0-9]{1,3})~:?~\]~{sign}~{text}",
        _beginning,
    ),
    Rule("::", r"{n}::\w+(?:\([0-9, ]*\))?", "{n}", also="a column has one type"),
    Rule(
        "unequal",
        r"{s} (?:is )?unequal(?: to)? {v}",
        "{s} != {v}",
    ),
    Rule("notnull", r"{s} notnull", "{s} is not null"),
    Rule(
        _FUNCTIONS,
        rf"(?:{_FUNCTIONS.replace(' ', '|')})~{{call}}(?:~{{sign}}~{{v}})?",
        lambda found: None,
        stays=True,
        message="there are no functions of a column in a condition",
        also="compare the column as it is, or have a workflow write the result into an attribute",
    ),
    Rule("typeof", r"typeof {n}~(?:===?|=)~[\"']undefined[\"']", "{n} is null"),
    Rule("typeof", r"typeof {n}~!==?~[\"']undefined[\"']", "{n} is not null"),
    Rule(
        "null none nil undefined nan",
        r"{s}~(?P<no>!==?|<>|is not ~|not =~)~(?P<word>null|none|nil|undefined|nan)",
        _null,
        message="`{word}` is not a value to compare with",
        code=Code.SEG009,
    ),
    Rule(
        "null none nil undefined nan",
        r"{s}~(?:===?|=)~(?P<no>)(?P<word>null|none|nil|undefined|nan)",
        _null,
        message="`{word}` is not a value to compare with",
        code=Code.SEG009,
    ),
    # is (not) set, exists, has a value
    Rule(
        "set unset present missing defined known given empty blank none nil nan nothing null "
        "filled available notnull undefined unknown absent nonempty non-empty",
        rf"{{s}} (?:is|are|was|=|==|===)~(?P<no>(?:not|n['’]t) )?{_ABSENT}",
        _null,
    ),
    Rule("exist", rf"{{s}} {_NO}(?P<word>exists?)", _null),
    Rule(
        "value",
        r"{s} has (?P<no>no )?(?P<word>(?:any |a )?value)",
        lambda found: f"{found['s']} is {'' if found.raw('no') else 'not '}null",
    ),
    Rule(
        "isnull isblank isna isnan notnull isempty isnotnull is_null is_empty",
        r"(?P<no>not ~|!)?(?P<f>pd\.isnull|pd\.isna|is_?not_?null|is_?null|isblank|isna|isnan|"
        r"is_?empty|pd\.notnull|notnull|pd\.notna)~\(~{s}~\)",
        _null_call,
    ),
    Rule(
        "isnull isna notnull notna is_null is_not_null",
        r"{s}\.(?P<f>is_?null|isna|notnull|notna|is_not_null)~\(~\)",
        lambda found: f"{found['s']} is {'not ' if 'not' in found.raw('f') else ''}null",
    ),
    # LIKE
    Rule("like", rf"{{s}} {_NO}i?like {{text}}", _like),
    Rule(
        "startswith endswith includes contains indexof match search test starts_with ends_with",
        r"(?P<no>not |!)?(?P<s>(?:any\s+of\s+)?[^\W\d]\w*)(?:\.str)?\."
        r"(?P<method>startswith|endswith|includes|contains|starts_with|ends_with|match|matches|"
        r"search|test|indexof)~\(~{text}~\)(?:~(?:!==?|>|>=)~-?[01])?",
        _method,
    ),
    Rule(
        "startswith endswith contains regexp_like strpos instr starts_with ends_with",
        r"(?P<no>not |!)?(?P<method>regexp_like|startswith|starts_with|endswith|ends_with|contains|"
        r"strpos|instr|contains_substr)~\(~(?P<s>[^\W\d]\w*)~,~{text}~\)(?:~>~0)?",
        _method,
    ),
    Rule(
        "contain include start begin end match regex rlike similar ~ having",
        rf"{{s}} {_BE}{_NO}(?P<how>contain(?:ing|s)?|includ(?:e|es|ing)|start(?:ing|s)?(?: with)?|"
        r"startswith|begin(?:ning|s)?(?: with)?|end(?:ing|s)?(?: with|in)?|endswith|"
        r"match(?:ing|es)?(?: (?:regex|regexp|pattern|the pattern))?|regexp?|rlike|similar to|"
        r"=\x7e|!\x7e|\x7e)~{v}",
        _text_match,
    ),
    # signs in words
    Rule(
        _MORE,
        rf"{{s}} {_BE}(?P<no>not |no )?(?:more|greater|larger|bigger|higher|older)(?: than)? {{v}}"
        rf"(?!~-?~{_UNIT})(?! or)(?: years?(?: old)?)?",
        _compared(">", "<="),
    ),
    Rule(
        _LESS,
        rf"{{s}} {_BE}(?P<no>not |no )?(?:less|fewer|smaller|lower|younger)(?: than)? {{v}}"
        rf"(?!~-?~{_UNIT})(?! or)(?: years?(?: old)?)?",
        _compared("<", ">="),
    ),
    Rule(
        "equal",
        rf"{{s}} {_BE}(?P<how>more|greater|larger|less|fewer|smaller) than or equal(?: to)? {{v}}",
        lambda found: (
            f"{found['s']} "
            f"{'>=' if found.raw('how').lower() in ('more', 'greater', 'larger') else '<='} "
            f"{found['v']}"
        ),
    ),
    Rule(
        "over above exceeds exceed",
        rf"{{s}} {_BE}(?:over|above|exceeds?) {{v}}(?!~-?~{_UNIT})",
        "{s} > {v}",
    ),
    Rule("under below", rf"{{s}} {_BE}(?:under|below) {{v}}(?!~-?~{_UNIT})", "{s} < {v}"),
    Rule(
        "least minimum from",
        rf"{{s}} {_BE}(?:at least|a minimum of|minimum|min) {{v}}",
        "{s} >= {v}",
        also="a number is compared with `>= {v}`",
    ),
    Rule(
        "most maximum up to",
        rf"{{s}} {_BE}(?:at most|a maximum of|maximum|up to|max) {{v}}",
        "{s} <= {v}",
    ),
    Rule(
        "or more older above",
        r"{s} (?:(?:is|=|==)~)?{number} (?:or|and) (?:more|older|above|over|up|higher)",
        "{s} >= {number}",
    ),
    Rule(
        "or less younger below",
        r"{s} (?:(?:is|=|==)~)?{number} (?:or|and) (?:less|younger|below|under|fewer|lower)",
        "{s} <= {number}",
    ),
    Rule(
        "equal eq differ",
        rf"{{s}} {_BE}{_NO}(?:equals? to|equals?|the same as|same as|eq) {{v}}",
        _equal,
    ),
    Rule(
        "different differs ne neq",
        rf"{{s}} {_BE}(?:different (?:from|than|to)|differs from|ne|neq) {{v}}",
        "{s} != {v}",
    ),
    Rule(
        "yes no on off true false",
        r"{s} (?:is|=|==) ~(?P<no>not )?(?P<word>yes|no|on|off|true|false)",
        _truth,
    ),
    Rule(
        "is are was",
        r"{s} (?:is|are|was) (?P<no>not )?(?P<word>between|in|contains|starts|ends|matches|within|"
        r"before|after|on)",
        lambda found: (
            f"{found['s']} {'not ' if found.raw('no') else ''}{found.raw('word').lower()}"
        ),
    ),
    Rule("not", r"{s} not {v}", "{s} != {v}"),
    Rule(
        "is n't",
        r"{s} (?:is|are) (?P<no>not )?(?:a |an |the )?{v}(?!\s+(?:than|to|of|or|from)\b)",
        _equal,
    ),
    Rule("n't n’t", r"{s} isn['’]t {v}", "{s} != {v}"),
    Rule(
        "year yr old yen usd eur jpy dollar percent % 円 歳",
        r"{s}~{sign}~{number}~(?:(?:years?|yrs?)(?: old)?|yen|usd|eur|jpy|dollars?|percent|%|"
        r"円|歳)",
        "{s} {sign} {number}",
        also="a number has no unit",
    ),
    Rule("gt gte ge", r"{s} -?(?:gte|ge) {v}", "{s} >= {v}"),
    Rule("lt lte le", r"{s} -?(?:lte|le) {v}", "{s} <= {v}"),
    Rule("gt", r"{s} -?gt {v}", "{s} > {v}"),
    Rule("lt", r"{s} -?lt {v}", "{s} < {v}"),
    Rule("eq", r"{s} -eq {v}", "{s} = {v}"),
    Rule(
        "$ € £ ¥ ￥",
        r"{s}~{sign}~[$€£¥￥]~{number}",
        "{s} {sign} {number}",
        also="a number has no unit",
    ),
    Rule(
        "y yo yrs yr",
        r"{s}~{sign}~(?P<digits>[0-9]{1,3})(?:y|yo|yrs?)",
        lambda found: f"{found['s']} {found['sign']} {found.raw('digits')}",
        also="a number has no unit",
    ),
    Rule(":=", r"{s}~:=~{v}", "{s} = {v}"),
    Rule(
        "",
        r"(?P<one>[!<>])\s+=(?!=)",
        "{one}=",
        also="an operator is written without spaces",
    ),
    Rule("= =", r"(?<==\x20)=(?!=)", ""),
    # chains and turned ones
    Rule(
        "<",
        r"(?P<low>-?[0-9][\w.]*)~(?P<first><=?)~{s}~(?P<second><=?)~(?P<high>-?[0-9][\w.]*)",
        _strict,
    ),
    Rule(
        "",
        r"{literal}~{sign}~{s}",
        _turned,
        also="the attribute goes on the left, the value on the right",
    ),
    Rule(
        "between",
        r"{s} (?:is )?(?P<no>not )?between {v}~(?:to|and|-|–|,|\.\.|until)~{w}",
        lambda found: (
            f"{found['s']} {'not ' if found.raw('no') else ''}between {found['v']} and {found['w']}"
        ),
    ),
    Rule(
        "between",
        r"{s} (?P<no>not )?between~\(~{v}~(?:and|to|-|,)~{w}~\)",
        lambda found: (
            f"{found['s']} {'not ' if found.raw('no') else ''}between {found['v']} and {found['w']}"
        ),
    ),
    Rule(
        "from to",
        r"{s} (?:is )?(?:from|in) {number}~(?:to|-|–|\.\.)~{v}",
        "{s} between {number} and {v}",
    ),
    Rule(
        "range",
        r"{s} in range~\(~{number}~,~{v}~\)",
        lambda found: f"({found['s']} >= {found['number']} and {found['s']} < {found['v']})",
    ),
    *functions.RULES,
    Rule(
        "matches \x7e",
        r"{s} (?P<no>not )?(?:matches|=\x7e|!\x7e|\x7e)~/(?P<rx>[^/\n]+)/\w*",
        lambda found: (
            f"{found['s']} {'not ' if found.raw('no') else ''}matches {string(found.raw('rx'))}"
        ),
        also="a regular expression is a string",
    ),
    Rule(
        "",
        r"(?P<s>(?!where\b|and\b|or\b)[^\W\d]\w*)(?: is)?~:~{v}",
        "{s} = {v}",
    ),
    Rule(
        "",
        r"{s} (?:is |in |= ~)?(?P<low>[0-9]+)~(?:-|–|\.\.)~(?P<high>[0-9]+)",
        "{s} between {low} and {high}",
    ),
    Rule("! =", r"=~!|!~=", "!="),
    # the sign alone
    Rule("== <> => =< !== ===", r"(?P<sign>===?|!==|<>|=>|=<)", _sign),
    Rule(
        "≠ ≥ ≤",
        r"(?P<sign>[≠≥≤])",
        lambda found: {"≠": "!=", "≥": ">=", "≤": "<="}[found.raw("sign")],
    ),
)
