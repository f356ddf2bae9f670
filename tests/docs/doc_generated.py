"""Writes the generated parts of pages: the help of commands, and the public names of the package.

`<!-- generated: segdsl plan -->` holds the help of a command; `<!-- generated: functions -->` and
`<!-- generated: classes -->` the public names of the package, with signatures and docstrings;
`<!-- generated: paths -->` the table of the API's operations.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Iterator

import click
import msgspec

import doc_paths
import segdsl
from doc_pages import generated
from segdsl.cli.group import HELP_OPTIONS, cli

_WIDEST = 80
_CODE = re.compile(r"(?<![\w-])(--[a-z][a-z-]*(?: json)?|[A-Z]+_[A-Z_]+|[\w-]+\.toml)(?![\w-])")


def page(text: str) -> str:
    """The page with its generated parts written anew."""
    for part in reversed(generated(text)):
        made = _made(part.what)
        text = f"{text[: part.start]}{made}{text[part.end :]}"
    return text


def _made(what: str) -> str:
    if what == "paths":
        return f"\n{doc_paths.summary()}{doc_paths.tables()}\n"
    return command_help(what) if what.startswith("segdsl ") else public_names(what)


# --- commands ------------------------------------------------------------------------


def commands(
    command: click.Command = cli, ctx: click.Context | None = None
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command that runs by its whole name, such as `segdsl schema pull`, with its context."""
    ctx = ctx or click.Context(cli, info_name="segdsl", help_option_names=HELP_OPTIONS)
    if not isinstance(command, click.Group):
        yield ctx.command_path, command, ctx
        return
    for name in command.list_commands(ctx):
        found = command.get_command(ctx, name)
        assert found is not None
        yield from commands(found, click.Context(found, info_name=name, parent=ctx))


def command_help(name: str) -> str:
    """Usage, description and options of a command as markdown."""
    [(command, ctx)] = [(found, ctx) for path, found, ctx in commands() if path == name]
    usage = " ".join([name, *command.collect_usage_pieces(ctx)]).replace("...", "…")
    lines = [f"`{usage}`", "", _prose(command.help or "")]
    options = [of for of in command.params if isinstance(of, click.Option)]
    records = [record for of in options if (record := of.get_help_record(ctx))]
    items = [f"- `{names}`: {_inline(' '.join(help.split()))}" for names, help in records]
    return "\n".join([*lines, "", "Options:", "", *items]) + "\n"


def _prose(help: str) -> str:
    paragraphs = []
    for paragraph in inspect.cleandoc(help).split("\n\n"):
        if paragraph.startswith("\b"):
            kept = paragraph.removeprefix("\b").strip()
            paragraphs.append(f"```text\n{kept}\n```")
        else:
            paragraphs.append(_inline(" ".join(paragraph.split())))
    return "\n\n".join(paragraphs)


def _inline(text: str) -> str:
    """Help in markdown: options as code, and nothing else that markdown would take for its own."""
    parts = text.split("`")
    for at in range(0, len(parts), 2):
        plain = re.sub(r"([*<\[])", r"\\\1", parts[at])
        parts[at] = _CODE.sub(r"`\1`", plain)
    return "`".join(parts)


# --- public names --------------------------------------------------------------------


def public_names(what: str) -> str:
    """The public functions, or classes, each under a heading of its own."""
    assert what in ("functions", "classes"), f"nothing is generated for `{what}`"
    wanted = inspect.isclass if what == "classes" else inspect.isfunction
    found = [name for name in segdsl.__all__ if wanted(getattr(segdsl, name))]
    return "".join(f"\n### {name}\n\n{_public_name(name)}" for name in found) + "\n"


def _public_name(name: str) -> str:
    """Signature and docstring of a public name, with the fields and methods of a class."""
    value = getattr(segdsl, name)
    if not inspect.isclass(value):
        return f"{_signature(name, value)}\n\n{_docstring(value)}\n"
    if issubclass(value, enum.Enum):
        return f"{_docstring(value)}\n"
    parts = [_signature(name, value), _docstring(value)]
    members = [_member(key, of) for key, of in vars(value).items() if not key.startswith("_")]
    parts += [each for each in members if each]
    return "\n\n".join(parts) + "\n"


def _member(name: str, value: object) -> str | None:
    """A public method, property or attribute that says what it is for."""
    if isinstance(value, property) or hasattr(value, "attrname"):
        returns = inspect.signature(getattr(value, "fget", None) or value.func).return_annotation  # type: ignore[attr-defined]
        doc = inspect.getdoc(value)
        return f"**`{name}: {_plain(str(returns))}`**" + (f"\n\n{doc}" if doc else "")
    if not inspect.isfunction(value):
        return None
    doc = inspect.getdoc(value)
    return f"{_signature(f'.{name}', value)}" + (f"\n\n{doc}" if doc else "")


def _signature(name: str, value: object) -> str:
    if inspect.isclass(value) and issubclass(value, msgspec.Struct):
        found = inspect.signature(value)
    elif inspect.isclass(value):
        found = inspect.signature(value.__init__)
    else:
        assert callable(value)
        found = inspect.signature(value)
    parameters = [of for of in found.parameters.values() if of.name != "self"]
    returns = inspect.Signature.empty if inspect.isclass(value) else found.return_annotation
    shown = _plain(name + str(inspect.Signature(parameters, return_annotation=returns)))
    if len(shown) > _WIDEST:
        each = [_plain(f"    {of},\n") for of in _listed(parameters)]
        _, _, arrow = shown.rpartition(")")
        shown = f"{name}(\n{''.join(each)}){arrow}"
    return f"```py\n{shown}\n```"


def _listed(parameters: list[inspect.Parameter]) -> Iterator[str]:
    """The parameters as a signature has them, with the star in front of those named by a caller."""
    starred = False
    for each in parameters:
        if each.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        yield str(each)


def _plain(signature: str) -> str:
    """Annotations as they stand in the source, without quotes and modules."""
    bare = re.sub(r"(: |-> )'([^'\n]+)'", r"\1\2", signature)
    return re.sub(r"\b[a-z][a-z_.]*\.(?=[A-Z])", "", bare)


def _docstring(value: object) -> str:
    found = inspect.getdoc(value)
    assert found, value
    return "\n\n".join(
        f"```pycon\n{paragraph}\n```" if paragraph.startswith(">>> ") else paragraph
        for paragraph in found.split("\n\n")
    )
