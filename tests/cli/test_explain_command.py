"""`segdsl explain`: which words it prints is tested elsewhere; here, that and when it does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import WRONG, segdsl

TWO = 'segment "A" where country = "JP"\nsegment "B" where in segment "A"\n'


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_segments_are_explained_in_order_with_a_line_between() -> None:
    Path("a.seg").write_text(TWO)
    result = segdsl("explain", "a.seg")
    assert (result.exit_code, result.stderr) == (0, "")
    first, second = result.stdout.split('\n\nSegment "B"\n')
    assert first.startswith('Segment "A"\n')
    assert 'country is "JP"' in first
    assert '"A"' in second


def test_the_tree_shows_the_rule_sets() -> None:
    result = segdsl("explain", "--tree", "-", input=TWO)
    assert result.exit_code == 0
    assert result.stdout == snapshot("""\
Segment "A"
And
└─ Rule set 1 (And)
   └─ country Equal "JP"

Segment "B"
And
└─ Rule set 1 (And)
   └─ Reference "A"
""")


def test_lines_of_the_tree_are_not_clipped_away_from_a_terminal() -> None:
    long = "x" * 500
    result = segdsl("explain", "--tree", "-", input=f'segment "A" where name = "{long}"')
    assert long in result.stdout


def test_params_are_set_from_the_command_line() -> None:
    text = 'param n: number = 3\nsegment "A" where count(visits) > n'
    assert "99" in segdsl("explain", "--set", "n=99", "-", input=text).stdout
    assert segdsl("explain", "--set", "m=99", "-", input=text).exit_code == 1


def test_nothing_is_explained_when_anything_is_wrong() -> None:
    Path("a.seg").write_text(TWO)
    Path("b.seg").write_text(WRONG)
    result = segdsl("explain", "a.seg", "b.seg")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[SEG001]" in result.stderr


BESIDE = """\
funnel "Ladder"
stage "A" where age > 1
stage "B" where age > 2
stage "C"

activation "Mail" of stage "B" of funnel "Ladder"
  from template "Weekly"
  to connection "s3"
  every day

activation template "Weekly"
  to connection "s3"
  columns all
"""


def test_funnels_templates_and_activations_are_explained_after_the_segments() -> None:
    result = segdsl("explain", "-", input=BESIDE + TWO)
    assert (result.exit_code, result.stderr) == (0, "")
    titles = [each.partition("\n")[0] for each in result.stdout.split("\n\n") if ' "' in each[:25]]
    assert [each for each in titles if not each.startswith(("A profile", "Exports", "Its"))] == [
        'Segment "A"',
        'Segment "B"',
        'Funnel "Ladder"',
        'Activation template "Weekly"',
        'Activation "Mail"',
    ]


def test_files_with_funnels_alone_are_explained() -> None:
    assert segdsl("explain", "-", input=BESIDE).exit_code == 0


def test_the_tree_shows_the_rules_of_stages() -> None:
    result = segdsl("explain", "--tree", "-", input=BESIDE)
    assert result.stdout == snapshot("""\
Stage "A" of funnel "Ladder"
And
└─ Rule set 1 (And)
   └─ age Greater 1

Stage "B" of funnel "Ladder"
And
└─ Rule set 1 (And)
   └─ age Greater 2
""")


def test_the_document_has_the_others() -> None:
    document = json.loads(segdsl("explain", "--format", "json", "-", input=BESIDE).stdout)
    assert document["segments"] == []
    assert [(each["kind"], each["name"], each["file"]) for each in document["others"]] == [
        ("funnel", "Ladder", "<stdin>"),
        ("activation template", "Weekly", "<stdin>"),
        ("activation", "Mail", "<stdin>"),
    ]
    funnel = document["others"][0]
    assert [each["text"] for each in funnel["sentences"]] == [
        '"A": a profile is in this stage when this holds:',
        '"B": a profile is in this stage when this holds:',
        '"C": it has no rule yet.',
    ]


def test_of_what_has_errors_nothing_is_explained() -> None:
    result = segdsl("explain", "-", input=BESIDE.replace("  columns all\n", ""))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "SEG236" in result.stderr


SENT = (
    TWO
    + """
activation "Mail" of segment "A"
  to connection "crm"
  columns (email)
"""
)
CONNECTIONS = """\
[parent_segment]
id = "1"
name = "Shop"
timezone = "UTC"

[attributes]
country = "string"
email = "string"

[connections]
4021 = "crm"
"""


def test_a_connection_is_explained_by_the_name_in_the_file() -> None:
    Path("segdsl.toml").write_text('[targets.local]\nkind = "local"\ndata = "data"\n')
    Path("local.schema.toml").write_text(CONNECTIONS)
    Path("a.seg").write_text(SENT)
    shown = segdsl("explain", "--select", "Mail", "a.seg")
    assert shown.exit_code == 0, shown.stderr
    assert 'to the connection "crm"' in shown.stdout


@pytest.mark.parametrize(
    "command", [("explain", "--tree"), ("compile", "--rule"), ("sql",)], ids=lambda each: each[0]
)
def test_what_is_only_for_segments_says_so_of_others(command: tuple[str, ...]) -> None:
    Path("a.seg").write_text(SENT)
    done = segdsl(*command, "--select", "Mail", "a.seg")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no segment selected, only 1 activation; this command takes segments" in done.stderr


def test_a_name_that_nothing_has_lists_all_names() -> None:
    Path("a.seg").write_text(SENT)
    done = segdsl("explain", "--select", "Zebra", "a.seg")
    assert done.exit_code == 2
    assert "nothing in these files is named `Zebra`; the names are: A, B, Mail" in done.stderr


def test_what_is_skipped_is_called_what_it_is() -> None:
    Path("a.seg").write_text(SENT.replace('country = "JP"', "count(visits) is null"))
    done = segdsl("explain", "a.seg")
    assert done.exit_code == 1
    assert "skipped: the activation “Mail”, as it refers to “A”" in done.stderr
