"""`segdsl import`: YAML of the vendor's own tool as `.seg` files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.options import Look, look_options, stop_on_errors, tell, told
from segdsl.cli.output import say
from segdsl.terminal import visible


@click.command(
    "import",
    epilog=examples("segdsl import segments --to converted", "segdsl import churned.yml --dry-run"),
)
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completes("yaml")
)
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    default=".",
    help="Where to write; else here.",
    shell_complete=completes("folders"),
)
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be written.")
@click.option("--force", is_flag=True, help="Replace files that have another text.")
@look_options
def command(
    paths: tuple[str, ...],
    folder: str,
    dry_run: bool,
    force: bool,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Turn YAML segments of the vendor's own tool into .seg files.

    A folder stands for all .yml and .yaml files in it. The segments' folders are those under
    the tool's tdx.json, here or above, or else under that folder. A file with mistakes is told,
    and the others are written. What is there with another text is never replaced without
    --force.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import counted, tally
    from segdsl.workspace.tdx.files import import_files, yaml_files

    look = Look(form, allowed, color)
    report = Report()
    found = yaml_files(paths)
    done = import_files(found, Path(folder), report, force=force, write=not dry_run)
    tell(report, done.sources, look, product=False, summary=tally(told(report, look)))
    times = Counter(each.what for each in done.made)
    if form == "text":
        for each in done.made:
            if each.what != "the same":
                would = "would be " if dry_run and each.what != "in the way" else ""
                say(f"{would}{each.what}: {visible(each.path.as_posix())}")
        parts = [f"{number:,} {what}" for what, number in times.items()]
        say(f"{counted(done.files, 'file')}: {', '.join(parts) or 'no segment'}", err=True)
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.parts import IMPORTED, ImportedFile
        from segdsl.output.shapes import ImportOutput

        answer(
            ImportOutput(
                files=done.files,
                segments=tuple(
                    ImportedFile(file=each.path.as_posix(), status=IMPORTED[each.what])
                    for each in done.made
                ),
            )
        )
    stop_on_errors(report)
    if times["in the way"]:
        say("with --force what is in the way is replaced", err=True)
        raise click.exceptions.Exit(1)
