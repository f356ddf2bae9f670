"""Activations in the vendor tool's YAML, side by side with their source."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from running import segdsl
from segdsl.diagnostics import Report
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.source import Source
from segdsl.workspace.tdx import ImportedSegment, read_file

pytest.importorskip("yaml")

HEAD = "name: Japan\nrule: {type: include, segment: Asia}\nactivations:\n"
LEAST = "name: mail, connection: s3, columns: [email]"


def read(activation: str) -> tuple[str, Report]:
    """The source of the activations, one in YAML's flow style or in lines, and the report."""
    report = Report()
    item = indent(dedent(activation), "    ").lstrip()
    imported = read_file(Source("x.yml", f"{HEAD}  - {item}\n"), report)
    if imported is None:
        return "", report
    assert isinstance(imported, ImportedSegment)
    text = format_file(t.File(imported.activations))
    assert format_file(parse(Source("x.seg", text), report)) == text
    return text, report


def clauses(more: str) -> str:
    """The clauses that are written for a small activation with more keys, in one line."""
    text, report = read(f"{{{LEAST}, {more}}}")
    assert report.diagnostics == []
    _, _, rest = text.partition("columns (email)")
    return " ".join(rest.split()).removesuffix(" with ()")


def refused(activation: str) -> str:
    """What is reported of a faulty activation: the message and the help."""
    text, report = read(activation)
    assert text == ""
    [diagnostic] = report.diagnostics
    assert diagnostic.code.name == "SEG702"
    assert diagnostic.span is not None
    return f"{diagnostic.message}: {diagnostic.help}"


def test_all_of_an_activation() -> None:
    text, report = read(
        """\
        name: Contact sync
        description: Every other week
        connection: salesforce-marketing
        columns: [email, {name: ltv, visibility: clear}]
        schedule:
          type: weekly
          repeat_unit: week
          repeat_frequency: 2
          repeat_sub_frequency: [1, 3]
          start_at: "2025-04-01T09:00:00Z"
          end_on: "2025-12-31"
          timezone: America/Los_Angeles
        connector_config: {de_name: ContactSync, retries: 3, off: null, keys: [id, true]}
        notification: {notify_on: [onFailure, onSuccess], email_recipients: [team@example.com]}
        behaviors:
          - behavior_table: behavior_purchases
            join_strategy: Top-N
            join_row: 10
            formatting: cols
            order_by: [{key: timestamp, order: descending}]
            columns: [timestamp, product_name]
        """
    )
    assert report.diagnostics == []
    assert text == dedent(
        """\
        activation "Contact sync" of segment "Japan"
          description "Every other week"
          to connection "salesforce-marketing"
          columns (
            email,
            ltv,
          )
          behavior purchases top 10 by timestamp desc as cols
            columns (
              timestamp,
              product_name,
            )
          every 2 weeks on Monday, Wednesday starting 2025-04-01T09:00 in "America/Los_Angeles" \
until 2025-12-31
          with (
            de_name = "ContactSync",
            retries = 3,
            off = null,
            keys = ["id", true],
          )
          notify "team@example.com" on success, failure
        """
    )


@pytest.mark.parametrize(
    ("schedule", "source"),
    [
        ("{type: none}", "by hand"),
        ("{type: none, repeat_unit: none}", "by hand"),
        ("{type: hourly}", "every hour"),
        ("{type: daily, timezone: Asia/Tokyo}", 'every day in "Asia/Tokyo"'),
        ("{type: monthly}", "every month"),
        ("{repeat_unit: minute, repeat_frequency: 15}", "every 15 minutes"),
        ("{type: weekly, repeat_sub_frequency: [0]}", "every week on Sunday"),
        ("{type: weekly, repeat_sub_frequency: [6, 1]}", "every week on Monday, Saturday"),
        ("{type: weekly, repeat_sub_frequency: [Friday]}", "every week on Friday"),
        ('{type: cron, cron: "0 */6 * * *"}', 'cron "0 */6 * * *"'),
        (
            '{repeat_unit: once, start_at: "2025-04-01T09:00:00.000Z", timezone: UTC}',
            'once at 2025-04-01T09:00 in "UTC"',
        ),
        ('{type: daily, start_at: "2025-04-01T09:00"}', "every day starting 2025-04-01T09:00"),
    ],
)
def test_schedules(schedule: str, source: str) -> None:
    assert clauses(f"schedule: {schedule}") == source


def test_without_a_schedule_it_runs_by_hand() -> None:
    assert clauses("description: x") == "by hand"


def test_all_columns() -> None:
    text, _ = read("{name: mail, connection: s3, all_columns: true}")
    assert "  columns all\n" in text


def test_the_older_key_for_one_behavior() -> None:
    order = "order_by: [{key: seen, order: desc}], columns: [seen]"
    source = "behavior views last by seen desc as rows columns (seen) by hand"
    assert clauses(f"behavior: {{behavior_table: views, join_strategy: Last, {order}}}") == source


BEHAVIOR = "behavior_table: views, order_by: [{key: seen}], columns: [seen]"


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        ("{connection: s3, columns: [email]}", "needs `name`"),
        ("{name: mail, columns: [email]}", "needs `connection`"),
        ("{name: mail, connection: s3}", "needs `columns`"),
        ("{name: mail, connection: s3, columns: []}", "`columns` is empty"),
        ("{name: mail, connection: s3, columns: [email], all_columns: true}", "exclude each other"),
        ("{name: ' ', connection: s3, columns: [email]}", "blank"),
        (f"{{{LEAST}, colums: [x]}}", "no `colums`"),
        # What the file keeps back is never sent in clear.
        ("{name: a, connection: s3, columns: [{name: ssn, visibility: masked}]}", "masked column"),
        (f"{{{LEAST}, run_after_journey_refresh: true}}", "only an activation of a journey"),
        (f"{{{LEAST}, schedule: {{}}}}", "needs `type`"),
        (f"{{{LEAST}, schedule: {{type: yearly}}}}", "the type of a schedule"),
        (f"{{{LEAST}, schedule: {{type: daily, repeat_unit: week}}}}", "contradicts"),
        (f"{{{LEAST}, schedule: {{type: weekly, repeat_sub_frequency: [7]}}}}", "0 is Sunday"),
        (f"{{{LEAST}, schedule: {{type: monthly, repeat_sub_frequency: [15]}}}}", "no days"),
        (f"{{{LEAST}, schedule: {{type: none, start_at: x}}}}", "has no `start_at`"),
        (f"{{{LEAST}, schedule: {{type: daily, cron: '* * * * *'}}}}", "`type: cron`"),
        (f"{{{LEAST}, schedule: {{repeat_unit: once}}}}", "needs `start_at`"),
        (f"{{{LEAST}, schedule: {{type: daily, repeat_frequency: 0}}}}", "from 1"),
        (
            f"{{{LEAST}, schedule: {{type: daily, start_at: '2025-04-01T09:00:00+09:00'}}}}",
            "not a local time",
        ),
        (f"{{{LEAST}, schedule: {{type: daily, end_on: soon}}}}", "not a date"),
        (f"{{{LEAST}, notification: {{notify_on: [onSuccess]}}}}", "needs `email_recipients`"),
        (f"{{{LEAST}, notification: {{notify_on: [], email_recipients: [a]}}}}", "outcomes"),
        (f"{{{LEAST}, connector_config: [x]}}", "keys and values"),
        (f"{{{LEAST}, behavior: {{{BEHAVIOR}}}, behaviors: []}}", "exclude each other"),
        (f"{{{LEAST}, behaviors: [{', '.join([f'{{{BEHAVIOR}}}'] * 5)}]}}", "at most 4"),
        (f"{{{LEAST}, behaviors: [{{{BEHAVIOR}, join_strategy: Top-N}}]}}", "needs `join_row`"),
        (f"{{{LEAST}, behaviors: [{{behavior_table: views, columns: [seen]}}]}}", "`order_by`"),
    ],
)
def test_what_is_refused(activation: str, words: str) -> None:
    assert words in refused(activation)


def test_two_activations_of_one_name() -> None:
    report = Report()
    text = f"{HEAD}  - {{{LEAST}}}\n  - {{{LEAST}}}\n"
    assert read_file(Source("x.yml", text), report) is None
    assert "named `mail` too" in report.diagnostics[0].message


def test_they_are_written_behind_their_segment(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "japan.yml").write_text(f"{HEAD}  - {{{LEAST}}}\n")
    (tmp_path / "tdx.json").write_text("{}")
    result = segdsl("import", str(tmp_path), "--to", str(tmp_path / "out"))
    assert result.exit_code == 0, result.stderr
    for folder in ("a", "b"):
        text = (tmp_path / "out" / folder / "japan.seg").read_text()
        # Both segments are named Japan, so that the folder says which is meant.
        assert f'activation "mail" of segment "Japan" of folder "{folder}"' in text
        assert text.startswith('segment "Japan"')


def test_a_secret_is_left_out_and_not_shown() -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    text, report = read(
        f"""\
        name: Sync
        connection: s3
        all_columns: true
        connector_config:
          bucket: exports
          password: hunter2
          keys: [id, {key}]
          auth: {{token: {{value: hunter2, type: bearer}}, user: kim}}
        """
    )
    assert [(each.code.name, each.message) for each in report.diagnostics] == [
        ("SEG703", f"the setting `{name}` looks like a secret, and is left out")
        for name in ("password", "keys", "auth.token.value")
    ]
    assert text is not None
    assert "hunter2" not in text
    assert key not in text
    for kept in ('bucket = "exports"', 'type = "bearer"', 'user = "kim"'):
        assert kept in text
