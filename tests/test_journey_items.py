"""Predictive segments and journeys: how they resolve, and what is reported of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from quick import scaled
from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.report import Diagnostic
from segdsl.language import journeys as j
from segdsl.language import predictive as p
from segdsl.language.activations import AfterJourney, Target
from segdsl.language.condition import tree as c
from segdsl.language.format import format_file
from segdsl.language.predicates import Compare
from segdsl.language.resolve import Program, Resolved, resolve_all
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import journey_item, journey_of, predictive_item
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ById, ByName, Limit, Number, Order
from segdsl.loading import load_files
from segdsl.source import Source
from strategies.syntax import compilable_journeys, compilable_predictive_segments

A = c.Test(subject=c.Attribute("a"), predicate=Compare("=", Number("1")))


def resolved(text: str, ids: str = "") -> tuple[Resolved, list[Diagnostic]]:
    report = Report()
    file = parse(Source("x.seg", text), report)
    return resolve_all(Program("x.seg", {"x.seg": file}), report), report.diagnostics


def journey(text: str) -> j.Journey[c.Segment]:
    found, diagnostics = resolved(text)
    assert diagnostics == []
    [made] = found.journeys
    return made


def found_in(text: str) -> list[tuple[Code, str]]:
    _, diagnostics = resolved(text)
    return [(each.code, each.message) for each in diagnostics]


# --- rules ---------------------------------------------------------------------------------


def test_a_rule_is_a_segment_with_the_name_of_its_criterion() -> None:
    made = journey('journey "j" folder "f" stage "s" enter "e" where a = 1 limit 2 by a desc')
    limit = Limit(Number("2"), False, (Order("a", True),))
    rule = c.Segment("e", A, None, "f", "journey", limit)
    assert made == j.Journey("j", (j.JourneyStage("s", None, j.Criterion("e", rule)),), None, "f")


def test_is_segment_is_a_rule_that_refers_to_it() -> None:
    made = journey('journey "j" goal "g" is segment "x" of folder "a/ b"')
    assert made.goal is not None
    member = c.Membership(of="segment", target=ByName("x", "a/b"))
    assert made.goal.rule == c.Segment("g", member, kind="journey")


def test_definitions_and_params_are_part_of_a_rule() -> None:
    made = journey(
        "param n: number = 1\nlet is_a(x) = a = x\n"
        'journey "j" goal "g" where is_a(n) stage "s" exit "e" where everyone limit n by a asc'
    )
    goal, leaving = j.rules(made)
    assert isinstance(goal.condition, c.Test)
    assert (goal.condition.subject, goal.condition.predicate) == (A.subject, A.predicate)
    assert leaving.limit == Limit(Number("1"), False, (Order("a", False),))


def test_rules_come_in_the_order_written() -> None:
    made = journey(
        'journey "j" goal "1" where a = 1\n'
        'stage "s" steps (decide "d" (when "5" where a = 1 then (wait for "6" where a = 1 then ()),'
        ' when "7" where a = 1 then ())) exit "4" where a = 1 milestone "3" where a = 1'
        ' enter "2" where a = 1'
    )
    assert [rule.name for rule in j.rules(made)] == list("1234567")
    assert [name for name, _ in j.named_rules(made)] == list("1234567")
    assert j.map_rules(made, lambda rule: rule) == made


def test_a_mistake_in_a_rule_leaves_the_journey_out() -> None:
    made, diagnostics = resolved('journey "j" stage "s" enter "e" where unknown')
    assert made.journeys == ()
    assert [each.code for each in diagnostics] == [Code.SEG101]


def test_an_import_that_only_a_journey_uses_is_used() -> None:
    report = Report()
    texts = {
        "x.seg": 'import b from "y.seg"\njourney "j" goal "g" where b',
        "y.seg": "let b = a = 1",
    }
    files = {name: parse(Source(name, text), report) for name, text in texts.items()}
    assert len(resolve_all(Program("x.seg", files), report).journeys) == 1
    assert report.diagnostics == []


# --- names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('journey "j" journey "j"', 'another journey of this file is named "j" too'),
        ('journey "j" stage "s" stage "s"', 'another stage of this journey is named "s" too'),
        (
            'journey "j" stage "s" exit "e" where a = 1 exit "e" where a = 1',
            'another exit of this stage is named "e" too',
        ),
        (
            'journey "j" stage "s" steps (end as "e", wait 1 day as "e")',
            'another step of this stage is named "e" too',
        ),
        (
            'journey "j" stage "s" steps (decide "d" (), split "t" (5% "v" then (end as "d")))',
            'another step of this stage is named "d" too',
        ),
        (
            'journey "j" stage "s" steps (decide "d" (when "b" where a = 1 then (),'
            ' otherwise "b" then ()))',
            'another branch of this decision is named "b" too',
        ),
        (
            'journey "j" stage "s" steps (split "t" (5% "v" then (), 5% "v" then ()))',
            'another variant of this split is named "v" too',
        ),
        (
            'activation "a" of journey "j" activation "a" of journey "j"',
            'another activation of this journey is named "a" too',
        ),
        (
            'predictive segment "p" predicts segment #1 features guessed\n'
            'predictive segment "p" predicts segment #1 features guessed',
            'another predictive segment of this file is named "p" too',
        ),
    ],
)
def test_a_name_that_is_there_twice(text: str, message: str) -> None:
    assert found_in(text) == [(Code.SEG111, message)]


@pytest.mark.parametrize(
    "text",
    [
        'journey "j" journey "j" folder "f"',
        'journey "j" stage "s" journey "k" stage "s"',
        'journey "j" stage "s" steps (end as "e") stage "t" steps (end as "e")',
        'journey "j" stage "s" enter "n" is segment #1 milestone "n" is segment #1',
        'journey "j" stage "s" steps (activate "m", wait 1 day, activate "m")',
        'activation "a" of journey "j" activation "a" of journey "k" activation "a" of segment "j"',
    ],
)
def test_names_that_may_be_the_same(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('journey " "', "a journey cannot have a blank name"),
        ('journey "j" goal "" where a = 1', "a goal cannot have a blank name"),
        ('journey "j" stage ""', "a journey stage cannot have a blank name"),
        ('journey "j" stage "s" enter "" where a = 1', "a criterion cannot have a blank name"),
        ('journey "j" stage "s" steps (end as "")', "a step cannot have a blank name"),
        ('journey "j" stage "s" steps (activate "")', "no activation can have a blank name"),
        (
            'journey "j" stage "s" steps (jump to stage "s" of journey "")',
            "no journey can have a blank name",
        ),
        ('journey "j" goal "g" where a = 1 jump to stage ""', "no stage can have a blank name"),
        (
            'predictive segment "p" predicts segment "" features guessed',
            "no segment can have a blank name",
        ),
    ],
)
def test_a_blank_name(text: str, message: str) -> None:
    assert found_in(text) == [(Code.SEG114, message)]


def test_a_jump_within_a_journey_leads_to_one_of_its_stages() -> None:
    text = 'journey "j" stage "Habit" steps (jump to stage "{}")'
    assert found_in(text.format("Habit")) == []
    _, [found] = resolved(text.format("Habits"))
    assert (found.code, found.help) == (Code.SEG117, "did you mean `Habit`?")
    assert found_in('journey "j" stage "s" steps (jump to stage "t" of journey "k")') == []
    assert found_in('journey "j" goal "g" where a = 1 jump to stage #12') == []


# --- what belongs together -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('journey "j" reentry never reentry always', Code.SEG011),
        ('journey "j" stage "s" steps () steps ()', Code.SEG011),
        ('journey "j" stage "s" enter "e" where a = 1 jump to stage "s"', Code.SEG001),
        ('journey "j" stage "s" steps (wait 0 days)', Code.SEG014),
        ('journey "j" stage "s" steps (wait 2 months)', Code.SEG014),
        ('journey "j" stage "s" steps (wait until 2025-02-30)', Code.SEG016),
        ('journey "j" stage "s" steps (wait until 2025-02-03T10:00)', Code.SEG013),
        ('journey "j" stage "s" steps (wait until Monday or Monday)', Code.SEG011),
        ('journey "j" stage "s" steps (wait until Monday in "Nowhere")', Code.SEG012),
        (
            'journey "j" stage "s" steps (decide "d" '
            '(otherwise "a" then (), otherwise "b" then ()))',
            Code.SEG011,
        ),
        ('journey "j" stage "s" steps (split "t" (101% "v" then ()))', Code.SEG013),
        ('journey "j" stage "s" steps (split "t" (5% "v" up to 1000001 then ()))', Code.SEG013),
        ('activation "a" of segment "s" after journey refresh', Code.SEG001),
        ('predictive segment "p" predicts segment #1 features ()', Code.SEG015),
        (
            'predictive segment "p" predicts segment #1 features (number a, category a)',
            Code.SEG011,
        ),
        ('predictive segment "p" predicts segment #1 grades 5, 4 features guessed', Code.SEG013),
        (
            'predictive segment "p" predicts segment #1 grades 101, 4, 3 features guessed',
            Code.SEG013,
        ),
        ('predictive segment "p" features guessed', Code.SEG239),
    ],
)
def test_what_the_grammar_lets_through_is_reported(text: str, code: Code) -> None:
    made, diagnostics = resolved(text)
    assert [each.code for each in diagnostics] == [code]
    assert made == Resolved(())


def test_blocks_nest_no_deeper_than_the_limit() -> None:
    def nested(depth: int) -> str:
        inside = 'decide "d" (otherwise "o" then (' * depth + ")" * 2 * depth
        return f'journey "j" stage "s" steps ({inside})'

    report = Report()
    parse(Source("x", nested(j.MAX_NESTING)), report)
    assert report.diagnostics == []
    parse(Source("x", nested(j.MAX_NESTING + 1)), report)
    assert [each.code for each in report.diagnostics] == [Code.SEG007]


def test_an_activation_of_a_journey_runs_after_its_refresh() -> None:
    made, diagnostics = resolved('activation "a" of journey #12 after journey refresh')
    assert diagnostics == []
    [activation] = made.activations
    assert activation.target == Target("journey", ById("12"))
    assert activation.delivery.schedule == AfterJourney()


def test_a_predictive_segment() -> None:
    made, diagnostics = resolved(
        'predictive segment "p" folder "f" scores segment #3 predicts segment "c" features guessed'
    )
    assert diagnostics == []
    assert made.predictive_segments == (
        p.PredictiveSegment(
            "p",
            p.SegmentUse(ByName("c")),
            None,
            "f",
            None,
            p.SegmentUse(ById("3")),
            features=p.Features(guessed=True),
        ),
    )


def test_ids_stand_for_names_when_files_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "x.seg"
    path.write_text(
        'predictive segment "p" predicts segment "c" features guessed\n'
        'journey "j" goal "g" is segment "c"\n',
        encoding="utf-8",
    )
    report = Report()
    loaded = load_files([str(path)], {}, report, ids={("segment", ByName("c")): "7"})
    assert report.diagnostics == []
    [model], [made] = loaded.predictive_segments, loaded.journeys
    assert model.predicts.target == ById("7")
    assert [rule.condition for rule in j.rules(made)] == [
        c.Membership(of="segment", target=ById("7"))
    ]


# --- properties ----------------------------------------------------------------------------


@given(compilable_journeys)
@settings(max_examples=scaled(200), deadline=None)
def test_a_journey_resolves_to_what_it_says(item: t.Journey) -> None:
    whole = journey_of(item)
    assert journey_item(whole) == item
    made, diagnostics = resolved(format_file(t.File((item,))))
    if any(each.severity == "error" for each in diagnostics):
        # What no rule can hold is refused, as in a segment.
        assert made.journeys == ()
        return
    [found] = made.journeys
    names = [name for name, _ in j.named_rules(whole)]
    assert [rule.name for rule in j.rules(found)] == names
    assert {rule.kind for rule in j.rules(found)} <= {"journey"}
    nothing = c.Segment("", c.Everyone())
    assert j.map_rules(found, lambda rule: nothing) == j.map_rules(whole, lambda rule: nothing)


@given(compilable_predictive_segments)
@settings(max_examples=scaled(200), deadline=None)
def test_a_predictive_segment_resolves_to_what_it_says(item: t.PredictiveSegment) -> None:
    made, diagnostics = resolved(format_file(t.File((item,))))
    assert diagnostics == []
    [model] = made.predictive_segments
    assert predictive_item(model) == item
