"""`segdsl check`: what is wrong or odd in files, without making anything of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.options import (
    SCHEMA_HINT,
    Look,
    look_options,
    settings_option,
    stop_on_errors,
    tell,
)
from segdsl.cli.output import product
from segdsl.terminal import visible

if TYPE_CHECKING:
    from segdsl.workspace.check.cached_check import Checked, PutRight


@click.command(
    "check",
    epilog=examples(
        "segdsl check",
        "segdsl check --fix loyalty/top.seg",
        "segdsl check --format sarif . > findings.sarif",
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE|-]...", shell_complete=completes("sources"))
@click.option("--fix", is_flag=True, help="Put right what can be put right by itself.")
@click.option("--diff", is_flag=True, help="With --fix: write nothing; show what would change.")
@click.option(
    "--target",
    metavar="NAME",
    shell_complete=completes("targets"),
    help="The target whose schema is used.",
)
@click.option("--no-schema", is_flag=True, help="Use no schema, even where there is one.")
@click.option("--no-cache", is_flag=True, help="Look at all files again, and keep nothing.")
@settings_option
@look_options
def command(
    files: tuple[str, ...],
    fix: bool,
    diff: bool,
    target: str | None,
    no_schema: bool,
    no_cache: bool,
    settings: dict[str, str],
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Look for mistakes in files (`-`: standard input), and in what they import.

    A folder stands for all .seg files in it; without any FILE it is the project's. Where the
    target has a schema (`segdsl schema pull`), names and types are checked with it. Machine
    forms go to standard output.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import tally
    from segdsl.workspace.check.cached_check import check, look_at, put_right
    from segdsl.workspace.check.inputs import wanted

    look = Look(form, allowed, color)
    if diff and not fix:
        raise click.UsageError("--diff shows what --fix would do: give both")
    what = wanted(files, target)
    done = put_right(what, allowed, write=not diff) if fix else []
    if diff:
        from segdsl.cli.diff import show_diff

        if form == "json":
            _answer(done, None, diff=True)
        else:
            for each in done:
                show_diff(each.name, each.before, each.after, "fixed", look)
        tell(Report(), {}, look, product=True, summary=_fixed(done, dry=True))
        return
    if fix and what.files == ["-"]:
        for each in done:
            if form == "json":
                _answer(done, None, piped=True)
            else:
                product(each.after)
            report, sources = look_at(each)
            tell(report, sources, look, product=True, summary=_fixed(done))
            stop_on_errors(report)
        return
    found = check(
        what,
        settings,
        target=target,
        use_schema=not no_schema,
        allowed=allowed,
        keep=not no_cache,
    )
    if form == "json":
        _answer(done, found)
    summary = f"{_looked_at(found)}: {tally(found.report.diagnostics) or 'nothing to report'}"
    lines = [_fixed(done), summary, SCHEMA_HINT if found.may_have_schema else ""]
    tell(
        found.report,
        found.sources,
        look,
        product=False,
        summary="\n".join(line for line in lines if line),
    )
    stop_on_errors(found.report)


def _answer(
    done: list[PutRight], found: Checked | None, *, diff: bool = False, piped: bool = False
) -> None:
    from segdsl.cli.diff import diff_of
    from segdsl.cli.document import answer
    from segdsl.output.parts import FixedFile
    from segdsl.output.shapes import CheckOutput

    answer(
        CheckOutput(
            files=len(done) if found is None else found.files,
            segments=0 if found is None else found.segments,
            schema=None if found is None else found.schema,
            fixed=tuple(
                FixedFile(
                    file=each.name,
                    fixed=each.made,
                    kept_for_comments=each.kept_for_comments,
                    diff=diff_of(each.name, each.before, each.after, "fixed") if diff else None,
                    source=each.after if piped else None,
                )
                for each in done
                if each.made or each.kept_for_comments or piped
            ),
        )
    )


def _looked_at(found: Checked) -> str:
    from segdsl.diagnostics.places import counted

    looked_at = f"{counted(found.files, 'file')}, {counted(found.segments, 'segment')}"
    return looked_at if found.schema is None else f"{looked_at}, checked with {found.schema}"


def _fixed(done: list[PutRight], *, dry: bool = False) -> str:
    said = "would fix" if dry else "fixed"
    lines = [f"{said}: {each.made} in {visible(each.name)}" for each in done if each.made]
    lines += [
        f"left alone: {each.kept_for_comments} in {visible(each.name)}, for a comment that stands "
        "there"
        for each in done
        if each.kept_for_comments
    ]
    return "\n".join(lines)
