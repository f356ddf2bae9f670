"""Values that a column does not have, as far as a pull with `--samples` knows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import segdsl
from segdsl.analysis.checking import check_values
from segdsl.diagnostics import Report
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.schema.document import SchemaError, read_schema, write_schema
from segdsl.schema.model import Behavior, Column, Schema
from segdsl.schema.samples import Samples, summarize
from segdsl.source import Source

SCHEMA = Schema(
    "1",
    "Shop",
    attributes=(
        Column("country", "string"),
        Column("tags", "string_array"),
        Column("last_visit", "timestamp"),
        Column("seen", "number"),
    ),
    behaviors=(Behavior("behavior_buys", (Column("kind", "string"), Column("sent", "timestamp"))),),
    samples=(
        Samples(None, "country", ("JP", "Côte d’Ivoire", "US")),
        Samples(None, "tags", ("new", "vip")),
        Samples(None, "last_visit", (), 10**12, 2 * 10**12),
        Samples(None, "seen", (), 10**9, 2 * 10**9),
        Samples("behavior_buys", "kind", ("Books",)),
        Samples("behavior_buys", "sent", (), 10**15, 2 * 10**15),
    ),
)


def told(where: str) -> list[tuple[str, str, str | None]]:
    report = Report()
    tree = parse(Source("x", f'segment "x" where {where}'), report)
    segments = resolve(Program("x", {"x": tree}), report)
    assert not report.has_errors, report.diagnostics
    check_values(segments, SCHEMA, report)
    return [(of.code.name, of.message, of.help) for of in report.diagnostics]


@pytest.mark.parametrize(
    ("where", "value", "help"),
    [
        ('country = "jp"', '"jp"', 'did you mean "JP"?'),
        ('country != "jp"', '"jp"', 'did you mean "JP"?'),
        ('country = "JP "', '"JP "', 'did you mean "JP"?'),
        ('country = "ＪＰ"', '"ＪＰ"', 'did you mean "JP"?'),
        ('country in ("JP", "us")', '"us"', 'did you mean "US"?'),
        ('country not in ("JP", "FR")', '"FR"', 'it had "JP", "Côte d’Ivoire", "US"'),
        ('any of tags = "VIP"', '"VIP"', 'did you mean "vip"?'),
        ('has buys where kind = "books"', '"books"', 'did you mean "Books"?'),
        ('first(buys.kind by timestamp) = "books"', '"books"', 'did you mean "Books"?'),
        ('not (age > 3 and country = "Jp")', '"Jp"', 'did you mean "JP"?'),
    ],
)
def test_a_value_that_was_not_there_is_told(where: str, value: str, help: str) -> None:
    [(code, message, advice)] = told(where)
    assert code == "SEG612"
    assert value in message
    assert advice is not None
    assert help in advice


@pytest.mark.parametrize(
    "where",
    [
        'country = "JP"',
        'country in ("JP", "US")',
        'country starts with "j"',
        'country matches "^j"',
        "country is null",
        'kind = "books"',
        'city = "Kyoto"',
        'has buys where country = "xx"',
        "count distinct (buys.kind) > 1",
        "seen within past 3 days",
        "last_visit is null",
        "last_visit > 5",
        "max(buys.sent) > 5",
    ],
)
def test_of_what_was_there_or_is_not_known_nothing_is_told(where: str) -> None:
    assert told(where) == []


@pytest.mark.parametrize(
    ("where", "unit"),
    [
        ("last_visit within past 30 days", "milliseconds"),
        ("last_visit not before 2024-01-01", "milliseconds"),
        ("has buys where sent is today", "microseconds"),
        ("max(buys.sent) more than 3 days ago", "microseconds"),
    ],
)
def test_times_in_smaller_units_are_told(where: str, unit: str) -> None:
    [(code, message, _)] = told(where)
    assert code == "SEG613"
    assert unit in message


@pytest.mark.parametrize(
    ("type", "rows", "values", "low", "high"),
    [
        ("string", [("JP", 0.5), ("US", 0.5)], ("JP", "US"), None, None),
        ("string_array", [("b", 0.7), ("a", 0.3)], ("a", "b"), None, None),
        ("number", [(17, 0.5), (-345, 0.5)], (), -400, 20),
        ("timestamp", [(1727700000123, 1.0)], (), 10**12, 2 * 10**12),
        ("date", [("1727700000", 1.0)], (), 10**9, 2 * 10**9),
        ("number", [(0, 1.0)], (), 0, 0),
    ],
)
def test_what_is_kept(
    type: str,
    rows: list[tuple[object, ...]],
    values: tuple[str, ...],
    low: int | None,
    high: int | None,
) -> None:
    found = summarize(None, "c", type, rows)  # type: ignore[arg-type]
    assert found == Samples(None, "c", values, low, high)


@pytest.mark.parametrize(
    ("type", "rows"),
    [
        ("string", [("a@x.jp", 1.0)]),
        ("string", [("090-1234-5678", 0.5), ("none", 0.5)]),
        ("string", [("x" * 61, 1.0)]),
        # There are others.
        ("string", [("JP", 0.5), ("US", 0.2)]),
        ("string", [("JP",), ("US",)]),
        ("string", [(f"v{at}", 1 / 21) for at in range(21)]),
        ("string", []),
        ("number", [("x", 1.0), (True, 0.5), (float("nan"), 0.5)]),
        ("boolean", [("true", 1.0)]),
        (None, [("JP", 1.0)]),
    ],
)
def test_what_is_not_kept(type: str | None, rows: list[tuple[object, ...]]) -> None:
    assert summarize(None, "c", type, rows) is None  # type: ignore[arg-type]


def test_samples_are_written_and_read() -> None:
    text = write_schema(SCHEMA)
    again = read_schema(text, "x")
    assert set(again.samples) == {
        Samples(each.behavior, each.column, each.values, each.low, each.high)
        for each in SCHEMA.samples
    }
    assert write_schema(again) == text


@pytest.mark.parametrize("wrong", ["values = 3", "value = []", 'low = "x"', "values = [1]"])
def test_samples_that_are_none_are_told_with_their_place(wrong: str) -> None:
    text = write_schema(SCHEMA).replace("low = 1000000000\n", f"{wrong}\n", 1)
    with pytest.raises(SchemaError, match=r"`seen` in `\[samples.attributes\]`"):
        read_schema(text, "x.schema.toml")


# --- the commands ------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("segdsl.toml").write_text('[targets.local]\nkind = "local"\ndata = "data"\n')
    Path("data").mkdir()
    Path("data/parent_segment.toml").write_text('id = "1"\nname = "Shop"\n')
    Path("data/customers.csv").write_text(
        "cdp_customer_id,country,email\nc1,JP,a@x.jp\nc2,US,b@x.jp\nc3,JP,c@x.jp\n"
    )
    Path("data/behavior_buys.csv").write_text(
        "cdp_customer_id,timestamp,kind,sent\nc1,1727600000,Books,1727600000123\n"
    )
    return tmp_path


def test_a_pull_with_samples_lets_check_find_values(project: Path) -> None:
    Path("x.seg").write_text('segment "x" where country = "jp"\n')
    assert segdsl("schema", "pull").exit_code == 0
    assert "SEG612" not in segdsl("check", "x.seg").stderr
    done = segdsl("schema", "pull", "--samples")
    assert done.exit_code == 0
    text = Path("local.schema.toml").read_text()
    assert '"JP",' in text
    assert "@" not in text
    shown = segdsl("check", "x.seg")
    assert shown.exit_code == 0
    assert "[SEG612]" in shown.stderr
    assert 'did you mean "JP"?' in shown.stderr
    # They stay, and are dropped when asked for.
    assert segdsl("schema", "pull").stdout.startswith("unchanged")
    assert segdsl("schema", "pull", "--check").exit_code == 0
    assert "sampled values: removed" in segdsl("schema", "pull", "--no-samples").stdout
    assert "samples" not in Path("local.schema.toml").read_text()


def test_a_column_that_is_gone_takes_its_samples_along(project: Path) -> None:
    segdsl("schema", "pull", "--samples")
    Path("data/customers.csv").write_text("cdp_customer_id,land\nc1,JP\n")
    segdsl("schema", "pull")
    text = Path("local.schema.toml").read_text()
    assert "samples.attributes" not in text
    assert "samples.columns.behavior_buys.kind" in text


def test_an_allow_is_not_judged_where_no_samples_are(project: Path) -> None:
    Path("x.seg").write_text('# allow SEG612: soon\nsegment "x" where country = "FR"\n')
    segdsl("schema", "pull")
    assert segdsl("check", "x.seg").stderr.count("SEG6") == 0
    segdsl("schema", "pull", "--samples")
    assert segdsl("check", "x.seg").stderr.count("SEG6") == 0
    Path("x.seg").write_text('# allow SEG612: soon\nsegment "x" where country = "JP"\n')
    assert "[SEG607]" in segdsl("check", "x.seg").stderr
