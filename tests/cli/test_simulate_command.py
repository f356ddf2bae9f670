"""`segdsl simulate`, from files and tables to what is printed."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from running import segdsl
from segdsl.engine import Data
from segdsl.language.condition.tree import Segment
from segdsl.simulation.clock import Evaluation
from segdsl.simulation.over_data import RulesOverData
from segdsl.workspace import simulating
from terminal import on_terminal

JST = 9 * 3_600
DAY = 86_400
START = 1_759_276_800 - JST  # 2025-10-01T00:00:00+09:00
WELCOME = """\
journey "Welcome"
  reentry never
  goal "Bought" where has purchases

stage "First week"
  enter "New" where signup within past 7 days
  milestone "Engaged" where has mails where event = "open"
  exit "Abroad" where country = "FR"
  steps (
    activate "Welcome mail",
    wait 3 days,
    split "Tone" by email (
      50% "Casual" then (activate "Casual mail", wait 1 day),
      50% "Control" control then (),
    ),
    decide "Opened?" (
      when "Opened" where has mails where event = "open" then (activate "Follow-up"),
      otherwise "Not opened" then (activate "Reminder"),
    ),
    end,
  )

stage "Habit"
  enter "Engaged" where has mails where event = "open"
  steps (
    wait 2 days,
    jump to stage "Loyal" of journey "VIP",
  )
"""
VIP = """\
journey "VIP"

stage "Loyal"
  enter "Big" is segment "Big"
  steps (activate "VIP mail", end)
"""
BIG = 'segment "Big"\n\nwhere\n  has purchases where amount > 80\n'


def at(day: float) -> int:
    """The middle of a day of October 2025 in Tokyo, for a whole number."""
    return int(START + (day - 0.5) * DAY)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    customers, mails, purchases = ["cdp_customer_id,country,signup,email"], [], []
    for number in range(1, 9):
        id = f"c{number:02}"
        customers.append(f"{id},{'JP' if number % 4 else 'FR'},{at(number)},{id}@x.jp")
        if number % 2:
            mails.append(f"{id},{at(number + 2)},open")
        if number % 4 == 1:
            purchases.append(f"{id},{at(number + 4)},{number * 10}")
    files = {
        "segdsl.toml": 'allow = ["SEG250", "SEG629"]\n\n[targets.local]\nkind = "local"\ndata = "data"\n\n'
        '[targets.far]\nkind = "treasuredata"\nregion = "us01"\nparent_segment = 1\n',
        "data/parent_segment.toml": 'name = "Tiny shop"\ntimezone = "Asia/Tokyo"\n\n'
        '[types.customers]\nsignup = "timestamp"\n',
        "data/customers.csv": "\n".join(customers) + "\n",
        "data/behavior_mails.csv": "\n".join(["cdp_customer_id,timestamp,event", *mails]) + "\n",
        "data/behavior_purchases.csv": "\n".join(["cdp_customer_id,timestamp,amount", *purchases])
        + "\n",
        "journeys/welcome.seg": WELCOME,
        "journeys/vip.seg": VIP,
        "segments/big.seg": BIG,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


ARGUMENTS = ("simulate", "Welcome", "--from", "2025-10-01", "--days", "12", "--no-schema")
SHOWN = """\
Welcome: 2025-10-01 to 2025-10-12, 8 profiles in “Tiny shop”

Date       In Entered Left Goal Sent First week Habit
2025-10-01  0       0    0    0    0          0     0
2025-10-02  1       1    0    0    1          1     0
2025-10-03  2       1    0    0    1          2     0
2025-10-04  3       1    0    0    1          2     1
2025-10-05  3       0    0    0    0          2     1
2025-10-06  3       1    1    1    2          2     1
2025-10-07  4       1    0    0    2          3     1
2025-10-08  4       1    1    0    1          3     1
2025-10-09  4       0    0    0    0          3     1
2025-10-10  3       0    1    1    1          2     1
2025-10-11  3       0    0    0    0          2     1
2025-10-12  2       0    1    0    0          2     0

Step                                      Came  Here   Share
First week                                   6     2  100.0%
  activate "Welcome mail"                    6     0
  wait 3 days                                6     0
  split "Tone"                               2     0
    "Casual"                                 1
      activate "Casual mail"                 1     0
      wait 1 day                             1     0
    "Control"                                1
  decide "Opened?"                           2     0
    "Opened"                                 0
      activate "Follow-up"                   0     0
    "Not opened"                             2
      activate "Reminder"                    2     0
  end                                        2     2
Habit                                        4     0    0.0%
  wait 2 days                                4     0
  jump to stage "Loyal" of journey "VIP"     2     0

Left                                                     Profiles  Share
goal, at: Habit, wait 2 days                                    2  50.0%
jump, at: Habit, jump to stage "Loyal" of journey "VIP"         2  50.0%

simulated with “VIP”, which jumps connect with it
"""


def test_the_tables(project: Path) -> None:
    done = segdsl(*ARGUMENTS)
    assert (done.exit_code, done.stdout, done.stderr) == (0, SHOWN, "")
    # The same from a file alone: what it names is found in the rest of the project.
    alone = segdsl("simulate", "Welcome", "journeys/welcome.seg", *ARGUMENTS[2:])
    assert (alone.exit_code, alone.stdout) == (0, SHOWN)


def test_the_journey_that_is_jumped_to(project: Path) -> None:
    done = segdsl("simulate", "VIP", *ARGUMENTS[2:])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    # Two jumped, and nobody bought for more than 80.
    assert "2025-10-12  1       0    0    0    0     1" in lines
    assert lines[-1] == "simulated with “Welcome”, which jumps connect with it"


@pytest.mark.heavy
def test_on_terminals(project: Path) -> None:
    for width in (120, 40):
        with on_terminal(project, *ARGUMENTS, "--color", "never", width=width) as terminal:
            assert terminal.end() == 0
        lines = [line.rstrip() for line in terminal.written.replace("\r", "").split("\n")]
        # What comes before is the progress.
        lines = lines[next(i for i, line in enumerate(lines) if "Welcome: " in line) + 1 :]
        assert max(map(len, lines)) <= width
        header = next(line for line in lines if line.startswith("Date"))
        # A narrow one has no room for the stages; the table of steps has them.
        assert ("First week" in header) == (width == 120)
        assert any(line.startswith("First week") for line in lines)


def test_json(project: Path) -> None:
    found: dict[str, Any] = json.loads(segdsl(*ARGUMENTS, "--json").stdout)
    assert (found["command"], found["journey"], found["beside"]) == ("simulate", "Welcome", ["VIP"])
    assert (found["parent_segment"], found["population"]) == ("Tiny shop", 8)
    first, habit = found["stages"]
    assert (first["name"], first["came"], first["here"], first["milestone"]) == (
        "First week",
        6,
        2,
        4,
    )
    assert habit["steps"][0] == {
        "number": 1,
        "text": "wait 2 days",
        "depth": 0,
        "came": 4,
        "here": 0,
    }
    day = found["days"][5]
    assert (day["date"], day["size"], day["entered"], day["left"]) == ("2025-10-06", 3, 1, 1)
    assert {"kind": "goal", "stage": 2, "step": 1, "choice": None, "profiles": 1} in day["events"]
    assert sum(each["profiles"] for each in day["here"]) == day["size"]
    assert found["followed"] == []


def test_csv_has_the_same_numbers(project: Path) -> None:
    found: dict[str, Any] = json.loads(segdsl(*ARGUMENTS, "--json").stdout)
    rows = list(csv.DictReader(StringIO(segdsl(*ARGUMENTS, "--csv").stdout)))
    sizes = {row["date"]: int(row["profiles"]) for row in rows if row["what"] == "size"}
    assert sizes == {day["date"]: day["size"] for day in found["days"]}
    sent = sum(int(row["profiles"]) for row in rows if row["what"] == "sent")
    assert sent == sum(
        each["profiles"]
        for day in found["days"]
        for each in day["events"]
        if each["kind"] == "sent"
    )
    assert segdsl(*ARGUMENTS, "--csv", "--json").exit_code == 2


def test_a_profile(project: Path) -> None:
    done = segdsl(*ARGUMENTS, "--profile", "c01")
    assert done.exit_code == 0
    assert (
        done.stdout
        == """\
Welcome: 2025-10-01 to 2025-10-12, 8 profiles in “Tiny shop”

Date        Profile c01
2025-10-02  entered “First week”
            activate "Welcome mail": sent
            wait 3 days
2025-10-04  reached the milestone of “First week”
            left “First week” for the next stage, from: wait 3 days
            came to “Habit” from the stage before
            wait 2 days
2025-10-06  achieved the goal “Bought”

at the end: outside
"""
    )
    followed = json.loads(segdsl(*ARGUMENTS, "--profile", "c02", "--json").stdout)["followed"]
    last = followed[-1]
    assert (last["stage"], last["step"], last["since"]) == (1, 9, "2025-10-07")
    assert last["where"] == "in “First week”, end"
    assert [each["kind"] for each in followed[2]["events"]] == ["entered", "step", "sent", "step"]
    nobody = segdsl(*ARGUMENTS, "--profile", "c04")
    assert "nothing happened" in nobody.stdout


def test_a_time_of_the_day(project: Path) -> None:
    # At 13:00 the day's events, which are at noon, are there.
    done = segdsl("simulate", "Welcome", "--from", "2025-10-01T13:00", "--days", "4", "--json")
    assert done.exit_code == 0
    days = json.loads(done.stdout)["days"]
    assert [day["size"] for day in days] == [0, 1, 2, 3]
    habit = [sum(each["stage"] == 2 for each in day["here"]) for day in days]
    assert habit == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("Welcom", "--from", "2025-10-01"), 2, "no journey `Welcom`; did you mean `Welcome`?"),
        (("Welcome",), 2, "Missing option '--from'"),
        (("Welcome", "--from", "soon"), 2, "`soon` is not a date: write it as 2024-10-01"),
        (("Welcome", "--from", "2025-10-01T00:00Z"), 2, "has an offset"),
        (("Welcome", "--from", "2025-10-01", "--days", "0"), 2, "not in the range"),
        (("Welcome", "--from", "9999-12-30"), 2, "beyond the calendar"),
        (("Welcome", "--from", "0001-01-01"), 2, "`0001-01-01` is before the year 1900"),
        (
            ("Welcome", "--from", "2025-10-01", "--csv", "--profile", "c1"),
            2,
            "--csv and --profile cannot be combined",
        ),
        (
            ("Welcome", "--from", "2025-10-01", "--profile", "nobody"),
            2,
            "the data has no profile `nobody`",
        ),
        (
            ("Welcome", "--from", "2025-10-01", "--target", "far"),
            2,
            "the target `far` has no data here",
        ),
    ],
)
def test_what_cannot_be_done(
    project: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = segdsl("simulate", *arguments)
    assert done.exit_code == code, done.output
    assert message in done.stderr
    assert done.stdout == ""


def test_files_with_errors(project: Path) -> None:
    (project / "segments" / "big.seg").write_text('segment "Big" where amount > > 80\n')
    done = segdsl(*ARGUMENTS)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "big.seg" in done.stderr


def test_a_rule_that_the_data_cannot_answer(project: Path) -> None:
    (project / "segments" / "big.seg").write_text('segment "Big" where colour = "red"\n')
    done = segdsl(*ARGUMENTS)
    assert done.exit_code == 2
    assert "no attribute `colour`" in done.stderr


def test_ctrl_c_while_the_tables_are_opened(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> Data:
        # What DuckDB makes of it in the main thread.
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(simulating, "open_tables", interrupted)
    done = segdsl(*ARGUMENTS)
    assert (done.exit_code, done.stdout) == (130, "")


def test_ctrl_c(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    closed: list[Data] = []
    members, close = RulesOverData.members, Data.close

    def interrupted(self: RulesOverData, rule: Segment, evaluation: Evaluation) -> int:
        asked.append(evaluation.number)
        if evaluation.number == 3:
            raise KeyboardInterrupt
        return members(self, rule, evaluation)

    def closing(self: Data) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(RulesOverData, "members", interrupted)
    monkeypatch.setattr(Data, "close", closing)
    done = segdsl(*ARGUMENTS)
    assert (done.exit_code, done.stdout) == (130, "")
    assert asked[-1] == 3
    assert len(closed) == 1
    assert json.loads(segdsl(*ARGUMENTS, "--json").stdout)["error"]["kind"] == "interrupted"
