"""Pictures of journeys: everything is in them, nothing covers anything, and no text breaks out."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from segdsl.analysis.graph import mermaid, svg
from segdsl.analysis.graph.labels import step_label
from segdsl.analysis.graph.layout import Box, draw_block, wrapped
from segdsl.analysis.graph.mermaid import escaped
from segdsl.diagnostics import Report
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Number
from segdsl.source import Source
from segdsl.terminal import cell_width
from strategies.journeys import journeys as generated

DOCS = Path(__file__).parents[1] / "docs"
SVG = "{http://www.w3.org/2000/svg}"
Journeys = Sequence[j.Journey[c.Segment]]
WELCOME = """
journey "Welcome"
  goal "Done" where a = 1 jump to stage "Thanks" of journey "Elsewhere"

stage "First"
  enter "New" where b = 1
  milestone "Engaged" where b = 2
  exit "Gone" where b = 3
  exit "Loyal" where b = 4 jump to stage "Second"
  steps (
    activate "Mail" as "First mail",
    decide "Opened?" (
      when "Opened" where b = 5 then (wait 2 days, end),
      otherwise "Not opened" then (),
    ),
    wait for "Order" where b = 6 up to 1 week then (activate "Thanks") otherwise (),
    wait until Monday or Friday in "UTC",
    split "Tone" by email (
      60% "Casual" up to 5 then (wait until 2025-12-01),
      40% "Rest" control then (jump to stage "Second"),
    ),
  )

stage "Second" steps (wait 1 day)
"""


def read(text: str) -> Journeys:
    report = Report()
    found = resolve_all(Program("x", {"x": parse(Source("x", text), report)}), report).journeys
    assert not report.has_errors, [of.message for of in report.diagnostics]
    return found


def rules(journeys: Sequence[j.Journey[str]]) -> Journeys:
    """Generated journeys, with a segment for each rule."""
    return [j.map_rules(each, lambda rule: c.Segment(rule, c.Everyone())) for each in journeys]


def texts(picture: str) -> list[str]:
    """What is to be seen, in the order of the text, and all that pointing at a part shows."""
    root = ET.fromstring(picture)
    found = [each.text or "" for each in root.iter() if each.tag in (f"{SVG}text", f"{SVG}title")]
    return [each for each in found if each]


def boxes(picture: str) -> Iterator[tuple[str, float, float, float, float]]:
    for each in ET.fromstring(picture).iter(f"{SVG}rect"):
        kind = each.get("class", "")
        if kind.startswith("box"):
            x, y, width, height = (
                float(each.get(key, "0")) for key in ("x", "y", "width", "height")
            )
            yield kind, x, y, x + width, y + height


def test_everything_is_in_the_svg() -> None:
    shown = texts(svg(read(WELCOME)))
    for text in (
        *("Journey Welcome", "Stage First", "Stage Second", "milestone: Engaged"),
        *("goal → Thanks of Elsewhere: Done", "enter: New", "exit: Gone", "exit → Second: Loyal"),
        *("activate Mail: First mail", "decide: Opened?", "Opened", "else: Not opened"),
        *("wait 2 days", "end", "wait for Order", "Order", "after 1 week", "activate: Thanks"),
        *("wait until Monday or Friday in UTC", "split by email: Tone", "60% Casual, up to 5"),
        *("40% Rest (control)", "wait until 2025-12-01", "jump to Second"),
    ):
        assert text in shown, text


def test_the_mermaid_text() -> None:
    assert mermaid(read(WELCOME)) == (
        """\
flowchart TD
  subgraph j1["Journey Welcome"]
    n1[["goal<br/>Done"]]
    n2[/"Thanks of Elsewhere"/]
    subgraph j1s1["Stage First"]
      n3["enter<br/>New"]
      n4["activate Mail<br/>First mail"]
      n5{"decide<br/>Opened?"}
      n6(["wait 2 days"])
      n7(("end"))
      n8(["wait for Order"])
      n9["activate<br/>Thanks"]
      n10(["wait until Monday or Friday in UTC"])
      n11{{"split by email<br/>Tone"}}
      n12(["wait until 2025-12-01"])
      n13[/"jump to Second"/]
      n14>"exit<br/>Gone"]
      n15>"exit<br/>Loyal"]
      n16[["milestone<br/>Engaged"]]
    end
    subgraph j1s2["Stage Second"]
      n17(["wait 1 day"])
    end
  end
  n1 -.-> n2
  n3 --> n4
  n4 --> n5
  n5 -->|"Opened"| n6
  n6 --> n7
  n5 -->|"else: Not opened"| n8
  n8 -->|"Order"| n9
  n9 --> n10
  n8 -->|"after 1 week"| n10
  n10 --> n11
  n11 -->|"60% Casual, up to 5"| n12
  n11 -->|"40% Rest (control)"| n13
  n13 -.-> j1s2
  n15 -.-> j1s2
  n16 --> j1s2
"""
    )


@pytest.mark.parametrize(
    "name",
    ['<script>alert("1")</script>', "a & b", '"quoted"', "`x`", "end", "#35;", "\x1b[31m", "\x00"],
)
def test_no_text_breaks_out(name: str) -> None:
    step = j.Activate(name)
    stage = j.JourneyStage[c.Segment](name, steps=(step,))
    journeys = [j.Journey[c.Segment](name, (stage,))]
    picture = svg(journeys)
    ET.fromstring(picture)
    assert "<script" not in picture
    assert "\x1b" not in picture
    for line in mermaid(journeys).splitlines():
        assert line.count('"') in (0, 2), line
        assert "\x1b" not in line
        assert not re.search(r'"[^"]*[<>`\\](?!br/>)[^"]*"', line.replace("<br/>", "")), line


def test_codes_of_mermaid() -> None:
    assert escaped('#1 "a" <b> & `c`') == "#35;1 #quot;a#quot; #lt;b#gt; #amp; #96;c#96;"


@settings(max_examples=60, deadline=None)
@given(generated())
def test_any_journey_is_drawn_without_overlaps(journeys: Sequence[j.Journey[str]]) -> None:
    found = rules(journeys)
    for journey in found:
        picture = svg([journey])
        size = [float(each) for each in ET.fromstring(picture).get("viewBox", "").split()]
        placed = list(boxes(picture))
        steps = [step for stage in journey.stages for step in j.walk_steps(stage.steps)]
        criteria = sum((stage.enter is not None) + len(stage.exits) for stage in journey.stages)
        assert len(placed) == len(steps) + criteria + (journey.goal is not None)
        for number, (_, left, top, right, bottom) in enumerate(placed):
            assert 0 <= left < right <= size[2] - 24
            assert 0 <= top < bottom <= size[3] - 24
            for _, left_2, top_2, right_2, bottom_2 in placed[:number]:
                assert right <= left_2 or right_2 <= left or bottom <= top_2 or bottom_2 <= top, (
                    picture
                )
    ET.fromstring(svg(found))


@settings(max_examples=60, deadline=None)
@given(generated())
def test_each_step_is_a_node_and_each_arrow_has_two_ends(
    journeys: Sequence[j.Journey[str]],
) -> None:
    found = rules(journeys)
    text = mermaid(found)
    nodes = set(re.findall(r"^ +(n\d+)[\[({>]", text, re.MULTILINE))
    stages = set(re.findall(r"subgraph (j\d+s\d+)\[", text))
    arrows = re.findall(r'^  (\w+) (?:-->|-\.->)(?:\|"[^"]*"\|)? (\w+)$', text, re.MULTILINE)
    assert all({start, end} <= nodes | stages for start, end in arrows)
    steps = [step for each in found for stage in each.stages for step in j.walk_steps(stage.steps)]
    assert len(nodes) >= len(steps)
    assert len(stages) == sum(len(each.stages) for each in found)
    for step in steps:
        assert f'"{escaped(step_label(step).head)}' in text


def test_boxes_are_as_wide_as_their_texts() -> None:
    long = "a very long name of an activation, longer than three lines can be, and some more of it"
    drawing = draw_block((j.Activate(long), j.WaitFor(Number("1"), "day")))
    first = next(part for part in drawing.parts if isinstance(part, Box))
    assert first.whole == f"activate: {long}"
    assert len(first.lines) == 3
    assert first.lines[-1].endswith("…")
    assert drawing.left + drawing.right >= first.width


@pytest.mark.parametrize(
    "text",
    ["", "one", "a" * 100, "顧客の旅の名前はとても長いので三行には入りません" * 2, "a b " * 40],
)
def test_lines_keep_to_their_width(text: str) -> None:
    lines = wrapped(text, 20, 3)
    assert len(lines) <= 3
    assert all(cell_width(line) <= 20 for line in lines)
    assert "".join(lines).replace("…", "") in text.replace(" ", "") or " " in text


def test_the_picture_of_the_reference() -> None:
    """`UPDATE_PICTURE=1 pytest tests/test_graph.py` writes it anew."""
    page = (DOCS / "reference" / "journeys.md").read_text(encoding="utf-8")
    [block] = re.findall(r'^```seg title="trial.seg"\n(.*?)^```$', page, re.MULTILINE | re.DOTALL)
    file = DOCS / "assets" / "journey.svg"
    picture = svg(read(block))
    if os.environ.get("UPDATE_PICTURE"):
        file.write_text(picture, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == picture


def test_a_picture_of_nothing() -> None:
    ET.fromstring(svg([]))
    empty = j.Journey[c.Segment]("Empty")
    assert mermaid([empty]) == 'flowchart TD\n  subgraph j1["Journey Empty"]\n  end\n'
    assert "Journey Empty" in svg([msgspec.structs.replace(empty, stages=(j.JourneyStage("S"),))])
