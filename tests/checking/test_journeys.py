"""What is wrong with journeys in themselves: sizes, shares, caps, layers, order, gaps."""

from __future__ import annotations

import pytest

from segdsl.analysis.checking.activations import check_items
from segdsl.analysis.checking.journeys import events_of
from segdsl.diagnostics import Report
from segdsl.language.resolve import Program, Resolved, resolve_all
from segdsl.language.syntax.parser import parse
from segdsl.schema.model import Column, Schema
from segdsl.source import Source

SCHEMA = Schema(
    "1",
    "Shop",
    attributes=(Column("email", "string"), Column("tags", "string_array"), Column("a", "number")),
)


def read(text: str) -> Resolved:
    report = Report()
    items = resolve_all(Program("x", {"x": parse(Source("x", text), report)}), report)
    assert not report.has_errors, [of.message for of in report.diagnostics]
    return items


def found(text: str, schema: Schema | None = None) -> list[str]:
    items = read(text)
    report = Report()
    check_items((), items.activations, items.templates, schema, report, journeys=items.journeys)
    return [f"{of.code.name} {of.message}" for of in report.diagnostics]


def of_steps(steps: str, schema: Schema | None = None) -> list[str]:
    """What is found in a journey of one stage with these steps."""
    return found(f'journey "J" stage "S" enter "E" where a = 1 steps ({steps})', schema)


def stage(number: int, more: str = 'milestone "M" where a = 2', steps: str = "wait 1 day") -> str:
    return f'stage "S{number}" enter "E" where a = 1 {more} steps ({steps})\n'


def stages(number: int) -> str:
    return "".join(stage(each) for each in range(number - 1)) + stage(number, "")


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        (1, []),
        (8, []),
        (9, ['SEG244 the journey "J" has 9 stages']),
    ],
)
def test_stages(number: int, codes: list[str]) -> None:
    assert found(f'journey "J" {stages(number)}') == codes


def test_no_stages() -> None:
    assert found('journey "J"') == ['SEG244 the journey "J" has no stages']


def steps(number: int, step: str = "wait 1 day") -> str:
    return ", ".join([step] * number)


def test_events_of_a_stage() -> None:
    text = f'journey "J" stage "S" enter "E" where a = 1 steps ({steps(3)}, end)'
    [journey] = read(text).journeys
    assert events_of(journey.stages[0]) == 4
    assert of_steps(steps(69)) == []
    assert of_steps(steps(70)) == ['SEG245 the stage "S" has 71 events']


def test_events_of_a_journey() -> None:
    def journey(second: int) -> str:
        return f'journey "J" {stage(1, steps=steps(59))}{stage(2, "", steps(second))}'

    assert found(journey(59)) == []
    assert found(journey(60)) == ['SEG245 the journey "J" has 121 events']


@pytest.mark.parametrize(
    ("activations", "waits", "codes"),
    [
        (49, 69, []),
        (50, 68, ['SEG245 the journey "J" has 50 activations']),
        (50, 67, []),
    ],
)
def test_activations_of_a_full_journey(activations: int, waits: int, codes: list[str]) -> None:
    each = [f'activate "A{number}"' for number in range(activations)]
    waiting = ["wait 1 day"] * waits
    both = [step for pair in zip(each, waiting, strict=False) for step in pair]
    both += waiting[activations:]
    text = f'journey "J" {stage(1, steps=", ".join(both[:58]))}'
    text += stage(2, "", ", ".join(both[58:]))
    assert [of for of in found(text) if "SEG245" in of] == codes


CASUAL = 'split "T" ({}), wait 1 day'


@pytest.mark.parametrize(
    ("variants", "codes"),
    [
        ('50% "a" then (), 50% "b" then ()', []),
        ('33.3% "a" then (), 66.7% "b" then ()', []),
        ('33.3% "a" then (), 66.6% "b" then ()', ["SEG246 the shares of this split sum to 99.9%"]),
        ('60% "a" then (), 60% "b" then ()', ["SEG246 the shares of this split sum to 120%"]),
        ('50% "a" up to 5 then (), 50% "b" control then ()', []),
        (
            '50% "a" up to 5 then (), 50% "b" up to 5 then ()',
            ['SEG247 the variant "a" has a cap, but this split has no control variant'],
        ),
        (
            '20% "a" up to 5 then (), 30% "b" then (), 50% "c" control then ()',
            ['SEG247 the variant "b" has no cap, but another one has'],
        ),
        (
            '50% "a" control then (), 50% "b" control then ()',
            ["SEG248 this split already has a control variant"],
        ),
        (", ".join(f'12.5% "{n}" then ()' for n in range(8)), []),
        (", ".join(f'12% "{n}" then ()' for n in range(8)) + ', 4% "c" control then ()', []),
        (
            ", ".join(f'{12 - 8 * (n == 8)}% "{n}" then ()' for n in range(9)),
            ["SEG248 this split has 9 variants"],
        ),
        (
            '0% "a" then (wait 1 day), 100% "b" then ()',
            ['SEG631 no profile gets the variant "a", as its share is 0%'],
        ),
        ('100% "a" up to 9 then (), 0% "b" control then (wait 1 day)', []),
    ],
)
def test_splits(variants: str, codes: list[str]) -> None:
    assert of_steps(CASUAL.format(variants)) == codes


@pytest.mark.parametrize(("number", "codes"), [(1, 1), (2, 0), (6, 0), (7, 1)])
def test_branches(number: int, codes: int) -> None:
    branches = [f'when "{n}" where b = {n} then (wait 1 day)' for n in range(number - 1)]
    branches.append('otherwise "o" then ()')
    said = of_steps(f'decide "D" ({", ".join(branches)})')
    assert [of.split()[0] for of in said] == ["SEG248"] * codes


def nested(kind: str, layers: int) -> str:
    inner = "wait 1 day"
    for number in range(layers):
        if kind == "decide":
            inner = (
                f'decide "D{number}" (when "a" where b{number} = 1 then ({inner}), '
                'otherwise "o" then ())'
            )
        else:
            inner = f'split "S{number}" (50% "a" then ({inner}), 50% "b" then ())'
    return inner


@pytest.mark.parametrize(
    ("kind", "most", "message"),
    [
        ("decide", 2, "SEG249 decisions are nested in more than 2 layers"),
        ("split", 4, "SEG249 splits are nested in more than 4 layers"),
    ],
)
def test_layers(kind: str, most: int, message: str) -> None:
    assert of_steps(nested(kind, most)) == []
    assert of_steps(nested(kind, most + 1)) == [message]
    # Further layers are a part of the first one too many.
    assert of_steps(nested(kind, most + 3)) == [message]


def test_what_a_launch_needs() -> None:
    text = 'journey "J" stage "A" stage "B" enter "E" where a = 1 milestone "M" where a = 2'
    assert found(text) == [
        'SEG628 the stage "A" has no `enter`',
        'SEG628 the stage "A" has no `milestone`',
        'SEG628 the stage "A" has no `steps`',
        'SEG628 the stage "B" is the last one, and its milestone leads nowhere',
        'SEG628 the stage "B" has no `steps`',
    ]


@pytest.mark.parametrize(
    ("text", "unreached"),
    [
        ("wait 1 day, end", 0),
        ("end, wait 1 day, wait 2 days", 1),
        ('jump to stage "T" of journey "K", wait 1 day', 1),
        ('decide "D" (when "a" where b = 1 then (end), otherwise "o" then (end)), wait 1 day', 1),
        ('decide "D" (when "a" where b = 1 then (end), otherwise "o" then ()), wait 1 day', 0),
        # Who meets no branch rests there.
        (
            'decide "D" (when "a" where b = 1 then (end), when "c" where b = 2 then (end)), '
            "wait 1 day",
            1,
        ),
        ('wait for "W" where b = 1 then (end), wait 1 day', 1),
        ('wait for "W" where b = 1 up to 1 day then (end), wait 1 day', 0),
        ('split "T" (100% "a" then (end), 0% "b" then ()), wait 1 day', 1),
        ('split "T" (100% "a" up to 5 then (end), 0% "b" control then ()), wait 1 day', 0),
        ('decide "D" (when "a" where b = 1 then (end, end), otherwise "o" then ())', 1),
    ],
)
def test_steps_that_nobody_reaches(text: str, unreached: int) -> None:
    said = [of for of in of_steps(text) if "SEG630" in of]
    assert said == ["SEG630 no profile reaches this step"] * unreached


@pytest.mark.parametrize(
    ("text", "activations"),
    [
        ('activate "A", wait 1 day', []),
        ('activate "A"', ["A"]),
        ('activate "A", end', ["A"]),
        ('activate "A", activate "B", wait until Monday', ["A"]),
        ('activate "A", wait for "W" where b = 1 then ()', []),
        # The wait behind the branches counts.
        (
            'decide "D" (when "a" where b = 1 then (activate "A"), '
            'otherwise "o" then (activate "B", end)), wait 1 day',
            ["B"],
        ),
        (
            'decide "D" (when "a" where b = 1 then (activate "A"), otherwise "o" then ()), end',
            ["A"],
        ),
        (
            'split "T" (100% "t" then (wait for "W" where b = 1 then (activate "A"))), wait 1 day',
            [],
        ),
    ],
)
def test_activations_without_a_wait(text: str, activations: list[str]) -> None:
    said = [of for of in of_steps(text) if "SEG629" in of]
    assert said == [f'SEG629 no wait follows the activation "{each}"' for each in activations]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('activate "A", wait 1 day, activate "A", wait 1 day', ["A"]),
        ('activate "A" as "B", wait 1 day, activate "A", wait 1 day', []),
        (
            'decide "A" (when "a" where b = 1 then (), otherwise "o" then ()), activate "A", '
            "wait 1 day",
            ["A"],
        ),
        ('wait for "A" where b = 1 then (), wait for "A" where b = 2 then ()', ["A"]),
        ("wait 1 day, wait 1 day, end", []),
    ],
)
def test_names_of_steps(text: str, names: list[str]) -> None:
    said = [of for of in of_steps(text) if "SEG638" in of]
    assert said == [f'SEG638 another step of this stage is called "{each}" too' for each in names]


def test_reentry() -> None:
    head = 'journey "J" reentry {} {} ' + stage(1, "")
    assert found(head.format("unless goal achieved", "")) == [
        'SEG637 the journey "J" is entered again `unless goal achieved`, but has no `goal`'
    ]
    assert found(head.format("unless goal achieved", 'goal "G" where a = 3')) == []
    assert found(head.format("always", "")) == []


@pytest.mark.parametrize(
    ("seed", "codes"),
    [
        ("email", []),
        ("cdp_customer_id", []),
        ("emial", ["SEG501 there is no attribute `emial`"]),
        ("tags", ["SEG508 `tags` is of type string_array, and variants are drawn by one value"]),
    ],
)
def test_seeds_of_splits(seed: str, codes: list[str]) -> None:
    text = f'split "T" by {seed} (50% "a" then (), 50% "b" then ()), wait 1 day'
    assert of_steps(text, SCHEMA) == codes
    assert of_steps(text) == []


@pytest.mark.parametrize(
    ("target", "schedule", "codes"),
    [
        ('journey "J"', "", 1),
        ('journey "J"', "by hand", 1),
        ('journey "J"', "every day", 0),
        ('journey "J"', "after journey refresh", 0),
        ("segment #1", "", 0),
    ],
)
def test_schedules_of_activations(target: str, schedule: str, codes: int) -> None:
    text = f'activation "A" of {target} to connection "c" columns all {schedule}'
    message = 'SEG643 the activation "A" of a journey has no schedule'
    assert found(text) == [message] * codes
