"""Journeys and predictive segments across files: what only all files show, and the cache."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segdsl.workspace.check import check_processes
from segdsl.workspace.check.cached_check import Checked, check
from segdsl.workspace.check.check_cache import MIN_FILES, Counts
from segdsl.workspace.check.check_runner import Basis, CheckedPart, check_part
from segdsl.workspace.check.inputs import input_files

NOW = datetime(2025, 4, 1, 12, tzinfo=UTC)
PROJECT = '[targets.local]\nkind = "local"\ndata = "data"\n'
SCHEMA = """\
[parent_segment]
id = "1"
name = "Shop"
timezone = "UTC"

[attributes]
age = "number"
email = "string"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "segdsl.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(*files: str, now: datetime = NOW) -> Checked:
    return check(input_files(files, None), {}, now=now)


def said(*files: str, now: datetime = NOW) -> list[str]:
    return [f"{of.code.name} {of.message}" for of in checked(*files, now=now).report.diagnostics]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.seg").write_text(text)


def journey(name: str, steps: str, more: str = "") -> str:
    return f'journey "{name}" {more} stage "S" enter "E" where age > 3 steps ({steps})\n'


def activation(name: str, journey: str) -> str:
    return (
        f'activation "{name}" of journey "{journey}" to connection "c" columns (email) '
        "after journey refresh\n"
    )


def test_activations_in_other_files(folder: Path) -> None:
    write(
        folder,
        one=journey("J", 'activate "A", wait 1 day, activate "B", wait 1 day'),
        two=activation("A", "J"),
        three=activation("C", "J"),
        four=activation("A", "K"),
    )
    findings = {
        "one": ['SEG250 the journey "J" has no activation "B"'],
        "two": [],
        "three": ['SEG634 no step of the journey "J" activates "C"'],
        "four": ['SEG251 there is no journey "K"'],
    }
    assert sorted(said()) == sorted(of for each in findings.values() for of in each)
    for name, messages in findings.items():
        assert said(f"{name}.seg") == messages, name


def test_without_a_project_other_files_may_have_it(folder: Path) -> None:
    (folder / "segdsl.toml").unlink()
    write(folder, one=journey("J", 'activate "A", wait 1 day'), two=activation("A", "K"))
    assert said("one.seg", "two.seg") == []
    write(folder, two=activation("B", "J"))
    assert said("one.seg", "two.seg") == ['SEG634 no step of the journey "J" activates "B"']


def test_what_a_file_with_errors_defines_is_not_known(folder: Path) -> None:
    write(
        folder,
        one='journey "J" stage "S" enter "E" where unknown_let(1) steps (wait 1 day)\n',
        two=activation("A", "J"),
        three=journey("K", 'wait 1 day, jump to stage "S" of journey "J"'),
    )
    assert [of.split()[0] for of in said()] == ["SEG101"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ('stage "S" of journey "K"', None),
        ('stage "T" of journey "K"', 'SEG251 the journey "K" has no stage "T"'),
        ('stage "S" of journey "L"', 'SEG251 there is no journey "L"'),
        ("stage #1 of journey #2", None),
        ("stage #1", None),
        (
            'stage "S" of journey "J"',
            'SEG635 this step jumps to the stage that it is in, "S"',
        ),
        ('stage "S" of journey "M"', 'SEG305 2 journeys are named "M"'),
    ],
)
def test_jumps(folder: Path, target: str, message: str | None) -> None:
    write(
        folder,
        one=journey("J", f"wait 1 day, jump to {target}"),
        two=journey("K", "wait 1 day"),
        three=journey("M", "wait 1 day", 'folder "A"') + journey("M", "wait 1 day", 'folder "B"'),
    )
    assert said() == ([] if message is None else [message])
    assert said("one.seg") == said()


CYCLE = "SEG636 profiles jump in a cycle without a wait: "


@pytest.mark.parametrize(
    ("first", "second", "third", "cycle"),
    [
        ("", "", "", True),
        ("wait 1 day, ", "", "", False),
        ("", "", "wait until Monday, ", False),
        ('activate "A", ', "", "", True),
        # A way on without a wait is one, whatever stands on the others.
        ('split "T" (50% "a" then (wait 1 day), 50% "b" then ()), ', "", "", True),
        ('split "T" (50% "a" then (wait 1 day), 50% "b" then (end)), ', "", "", False),
        ('wait for "W" where age > 30 then (), ', "", "", False),
        ('decide "D" (when "w" where age > 9 then (), otherwise "o" then (end)), ', "", "", True),
    ],
)
def test_cycles(folder: Path, first: str, second: str, third: str, cycle: bool) -> None:
    jump = 'jump to stage "S" of journey'
    write(
        folder,
        one=journey("J", f'{first}{jump} "K"'),
        two=journey("K", f'{second}{jump} "L"'),
        three=journey("L", f'{third}{jump} "J"'),
    )
    found = [of for of in said() if "SEG636" in of]
    assert len(found) == cycle
    for each in found:
        start, *_, end = shown = each.removeprefix(CYCLE).split(" → ")
        assert start == end
        assert sorted(shown[1:]) == ['"S" of "J"', '"S" of "K"', '"S" of "L"']
    for name in ("one", "two", "three"):
        assert len([of for of in said(f"{name}.seg") if "SEG636" in of]) == cycle


def test_names_in_two_files(folder: Path) -> None:
    model = 'predictive segment "P" predicts segment #1 features guessed\n'
    write(folder, one=journey("J", "wait 1 day") + model, two=journey("J", "wait 1 day") + model)
    assert sorted(said()) == [
        'SEG111 a journey of another file is named "J" too',
        'SEG111 a predictive segment of another file is named "P" too',
    ]


def test_rules_are_checked_with_the_schema(folder: Path) -> None:
    (folder / "local.schema.toml").write_text(SCHEMA)
    write(
        folder,
        one='journey "J" goal "G" where ag > 3 stage "S" enter "E" where email > 3 '
        'exit "X" where in segment "Gone" steps (wait for "W" where colour = 1 then (), '
        'decide "D" (when "a" where age = "x" then (), otherwise "o" then ()), wait 1 day)\n',
    )
    found = checked().report.diagnostics
    text = (folder / "one.seg").read_text()
    places = {(of.code.name, text[of.span.start : of.span.end]) for of in found if of.span}
    assert places == {
        ("SEG501", "ag > 3"),
        ("SEG507", "email > 3"),
        ("SEG304", 'in segment "Gone"'),
        ("SEG501", "colour = 1"),
        ("SEG507", 'age = "x"'),
    }


def test_lints_of_rules(folder: Path) -> None:
    write(folder, one=journey("J", 'wait for "W" where age > 5 and age < 3 then ()'))
    assert [of.split()[0] for of in said()] == ["SEG604"]


@pytest.mark.parametrize(
    ("now", "codes"),
    [
        (datetime(2025, 6, 1, 23, tzinfo=UTC), []),
        (datetime(2025, 6, 2, 11, tzinfo=UTC), []),  # it is 1 June in the last zone
        (datetime(2025, 6, 2, 12, tzinfo=UTC), ["SEG633"]),
    ],
)
def test_waits_in_the_past(folder: Path, now: datetime, codes: list[str]) -> None:
    write(folder, one=journey("J", "wait until 2025-06-01, wait 1 day"))
    assert [of.split()[0] for of in said(now=now)] == codes


def test_a_local_target_fixes_the_time(folder: Path) -> None:
    (folder / "segdsl.toml").write_text(PROJECT + "now = 2020-01-01T00:00:00Z\n")
    write(folder, one=journey("J", 'wait until 2020-06-01 in "UTC", wait 1 day'))
    assert check(input_files((), None), {}).report.diagnostics == []
    (folder / "segdsl.toml").write_text(PROJECT + "now = 2021-01-01T00:00:00Z\n")
    found = check(input_files((), None), {}).report.diagnostics
    assert [of.code.name for of in found] == ["SEG633"]


def many(folder: Path) -> None:
    """Files enough for the cache, whose findings need all of them."""
    write(
        folder,
        journey=journey("J", 'activate "A", wait 1 day, jump to stage "T" of journey "K"'),
        other=journey("K", 'wait until 2025-06-01 in "UTC", wait 1 day'),
        activation=activation("B", "J"),
        model='predictive segment "P" predicts segment "Churned" features (number visits)\n',
        churned='segment "Churned" where in segment "Idle" and age > 3\n',
        idle='segment "Idle" where visits < 3\n',
    )
    for number in range(MIN_FILES):
        write(folder, **{f"s{number}": f'segment "S{number}" where age > {number}\n'})


FINDINGS = [
    'SEG250 the journey "J" has no activation "A"',
    'SEG251 the journey "K" has no stage "T"',
    'SEG634 no step of the journey "J" activates "B"',
    'SEG640 the segment "Idle", which "Churned" refers to, tests `visits`',
]


def test_a_cached_check_says_the_same(folder: Path) -> None:
    many(folder)
    assert sorted(said()) == FINDINGS
    assert list((folder / ".segdsl" / "check").glob("[0-9a-f]*"))
    again = checked()
    assert sorted(f"{of.code.name} {of.message}" for of in again.report.diagnostics) == FINDINGS
    assert again.others == Counts(activations=1, predictive_segments=1, journeys=2)
    # A file that another one refers to changes.
    write(folder, idle='segment "Idle" where age < 3\n')
    assert sorted(said()) == FINDINGS[:3]
    write(folder, other=journey("K", 'wait until 2025-06-01 in "UTC", wait 1 day'))
    # The result holds until something else is said of the wait.
    assert "SEG633" in " ".join(said(now=datetime(2025, 7, 1, tzinfo=UTC)))
    assert sorted(said()) == FINDINGS[:3]


def test_several_processes_say_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(folder)

    def parts(files: Sequence[str], basis: Basis) -> list[CheckedPart]:
        """What three processes would send back."""
        shares = [files[number::3] for number in range(3)]
        return [pickle.loads(pickle.dumps(check_part(share, basis))) for share in shares]

    monkeypatch.setattr(check_processes, "check_in_processes", parts)
    found = check(input_files((), None), {}, now=NOW, keep=False).report.diagnostics
    assert sorted(f"{of.code.name} {of.message}" for of in found) == FINDINGS


def test_the_predicted_segment_may_be_in_a_file_that_is_not_checked(folder: Path) -> None:
    many(folder)
    assert said("model.seg") == FINDINGS[3:]


ON_SERVER = """
[journeys]
12 = "Lifecycle/VIP"
13 = "Twice"
14 = "A/Twice"

[journey_stages.12]
31 = "Loyal"
"""


@pytest.mark.parametrize(
    ("target", "messages"),
    [
        ('stage "Loyal" of journey "VIP"', []),
        ('stage "Loayl" of journey "VIP"', ['SEG251 the journey "VIP" has no stage "Loayl"']),
        ('stage "Loyal" of journey "VIPs"', ['SEG251 there is no journey "VIPs"']),
        ('stage "Loyal" of journey "Twice"', ['SEG305 2 journeys are named "Twice"']),
        # An older version has other ids, which the schema does not keep.
        ("stage #1 of journey #2", []),
    ],
)
def test_what_the_schema_has_is_known(folder: Path, target: str, messages: list[str]) -> None:
    (folder / "local.schema.toml").write_text(SCHEMA + ON_SERVER)
    write(folder, one=journey("J", f"wait 1 day, jump to {target}"), two=activation("A", "VIP"))
    assert [each for each in said() if "SEG25" in each or "SEG305" in each] == messages
    helps = [of.help for of in checked().report.diagnostics if '"VIPs"' in of.message]
    assert helps == ["did you mean `VIP`?"] * len(helps)


def test_an_older_schema_knows_nothing_of_journeys(folder: Path) -> None:
    (folder / "local.schema.toml").write_text(SCHEMA)
    write(folder, two=activation("A", "VIP"))
    assert said() == ['SEG251 there is no journey "VIP"']
    assert "name one of the server by its id" in (checked().report.diagnostics[0].help or "")
