"""`segdsl check`: errors and warnings in files, without compiling them to anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.completer import completer
from segdsl.cli.console import echo_result
from segdsl.cli.examples import examples
from segdsl.cli.options import (
    diagnostic_options,
    no_schema_option,
    settings_option,
    target_option,
)
from segdsl.cli.reporting import (
    SCHEMA_HINT,
    OutputOptions,
    exit_on_errors,
    report_diagnostics,
)
from segdsl.terminal import visible

if TYPE_CHECKING:
    from segdsl.workspace.check.cached_check import Checked, FileFix


@click.command(
    "check",
    epilog=examples(
        "segdsl check",
        "segdsl check --fix loyalty/top.seg",
        "segdsl check --format sarif . > findings.sarif",
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE|-]...", shell_complete=completer("sources"))
@click.option("--fix", is_flag=True, help="Fix problems that can be fixed automatically.")
@click.option("--diff", is_flag=True, help="With --fix: show the fixes instead of writing them.")
@target_option
@no_schema_option
@click.option("--no-cache", is_flag=True, help="Check all files again, and cache no results.")
@settings_option
@diagnostic_options
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
    """Check files and their imports for errors and warnings.

    If FILE is a folder, checks all .seg files in it; without FILE, all in the project; with `-`,
    standard input. Names and types are checked offline against the target's schema, if `segdsl
    schema pull` has written one.

    Diagnostics in a machine format go to standard output.
    """
    from segdsl.diagnostics.places import tally
    from segdsl.workspace.check.cached_check import check, fix_files
    from segdsl.workspace.check.inputs import input_files

    options = OutputOptions(form, allowed, color)
    if diff and not fix:
        raise click.UsageError("--diff requires --fix")
    inputs = input_files(files, target)
    fixed = fix_files(inputs, allowed, write=not diff) if fix else []
    if diff and form != "json":
        from segdsl.cli.diff import show_diff

        for file in fixed:
            show_diff(file.name, file.before, file.after, "fixed", options)
    if fix and inputs.files == ["-"]:
        _echo_fixed(fixed, options, diff=diff)
        return
    checked = check(
        inputs,
        settings,
        target=target,
        use_schema=not no_schema,
        allowed=allowed,
        keep=not no_cache,
    )
    if form == "json":
        _set_result(fixed, checked, diff=diff)
    summary = f"{_scope(checked)}: {tally(checked.report.diagnostics) or 'no problems found'}"
    lines = [_fix_summary(fixed, dry=diff), summary, SCHEMA_HINT if checked.may_have_schema else ""]
    report_diagnostics(
        checked.report,
        checked.sources,
        options,
        has_result=diff,
        summary="\n".join(line for line in lines if line),
    )
    exit_on_errors(checked.report)


def _echo_fixed(fixed: list[FileFix], options: OutputOptions, *, diff: bool) -> None:
    """Writes a fixed text from standard input, with what a check says of it."""
    from segdsl.workspace.check.cached_check import check_fixed

    for file in fixed:
        if options.format == "json":
            _set_result(fixed, None, diff=diff, piped=not diff)
        elif not diff:
            echo_result(file.after)
        report, sources = check_fixed(file)
        summary = _fix_summary(fixed, dry=diff)
        report_diagnostics(report, sources, options, has_result=True, summary=summary)
        exit_on_errors(report)


def _set_result(
    fixed: list[FileFix], checked: Checked | None, *, diff: bool = False, piped: bool = False
) -> None:
    from segdsl.cli.diff import diff_of
    from segdsl.cli.document import set_result
    from segdsl.output.documents import CheckOutput
    from segdsl.output.models import FixedFile

    set_result(
        CheckOutput(
            files=len(fixed) if checked is None else checked.files,
            segments=0 if checked is None else checked.segments,
            funnels=0 if checked is None else checked.others.funnels,
            activations=0 if checked is None else checked.others.activations,
            templates=0 if checked is None else checked.others.templates,
            predictive_segments=0 if checked is None else checked.others.predictive_segments,
            journeys=0 if checked is None else checked.others.journeys,
            schema=None if checked is None else checked.schema,
            fixed=tuple(
                FixedFile(
                    file=file.name,
                    fixed=file.made,
                    kept_for_comments=file.kept_for_comments,
                    diff=diff_of(file.name, file.before, file.after, "fixed") if diff else None,
                    source=file.after if piped else None,
                )
                for file in fixed
                if file.made or file.kept_for_comments or piped
            ),
        )
    )


def _scope(checked: Checked) -> str:
    from segdsl.diagnostics.places import counted

    others = checked.others
    scope = ", ".join(
        counted(number, word)
        for number, word, always in (
            (checked.files, "file", True),
            (checked.segments, "segment", True),
            (others.funnels, "funnel", False),
            (others.activations, "activation", False),
            (others.templates, "activation template", False),
            (others.predictive_segments, "predictive segment", False),
            (others.journeys, "journey", False),
        )
        if number or always
    )
    return scope if checked.schema is None else f"{scope}, checked with {checked.schema}"


def _fix_summary(fixed: list[FileFix], *, dry: bool = False) -> str:
    from segdsl.diagnostics.places import counted

    verb = "would fix" if dry else "fixed"
    lines = [
        f"{verb} {counted(file.made, 'problem')} in {visible(file.name)}"
        for file in fixed
        if file.made
    ]
    lines += [
        f"not fixed: {counted(file.kept_for_comments, 'problem')} in {visible(file.name)}, "
        "because a fix would lose a comment"
        for file in fixed
        if file.kept_for_comments
    ]
    return "\n".join(lines)
