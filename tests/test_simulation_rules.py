"""Journeys by hand: what the rules of docs/reference/journey-simulation.md say, one at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from segdsl.language import journeys as j
from segdsl.language.values import ByName, Number
from segdsl.simulation.bits import bits_of, contains, everyone, from_digits, indexes, minus
from segdsl.simulation.clock import Evaluation, daily
from segdsl.simulation.counts import counts_of, total
from segdsl.simulation.errors import SimulationError
from segdsl.simulation.profiles import Profiles
from segdsl.simulation.simulate import Day, simulate

DAYS = 10
MONDAY = datetime(2025, 10, 20)
Days = Mapping[str, str]
"""Of each rule, the evaluations at which "x" meets it, as one `x` a day."""


def when(rule: str, jump: str | None = None) -> j.Criterion[str]:
    target = None
    if jump is not None:
        stage, _, journey = jump.partition("@")
        target = j.JourneyStageRef(ByName(stage), ByName(journey) if journey else None)
    return j.Criterion(rule, rule, target)


def stage(name: str, *steps: j.Step[str], **more: object) -> j.JourneyStage[str]:
    return j.JourneyStage(name, steps=steps, **more)  # type: ignore[arg-type]


def days(number: int) -> j.WaitFor:
    return j.WaitFor(Number(str(number)), "day")


def mail(name: str = "Mail") -> j.Activate:
    return j.Activate(name)


def jump(target: str) -> j.Jump:
    of = when("", target).jump
    assert of is not None
    return j.Jump(of)


def run(
    of: Sequence[j.Journey[str]],
    meets: Days,
    start: datetime = MONDAY,
    zone: str = "UTC",
    count: int = DAYS,
    ids: Sequence[str] = ("x",),
) -> list[Day]:
    profiles = Profiles(ids)

    def members(rule: str, evaluation: Evaluation) -> int:
        at = evaluation.number - 1
        said = meets.get(rule, "")
        return profiles.everyone if said[at : at + 1] == "x" else 0

    return list(simulate(of, members, daily(start, count, zone), profiles))


def states(ran: Sequence[Day], journey: int = 0) -> str:
    """Where the profile is after each evaluation: stage and step, `-` outside, `>` on its way."""
    shown = []
    for day in ran:
        state = day.outcomes[journey].state
        place = state.place(0)
        if contains(state.underway, 0):
            shown.append(">")
        else:
            shown.append("-" if place is None else f"{place.stage}.{place.step}")
    return " ".join(shown)


def happened(ran: Sequence[Day], *kinds: str, journey: int = 0) -> list[tuple[int, str]]:
    """The evaluations at which something of these kinds happened."""
    return [
        (day.evaluation.number, event.kind)
        for day in ran
        for event in day.outcomes[journey].events
        if event.kind in kinds and contains(event.profiles, 0)
    ]


def one(*stages: j.JourneyStage[str], **more: object) -> j.Journey[str]:
    return j.Journey("J", stages, **more)  # type: ignore[arg-type]


def test_steps_are_taken_until_one_rests() -> None:
    journey = one(stage("A", mail(), days(0), mail("SMS"), days(3), j.End(), enter=when("in")))
    ran = run([journey], {"in": "-x"})
    assert states(ran) == "- 0.3 0.3 0.3 0.4 0.4 0.4 0.4 0.4 0.4"
    assert happened(ran, "sent") == [(2, "sent"), (2, "sent")]


def test_the_goal_comes_before_an_exit_and_an_exit_before_the_milestone() -> None:
    journey = one(
        stage("A", enter=when("in"), milestone=when("all"), exits=(when("other"), when("all"))),
        stage("B"),
        goal=when("done"),
        reentry="always",
    )
    everything = {"in": "x", "all": "--x", "done": "--x"}
    assert happened(run([journey], everything), "goal", "exit", "milestone") == [(3, "goal")]
    without = {"in": "x", "all": "--x"}
    ran = run([journey], without)
    assert happened(ran, "goal", "exit", "milestone") == [(3, "exit")]
    assert [e.choice for d in ran for e in d.outcomes[0].events if e.kind == "exit"] == [1]


@pytest.mark.parametrize(
    ("reentry", "expected"),
    [
        ("never", "0.0 - - - - - - - - -"),
        # The goal of the sixth day ends it.
        ("unless goal achieved", "0.0 - - 0.0 0.0 - - - - -"),
        ("always", "0.0 - - 0.0 0.0 - - 0.0 0.0 0.0"),
        (None, "0.0 - - - - - - - - -"),
    ],
)
def test_reentry(reentry: str | None, expected: str) -> None:
    journey = one(
        stage("A", enter=when("in"), exits=(when("out"),)), goal=when("done"), reentry=reentry
    )
    meets = {"in": "xx-x---x", "out": "-x", "done": "-----xx"}
    assert states(run([journey], meets)) == expected


def test_who_leaves_enters_again_at_the_next_evaluation_at_the_earliest() -> None:
    journey = one(
        stage("A", enter=when("in"), exits=(when("out"),)),
        stage("B", enter=when("in b")),
        reentry="always",
    )
    meets = {"in": "x", "out": "-x", "in b": "-xx"}
    assert states(run([journey], meets, count=3)) == "0.0 - 1.0"


def test_nobody_enters_to_be_taken_out() -> None:
    journey = one(stage("A", mail(), enter=when("in"), exits=(when("out"),)), goal=when("done"))
    meets = {"in": "xxxx", "out": "x", "done": "-x"}
    ran = run([journey], meets, count=4)
    assert states(ran) == "- - 0.1 0.1"


def test_a_milestone_is_remembered_until_the_next_stage_can_be_entered() -> None:
    journey = one(
        stage("A", days(1), mail(), enter=when("in"), milestone=when("on")),
        stage("B", mail("B"), enter=when("in b"), milestone=when("on")),
        stage("C"),
    )
    meets = {"in": "x", "on": "-x--xx", "in b": "---x"}
    ran = run([journey], meets, count=7)
    # C has no rule to enter; at most one stage is entered at an evaluation.
    assert states(ran) == "0.0 0.2 0.2 1.1 2.0 2.0 2.0"
    assert happened(ran, "milestone", "continued") == [
        (2, "milestone"),
        (4, "continued"),
        (5, "milestone"),
        (5, "continued"),
    ]


def test_the_last_stage_that_can_be_entered_is() -> None:
    journey = one(
        stage("A", enter=when("in")),
        stage("B", enter=when("in")),
        stage("C", enter=when("in"), exits=(when("out"),)),
        stage("D"),
    )
    assert states(run([journey], {"in": "x", "out": "x"}, count=1)) == "1.0"


def test_a_week_has_seven_days_and_a_change_of_the_clock_changes_nothing() -> None:
    journey = one(stage("A", j.WaitFor(Number("1"), "week"), enter=when("in")))
    # On 26 October 2025 the clock goes back in Berlin.
    ran = run([journey], {"in": "x"}, datetime(2025, 10, 24, 0, 30), "Europe/Berlin")
    assert states(ran) == "0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.1 0.1 0.1"
    one_day = one(stage("A", days(1), enter=when("in")))
    # On 30 March it goes forward, and a day has 23 hours.
    ran = run([one_day], {"in": "x"}, datetime(2025, 3, 29, 3), "Europe/Berlin", 2)
    assert states(ran) == "0.0 0.1"


def test_dates_and_weekdays_are_those_of_the_zone() -> None:
    until = j.WaitUntilDate("2025-10-23", "Asia/Tokyo")
    weekday = j.WaitUntilDays(("Monday", "Friday"), "Asia/Tokyo")
    journey = one(stage("A", until, weekday, enter=when("in")))
    # At 16:00 in UTC the next day has begun in Tokyo.
    ran = run([journey], {"in": "x"}, datetime(2025, 10, 20, 16))
    assert states(ran, 0) == "0.0 0.0 0.1 0.2 0.2 0.2 0.2 0.2 0.2 0.2"
    ran = run([journey], {"in": "x"}, datetime(2025, 10, 20, 14))
    assert states(ran, 0) == "0.0 0.0 0.0 0.1 0.2 0.2 0.2 0.2 0.2 0.2"


def test_dates_and_weekdays_without_a_zone_are_those_of_utc() -> None:
    """Whatever the parent segment's is: that is the zone that the API gets for them."""
    until, weekday = j.WaitUntilDate("2025-10-23"), j.WaitUntilDays(("Monday", "Friday"))
    journey = one(stage("A", until, weekday, enter=when("in")))
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        start = datetime(2025, 10, 20, 16, tzinfo=UTC).astimezone(ZoneInfo(zone))
        ran = run([journey], {"in": "x"}, start.replace(tzinfo=None), zone)
        assert states(ran, 0) == "0.0 0.0 0.0 0.1 0.2 0.2 0.2 0.2 0.2 0.2"


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        ("x", "0.5 0.5 0.5 0.5"),
        ("-x", "0.0 0.5 0.5 0.5"),
        # On the last day the condition counts more than the time-out.
        ("--x", "0.0 0.0 0.5 0.5"),
        ("---x", "0.0 0.0 0.4 0.5"),
        ("", "0.0 0.0 0.4 0.5"),
    ],
)
def test_a_condition_with_a_time_out(met: str, expected: str) -> None:
    wait = j.WaitForCondition(
        when("met"), (mail(),), (Number("2"), "day"), (mail("SMS"), mail("SMS"), days(1))
    )
    journey = one(stage("A", wait, enter=when("in")))
    assert states(run([journey], {"in": "x", "met": met}, count=4)) == expected


def test_a_condition_without_a_time_out_waits_for_ever() -> None:
    journey = one(stage("A", j.WaitForCondition(when("met"), (mail(),)), enter=when("in")))
    assert states(run([journey], {"in": "x"}, count=3)) == "0.0 0.0 0.0"


def test_a_decision_takes_the_first_branch_that_matches_or_rests() -> None:
    branches = (
        j.Branch("First", "a", (days(5),)),
        j.Branch("Second", "b", (days(6),)),
    )
    journey = one(stage("A", j.Decide("D", branches), enter=when("in")))
    assert states(run([journey], {"in": "x", "a": "x", "b": "x"}, count=1)) == "0.1"
    assert states(run([journey], {"in": "x", "b": "--x"}, count=3)) == "0.0 0.0 0.2"
    others: tuple[j.Branch[str], ...] = (j.Branch("Rest", None, ()), *branches)
    journey = one(stage("A", j.Decide("D", others), days(9), enter=when("in")))
    assert states(run([journey], {"in": "x", "b": "x"}, count=1)) == "0.2"
    assert states(run([journey], {"in": "x"}, count=1)) == "0.3"


def test_no_activation_twice_in_a_stay() -> None:
    journey = one(
        stage("A", mail(), days(1), jump("A"), enter=when("in"), exits=(when("out"),)),
        reentry="always",
    )
    meets = {"in": "x------x", "out": "----x"}
    ran = run([journey], meets)
    assert states(ran) == "0.1 > 0.1 > - - - 0.1 > 0.1"
    assert happened(ran, "sent", "repeated") == [
        (1, "sent"),
        (3, "repeated"),
        (8, "sent"),
        (10, "repeated"),
    ]


def test_a_jump_arrives_at_the_next_evaluation_without_the_rule_to_enter() -> None:
    first = j.Journey("A", (stage("S", jump("T@B"), enter=when("in")),))
    second = j.Journey("B", (stage("T", days(1), enter=when("never")),))
    for of in ([first, second], [second, first]):
        ran = run(of, {"in": "x"}, count=4)
        assert states(ran, of.index(first)) == "- - - -"
        assert states(ran, of.index(second)) == "- 0.0 0.1 0.1"


@pytest.mark.parametrize("reentry", ["never", "always"])
def test_a_jump_from_another_journey_asks_for_reentry(reentry: j.Reentry) -> None:
    first = j.Journey("A", (stage("S", jump("T@B"), enter=when("in")),), reentry="always")
    second = j.Journey(
        "B", (stage("T", enter=when("never"), exits=(when("out"),)),), reentry=reentry
    )
    ran = run([first, second], {"in": "x--x", "out": "--x"}, count=5)
    again = reentry == "always"
    assert states(ran, 1) == ("- 0.0 - - 0.0" if again else "- 0.0 - - -")
    assert happened(ran, "lost", journey=1) == ([] if again else [(5, "lost")])


def test_of_two_jumps_the_first_journey_counts() -> None:
    sources = [
        j.Journey(name, (stage("S", jump(f"{to}@T"), enter=when("in")),))
        for name, to in [("A", "One"), ("B", "Two")]
    ]
    target = j.Journey("T", (stage("One", exits=(when("out"),)), stage("Two")))
    ran = run([*sources, target], {"in": "x"}, count=3)
    assert states(ran, 2) == "- 0.0 0.0"
    assert happened(ran, "arrived", "lost", journey=2) == [(2, "arrived"), (2, "lost")]
    # The second does not take its place.
    ran = run([*sources, target], {"in": "x", "out": "-x"}, count=3)
    assert states(ran, 2) == "- - -"
    assert happened(ran, "arrived", "lost", journey=2) == [(2, "lost"), (2, "lost")]


def test_a_jump_within_the_journey_comes_before_one_from_another() -> None:
    own = j.Journey("Own", (stage("S", jump("Two"), enter=when("in")), stage("One"), stage("Two")))
    other = j.Journey("Other", (stage("S", jump("One@Own"), enter=when("in")),))
    ran = run([other, own], {"in": "x"}, count=2)
    assert states(ran, 1) == "> 2.0"
    assert happened(ran, "moved", "arrived", "lost", journey=1) == [(2, "moved"), (2, "lost")]


def test_an_exit_can_lead_to_another_stage_of_the_same_journey() -> None:
    journey = one(stage("A", enter=when("in"), exits=(when("out", "B"),)), stage("B"))
    ran = run([journey], {"in": "x", "out": "-xx"}, count=3)
    assert states(ran) == "0.0 > 1.0"


def test_a_goal_leads_out_also_where_it_leads_back() -> None:
    journey = one(stage("A", enter=when("in")), goal=when("done", "A"), reentry="always")
    assert states(run([journey], {"in": "x", "done": "-x"}, count=3)) == "0.0 - 0.0"
    never = one(stage("A", enter=when("in")), goal=when("done", "A"), reentry="never")
    assert states(run([never], {"in": "x", "done": "-x"}, count=3)) == "0.0 - -"


def test_a_jump_to_what_is_not_simulated_leads_nowhere() -> None:
    journey = one(stage("A", jump("X@Elsewhere"), enter=when("in")))
    assert states(run([journey], {"in": "x"}, count=2)) == "- -"


# --- splits ------------------------------------------------------------------------------


def split(*variants: j.Variant[str], name: str = "Tone") -> j.Split[str]:
    return j.Split(name, variants)


def variant(share: str, name: str, cap: int | None = None, control: bool = False) -> j.Variant[str]:
    steps: tuple[j.Step[str], ...] = (days(30),)
    return j.Variant(name, Number(share), control, None if cap is None else Number(str(cap)), steps)


def sizes(ran: Sequence[Day]) -> list[dict[int, int]]:
    """How many rest at each step of the first stage, day by day."""
    return [
        {step: n for (_, step), n in sorted(counts_of(day).journeys[0].resting.items())}
        for day in ran
    ]


MANY = tuple(f"{number:05}" for number in range(10_000))


def test_shares_are_kept() -> None:
    journey = one(stage("A", split(variant("30", "A"), variant("70", "B")), enter=when("in")))
    (day,) = run([journey], {"in": "x"}, count=1, ids=MANY)
    (counted,) = sizes([day])
    assert 2_850 < counted[1] < 3_150
    assert counted[1] + counted[2] == len(MANY)
    # The same profile gets the same variant, whoever else is there.
    half = run([journey], {"in": "x"}, count=1, ids=MANY[::2])
    places = [
        {id: place.step for id in profiles.ids if (place := state.place(profiles.index(id) or 0))}
        for profiles, state in [
            (Profiles(MANY[:200]), day.outcomes[0].state),
            (Profiles(MANY[:200:2]), half[0].outcomes[0].state),
        ]
    ]
    assert all(places[0][id] == step for id, step in places[1].items())


def test_caps_hold_and_what_is_too_many_gets_the_control_variant() -> None:
    with_control = split(variant("50", "A", 100), variant("50", "B", 7, control=True))
    journey = one(stage("A", with_control, enter=when("in")))
    assert sizes(run([journey], {"in": "x"}, count=1, ids=MANY)) == [{1: 100, 2: 9_900}]
    without = split(variant("50", "A", 100), variant("50", "B", 200))
    journey = one(stage("A", without, enter=when("in")))
    ran = run([journey], {"in": "x"}, count=3, ids=MANY)
    assert sizes(ran) == [{0: 9_700, 1: 100, 2: 200}] * 3


def test_a_cap_counts_those_who_have_left_and_who_comes_back_keeps_its_variant() -> None:
    journey = one(
        stage("A", split(variant("100", "A", 2)), enter=when("in"), exits=(when("out"),)),
        reentry="always",
    )
    ran = run([journey], {"in": "x-x", "out": "-x"}, count=3, ids=("a", "b", "c", "d"))
    assert sizes(ran) == [{0: 2, 1: 2}, {}, {0: 2, 1: 2}]
    first, last = ran[0].outcomes[0].state.places, ran[2].outcomes[0].state.places
    assert sorted(first.values()) == sorted(last.values())


def test_what_is_beyond_all_shares_belongs_to_the_last_variant() -> None:
    journey = one(stage("A", split(variant("0", "A"), variant("10", "B")), enter=when("in")))
    assert sizes(run([journey], {"in": "x"}, count=1, ids=MANY)) == [{2: len(MANY)}]


# --- numbers -------------------------------------------------------------------------------


def test_counts() -> None:
    journey = one(
        stage("A", mail(), days(2), enter=when("in"), exits=(when("out"),)),
        goal=when("done"),
        reentry="always",
    )
    ran = run([journey], {"in": "x--xx", "out": "-x", "done": "-----x"}, count=7, ids=("a", "b"))
    counted = list(map(counts_of, ran))
    assert [each.journeys[0].size for each in counted] == [2, 0, 0, 2, 2, 0, 0]
    assert [each.date for each in counted][:2] == ["2025-10-20", "2025-10-21"]
    whole = total(counted, 0)
    assert whole.entered == 4
    assert whole.happened("exit", stage=0, choice=0) == 2
    assert whole.happened("goal") == 2
    assert whole.happened("sent", step=0) == 4
    assert whole.size == whole.in_stage(0) == 0
    assert counted[0].journeys[0].in_stage(0) == 2
    assert total([], 0).size == 0


def test_sets_as_integers() -> None:
    some = bits_of([0, 3, 70], 71)
    assert list(indexes(some)) == [0, 3, 70]
    assert some == from_digits("1001" + "0" * 66 + "1")
    assert list(indexes(minus(everyone(4), some))) == [1, 2]
    assert from_digits("") == 0


# --- what cannot be simulated ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (j.WaitFor(Number("1.5"), "day"), "cannot wait 1.5 days: give a whole number"),
        (j.WaitUntilDate("soon"), "`soon` is no date"),
        (j.WaitUntilDays(("Monday",), "Mars/Olympus"), "unknown time zone `Mars/Olympus`"),
    ],
)
def test_steps_that_cannot_be_simulated(step: j.Step[str], message: str) -> None:
    with pytest.raises(SimulationError, match=re.escape(message)):
        run([one(stage("A", step, enter=when("in")))], {"in": "x"}, count=1)


def test_clocks_that_cannot_be() -> None:
    with pytest.raises(SimulationError, match="cannot simulate 0 days"):
        list(daily(MONDAY, 0, "UTC"))
    with pytest.raises(SimulationError, match="beyond the calendar"):
        list(daily(datetime(9999, 12, 30), 5, "UTC"))
    with pytest.raises(SimulationError, match="unknown time zone"):
        list(daily(MONDAY, 1, "Nowhere"))


def test_the_page_numbers_its_rules_in_order() -> None:
    page = Path(__file__).parents[1] / "docs/reference/journey-simulation.md"
    numbers = re.findall(r"^\*\*(\d+)\. ", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert list(map(int, numbers)) == list(range(1, len(numbers) + 1))
    assert date.fromordinal(date(2025, 10, 20).toordinal()).strftime("%A") == "Monday"
