"""Help pages: grouped, with examples that can be typed, at any width."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from running import segdsl
from segdsl.cli.group import COMMANDS, GROUPS, HELP_OPTIONS, cli


def pages(command: click.Command = cli, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The names of every command and group of commands."""
    yield names
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            assert found is not None
            yield from pages(found, (*names, name))


PAGES = list(pages())


def page(names: tuple[str, ...], width: int) -> str:
    """A help page on a terminal of that width; the tests' runner has always the same."""
    command: click.Command = cli
    ctx = click.Context(cli, info_name="segdsl", help_option_names=HELP_OPTIONS)
    for name in names:
        assert isinstance(command, click.Group)
        found = command.get_command(ctx, name)
        assert found is not None
        command, ctx = found, click.Context(found, info_name=name, parent=ctx)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        return command.get_help(ctx)


def example_lines(text: str) -> list[str]:
    _, _, examples = text.partition("Examples:\n")
    return [line.strip() for line in examples.splitlines() if line.strip()]


def test_every_command_is_in_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS)
    shown = segdsl("--help").stdout
    places = [shown.index(f"\n{title}:\n") for title in GROUPS]
    assert places == sorted(places)


@pytest.mark.parametrize("names", PAGES, ids=" ".join)
def test_a_page_has_examples_that_can_be_typed(names: tuple[str, ...]) -> None:
    lines = example_lines(page(names, 80))
    assert len(lines) >= 2
    for line in lines:
        parsed = 0
        for part in re.split(r"\s[|<>]+\s|;", line):
            words = shlex.split(part, comments=True)
            if words[:1] == ["eval"]:
                words = shlex.split(words[1].removeprefix("$(").removesuffix(")"))
            if words[:1] == ["segdsl"]:
                can_be_parsed(words[1:])
                parsed += 1
        assert parsed or line.startswith("source "), line


def can_be_parsed(words: list[str]) -> None:
    """The options and arguments are those of the command; it is not run."""
    command: click.Command = cli
    ctx = click.Context(cli, info_name="segdsl", help_option_names=HELP_OPTIONS)
    while isinstance(command, click.Group) and words:
        name, found, words = command.resolve_command(ctx, words)
        assert found is not None
        command = found
        ctx = click.Context(command, info_name=name, parent=ctx)
    with pytest.MonkeyPatch.context() as patch:
        # Files that are named need not be there.
        patch.setattr(click.Path, "convert", lambda self, value, param, ctx: value)
        command.make_context(ctx.info_name, words, parent=ctx.parent)


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("names", PAGES, ids=" ".join)
def test_no_line_is_wider_than_the_terminal(names: tuple[str, ...], width: int) -> None:
    for line in page(names, width).splitlines():
        assert len(line) <= width, line


@pytest.mark.parametrize("names", PAGES, ids=" ".join)
def test_help_shows_the_same_page(names: tuple[str, ...]) -> None:
    done = segdsl("help", *names)
    assert done.exit_code == 0
    assert done.stdout == segdsl(*names, HELP_OPTIONS[0]).stdout


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("plam",), "unknown command `plam`; did you mean `plan`?"),
        (("schema", "pul"), "No such command 'pul'"),
        (("plan", "now"), "`segdsl plan` has no subcommands"),
    ],
)
def test_help_of_an_unknown_command_is_a_usage_error(names: tuple[str, ...], said: str) -> None:
    done = segdsl("help", *names)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
