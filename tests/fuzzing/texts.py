"""Random texts of the language: files that are near to valid ones, and what people never write."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`\n]*`|#[^\n]*|\w+|\s+|.', re.DOTALL)
ODD = (
    *("(", ")", ",", '"', "`", "#", "\\", "\n", "\r", "\t", "\x00", "\x1b", "\ufeff", "\u2028"),
    *("and", "or", "not", "where", "segment", "let", "param", "import", "everyone", "limit"),
    *("any (", "all (", "none (", "rule set (", "has ", "no ", "count(", "count distinct ("),
    *("any of ", "every one of ", "at least 2 of ", "exactly 0 of ", "some ", "over 1 week"),
    *("in segment ", "in stage ", "of funnel ", "of folder ", "score of #1 between 1 and 2"),
    *(" within past 7 days", " in next month", " is today", " is not null", " between 1 and 2"),
    *(" days ago", " from now", " from 1 month ago", " reverse", " by a desc", "10%", "by x"),
    *("0", "-0", "1.50", "1e400", "9" * 400, "9" * 401, "1e99999", "00", "1.", "2024-02-30"),
    *("2024-01-31", '@"soon"', "true", "null", '"\\u{110000}"', '"\\q"', '"東京"', '""', "``"),
    *("`a b`", "group ", ".", "=", "!=", "<>", "==", "<", ">=", "%", "@", "{", "}", "🛒", "é"),
    *("funnel ", "stage ", "activation ", "template ", "is segment ", "columns (", "columns all"),
    *(" | substr(", " | ", " as x", "with (", "[", "]", "every 0 days", "every week on Mon", "in"),
    *('in "UTC"', 'in "x"', "in sequence", "notify ", "behavior x all", "top 0", "{", '"{time}"'),
    *('"{segment name} \\{"', "when is null then 1 else 2", "by hand", "starting 2025-02-30T00:00"),
    *('"L": (', "rfm(#1).rfm_score", 'cltv("M").x', "# allow SEG601", "hidden", "kind batch"),
)
SEEDS: tuple[str, ...] = (
    """\
# A comment.
param days: number = 30
param kind: string = "Books"
let reachable = email_opt_in is true or push_opt_in is true
let bought(kind, n) = count(purchases where category = kind and timestamp within past n days) >= 1
segment "High-value Tokyo shoppers"
  description "Over 50,000"
  folder "Loyalty/Tokyo"
  kind batch
where
  country = "JP" and not prefecture in ("Tokyo", "Kanagawa")
  and (sum(some purchases.amount by order_id over 7 days where x is not null) > 5e4
    or bought("A", 3) or bought(kind, days))
  and any (at least 2 of tags contains any ("x", "y"), last_visit between 7 and 3 days ago,)
  and "Label": (has page_views where url matches "^/a\\\\u{41}")
  and rfm("M").rfm_score >= 1.5 and score of #12 between 3 and 5 including converted
  and (first(p.q by t per u) is true limit 10% by aggregate desc, `odd name` asc)
  and in stage "S" of funnel "F" and visit for 7 days from 1 month ago reverse
  and signup on or before 2024-01-31T00:00:00+09:00 and seen before @"x" and seen is today
  and reachable
limit 1000 by ltv desc
""",
    """\
segment "A" where in segment "B" and a > 1
# allow SEG601: meant
segment "B" hidden where none (a != 1, b is null) and count distinct (p.sku, p.day) < 3
segment "C" folder "x/y" where not in segment "A" of folder "/" or (count(p) = 0 limit 3 by a asc)
segment "D" kind realtime where everyone
""",
    """\
# What is sent where.
param n: number = 30
funnel "Onboarding"
  description "From sign-up on"
  folder "Lifecycle/New"
stage "Looked" where has page_views where url starts with "/welcome" # c
stage "Tried" description "Began lately" where started within past n days and not in segment "A"
  limit 10% by ltv desc
stage "Paid" is segment "Payers" of folder "x"
stage "Later"
activation "Sync" of stage "Tried" of funnel "Onboarding"
  description "Every night"
  from template "Weekly"
  to connection #4021
  columns all and (email, postcode | substr(1, 3) as area, group household.size as n,
    ltv | multiply(1.1) | when > 10 then 1 else null as v, "{segment name} {time yyyy-MM-dd}" as l,)
  behavior purchases top 10 by timestamp desc, sku asc as rows columns (timestamp, amount as total)
  every 2 weeks on Monday, Friday starting 2025-04-07T09:00 in "UTC" until 2025-12-31
  then run workflow "hash" of project "actions"
  in sequence
  with (a = "x", b = [1, true, null], c = (d = "e", f = ()))
  notify "team@example.com", #7 on success, failure
activation template "Weekly" folder "T" columns (email) cron "0 3 * * *" in "UTC" state published
  locked (columns, adding behaviors)
""",
    "let l = a = 1\nlet m = l and l\nlet n(x) = m or a = x\n"
    'segment "x" where n(1) and not n("a") and rule set (m)\n',
)


def seeds() -> list[str]:
    """The texts that others are made of, those of the examples among them."""
    paths = sorted((ROOT / "examples").rglob("*.seg"))
    return [*SEEDS, *(path.read_text() for path in paths)]


def _mutated(chance: random.Random, every: Sequence[str]) -> str:
    """A text with some of its tokens taken out, repeated, swapped, or from another text."""
    tokens = _TOKEN.findall(chance.choice(every))
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        at = chance.randrange(len(tokens) + 1)
        end = min(len(tokens), at + chance.choice((0, 1, 1, 2, 5, 30)))
        match chance.randrange(6):
            case 0:
                tokens[at:end] = []
            case 1:
                tokens[at:end] = [chance.choice(ODD)] * chance.choice((1, 1, 1, 2, 40))
            case 2:
                tokens[end:end] = tokens[at:end] * chance.choice((1, 1, 3))
            case 3:
                other = _TOKEN.findall(chance.choice(every))
                start = chance.randrange(len(other) + 1)
                tokens[at:end] = other[start : start + chance.choice((1, 3, 20, 80))]
            case 4 if tokens:
                one, two = chance.randrange(len(tokens)), chance.randrange(len(tokens))
                tokens[one], tokens[two] = tokens[two], tokens[one]
            case _:
                letter = chr(chance.choice((chance.randrange(0x250), chance.randrange(0xD800))))
                tokens[at:at] = [letter]
        if len(tokens) > 5_000:
            break
    return "".join(tokens)


def _soup(chance: random.Random, every: Sequence[str]) -> str:
    """Tokens in no order, most of them where a condition can stand."""
    words = [each for each in _TOKEN.findall(chance.choice(every)) if not each.isspace()]
    picked = [chance.choice((chance.choice(words), chance.choice(ODD))) for _ in range(30)]
    return f'segment "x" where {" ".join(picked[: chance.randrange(1, 30)])}'


_LEAVES = (
    *(
        "a = 1",
        'b in ("x", "y")',
        "c is null",
        "d within past 7 days",
        "any of t = 1",
        "e is today",
    ),
    *("has p", "no p where a = 1", "count(p) < 3", "sum(p.a by b) > 1", 'in segment "s"', "f < 2"),
    *(
        "count(p over 1 week) > 1",
        "not in segment #1",
        "score of #1 between 1 and 2",
        "g on x",
        "l",
    ),
    *('rfm("m").rfm_score > 1', "(h > 1 limit 2 by h desc)", "max(p.a) is null", "m(1)", "i.j = 1"),
    *(
        "last(p.a by t) not = 1",
        "count(p where not (x > 1 or y is today)) >= 1",
        "k != 1",
        "n >= -1",
    ),
)


def _expression(chance: random.Random, depth: int) -> str:
    """Groups and negations in each other, as deep as that."""
    if depth <= 0 or chance.random() < 0.1:
        return chance.choice(_LEAVES)
    inner = [
        _expression(chance, depth - chance.choice((1, 2, 4)))
        for _ in range(chance.choice((1, 2, 2, 3)))
    ]
    word = chance.choice(("and", "or"))
    match chance.randrange(7):
        case 0:
            return f"not ({inner[0]})"
        case 1:
            listing = chance.choice(("all", "any", "none"))
            return f"{listing} ({', '.join(inner)})"
        case 2:
            label = chance.choice(("L", "", "é"))
            return f'"{label}": ({inner[0]})'
        case 3:
            return f"rule set ({inner[0]})"
        case _:
            return f"({f' {word} '.join(inner)})"


def _structured(chance: random.Random, every: Sequence[str]) -> str:
    """Valid in form: definitions that use each other, and deep or wide segments."""
    lines = []
    for name in ("l", "m(x)", "n"):
        if chance.random() < 0.6:
            lines.append(f"let {name} = {_expression(chance, chance.choice((0, 2, 4)))}")
    for at in range(chance.choice((1, 1, 2, 4))):
        depth = chance.choice((1, 3, 6, 9))
        lines.append(f'segment "s{at}" where {_expression(chance, depth)}')
    return "\n".join(lines)


def _repeated(chance: random.Random, every: Sequence[str]) -> str:
    """One thing again and again, side by side or inside itself."""
    many = chance.choice((2, 30, 150, 198, 210, 400))
    leaf, odd, word = chance.choice(_LEAVES), chance.choice(ODD), chance.choice(("and", "or"))
    match chance.randrange(6):
        case 0:
            return f'segment "x" where {f" {word} ".join([leaf] * many)}'
        case 1:
            opening = chance.choice(
                ("(", "not (", "any (", "none (a = 1, ", '"l": (', "has p where (")
            )
            return f'segment "x" where {opening * many}{leaf}{")" * many}'
        case 2:
            return f'segment "x" where {odd * many}'
        case 3:
            lets = "\n".join(f"let d{at + 1} = d{at} {word} d{at}" for at in range(many))
            return f'let d0 = {leaf}\n{lets}\nsegment "x" where d{chance.choice((3, 9, many - 1))}'
        case 4:
            return "\n".join(f'segment "s{at}" where in segment "s{at + 1}"' for at in range(many))
        case _:
            line = chance.choice(every).splitlines() or [""]
            return "\n".join([chance.choice(line)] * many)


_KINDS: tuple[Callable[[random.Random, Sequence[str]], str], ...] = (
    *(_mutated, _mutated, _mutated),
    *(_soup, _structured, _structured, _repeated),
)


def text(chance: random.Random, every: Sequence[str]) -> str:
    """One text, made of the given ones."""
    return chance.choice(_KINDS)(chance, every)
