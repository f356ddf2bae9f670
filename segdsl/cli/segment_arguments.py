"""The segments that a command line names, for the commands that compile, explain or count them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options
from segdsl.cli.errors import CommandError
from segdsl.cli.options import (
    diagnostic_options,
    no_schema_option,
    segment_option,
    select_option,
    settings_option,
    target_option,
)
from segdsl.cli.reporting import OutputOptions, report_diagnostics, summary_of

if TYPE_CHECKING:
    from segdsl.diagnostics import Report
    from segdsl.workspace.check.load_checked import CheckedFiles

_Function = TypeVar("_Function", bound=Callable[..., Any])


class SegmentArguments:
    """Files and the segments in them, segments on the server, and how all of them are checked.

    `named` are segments on the server, by name, path or id.
    """

    def __init__(
        self,
        files: tuple[str, ...],
        settings: dict[str, str],
        select: tuple[str, ...],
        named: tuple[str, ...],
        target: str | None,
        no_schema: bool,
        output: OutputOptions,
    ) -> None:
        self.files = files
        self.settings = settings
        self.select = select
        self.named = named
        self.target = target
        self.no_schema = no_schema
        self.output = output

    def load(
        self,
        report: Report,
        *,
        segment_ids: bool = False,
        with_rest: bool = False,
        ask_server: bool = False,
    ) -> CheckedFiles:
        """The segments of the files, checked; see `load_checked`."""
        from segdsl.workspace.check.load_checked import load_checked

        return load_checked(
            self.files or None,
            self.settings,
            report,
            target=self.target,
            use_schema=not self.no_schema,
            allowed=self.output.allowed,
            segment_ids=segment_ids,
            select=self.select,
            with_rest=with_rest,
            ask_server=ask_server,
        )

    def report(self, report: Report, loaded: CheckedFiles, *, left_out: str | None = None) -> None:
        """Prints the diagnostics; standard output is left to the command's result.

        `left_out` is what a command says of items that are no segments, where it takes none.
        """
        notes = loaded.notes
        if left_out is not None and loaded.others.all and not loaded.is_empty:
            notes = [*notes, f"{left_out}: {loaded.others}"]
        report_diagnostics(
            report,
            loaded.sources,
            self.output,
            has_result=True,
            summary=summary_of(report, self.output, loaded.contradicted),
            notes=notes,
        )

    def require_segments(self, loaded: CheckedFiles) -> None:
        """Raises CommandError if no segment is selected, nor one on the server named."""
        if self.named or loaded.segments:
            return
        if loaded.others.all:
            where = "selected" if self.select else "in these files"
            raise CommandError(
                f"no segment {where}, only {loaded.others}; this command takes segments"
            )
        if not loaded.is_empty:
            return
        raise CommandError("no segment in these files, only definitions")


def segment_arguments(
    *, on_server: bool = True, connects: bool = True
) -> Callable[[_Function], _Function]:
    """Adds the FILE arguments and the options of `SegmentArguments`; the command takes `segments`.

    With `on_server` segments on the server can be named, too, and files are optional. With
    `connects` the command also takes `now`, and `with_target` can be called.
    """

    def add(function: _Function) -> _Function:
        @wraps(function)
        def command(
            files: tuple[str, ...],
            settings: dict[str, str],
            select: tuple[str, ...],
            target: str | None,
            no_schema: bool,
            form: str,
            allowed: tuple[str, ...],
            color: str,
            named: tuple[str, ...] = (),
            **others: Any,
        ) -> Any:
            if not files and not named:
                raise click.UsageError(
                    "give a FILE or a folder, or --segment NAME for a segment on the server"
                )
            output = OutputOptions(form, allowed, color)
            segments = SegmentArguments(files, settings, select, named, target, no_schema, output)
            return function(segments=segments, **others)

        decorated: Any = diagnostic_options(command)
        decorated = (connection_options if connects else target_option)(decorated)
        decorated = no_schema_option(decorated)
        if on_server:
            decorated = segment_option(decorated)
        decorated = settings_option(select_option(decorated))
        files = click.argument(
            "files",
            nargs=-1,
            required=not on_server,
            metavar="[FILE]..." if on_server else "FILE...",
            shell_complete=completer("sources"),
        )
        return files(decorated)  # type: ignore[no-any-return]

    return add
