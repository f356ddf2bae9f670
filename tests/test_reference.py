"""The language reference cannot rot: each example on it is compiled and compared.

Tables with a column `source` have the part of the rule that their last column names;
a `seg` block is followed by the request it compiles to.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from segdsl import compile_text
from segdsl.diagnostics import Report
from segdsl.language import predicates as p
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.grammar import grammar_text, reserved_words
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Limit
from segdsl.source import Source
from support import nodes, rule_of

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
PAGE = (FOLDER / "language.md").read_text(encoding="utf-8")
OTHER_PAGES = "".join(
    (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    for name in ("activations", "predictive", "journeys")
)
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"^(`+)(.*)\1$")


def shortened(part: Any) -> Any:
    """A rule whose conditions on attributes are shown by their names, negated or not."""
    if part["type"] == "Value":
        name = part["leftValue"]["name"]
        return f"not {name}" if part["operator"]["not"] != part["exclude"] else name
    return {**part, "conditions": [shortened(each) for each in part["conditions"]]}


def part_of(source: str, column: str) -> Any:
    """The part of the compiled rule that a column shows."""
    if column == "rule of `--layout nested`, conditions by name":
        return shortened(rule_of(source, layout="nested"))
    rule = rule_of(source)
    if column == "rule, conditions by name":
        return shortened(rule)
    if column == "limit":
        return rule["limit"]
    condition = rule["conditions"][0]["conditions"][0]
    if column == "condition":
        return condition
    if column == "filter":
        return condition["leftValue"]["filter"]
    return condition[column]


def code(cell: str) -> str:
    found = _CODE.match(cell.strip())
    assert found, cell
    return found[2].strip().replace("\\|", "|")


def rows() -> list[tuple[str, str, str]]:
    """(column, source, shown) of each row of each table of examples."""
    found: list[tuple[str, str, str]] = []
    column = None
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            column = None
            continue
        cells = [cell.strip() for cell in _CELL.split(line)[1:-1]]
        if cells[0] == "source":
            column = cells[-1]
        elif column is not None and set(cells[0]) != {"-"} and not cells[0].startswith("---"):
            found.append((column, code(cells[0]), cells[-1]))
    return found


def blocks() -> list[tuple[str, str]]:
    """Each `seg` block with the `json` block behind it."""
    return re.findall(r"^```seg\n(.*?)^```\n+```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("column", "source", "shown"), rows(), ids=[row[1] for row in rows()])
def test_a_row_shows_what_its_source_compiles_to(column: str, source: str, shown: str) -> None:
    assert json.loads(code(shown)) == part_of(source, column)


@pytest.mark.parametrize(("source", "shown"), blocks())
def test_a_block_shows_what_it_compiles_to(source: str, shown: str) -> None:
    compiled = compile_text(source, symbolic=True)
    assert compiled.codes == []
    [segment] = compiled.segments
    assert json.loads(shown) == segment.request


def test_every_block_is_compared() -> None:
    languages = re.findall(r"^```(.*)$", PAGE, re.MULTILINE)
    assert languages[::2] == ["seg", "json"] * len(blocks())
    assert len(rows()) > 100


def test_every_word_of_the_language_is_on_a_page() -> None:
    words = re.findall(r'^[A-Z_]+: "([a-z]+)"$', grammar_text(), re.MULTILINE)
    words += re.findall(r"^[A-Z_]+\.3: /([a-z]+)\(\?=", grammar_text(), re.MULTILINE)
    files = PAGE[PAGE.index("## Files") : PAGE.index("## Groups")]
    sources = [source for _, source, _ in rows()] + [source for source, _ in blocks()]
    examples = [*sources, *re.findall(r"`([^`]+)`", files), *re.findall(r"`import .*?`", PAGE)]
    # Words of other items are on pages of their own.
    shown = set(re.findall(r"[a-z]+", " ".join([*examples, OTHER_PAGES])))
    assert [word for word in words if word not in shown] == []


def test_every_node_is_in_an_example() -> None:
    sources = [f'segment "x" where {source}' for _, source, _ in rows()]
    sources += [source for source, _ in blocks()]
    found = {
        type(node)
        for source in sources
        for node in nodes(parse(Source("x.seg", source), Report()).items)
    }
    wanted = {
        *get_args(t.Expression),
        *get_args(t.Subject),
        *get_args(t.Item),
        *get_args(p.Predicate),
        p.Ago,
        t.Quantifier,
        t.Clause,
        Limit,
    }
    # An import needs a second file; a dotted name needs a schema, and is an error without.
    # Other items are on pages of their own.
    others = {t.Funnel, t.Activation, t.ActivationTemplate, t.PredictiveSegment, t.Journey}
    assert wanted - found == {t.Import, t.Dotted, *others}


def test_the_reserved_words_are_listed() -> None:
    listed = PAGE.partition("## Reserved words")[2]
    assert re.findall(r"`(\w+)`", listed) == sorted(reserved_words())


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (FOLDER / target).exists(), target
    headings = {
        re.sub(r"[^a-z -]", "", line.lower().lstrip("# ")).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
