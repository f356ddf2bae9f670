"""Characters: full-width and typographic ones, quotes, marks without width, foreign comments."""

from __future__ import annotations

import re
import unicodedata

from segdsl.diagnostics import Code
from segdsl.diagnostics.lookalikes import INVISIBLE, shown, skeleton
from segdsl.language.syntax.spelling import name, string
from segdsl.language.syntax.syntax_errors import spelling
from segdsl.language.syntax.syntax_errors.expected import short
from segdsl.language.syntax.syntax_errors.rules import Function, Rule, write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site

# What stands for what; a list in the language is in parentheses.
SIGNS = {
    "≠": "!=",
    "≥": ">=",
    "≤": "<=",
    "≧": ">=",
    "≦": "<=",
    "⩾": ">=",
    "⩽": "<=",
    "−": "-",
    "–": "-",
    "—": "-",
    "、": ", ",
    "，": ", ",
    "｡": "",
    "。": "",
    "【": "(",
    "】": ")",
    "［": "(",
    "］": ")",
    "｛": "(",
    "｝": ")",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "∈": "in",
}
_SPACES = (
    "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_QUOTED = re.compile(
    rf"[{spelling.QUOTES}]([^{spelling.QUOTES}\"\n]*)[{spelling.QUOTES}\"]"
    rf"|\"([^{spelling.QUOTES}\"\n]*)[{spelling.QUOTES}]"
    r"|[‘’＇]([^‘’＇'\n]*)[‘’＇']"
)


def _is_odd(character: str) -> bool:
    return (
        "\uff01" <= character <= "\uff5e"
        or character in _SPACES
        or character in INVISIBLE
        or character in SIGNS
        or character in spelling.QUOTES
        or character in "‘’"
    )


def plain(text: str) -> str:
    """A piece of a condition with plain characters; what stands in quotes stays as it is."""
    pieces: list[str] = []
    at = 0
    for match in re.finditer(rf'"[^"\n]*"|{_QUOTED.pattern}', text):
        pieces.append(_plain(text[at : match.start()]))
        inside = next((each for each in match.groups() if each is not None), None)
        pieces.append(match[0] if inside is None else string(inside))
        at = match.end()
    pieces.append(_plain(text[at:]))
    return "".join(pieces)


def _plain(text: str) -> str:
    kept = "".join(
        "" if each in INVISIBLE else " " if each in _SPACES else SIGNS.get(each, each)
        for each in text
    )
    return unicodedata.normalize("NFC", spelling.plain(kept))


def _what(text: str) -> str:
    """What kind of characters a text has, for the message."""
    odd = next(each for each in text if _is_odd(each))
    if odd in INVISIBLE:
        return f"unexpected invisible character (U+{ord(odd):04X})"
    if odd in _SPACES:
        return f"unexpected space character (U+{ord(odd):04X})"
    if odd in spelling.QUOTES or odd in "‘’":
        return f"unexpected character `{odd}`: strings are written in straight quotes"
    if "\uff01" <= odd <= "\uff5e":
        return f"unexpected full-width character `{odd}`"
    return f"unexpected character `{odd}`"


def odd_characters(site: Site) -> Advice | None:
    """A stretch with full-width or typographic characters: all of it as plain ones."""
    start = site.stop
    if not site.text[start : start + 1]:
        return None
    token = site.token
    if token is not None and token.start < start < token.end and token.kind == "word":
        start = token.start
    end = token.end if token is not None and token.start <= start else start + 1
    stretch = site.text[start:end]
    if not any(map(_is_odd, stretch)):
        return None
    quoted = _QUOTED.match(site.text, start)
    end = quoted.end() if quoted else end
    # On to the last odd character of the condition, on this line.
    line_end = site.text.find("\n", start)
    limit = len(site.text) if line_end < 0 else line_end
    joint = re.compile(r"\b(?:and|or|where)\b|#").search(site.text, end, limit)
    limit = joint.start() if joint else limit
    at = end
    while at < limit:
        if site.text[at] == '"':
            closing = site.text.find('"', at + 1, limit)
            at = limit if closing < 0 else closing + 1
            continue
        quoted = _QUOTED.match(site.text, at, limit)
        if quoted:
            at = end = quoted.end()
            continue
        if _is_odd(site.text[at]):
            end = at + 1
            # With the word that it is in, or that follows a space at the end.
            word = re.compile(r"[\w.]+").match(
                site.text, at if site.text[at] not in _SPACES else end, limit
            )
            end = word.end() if word else end
        at = max(at + 1, end if end > at else at + 1)
    written = site.text[start:end]
    grouped = re.sub(r"(?<=[0-9０-９])，(?=[0-9０-９]{3}(?![0-9０-９]))", "", written)
    fix = re.sub(r",  +", ", ", plain(grouped))
    if fix == written:
        return None
    help = (
        write_help(fix.strip(), "with plain characters")
        if fix.strip()
        else ("use a plain space" if fix else "remove it")
    )
    return Advice(start, end, _what(written), help, fix, Code.SEG004)


def look_alike(site: Site) -> Advice | None:
    """A word with letters of another alphabet, or in decomposed Unicode."""
    token = site.token
    if token is None or token.kind != "word" or token.text.isascii():
        return None
    visible = shown(token.text)
    latin = skeleton(visible)
    if latin.isascii() and re.fullmatch(r"[A-Za-z_]\w*", latin):
        fix = latin
        message = f"`{short(token.text)}` has letters that only look like a to z"
        mixed = any(each.isascii() and each.isalpha() for each in visible)
        if visible != token.text:
            message = f"`{short(latin)}` contains an invisible character"
        elif not mixed and any(ord(each) < 0xFF00 for each in visible):
            fix = name(unicodedata.normalize("NFC", visible))
            message = f"`{short(token.text)}` needs backquotes: it has letters outside a to z"
    else:
        fix = name(unicodedata.normalize("NFC", visible))
        message = f"`{short(token.text)}` needs backquotes: it has letters outside a to z"
    help = write_help(fix, "a string is written in quotes" if "`" in fix else "")
    return Advice(token.start, token.end, message, help, fix, Code.SEG004)


def single_quotes(site: Site) -> Advice | None:
    """`'JP'`, and three quotes of Python."""
    rest = site.text[site.stop : site.stop + 400]
    triple = re.match(r'(\'\'\'|""")(.*?)\1', rest, re.DOTALL)
    empty = re.search(r'""$', site.text[max(0, site.stop - 2) : site.stop])
    if triple is None and empty and rest.startswith('"'):
        triple = re.match(r'(""")(.*?)\1', site.text[site.stop - 2 : site.stop + 400], re.DOTALL)
        start = site.stop - 2
    else:
        start = site.stop
    if triple is not None:
        fix = string(triple[2].strip("\n"))
        return Advice(
            start,
            start + triple.end(),
            "a string is written in one pair of double quotes",
            write_help(fix),
            fix,
        )
    single = re.match(r"'((?:[^'\n]|'')*)'(?!\w)", rest)
    if single is None or ("DATE" in site.accepts and "STRING" not in site.accepts):
        return None
    fix = string(single[1].replace("''", "'"))
    wanted_name = "NAME" in site.accepts and "STRING" not in site.accepts
    if "COLON" not in site.accepts and wanted_name and re.match(r"'\w", rest):
        fix = name(single[1])
    return Advice(
        site.stop,
        site.stop + single.end(),
        "a string is written in double quotes",
        write_help(fix),
        fix,
    )


def half_smart(site: Site) -> Advice | None:
    """`"JP”`: a string that ends with a typographic quote."""
    match = re.compile(
        rf"@?\"([^\"{spelling.QUOTES}\n]*)[{spelling.QUOTES}]|'([^'\"\n]*)\"(?!\w)"
    ).match(site.text, site.stop)
    if match is None:
        return None
    fix = string(match[1] if match[1] is not None else match[2])
    return Advice(
        site.stop,
        match.end(),
        "this string begins and ends with different quotes",
        write_help(fix),
        fix,
        Code.SEG002,
    )


def comment(site: Site) -> Advice | None:
    """`-- …`, `// …`, `/* … */`, `<!-- … -->`, `(* … *)`, `{# … #}`."""
    token = site.token
    start = token.start if token is not None else site.stop
    if site.text[start - 1 : start + 1] == "(*":
        start -= 1
    rest = site.text[start : start + 4_000]
    match = re.match(
        r"(?://+|--+)[ \t]*(?P<line>[^\n]*)|/\*+(?P<block>.*?)\*/|<!--(?P<html>.*?)-->"
        r"|\(\*(?P<pascal>.*?)\*\)|\{-(?P<haskell>.*?)-\}|\{#(?P<jinja>.*?)#\}",
        rest,
        re.DOTALL,
    )
    if match is None:
        return None
    inner = next(each for each in match.groups() if each is not None)
    lines = [line.strip(" \t*") for line in inner.strip().split("\n")]
    fix = "\n".join(f"# {line}".rstrip() for line in lines)
    if match["line"] is None and rest[match.end() : match.end() + 1].strip():
        fix += "\n"
    tail = site.text[start + match.end() :]
    if (
        match["line"] is None
        and tail[: len(tail) - len(tail.lstrip(" \t"))] != tail
        and not (tail.lstrip(" \t").startswith("\n") or not tail.strip())
    ):
        fix = fix.rstrip("\n") + "\n"
    shown = fix if "\n" not in fix.strip("\n") else "# …"
    return Advice(
        start,
        start + match.end(),
        "a comment begins with `#`",
        f"write `{short(shown.strip())}`; it ends at the end of the line",
        fix,
    )


def semicolon(site: Site) -> Advice | None:
    """`;` at the end of a condition or between two."""
    if site.text[site.stop : site.stop + 1] not in (";", "；"):
        return None
    after = site.tokens[site.at + 1] if site.at + 1 < len(site.tokens) else None
    message = "unexpected character `;`"
    if after is None or site.begins_item(1):
        return Advice(
            site.stop,
            site.stop + 1,
            message,
            "remove it: an item ends where the next begins",
            "",
            Code.SEG004,
        )
    before = [each.text for each in site.tokens[: site.at]]
    if "COMMA" in site.accepts and before.count("(") > before.count(")"):
        also = "commas separate the items of a list"
        return Advice(site.stop, site.stop + 1, message, write_help(",", also), ",", Code.SEG004)
    return Advice(
        site.stop,
        site.stop + 1,
        message,
        write_help("and", "conditions are joined with `and` or `or`"),
        "and" if site.text[site.stop - 1 : site.stop].isspace() else " and",
        Code.SEG004,
    )


def placeholder(site: Site) -> Advice | None:
    """`$days`, `@days`, `:days`, `{{days}}`, `${days}`, `%(days)s`, `?`: placeholders."""
    match = re.compile(
        r"\$\{\s*(\w+)\s*\}|\{\{\s*(\w+)\s*\}\}|%\((\w+)\)s|[$@:&](?=[^\W\d])(\w+)"
    ).match(site.text, site.stop)
    if match is None:
        return None
    fix = next(each for each in match.groups() if each is not None)
    return Advice(
        site.stop,
        match.end(),
        f"unexpected `{short(match[0])}`",
        write_help(fix, "a param is used by its name alone"),
        fix,
        Code.SEG004,
    )


FIRST: tuple[Rule | Function, ...] = (comment, half_smart, odd_characters, look_alike, semicolon)
RULES: tuple[Rule | Function, ...] = (single_quotes, placeholder)
