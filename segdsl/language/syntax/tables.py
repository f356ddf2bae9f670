"""The parser's tables: what Lark works out of the grammar, kept so that no run does it again.

Tables are data in a JSON file beside this module, made when the package is built. They hold the
grammar that they were made of, and are used only where it is the grammar at hand; otherwise Lark
makes new ones, which takes some tenths of a second. How they are run is in `lalr`.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from segdsl.language.syntax.grammar import grammar_text, reserved_words

if TYPE_CHECKING:
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "segment.tables.json")
LAYOUT = 6
"""Of the tables; goes up when what they hold, or how it is read, changes."""
END = "$END"
AHEAD = "$AHEAD"
"""Stands for the terminal of a word that only what follows the word tells."""
# How the pattern of a word goes on that may follow a whole condition, where a name may stand too.
_BEHIND = r"([a-z]+)\(\?=\(\?!"
# Rows are texts of one character for each number, from this one on: the whole is read in a
# fraction of the time that lists of numbers take, and few rows are looked at in a run. A row has
# pairs of a symbol and an action; a negative symbol is a set of them in `lookaheads`.
_ZERO = 0x2000
_UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")


class Production(msgspec.Struct, frozen=True):
    """A rule of the grammar as the parser reduces it.

    `build` names the builder's method, and is empty where one child is passed on, or where
    the children of a repetition are gathered; `inlined` are the places of such gatherings.
    """

    origin: str
    size: int
    build: str
    inlined: tuple[int, ...]


class Tables(msgspec.Struct, frozen=True):
    """An LALR(1) automaton with the terminals of its lexer.

    `terminals` are names and regular expressions in the order in which they are tried, and
    `words` the terminals of words, `AHEAD` where what follows tells. `behind` are the terminals of
    words that may follow a whole condition: only where a name can stand too does what follows tell
    which of the two it is. There is a row for each state; `row` reads it. `lookaheads` are the
    sets of symbols before which states reduce. Of the productions, which `production` reads, a
    run needs few: they are texts.
    """

    layout: int
    grammar: str
    terminals: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    words: dict[str, str]
    behind: tuple[str, ...]
    symbols: tuple[str, ...]
    productions: tuple[str, ...]
    rows: tuple[str, ...]
    lookaheads: tuple[str, ...]
    start: int
    end: int

    def row(self, state: int) -> dict[str, int]:
        """What to do with each symbol: the state to go to, or `~` the production to reduce."""
        codes = [ord(code) - _ZERO for code in self.rows[state]]
        actions: dict[str, int] = {}
        for symbol, action in zip(codes[::2], codes[1::2], strict=True):
            if symbol >= 0:
                actions[self.symbols[symbol]] = action
            else:
                for code in self.lookaheads[~symbol]:
                    actions[self.symbols[ord(code) - _ZERO]] = action
        return actions

    def production(self, number: int) -> Production:
        origin, size, build, *inlined = self.productions[number].split(" ")
        return Production(origin, int(size), build, tuple(map(int, inlined)))


@cache
def tables() -> Tables:
    """Those that are kept, where they are of this grammar; else made anew."""
    return read(FILE) or make()


def read(path: str) -> Tables | None:
    """The tables of a file, or None where they are damaged, of another grammar or not there."""
    try:
        with open(path, "rb") as file:
            found = msgspec.json.decode(file.read(), type=Tables)
    except (OSError, msgspec.DecodeError):
        return None
    return found if found.layout == LAYOUT and found.grammar == grammar_text() else None


def write(path: str) -> None:
    """Makes tables and keeps them in a file."""
    with open(path, "wb") as file:
        file.write(msgspec.json.encode(make()))


def make() -> Tables:
    """Tables of the grammar, by Lark."""
    lark = lark_parser()
    terminals = sorted(
        lark.terminals,
        key=lambda of: (-of.priority, -of.pattern.max_width, -len(of.pattern.value), of.name),
    )
    return _tables(lark, [(of.name, of.pattern.to_regexp()) for of in terminals])


def lark_parser() -> Lark:
    """Lark's own parser of the grammar: what the tables are made of, and checked against."""
    from lark import Lark

    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        edit_terminals=_end_words,
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


def _end_words(terminal: TerminalDef) -> None:
    """A word of the language ends where its letters end: `orders` never begins with `or`.

    Lark itself tells them apart only where a name could stand too. Words go before names,
    as they do for Lark.
    """
    from lark.lexer import PatternRE, PatternStr

    if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isalpha():
        terminal.pattern = PatternRE(rf"{terminal.pattern.value}(?!\w)")
        terminal.priority = 1


def _tables(lark: Lark, terminals: list[tuple[str, str]]) -> Tables:
    from lark.parsers.lalr_analysis import Shift

    automaton = lark.parser.parser._parse_table
    symbols = sorted({symbol for row in automaton.states.values() for symbol in row})
    index = {symbol: number for number, symbol in enumerate(symbols)}
    rules = {rule: number for number, rule in enumerate(lark.rules)}
    # Numbered as they are reached, for Lark's own numbers differ from run to run.
    order = [automaton.start_states["start"]]
    numbers = {order[0]: 0}
    rows = []
    lookaheads: dict[str, int] = {}
    for state in order:
        row: list[int] = []
        reductions: dict[int, list[int]] = {}
        for symbol, (action, target) in sorted(automaton.states[state].items()):
            if action is Shift:
                if target not in numbers:
                    numbers[target] = len(order)
                    order.append(target)
                row += index[symbol], numbers[target]
            else:
                reductions.setdefault(~rules[target], []).append(index[symbol])
        for reduction, symbols_before in reductions.items():
            number = lookaheads.setdefault(_coded(symbols_before), len(lookaheads))
            row += ~number, reduction
        rows.append(_coded(row))
    return Tables(
        LAYOUT,
        grammar_text(),
        tuple(terminals),
        tuple(lark.ignore_tokens),
        _words(terminals),
        tuple(name for name, regex in terminals if re.match(_BEHIND, regex)),
        tuple(symbols),
        tuple(_production(rule) for rule in lark.rules),
        tuple(rows),
        tuple(lookaheads),
        numbers[automaton.start_states["start"]],
        numbers[automaton.end_states["start"]],
    )


def _coded(numbers: list[int]) -> str:
    return "".join(chr(_ZERO + number) for number in numbers)


def _words(terminals: list[tuple[str, str]]) -> dict[str, str]:
    """The terminal of each word that is not only a name."""
    spelled = [name.removesuffix(r"(?!\w)") for _, name in terminals]
    units = [unit + s for unit in _UNITS for s in ("", "s")]
    found = {}
    for word in (*spelled, *units):
        if re.fullmatch(r"[A-Za-z_]+", word):
            found[word] = next(name for name, regex in terminals if re.fullmatch(regex, word))
    plain = {word: name for word, name in found.items() if name != "NAME"}
    ahead = {match[1] for _, regex in terminals if (match := re.match(r"([a-z]+)\(\?=", regex))}
    behind = {match[1]: name for name, regex in terminals if (match := re.match(_BEHIND, regex))}
    return plain | dict.fromkeys(sorted(ahead - reserved_words()), AHEAD) | behind


def _production(rule: Rule) -> str:
    """What `Tables.production` reads: the names in it have no blanks."""
    origin = str(rule.origin.name)
    children = [str(symbol.name) for symbol in rule.expansion]
    inlined = tuple(at for at, name in enumerate(children) if name.startswith("_"))
    passed_on = rule.options.expand1 and not rule.alias and len(children) == 1
    gathered = origin.startswith("_")
    build = "" if passed_on or gathered or origin == "start" else rule.alias or origin
    return " ".join((origin, str(len(children)), build, *map(str, inlined)))


if __name__ == "__main__":
    write(FILE)
