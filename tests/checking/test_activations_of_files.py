"""What `segdsl check` says of activations across files, of secrets, and as time passes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from segdsl.diagnostics.render import render_text
from segdsl.workspace.check.cached_check import Checked, check
from segdsl.workspace.check.check_cache import MIN_FILES, Counts
from segdsl.workspace.check.inputs import input_files

NOW = datetime(2025, 4, 1, 12, tzinfo=UTC)
PROJECT = '[targets.local]\nkind = "local"\ndata = "data"\n'
SCHEMA = """\
[parent_segment]
id = "1"
name = "Shop"
timezone = "UTC"

[attributes]
email = "string"
age = "number"

[behaviors.purchases]
timestamp = "timestamp"
"""
SENT = """\
activation "Mail" of {target}
  to connection "s3"
  columns (email)
  behavior purchases last by timestamp desc columns (timestamp)
"""
FUNNEL = """\
funnel "Ladder"
stage "A" where age > 1
stage "B" where age > 2
stage "C" where has purchases
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "segdsl.toml").write_text(PROJECT)
    (tmp_path / "local.schema.toml").write_text(SCHEMA)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(*files: str, now: datetime = NOW, use_schema: bool = True) -> Checked:
    return check(input_files(files, None), {}, use_schema=use_schema, now=now)


def said(*files: str, now: datetime = NOW, use_schema: bool = True) -> list[str]:
    found = checked(*files, now=now, use_schema=use_schema).report.diagnostics
    return [f"{of.code.name} {of.message}" for of in found]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.seg").write_text(text)


def test_targets_and_templates_of_other_files(folder: Path) -> None:
    write(
        folder,
        segments='segment "Buyers" where has purchases\nsegment "Adults" where age > 20\n',
        funnel=FUNNEL,
        template='activation template "T"\n  to connection "s3"\n  columns (email)\n'
        "  state published\n  locked (connection)\n",
        one=SENT.format(target='segment "Buyers"'),
        two=SENT.format(target='segment "Adults"'),
        three=SENT.format(target='stage "C" of funnel "Ladder"'),
        four=SENT.format(target='stage "B" of funnel "Ladder"'),
        five='activation "X" of segment "Buyers"\n  from template "T"\n  to connection "s4"\n',
    )
    findings = {
        "two": "SEG242 the rule of the segment does not use the behavior `purchases`",
        "four": "SEG242 the rule of the stage does not use the behavior `purchases`",
        "five": 'SEG241 the template "T" locks the connection',
    }
    assert said() == [findings["five"], findings["four"], findings["two"]]
    # One file alone, beside the others of the project.
    for name in ("one", "two", "three", "four", "five"):
        assert said(f"{name}.seg") == ([findings[name]] if name in findings else [])
    assert said("one.seg", "two.seg") == [findings["two"]]


def test_what_no_file_has(folder: Path) -> None:
    write(
        folder,
        one=SENT.format(target='segment "Buyer"'),
        two='segment "Buyers" where has purchases\n',
        three=SENT.format(target='stage "D" of funnel "Ladder"'),
        four=FUNNEL,
    )
    assert said("one.seg") == ['SEG304 there is no segment "Buyer"']
    assert said("three.seg") == ['SEG510 there is no stage "D" of funnel "Ladder"']
    assert said("one.seg", use_schema=False) == []


def test_nothing_is_said_of_what_a_file_with_errors_may_define(folder: Path) -> None:
    write(folder, one=SENT.format(target='segment "Buyers"'), two='segment "Buyers" where age >\n')
    assert [each[:6] for each in said()] == ["SEG001"]
    write(folder, two='segment "Buyers" where nothing_is_named_so\n')
    assert [each[:6] for each in said()] == ["SEG101"]
    assert said("one.seg") == []
    write(folder, two='segment "Other" where age >\n')
    assert said("one.seg") == []


def test_names_that_two_files_use(folder: Path) -> None:
    template = 'activation template "T"\n  to connection "s3"\n  columns (email)\n'
    write(
        folder,
        a='segment "Buyers" where has purchases\n',
        b=SENT.format(target='segment "Buyers"') + FUNNEL + template,
        c=SENT.format(target='segment "Buyers" of folder "/"') + FUNNEL + template,
    )
    assert said() == [
        'SEG111 a funnel of another file is named "Ladder" too',
        'SEG111 an activation template of another file is named "T" too',
        'SEG111 another activation of this segment is named "Mail" too',
    ]


def test_stages_of_other_files_in_rules(folder: Path) -> None:
    write(
        folder,
        funnel=FUNNEL,
        good='segment "S" where in stage "A" of funnel "Ladder"\n',
        bad='segment "T" where in stage "Z" of funnel "Ladder"\n',
    )
    assert said() == ['SEG510 there is no stage "Z" of funnel "Ladder"']
    assert said("good.seg") == []
    assert said("bad.seg") == ['SEG510 there is no stage "Z" of funnel "Ladder"']
    # Nothing is said of stages with one name, nor of a stage named as a segment is.
    write(folder, bad='segment "A" where in stage "A" of funnel "Ladder" and age < 9\n')
    assert said() == []


ONCE = """\
activation "Mail" of segment #1
  to connection "s3"
  columns (email)
  once at 2025-04-01T13:00 in "UTC"
"""
PAST = "SEG621 this activation was to run once, at 2025-04-01T13:00:00, which is in the past"
AHEAD = "SEG622 this schedule starts at 2025-04-01T13:00:00, more than 6 months ahead"


def test_as_time_passes_a_cached_result_is_not_used_again(folder: Path) -> None:
    for number in range(MIN_FILES):
        write(folder, **{f"s{number}": f'segment "{number}" where age > {number}\n'})
    write(folder, mail=ONCE)
    cache = folder / ".segdsl" / "check"
    assert said(now=datetime(2024, 9, 1, tzinfo=UTC), use_schema=False) == [AHEAD]
    assert len([each for each in cache.iterdir() if each.name[0] != "."]) == 1
    assert said(now=datetime(2024, 9, 30, tzinfo=UTC), use_schema=False) == [AHEAD]
    assert said(now=datetime(2024, 10, 2, tzinfo=UTC), use_schema=False) == []
    assert said(use_schema=False) == []
    assert said(now=datetime(2025, 4, 1, 13, tzinfo=UTC), use_schema=False) == [PAST]
    # A clock that is set back.
    assert said(use_schema=False) == []


def test_an_allowed_warning_about_the_time_is_not_in_vain(folder: Path) -> None:
    write(folder, mail=f"# allow SEG621: it has run\n{ONCE}")
    for now in (NOW, datetime(2026, 1, 1, tzinfo=UTC)):
        assert said(now=now, use_schema=False) == []


def test_no_line_shows_a_secret(folder: Path) -> None:
    secret = "hunter2"
    write(
        folder,
        mail=f"""\
activation "Mail" of segment "Nobody"
  to connection "s3" with (password = "{secret}", key = "ghp_{"a1B2" * 9}") columns (emial)
""",
    )
    found = checked()
    assert [of.code.name for of in found.report.diagnostics] == [
        "SEG623", "SEG240", "SEG501", "SEG304",
    ]  # fmt: skip
    text = render_text(found.report.diagnostics, found.sources)
    assert secret not in text
    assert "ghp_" not in text
    assert "password = *********" in text


def test_how_many_there_are(folder: Path) -> None:
    write(folder, a=FUNNEL, b=ONCE)
    found = checked()
    assert (found.segments, found.others) == (0, Counts(funnels=1, activations=1))


def test_a_local_target_fixes_the_time(folder: Path) -> None:
    (folder / "mail.seg").write_text(
        'segment "Adults" where age > 1 and has purchases\n\n'
        + SENT.format(target='segment "Adults"')
        + '  once at 2024-12-01T10:00 in "UTC"\n'
    )
    with_now = f"{PROJECT}now = 2024-11-18T09:00:00+09:00\n"
    for config, codes in (
        (PROJECT, ["SEG621"]),
        (with_now, []),
        (with_now.replace("2024-11", "2024-12"), ["SEG621"]),
    ):
        (folder / "segdsl.toml").write_text(config)
        found = check(input_files((), None), {}).report.diagnostics
        assert [each.code.name for each in found if each.code.name == "SEG621"] == codes


def test_a_key_in_a_description_is_reported_where_it_stands(folder: Path) -> None:
    described = 'description "AKIA' + 'IOSFODNN7EXAMPLE"'
    text = f'activation "M" of segment #1\n  {described}\n  to connection "s3"\n  columns (age)\n'
    (folder / "x.seg").write_text(text)
    finding = next(
        each for each in checked("x.seg").report.diagnostics if each.code.name == "SEG240"
    )
    assert finding.span is not None
    assert text[finding.span.start : finding.span.end] == described


@pytest.mark.parametrize("rule", ["", 'segment "Other"\nwhere in stage "Z" of funnel "Ladder"\n'])
def test_an_unknown_stage_of_a_funnel_here_is_answered_with_those_there_are(
    folder: Path, rule: str
) -> None:
    (folder / "f.seg").write_text(FUNNEL)
    sent = SENT.format(target='stage "Z" of funnel "Ladder"')
    (folder / "x.seg").write_text(rule or sent)
    [only] = checked("f.seg", "x.seg").report.diagnostics
    assert only.code.name == "SEG510"
    assert only.help == 'its stages are "A", "B", "C"'


LADDER = """\
funnel "{name}"
stage "A" {a}
stage "B" {b}
stage "C" where age > 3
"""
IN = 'where in stage "{}" of funnel "{}"'
CYCLE = "SEG306 {}s refer to each other in a cycle: {}"


def ladder(name: str, a: str = "where age > 1", b: str = "where age > 2") -> str:
    return LADDER.format(name=name, a=a, b=b)


@pytest.mark.parametrize(
    ("files", "messages"),
    [
        ([ladder("L", "where everyone", IN.format("A", "L"))], []),
        (
            [ladder("L", IN.format("B", "L"), IN.format("A", "L"))],
            [CYCLE.format("stage", '"A" → "B" → "A"')],
        ),
        ([ladder("L", IN.format("A", "L"))], ['SEG306 the stage "A" refers to itself']),
        ([ladder("L", 'is segment "S"'), 'segment "S" where age > 1'], []),
        (
            [ladder("L", 'is segment "S"'), f'segment "S" {IN.format("C", "L")}'],
            [CYCLE.format("resource", 'segment "S" → funnel "L" → segment "S"')],
        ),
        (
            [ladder("L", IN.format("C", "M")), ladder("M", IN.format("C", "L"))],
            [CYCLE.format("funnel", '"L" → "M" → "L"')],
        ),
        ([ladder("L", IN.format("C", "M")), ladder("M")], []),
        (
            [
                'segment "S" where in segment "T"',
                f'segment "T" {IN.format("A", "L")}',
                ladder("L", b='where in segment "S"'),
            ],
            [CYCLE.format("resource", 'segment "S" → segment "T" → funnel "L" → segment "S"')],
        ),
    ],
)
def test_cycles_that_go_through_stages(folder: Path, files: list[str], messages: list[str]) -> None:
    names = [f"{number}.seg" for number in range(len(files))]
    for name, text in zip(names, files, strict=True):
        (folder / name).write_text(text)
    found = [each for each in said(*names) if each.startswith("SEG306")]
    assert found == messages
    assert [each for each in said(use_schema=False) if each.startswith("SEG306")] == messages


def test_a_cycle_by_ids_of_the_schema(folder: Path) -> None:
    known = '[funnels]\n4 = "L"\n\n[stages.4]\n41 = "A"\n42 = "B"\n'
    (folder / "local.schema.toml").write_text(SCHEMA + known)
    (folder / "x.seg").write_text(ladder("L", "where in stage #42", IN.format("A", "L")))
    assert [each for each in said("x.seg") if each.startswith("SEG306")] == [
        CYCLE.format("stage", '"A" → "B" → "A"')
    ]


@pytest.mark.parametrize(
    ("target", "text", "findings"),
    [
        ("segment #1", "{time yyyy} {segment name}", []),
        (
            "segment #1",
            "{time qq}",
            ["SEG626 the time format `qq` has the letter `q`, which is not supported"],
        ),
        (
            "segment #1",
            "{time 'T} {stage name} {funnel name}{stage name}",
            [
                "SEG626 the time format `'T` has an apostrophe without its pair",
                "SEG627 `{funnel name}` has no value in an activation of a segment",
                "SEG627 `{stage name}` has no value in an activation of a segment",
            ],
        ),
        ("stage #1", "{stage name} {funnel name}", []),
    ],
)
def test_texts_that_no_run_fills_in(
    folder: Path, target: str, text: str, findings: list[str]
) -> None:
    item = f'"{text}" as list'
    for columns in (
        f"({item})",
        "(email)\n  behavior purchases last by timestamp desc columns (x)",
    ):
        sent = f'activation "Mail" of {target}\n  to connection "s3"\n  columns {columns}\n'
        (folder / "x.seg").write_text(sent.replace("(x)", f"(timestamp, {item})"))
        assert sorted(said("x.seg", use_schema=False)) == findings


ONE_TABLE = """\
activation "Mail" of segment #1
  to connection "s3"
  columns (email, age as x_2, Total)
  {behaviors}
"""
SHARED = "SEG231 another column is exported as `{}` too"


@pytest.mark.parametrize(
    ("behaviors", "findings"),
    [
        ("behavior a all by t asc columns (t, email as mail)", []),
        ("behavior a all by t asc columns (t, email)", [SHARED.format("email")]),
        ("behavior a last by t asc as cols columns (t, email)", [SHARED.format("email")]),
        ("behavior a top 3 by t asc as cols columns (t, email)", []),
        ("behavior a top 2 by t asc as cols columns (t, x)", [SHARED.format("x_2")]),
        ("behavior a top 1 by t asc as cols columns (t, x)", []),
        (
            "behavior a all by t asc columns (t)\n  behavior b first by t asc columns (t)",
            [SHARED.format("t")],
        ),
        (
            "behavior a top 2 by t asc as cols columns (t)\n"
            "  behavior b top 2 by t asc as cols columns (t)",
            [SHARED.format("t_1")],
        ),
        (
            "behavior a top 2 by t asc as cols columns (t)\n"
            "  behavior b top 2 by t asc as rows columns (t, s as t_2, s as t_3)",
            [SHARED.format("t_2")],
        ),
        (
            "behavior a all by t asc columns (t, total)",
            ["SEG625 the export names `Total` and `total` differ only in case"],
        ),
    ],
)
def test_names_that_profiles_and_behaviors_share(
    folder: Path, behaviors: str, findings: list[str]
) -> None:
    (folder / "x.seg").write_text(ONE_TABLE.format(behaviors=behaviors))
    assert said("x.seg", use_schema=False) == findings
    template = ONE_TABLE.format(behaviors="by hand").replace(
        'activation "Mail" of segment #1', 'activation template "T"'
    )
    (folder / "t.seg").write_text(template)
    (folder / "x.seg").write_text(
        'activation "Mail" of segment #1\n  from template "T"\n  to connection "s3"\n'
        f"  {behaviors}\n"
    )
    assert said("x.seg", "t.seg", use_schema=False) == findings


def test_names_of_behaviors_beside_all_attributes(folder: Path) -> None:
    sent = """\
activation "Mail" of segment "S"
  to connection #1
  columns all and (cdp_customer_id as id, cdp_customer_id)
  behavior purchases last by timestamp asc columns (timestamp, timestamp as age)

segment "S" where has purchases
"""
    (folder / "x.seg").write_text(sent)
    assert [each for each in said("x.seg") if "SEG511" not in each] == [
        "SEG231 `columns all` exports `age` too"
    ]


@pytest.mark.parametrize(
    ("target", "columns", "findings"),
    [
        (
            "segment #1",
            "",
            ["SEG627 `{stage name}` of the template has no value in an activation of a segment"],
        ),
        ("segment #1", "columns (email)", []),
        ("stage #1", "", []),
    ],
)
def test_placeholders_of_a_template(
    folder: Path, target: str, columns: str, findings: list[str]
) -> None:
    (folder / "t.seg").write_text(
        'activation template "T"\n  to connection "s3"\n  columns ("{stage name}" as list)\n'
    )
    (folder / "x.seg").write_text(
        f'activation "Mail" of {target}\n  from template "T"\n  to connection "s3"\n  {columns}\n'
    )
    assert said("x.seg", "t.seg", use_schema=False) == findings
