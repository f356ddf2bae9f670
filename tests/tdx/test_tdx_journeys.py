# ruff: noqa: E501
"""The vendor tool's journeys: their steps become blocks, and compile to the JSON they stand for."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from running import segdsl
from segdsl.diagnostics import Report
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.source import Source
from segdsl.workspace.tdx import ImportedJourney, read_file

pytest.importorskip("yaml")


def read(text: str) -> tuple[str | None, Report]:
    """The source of a YAML journey, and what was found."""
    report = Report()
    found = read_file(Source("x.yml", text), report)
    assert found is None or isinstance(found, ImportedJourney)
    source = None if found is None else format_file(t.File((found.journey, *found.activations)))
    return source, report


RULE = "rule: {type: And, conditions: [{type: Value, attribute: age, operator: {type: Less, value: 9}}]}"
HEAD = f"""\
type: journey
name: Welcome
segments:
  young: {{{RULE}}}
activations:
  mail: {{name: Mail, connection: Braze, columns: [email], run_after_journey_refresh: true}}
  sms: {{name: SMS, connection: Twilio, columns: [phone]}}
"""


def journey(steps: str, stage: str = "") -> str:
    """A journey with these steps in the newer form."""
    return (
        f"{HEAD}journeys:\n  - latest: true\n    stages:\n      - name: One\n"
        f"{indent(stage, ' ' * 8)}        steps:\n{indent(dedent(steps), ' ' * 10)}"
    )


def steps_of(text: str) -> str:
    """What the only stage of a journey says of its steps, in one line."""
    source, report = read(text)
    assert source is not None, [each.message for each in report.diagnostics]
    body = source.partition("steps (")[2].partition("\n\n")[0]
    return " ".join(body.strip().removesuffix(")").split()).removesuffix(",")


def problems(text: str) -> list[str]:
    """The messages of errors, each with what it is about."""
    source, report = read(text)
    assert source is None
    found = [each for each in report.diagnostics if each.severity == "error"]
    assert all(each.code.name == "SEG702" and each.span is not None for each in found)
    return [
        f"{text[each.span.start : each.span.end].splitlines()[0]}: {each.message}"
        for each in found
        if each.span is not None
    ]


END = "- {type: end, name: Stop}\n"


@pytest.mark.parametrize(
    ("step", "seg"),
    [
        ("{type: activation, name: A, next: Stop, with: {activation: mail}}", 'activate "Mail" as "A", end as "Stop"'),
        ("{type: activation, name: Mail, next: Stop, with: {activation: mail}}", 'activate "Mail", end as "Stop"'),
        ("{type: wait, name: A, next: Stop, with: {duration: 3, unit: day}}", 'wait 3 days as "A", end as "Stop"'),
        ("{type: wait, name: A, next: Stop, with: {duration: '2', unit: weeks}}", 'wait 2 weeks as "A", end as "Stop"'),
        (
            "{type: wait, name: A, next: Stop, with: {wait_until: 2025-04-01}}",
            'wait until 2025-04-01 as "A", end as "Stop"',
        ),
        (
            "{type: wait, name: A, next: Stop, with: {days_of_week: [friday, monday]}}",
            'wait until Monday or Friday as "A", end as "Stop"',
        ),
        (
            "{type: wait, name: A, with: {condition: {segment: young, next: Stop}}}",
            'wait for "A" where age < 9 then (), end as "Stop"',
        ),
        # Older forms: the step behind is meant where nothing is named, and a bare key.
        ("{type: wait, name: A, with: {condition: {segment: young}}}", 'wait for "A" where age < 9 then (), end as "Stop"'),
        ("{type: wait, name: A, with: {condition: young}}", 'wait for "A" where age < 9 then (), end as "Stop"'),
        (
            "{type: wait, name: A, next: Stop, with: {condition: 'ref:Old ones'}}",
            'wait for "A" is segment "Old ones" then (), end as "Stop"',
        ),
        ("{type: merge, name: A, next: Stop}", 'end as "Stop"'),
    ],
)  # fmt: skip
def test_steps_with_one_way_on(step: str, seg: str) -> None:
    assert steps_of(journey(f"- {step}\n{END}")) == seg


def test_jump() -> None:
    own = "- {type: jump, name: Go, with: {target: {journey: Welcome, stage: One}}}\n"
    assert steps_of(journey(own)) == 'jump to stage "One" as "Go"'
    other = "- {type: jump, name: Go, with: {target: {journey: VIP, stage: Hello}}}\n"
    assert steps_of(journey(other)) == 'jump to stage "Hello" of journey "VIP" as "Go"'


DECISION = """
    - type: decision_point
      name: Opened?
      with:
        branches:
          - {name: Yes!, segment: young, next: Mail}
          - {name: Rest, excluded: true, next: SMS}
    - {type: activation, name: Mail, next: Rejoin, with: {activation: mail}}
    - {type: activation, name: SMS, next: Rejoin, with: {activation: sms}}
    - {type: merge, name: Rejoin, next: Pause}
    - {type: wait, name: Pause, next: Stop, with: {duration: 1, unit: day}}
    - {type: end, name: Stop}
"""


def test_branches_that_meet_become_blocks() -> None:
    assert steps_of(journey(DECISION)) == (
        'decide "Opened?" ( when "Yes!" where age < 9 then (activate "Mail"), '
        'otherwise "Rest" then (activate "SMS"), ), wait 1 day as "Pause", end as "Stop"'
    )


def test_steps_by_uuid_and_by_key() -> None:
    listed = """
        - {uuid: a, type: wait, name: Same, next: b, with: {duration: 1, unit: day}}
        - {uuid: b, type: wait, name: Same, next: c, with: {duration: 2, unit: day}}
        - {uuid: c, type: end, name: Stop}
    """
    by_key = """
        c: {type: end, name: Stop}
        a: {type: wait, name: Same, next: b, with: {duration: 1, unit: day}}
        b: {type: wait, name: Same, next: c, with: {duration: 2, unit: day}}
    """
    # Two steps with a written name cannot have the same in the language.
    expected = 'wait 1 day as "Same", wait 2 days as "Same (2)", end as "Stop"'
    assert steps_of(journey(listed)) == expected
    assert steps_of(journey(by_key, "root_step: a\n")) == expected


def test_the_older_form_has_stages_and_goal_at_the_top() -> None:
    flat = (
        HEAD.replace("type: journey\n", "")
        + "reentry: reentry_always\ndescription: Hello\ngoal: {name: Done, segment: young, "
        + "target: {journey: VIP, stage: Hello}}\nstages:\n  - name: One\n    description: First\n"
        + "    entry_criteria: {name: In, segment: young}\n"
        + "    exit_criteria: [{name: Out, segment: 'ref:Gone'}]\n"
        + "    steps: [{type: end, name: End}]\n"
    )
    source, report = read(flat)
    assert not report.diagnostics
    assert source is not None
    assert source.startswith(
        dedent("""\
            journey "Welcome"
              description "Hello"
              reentry always
              goal "Done" where age < 9
                jump to stage "Hello" of journey "VIP"

            stage "One"
              description "First"
              enter "In" where age < 9
              exit "Out" is segment "Gone"
              steps (end)

            activation "Mail" of journey "Welcome"
              to connection "Braze"
              columns (email)
              after journey refresh
            """)
    )


def test_what_is_left_out_is_reported_by_name() -> None:
    text = journey(END).replace(
        "  young: {", "  unused: {description: What, " + RULE + "}\n  young: {"
    )
    text = text.replace("    stages:", "    version: 3\n    state: launched\n    stages:", 1)
    text += "  - version: 2\n    state: launched\n    stages: []\n"
    source, report = read(text)
    assert source is not None
    assert [(each.code.name, each.message) for each in report.diagnostics] == [
        (
            "SEG703",
            "the description of the segment `unused` is left out: rules of a journey have none of "
            "their own",
        ),
        ("SEG703", "version 2 is left out: a file holds the latest version"),
        ("SEG703", "`version` is left out: the server numbers the versions"),
        ("SEG703", "`state` is left out: `segdsl journey launch` launches a journey"),
        ("SEG703", "no criterion or branch names the segment `unused`, and it is left out"),
        ("SEG703", "no criterion or branch names the segment `young`, and it is left out"),
    ]  # fmt: skip


def test_a_step_without_next_ends_its_path() -> None:
    source, report = read(journey("- {type: wait, name: A, with: {duration: 1, unit: day}}\n"))
    assert source is not None
    assert 'wait 1 day as "A", end' in " ".join(source.split()).replace("steps ( ", "")
    [found] = [each for each in report.diagnostics if each.code.name == "SEG704"]
    assert found.message == "`A` has no `next`, and is read as the last step of its path"


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("- {type: wait, name: A, next: Stp, with: {duration: 1, unit: day}}\n" + END, "Stp: there is no step `Stp` in this stage"),
        (END + END, "{type: end, name: Stop}: two steps of this stage are named `Stop`"),
        ("- {type: end, name: A, next: Stop}\n" + END, "Stop: an end has no `next`"),
        ("- {type: end, name: A, with: {a: b}}\n", "{a: b}: an end has no `with`"),
        ("- {type: wait, name: A, next: Stop, with: {unit: day}}\n" + END, "{unit: day}: a wait has one of duration, wait_until, days_of_week and condition"),
        ("- {type: wait, name: A, next: Stop, with: {duration: 1}}\n" + END, "{duration: 1}: a wait needs `unit`"),
        ("- {type: wait, name: A, next: Stop, with: {duration: 1, unit: hour}}\n" + END, "hour: the unit of a wait is none that we know"),
        ("- {type: activation, name: A, next: Stop, with: {activation: male}}\n" + END, "male: there is no activation `male` in this file"),
        ("- {type: activation, name: A, next: Stop}\n" + END, "{type: activation, name: A, next: Stop}: an activation step needs `with`"),
        ("- {type: decision_point, name: A, with: {branches: []}}\n", "[]: a decision point needs branches"),
        ("- {type: decision_point, name: A, with: {branches: [{name: B, next: Stop}]}}\n" + END, "{name: B, next: Stop}: a branch needs `segment`"),
        ("- {type: ab_test, name: A, with: {variants: [{name: B, percentage: 50, next: Stop}]}}\n" + END, "[{name: B, percentage: 50, next: Stop}]: the percentages of an A/B test make 100, and these make 50"),
        ("- {type: jump, name: A, with: {target: {journey: VIP}}}\n", "{journey: VIP}: the target of a jump needs `stage`"),
        ("- {type: jump, name: A, with: {target: {journey: Welcome, stage: Two}}}\n", "Two: this journey has no stage `Two`"),
        ("- {type: jump, name: A, next: Stop}\n" + END, "Stop: a jump leaves the stage, and has no `next`"),
        ("- {type: split, name: A}\n", "split: the type of a step is none that we know"),
        (END + "- {type: end, name: Other}\n", "{type: end, name: Other}: “Other”: nothing leads to this step"),
        ("- {type: wait, name: A, next: A, with: {duration: 1, unit: day}}\n", "{type: wait, name: A, next: A, with: {duration: 1, unit: day}}: “A”: it leads back to “A”: a stage has no way back"),
        ("- {type: merge, name: A, next: Stop, colour: red}\n" + END, "colour: a step has no `colour`"),
    ],
)  # fmt: skip
def test_mistakes_in_steps_are_named(steps: str, message: str) -> None:
    assert message in problems(journey(steps))


def test_a_graph_that_does_not_nest_names_the_step() -> None:
    steps = """
        - {type: decision_point, name: A, with: {branches: [{name: x, segment: young, next: B}, {name: y, segment: young, next: C}]}}
        - {type: decision_point, name: B, with: {branches: [{name: x, segment: young, next: M}, {name: y, segment: young, next: N}]}}
        - {type: decision_point, name: C, with: {branches: [{name: x, segment: young, next: M}, {name: y, segment: young, next: N}]}}
        - {type: merge, name: M, next: P}
        - {type: merge, name: N, next: Q}
        - {type: wait, name: P, next: Stop, with: {duration: 1, unit: day}}
        - {type: wait, name: Q, next: Stop, with: {duration: 2, unit: day}}
        - {type: merge, name: Stop, next: Last}
        - {type: end, name: Last}
    """
    [found] = problems(journey(steps))
    assert "its paths meet half-way, at more than one step" in found
    assert found.startswith("{type: decision_point, name: B,")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, f"{HEAD.splitlines()[0]}: a journey needs `stages`"),
        (f"{HEAD}journeys: []\n", "[]: `journeys` is empty"),
        (f"{HEAD}stages: []\n", "[]: a journey needs a stage"),
        (f"{HEAD}stages: []\njourneys: []\n", "[]: `stages` and `journeys` exclude each other"),
        (f"{HEAD}journeys: [{{stages: []}}, {{stages: []}}]\n", "[{stages: []}, {stages: []}]: no version of this journey has `latest: true`"),
        (f"{HEAD}journeys: [{{latest: true}}, {{latest: true}}]\n", "true: two versions of this journey have `latest: true`"),
        (f"{HEAD}goal: young\nstages: [{{name: One}}]\n", "young: a goal has a name and a segment"),
        (f"{HEAD}stages: [{{name: One, milestone: {{name: M, segment: yong}}}}]\n", "yong: there is no segment `yong` in this file"),
        (f"{HEAD}stages: [{{name: One, milestone: {{name: M, segment: young, target: {{journey: a, stage: b}}}}}}]\n", "{journey: a, stage: b}: a milestone cannot jump"),
        (f"{HEAD}stages: [{{steps: []}}]\n", "{steps: []}: a stage needs `name`"),
        (f"{HEAD}reentry: sometimes\nstages: [{{name: One}}]\n", "sometimes: `reentry` is none that we know"),
        (HEAD.replace("columns: [phone]", "columns: [phone], string_columns: [a]") + "stages: [{name: One}]\n", "[a]: `string_columns` cannot be converted: what stands in it is not published"),
        (HEAD.replace("refresh: true", "refresh: true, schedule: {type: none}") + "stages: [{name: One}]\n", "{type: none}: `schedule` and `run_after_journey_refresh` exclude each other"),
        (HEAD.replace("name: SMS", "name: Mail") + "stages: [{name: One}]\n", "sms: `mail` and `sms` are activations with the same name, `Mail`"),
        (HEAD.replace("attribute: age", "attribut: age") + "stages: [{name: One}]\n", "attribut: a condition has no `attribut`"),
    ],
)  # fmt: skip
def test_mistakes_around_steps_are_named(text: str, message: str) -> None:
    assert message in problems(text)


FULL = f"""\
type: journey
name: Welcome
reentry: reentry_unless_goal_achieved
segments:
  young: {{{RULE}}}
  buyer:
    rule:
      type: And
      conditions:
        - {{type: Behavior, attribute: "", source: behavior_purchases,
           aggregation: {{type: Count}}, operator: {{type: GreaterEqual, value: 1}}}}
activations:
  mail:
    name: Mail
    connection: Braze
    columns: [email]
    schedule: {{type: daily, timezone: UTC}}
journeys:
  - state: draft
    latest: true
    goal: {{name: Bought, segment: buyer}}
    stages:
      - name: One
        entry_criteria: {{name: In, segment: young}}
        milestone: {{name: Next, segment: buyer}}
        steps:
          - {{type: activation, name: Mail, next: Wait, with: {{activation: mail}}}}
          - type: wait
            name: Wait
            with: {{condition: {{segment: buyer, next: Tone, timeout: {{duration: 2, unit: week, next: Go}}}}}}
          - type: ab_test
            name: Tone
            with: {{variants: [{{name: A, percentage: 40, next: Day}}, {{name: B, percentage: 60, next: Rejoin}}]}}
          - {{type: wait, name: Day, next: Rejoin, with: {{duration: 1, unit: day}}}}
          - {{type: merge, name: Rejoin, next: Stop}}
          - {{type: jump, name: Go, with: {{target: {{journey: Welcome, stage: Two}}}}}}
          - {{type: end, name: Stop}}
      - name: Two
        entry_criteria: {{name: Buyers, segment: buyer}}
        steps: [{{type: end, name: End}}]
"""
BUYER = {
    "type": "Value",
    "leftValue": {"source": {"name": "behavior_purchases"}, "aggregation": {"type": "Count"}},
    "operator": {"type": "GreaterEqual", "not": False, "rightValue": 1},
}


def _by_name(stage: dict[str, Any]) -> dict[str, Any]:
    """The steps of a stage by their names (merges by `Merge`), and what each leads to."""
    steps = stage["steps"]
    names = {id: step.get("name", step["type"]) for id, step in steps.items()}

    def paths(step: dict[str, Any]) -> Any:
        for key in ("branches", "variants", "conditions"):
            if key in step:
                return {each["name"]: names[each["next"]] for each in step[key]}
        return names.get(step.get("next"))

    return {names[id]: (step["type"], paths(step)) for id, step in steps.items()}


def test_an_imported_journey_checks_and_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "welcome.yml").write_text(FULL)
    imported = segdsl("import", "welcome.yml", "--json")
    assert imported.exit_code == 0, imported.stderr
    document = json.loads(imported.stdout)
    assert document["journeys"] == [{"file": "welcome.seg", "status": "new"}]
    assert document["segments"] == []
    checked = segdsl("check", "welcome.seg", "--json")
    assert checked.exit_code == 0, checked.stdout
    compiled = segdsl("compile", "welcome.seg", "--symbolic")
    assert compiled.exit_code == 0, compiled.stderr
    document = json.loads(compiled.stdout)
    bodies = [request["body"] for request in document["requests"]]
    # The last one has the stages with their steps.
    attributes = [body["attributes"] for body in bodies if body.get("type") == "journey"][-1]
    assert attributes["reentryMode"] == "reentry_unless_goal_achieved"
    assert attributes["goal"]["name"] == "Bought"
    one, two = attributes["journeyStages"]
    assert (one["entryCriteria"]["name"], one["milestone"]["name"]) == ("In", "Next")
    assert (two["name"], two["entryCriteria"]["name"]) == ("Two", "Buyers")
    assert one["steps"][one["rootStep"]]["name"] == "Mail"
    assert _by_name(one) == {
        "Mail": ("Activation", "Wait"),
        "Wait": ("WaitStep", {"Wait": "Tone", "Max wait 2 weeks": "Go"}),
        "Tone": ("ABTest", {"A": "Day", "B": "Merge"}),
        "Day": ("WaitStep", "Merge"),
        "Merge": ("Merge", "Stop"),
        "Go": ("Jump", None),
        "Stop": ("End", None),
    }
    variants = next(step for step in one["steps"].values() if step["type"] == "ABTest")["variants"]
    assert [each["percentage"] for each in variants] == [40, 60]
    rules = [body["rule"] for body in bodies if "rule" in body]
    assert [_plain(rule) for rule in rules].count(_rule(BUYER)) == 4
    assert len(rules) == 5


def _rule(condition: Any) -> Any:
    """A rule in the API's layout of one condition."""
    group = {"type": "And", "conditions": [condition]}
    return {"type": "And", "conditions": [group]}


def _plain(value: Any) -> Any:
    """JSON without what says nothing: null, false to exclude, empty lists."""
    if isinstance(value, dict):
        return {
            key: _plain(inner)
            for key, inner in value.items()
            if inner not in (None, []) and not (key == "exclude" and inner is False)
        }
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def test_folders_of_journeys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tdx.json").write_text("{}")
    (tmp_path / "Onboarding").mkdir()
    (tmp_path / "Onboarding" / "welcome.yml").write_text(journey(END))
    (tmp_path / "Onboarding" / "young.yml").write_text(f"name: Welcome\n{RULE}\n")
    run = segdsl("import", ".", "--to", "out")
    assert run.exit_code == 0, run.stderr
    source = (tmp_path / "out" / "Onboarding" / "welcome.seg").read_text()
    assert source.startswith('journey "Welcome"\n  folder "Onboarding"\n')
    # A segment and a journey may have the same name.
    assert (tmp_path / "out" / "Onboarding" / "young.seg").exists()


def test_a_stage_without_steps() -> None:
    for steps in ("[]", "{}"):
        source, report = read(f"{HEAD}stages: [{{name: One, steps: {steps}}}]\n")
        assert source is not None, report.diagnostics
        assert source.startswith('journey "Welcome"\n\nstage "One"\n\nactivation')
