"""Random projects: files that import each other, odd names, settings, and what is run on them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

from fuzzing.texts import text

_NAMES = (
    *("a.seg", "b.seg", "c.seg", "sub/a.seg", "sub/deep/d.seg", "with space.seg", "東京.seg"),
    *("é[x].seg", "-dash.seg", "a.b.seg", "$HOME.seg", "'.seg", "%s.seg", "#1.seg", "*.seg"),
)
_SEGMENTS = (
    'where country = "JP"',
    "where age > 30 and not ltv between 1 and 2",
    'where in segment "s{next}"',
    'where not in segment "s{next}" or age > 1',
    "where has purchases where amount > 5",
    "where count(purchases over 1 week) >= 2",
    "where l",
    "where l and m(1)",
    'where m("x")',
    "where contry = 1",
    'where age > "30"',
    "where country != p",
    "where everyone limit 3 by age desc",
    '"x" folder "x" where age = = 1',
    "where last_visit within past n days",
    'where any of sum(purchases.amount) > 1 and "L": (age = 1 or age = 1)',
)
_COMMANDS: tuple[tuple[str, ...], ...] = (
    *(
        ("check",),
        ("check", "--format", "json"),
        ("check", "--format", "sarif"),
        ("check", "--fix"),
    ),
    *(("fmt", "--check"), ("fmt", "--diff"), ("compile", "--symbolic"), ("compile", "--rule")),
    *(("explain",), ("explain", "--tree"), ("sql",), ("sql", "--dialect", "spark"), ("preview",)),
    *(("compile", "--layout", "nested", "--symbolic"), ("create", "--count")),
)
_WHOLE: tuple[tuple[str, ...], ...] = (
    *(("plan",), ("plan", "--json"), ("apply", "--yes"), ("pull",), ("list",), ("schema", "pull")),
    *(("check",), ("apply", "--yes", "--prune"), ("create", ".")),
)
_SETTINGS = ("n=3", "p=JP", "n=x", "gone=1", "n=1e400", "p=")


class Folder(msgspec.Struct, frozen=True):
    """Files by their paths, with or without a project of a local target; and what is run."""

    files: dict[str, str]
    has_project: bool
    commands: tuple[tuple[str, ...], ...]


def folder(chance: random.Random, every: Sequence[str]) -> Folder:
    """One folder, with six runs or so."""
    names = chance.sample(_NAMES, chance.choice((1, 2, 3, 5)))
    files = {name: _file(chance, name, names, every) for name in names}
    has_project = chance.random() < 0.6
    commands = []
    for _ in range(6):
        if has_project and chance.random() < 0.4:
            commands.append(chance.choice(_WHOLE))
            continue
        named = chance.choice(([], ["."], ["--", chance.choice(names)], ["--", *names]))
        settings = ["--set", chance.choice(_SETTINGS)] if chance.random() < 0.2 else []
        command = chance.choice(_COMMANDS)
        if command[0] == "fmt":
            settings = []
        commands.append((*command, *settings, *named))
    return Folder(files, has_project, tuple(commands))


def _file(chance: random.Random, name: str, names: Sequence[str], every: Sequence[str]) -> str:
    if chance.random() < 0.15:
        return text(chance, every)
    lines = []
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        other = chance.choice((*names, "gone.seg", "../out.seg", ".", "/etc/hostname", "a\\u{0}b"))
        path = "../" * chance.choice((0, 0, name.count("/"))) + other
        lines.append(f'import {chance.choice(("l", "m", "l, m", "gone", "p"))} from "{path}"')
    for line in (
        *("let l = age > 1", "let m(x) = ltv > x", "let l = l", "let l = m(2) or country = p"),
        *(
            'param p: string = "JP"',
            "param n: number",
            "param n: number = 3",
            "let q = q2",
            "let q2 = q",
        ),
    ):
        if chance.random() < 0.3:
            lines.append(line)
    for _ in range(chance.choice((0, 1, 2, 4))):
        number = chance.randrange(6)
        if chance.random() < 0.3:
            lines.append(
                chance.choice(("# allow SEG601", "# allow SEG601, SEG602: so", "# allow SEG999"))
            )
        where = chance.choice(_SEGMENTS).replace("{next}", str(chance.randrange(6)))
        lines.append(f'segment "s{number}" {where}')
    if chance.random() < 0.2:
        chance.shuffle(lines)
    return "\n".join(lines) + chance.choice(("", "\n", "\r\n", "\n\n# end"))
