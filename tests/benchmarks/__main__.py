"""`make bench`: measures every row in one go and prints the table.

docs/performance.md says how to read it.
Run as `python tests/benchmarks`, with the Python of an environment that has segdsl installed and
the peers of requirements.txt. Ends with 0 where every target is met, and with 1 otherwise.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

HERE = Path(__file__).parent
# The reference evaluators of the tests judge what is measured.
sys.path.append(str(HERE.parent))

import machine  # noqa: E402
import running_all  # noqa: E402
import table  # noqa: E402


@click.command("bench")
@click.option("--json", "record", metavar="FILE|-", help="Also write a record as JSON.")
@click.option("--only", metavar="WORD", help="Only the rows, or the group, with this word.")
@click.option("--scale", default=10.0, show_default=True, help="TPC-H scale for the engine.")
@click.option("--data", metavar="DIR", help="Keep what is generated there, for the next run.")
def main(record: str | None, only: str | None, scale: float, data: str | None) -> None:
    """Measure segdsl against its peers and its bounds."""

    def tell(line: str) -> None:
        click.echo(line, err=True)

    with tempfile.TemporaryDirectory(prefix="segdsl-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(data or made).resolve()
        outcomes = running_all.run(folder, scale, only, tell)
    if not outcomes:
        raise click.UsageError(f"no row has the word `{only}`")
    where = machine.this_machine()
    if record == "-":
        click.echo(table.record(outcomes, where), nl=False)
    elif record is not None:
        Path(record).write_text(table.record(outcomes, where), encoding="utf-8")
    table.show(outcomes, where, error=record == "-")
    sys.exit(not table.all_met(outcomes))


if __name__ == "__main__":
    main()
