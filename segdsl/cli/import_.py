"""`segdsl import`: YAML files of Treasure Data's `tdx` tool as `.seg` files and more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segdsl.cli.completer import completer
from segdsl.cli.console import echo
from segdsl.cli.errors import FINDINGS
from segdsl.cli.examples import examples
from segdsl.cli.options import diagnostic_options
from segdsl.cli.reporting import OutputOptions, exit_on_errors, report_diagnostics, reported
from segdsl.terminal import visible

if TYPE_CHECKING:
    from segdsl.workspace.tdx.files import Import

_STATUS = {"new": "created", "changed": "overwritten", "in the way": "not overwritten"}
_PLANNED_STATUS = {**_STATUS, "new": "would create", "changed": "would overwrite"}
_SUMMARY = {**_STATUS, "the same": "unchanged"}
_PLANNED_SUMMARY = {**_SUMMARY, "new": "to create", "changed": "to overwrite"}


@click.command(
    "import",
    epilog=examples("segdsl import segments --to converted", "segdsl import churned.yml --dry-run"),
)
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completer("yaml")
)
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    default=".",
    help="Write to DIR instead of the current folder.",
    shell_complete=completer("folders"),
)
@click.option("--dry-run", is_flag=True, help="List the files without writing them.")
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@diagnostic_options
def command(
    paths: tuple[str, ...],
    folder: str,
    dry_run: bool,
    force: bool,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Convert tdx YAML files to .seg files.

    tdx is Treasure Data's command-line tool. Segments and journeys become .seg files, with their
    activations, and a parent segment becomes parent_segment.toml. Of a journey, the latest version
    is converted.

    If PATH is a folder, converts all .yml and .yaml files in it. The folder of a segment or a
    journey is that of its file, relative to the folder of tdx.json or, if there is none, to PATH.
    Files with errors are reported, and the others are written. Existing files with different
    contents are only overwritten with --force.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import tally
    from segdsl.workspace.tdx.files import import_files, yaml_files

    output = OutputOptions(form, allowed, color)
    report = Report()
    imported = import_files(yaml_files(paths), Path(folder), report, force=force, write=not dry_run)
    summary = tally(reported(report, output))
    report_diagnostics(report, imported.sources, output, has_result=False, summary=summary)
    if form == "text":
        _print(imported, dry_run=dry_run)
    if form == "json":
        _set_result(imported)
    exit_on_errors(report)
    if any(file.what == "in the way" for file in imported.made):
        echo("pass --force to overwrite existing files", err=True)
        raise click.exceptions.Exit(FINDINGS)


def _print(imported: Import, *, dry_run: bool) -> None:
    from segdsl.diagnostics.places import counted

    status = _PLANNED_STATUS if dry_run else _STATUS
    for file in imported.made:
        if file.what in status:
            echo(f"{status[file.what]}: {visible(file.path.as_posix())}")
    numbers = Counter(file.what for file in imported.made)
    summary = _PLANNED_SUMMARY if dry_run else _SUMMARY
    parts = [f"{number:,} {summary[what]}" for what, number in numbers.items()]
    echo(f"{counted(imported.files, 'file')}: {', '.join(parts) or 'nothing to import'}", err=True)


def _set_result(imported: Import) -> None:
    from segdsl.cli.document import set_result
    from segdsl.output.documents import ImportOutput
    from segdsl.output.models import IMPORTED, ImportedFile

    def files_of(kind: str) -> tuple[ImportedFile, ...]:
        return tuple(
            ImportedFile(file=file.path.as_posix(), status=IMPORTED[file.what])
            for file in imported.made
            if file.kind == kind
        )

    set_result(
        ImportOutput(
            files=imported.files,
            segments=files_of("segment"),
            journeys=files_of("journey"),
            parent_segments=files_of("parent segment"),
        )
    )
