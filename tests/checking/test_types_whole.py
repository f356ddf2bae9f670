"""The rules of types as tables, tested whole: in the checks, and on the engine.

What fits is in order, and can select somebody; what does not fit is an error, and selects nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from shop import ALL_TYPES, found

from segdsl.analysis.checking import types
from segdsl.diagnostics import Report
from segdsl.engine import open_data
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ColumnType
from segdsl.source import Source
from segdsl.sql import Context, SqlError, count

# One row a type, one column a kind of comparison: `+` fits, `.` never holds, `L` needs elements.
ASKED = {
    "number": "{} > 1",
    "text": '{} = "x"',
    "boolean": "{} is true",
    "order of booleans": "{} > true",
    "between numbers": "{} between 1 and 2",
    "between texts": '{} between "a" and "b"',
    "in numbers": "{} in (1, 2)",
    "in texts": '{} in ("a", "b")',
    "contains": '{} contains "a"',
    "starts with": '{} starts with "a"',
    "matches": '{} matches "a"',
    "null": "{} is null",
    "before": "{} before 2024-01-01",
    "ago": "{} more than 3 days ago",
    "between times": "{} between 2024-01-01 and 2024-02-01",
    "within": "{} within past 3 days",
    "in unit": "{} in last month",
    "today": "{} is today",
    "range": "{} for 7 days from 1 month ago",
    "from now": "{} between 3 and 7 days from now",
}
TABLE = """
string       . + . . . + . + + + + + . . . . . . . .
number       + . . . + . + . . . . + + + + + + + + +
timestamp    + . . . + . + . . . . + + + + + + + + +
date         + . . . + . + . . . . + + + + + + + + +
boolean      . . + . . . . . . . . + . . . . . . . .
string_array L L L L L L L L L L L + L L L L L L L L
number_array L L L L L L L L L L L + L L L L L L L L
"""
NAMES: dict[str, str] = {each.type: each.name for each in ALL_TYPES if each.type}
CELLS = [
    (row.split()[0], asked, cell)
    for row in TABLE.strip().splitlines()
    for asked, cell in zip(ASKED, row.split()[1:], strict=True)
]


@pytest.mark.parametrize(("type", "asked", "cell"), CELLS)
def test_the_table_of_types_is_whole(type: ColumnType, asked: str, cell: str) -> None:
    codes = found(ASKED[asked].format(NAMES[type]))
    match cell:
        case "+":
            assert codes == []
        case "L":
            assert codes == ["SEG508"]
        case _:
            assert codes in (["SEG506"], ["SEG507"])


@pytest.mark.parametrize(("type", "asked", "cell"), CELLS)
def test_elements_are_as_their_type(type: ColumnType, asked: str, cell: str) -> None:
    codes = found("any of " + ASKED[asked].format(NAMES[type]))
    if type in types.ELEMENTS:
        element = found(ASKED[asked].format(NAMES[types.ELEMENTS[type]]))
        assert codes == element
    else:
        assert codes == ["SEG508"]


def test_every_type_has_its_row() -> None:
    assert {*types.FITS, *types.ELEMENTS} == {each.type for each in ALL_TYPES}


# --- aggregates ----------------------------------------------------------------------------

# One row a function, one column a type: what is asked is of the type of the column (`=`), is a
# number (`n`), or there is no such aggregate (`.`), or none that anybody means (`-`): an engine
# would sum times and put truths in order. The last row is of what events are ordered by.
FUNCTIONS = {
    "count distinct": "count distinct (each.{})",
    "sum": "sum(each.{})",
    "average": "average(each.{})",
    "min": "min(each.{})",
    "max": "max(each.{})",
    "first": "first(each.{} by timestamp)",
    "last": "last(each.{} by timestamp)",
    "by": "first(each.num by {})",
}
AGGREGATES = """
               string number timestamp date boolean string_array number_array
count distinct n      n      n         n    n       n            n
sum            .      n      -         -    .       .            .
average        .      n      -         -    .       .            .
min            =      =      =         =    -       .            .
max            =      =      =         =    -       .            .
first          =      =      =         =    =       =            =
last           =      =      =         =    =       =            =
by             n      n      n         n    -       .            .
"""
AGGREGATE_CELLS = [
    (function, type, cell)
    for line in AGGREGATES.strip().splitlines()[1:]
    for function in FUNCTIONS
    if line.startswith(function)
    for type, cell in zip(AGGREGATES.split()[:7], line.removeprefix(function).split(), strict=True)
]
# That an aggregate is null is never asked (SEG204).
COMPARED = [asked for asked in ASKED if asked != "null"]
NUMERIC = ("number", "between numbers", "in numbers")


def aggregate(function: str, type: str) -> str:
    return FUNCTIONS[function].format(NAMES[type])


@pytest.mark.parametrize(("function", "type", "cell"), AGGREGATE_CELLS)
@pytest.mark.parametrize("how", ["", "any of "])
def test_the_table_of_aggregates_is_whole(function: str, type: str, cell: str, how: str) -> None:
    """Of what there is, each comparison fits as it fits the attribute of the same type."""
    for asked in COMPARED:
        codes = found(how + ASKED[asked].format(aggregate(function, type)))
        if how and function in ("sum", "average"):
            # One number, whatever it is made of.
            assert codes == ["SEG213"]
        elif function == "count distinct":
            assert codes == ([] if asked in NUMERIC and not how else ["SEG203"])
        elif cell in ".-":
            assert "SEG506" in codes
            # Of what events are in order, what is found is looked at all the same.
            assert len(codes) == 1 or function == "by"
        else:
            name = NAMES[type if cell == "=" else "number"]
            assert codes == found(how + ASKED[asked].format(name))


def test_every_function_and_every_type_has_its_cell() -> None:
    assert len(AGGREGATE_CELLS) == len(FUNCTIONS) * len(ALL_TYPES)


# --- on the engine -------------------------------------------------------------------------

NOW = 1_727_740_800  # 2024-10-01T09:00:00+09:00
DAY = 86_400
# A day in the past, one of last month's first, yesterday, now, in four days; and some that are
# numbers. Times and dates are kept as such.
MOMENTS = (1, 2, 1_705_000_000, NOW - 27 * DAY, NOW - DAY, NOW, NOW + 4 * DAY)
COLUMNS = "cdp_customer_id,text,num,time,day,flag,texts,nums"


def rows() -> Iterator[str]:
    for at, moment in enumerate(MOMENTS):
        text = "ax"[at % 2]
        lists = f'"[""{text}"", ""z""]","[{moment}, 0]"'
        yield f"c{at},{text},{moment},{moment},{moment},{('true', 'false')[at % 2]},{lists}"


@pytest.fixture(scope="module")
def selected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], int]]:
    """How many profiles a condition selects: each has a value of each type, and one event with it.

    One has nothing at all.
    """
    folder = tmp_path_factory.mktemp("data")
    whole = list(rows())
    (folder / "customers.csv").write_text("\n".join((COLUMNS, *whole, "none,,,,,,,")) + "\n")
    events = "\n".join((f"{COLUMNS},timestamp", *(f"{row},1000" for row in whole)))
    (folder / "behavior_each.csv").write_text(events + "\n")
    typed = "".join(f'{each.name} = "{each.type}"\n' for each in ALL_TYPES)
    (folder / "parent_segment.toml").write_text(
        f"[types.customers]\n{typed}\n[types.behavior_each]\n{typed}"
    )
    with open_data(folder) as data:

        def ask(where: str) -> int:
            report = Report()
            source = Source("x.seg", f'segment "x" where {where}')
            segments = resolve(Program("x.seg", {"x.seg": parse(source, report)}), report)
            if report.has_errors:
                return 0
            context = Context(now=NOW, zone="Asia/Tokyo", catalog=data.catalog)
            try:
                query = count(segments[0], context)
            except SqlError:
                return 0
            [(number,)] = data.start(query).wait().rows
            assert isinstance(number, int)
            return number

        yield ask


@pytest.mark.parametrize("type", NAMES)
def test_what_fits_can_select_and_what_does_not_never_selects(
    type: ColumnType, selected: Callable[[str], int]
) -> None:
    for of, asked, cell in CELLS:
        if of == type:
            number = selected(ASKED[asked].format(NAMES[type]))
            assert (number > 0) == (cell == "+"), (type, asked)
            if type in types.ELEMENTS:
                number = selected("any of " + ASKED[asked].format(NAMES[type]))
                fits = (types.ELEMENTS[type], asked, "+") in CELLS
                # A list has no missing elements here.
                assert (number > 0) == (fits and asked != "null"), (type, asked)


@pytest.mark.parametrize(("function", "type", "cell"), AGGREGATE_CELLS)
def test_aggregates_that_there_are_can_select_and_others_never_do(
    function: str, type: ColumnType, cell: str, selected: Callable[[str], int]
) -> None:
    """As what they find does: every profile has one event, with the values of its attributes."""
    for asked in COMPARED:
        for how in ("", "any of "):
            number = selected(how + ASKED[asked].format(aggregate(function, type)))
            if cell == "-":
                continue
            elif cell == ".":
                assert number == 0, asked
            elif function == "count distinct":
                fits = asked in NUMERIC and not how
                # Of one event there are not more than one value.
                assert (number > 0) == (fits and asked != "number"), asked
            else:
                name = NAMES[type if cell == "=" else "number"]
                assert number == selected(how + ASKED[asked].format(name)), asked
