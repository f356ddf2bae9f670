"""Whole tests read at once: the kinds that most are, without what makes them harder to read.

A plain name, one predicate with plain values, and then what can only end a test: these say the
same a token at a time, which a test holds, and here they take a fraction of the time. Comments
inside, escapes, params and lengths of several units make no phrase.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast

from segdsl.language import predicates as p
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.lalr import Child
from segdsl.language.syntax.predicate_builder import RELATIONS, PredicateBuilder
from segdsl.language.values import Boolean, Text, Unit, Value
from segdsl.source import Places, Span

_TEXT = r'"[^"\\\n]*+"'
_GAP = r"[ \t\r\n]*+"
_SPACE = r"[ \t\r\n]++"
_UNIT = r"(?:year|quarter|month|week|day|hour|minute|second)s?"
_AFTER = r"and|or|limit|segment|let|param|import"
# What begins an item only before a string: elsewhere it is a name, as in `past 1 day n hours`.
_HEADS = rf"(?:stage|funnel|activation(?:{_SPACE}template)?){_GAP}\""


def phrase_pattern(number: str) -> str:
    """The regular expression of a phrase; `number` is that of a number."""
    literal = rf"(?:{_TEXT}|{number})"
    predicates = (
        rf"(?P<sign>!=|>=|<=|=|>|<){_GAP}(?P<value>{literal})",
        rf"is{_SPACE}(?P<is_not>not{_SPACE})?(?P<word>null|true|false|today)(?!\w)",
        rf"(?P<negation>not{_SPACE})?(?:"
        rf"(?P<like>contains|starts{_SPACE}with|ends{_SPACE}with){_GAP}(?P<text>{_TEXT})"
        rf"|in{_GAP}\({_GAP}(?P<list>{literal}(?:{_GAP},{_GAP}{literal})*+){_GAP},?{_GAP}\)"
        rf"|between{_SPACE}(?P<low>{number}){_SPACE}and{_SPACE}(?P<high>{number})"
        rf"|within{_SPACE}(?P<way>past|next){_SPACE}(?P<amount>{number}){_SPACE}"
        rf"(?P<unit>{_UNIT})(?!\w))",
    )
    end = rf"(?={_GAP}(?:[),]|\Z|(?:{_AFTER})(?!\w)|{_HEADS}))"
    return rf"(?P<name>[A-Za-z_][A-Za-z0-9_]*+){_GAP}(?:{'|'.join(predicates)}){end}"


class FastPathBuilder(PredicateBuilder):
    """Makes of a phrase what the methods for its tokens make of them."""

    def phrase(self, found: re.Match[str]) -> t.Test:
        """The test that a match of the pattern is."""
        name, sign, value, word = found.group("name", "sign", "value", "word")
        start, name_end = found.span("name")
        predicate: p.Predicate
        if sign is not None:
            negated = sign == "!="
            predicate = p.Compare(
                RELATIONS[sign],
                Text(value[1:-1]) if value[0] == '"' else self._number(_child(found, "value")),
            )
        elif word is not None:
            negated = found["is_not"] is not None
            predicate = _words(word)
        else:
            negated = found["negation"] is not None
            predicate = self._of_several(found)
        return t.Test(
            t.Attribute(name),
            predicate,
            negated,
            None,
            Span(self.file, start, found.end()),
            Span(self.file, start, name_end),
        )

    def _of_several(self, found: re.Match[str]) -> p.Predicate:
        items, like, way = found.group("list", "like", "way")
        if items is not None:
            return self._listed(found)
        if like is not None:
            how = cast(p.TextMatch, " ".join(like.split()))
            text = Text(found["text"][1:-1])
            return p.Like(how, (text,), Places([Span(self.file, *found.span("text"))]))
        if way is not None:
            unit = cast(Unit, found["unit"].removesuffix("s"))
            return p.Within(cast(Any, way), self._number(_child(found, "amount")), unit)
        low, high = (self._number(_child(found, each)) for each in ("low", "high"))
        return p.Between(low, high)

    def _listed(self, found: re.Match[str]) -> p.In:
        values: list[Value] = []
        places: list[Span] = []
        for each in _literals().finditer(found.string, *found.span("list")):
            text = each[0]
            quoted = text[0] == '"'
            values.append(Text(text[1:-1]) if quoted else self._number(_child(each, 0)))
            places.append(Span(self.file, *each.span()))
        return p.In(tuple(values), Places(places))


def _words(word: str) -> p.Predicate:
    match word:
        case "null":
            return p.IsNull()
        case "today":
            return p.Today()
        case _:
            return p.Compare("=", Boolean(word == "true"))


def _child(found: re.Match[str], group: str | int) -> Child:
    return ("NUMBER", found[group], *found.span(group))


@cache
def _literals() -> re.Pattern[str]:
    """Of a list whose items are known to be literals."""
    return re.compile(rf'{_TEXT}|[^\s,"]+')
