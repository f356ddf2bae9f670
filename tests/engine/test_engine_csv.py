"""CSV files: what their texts show, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine_folders import column, csv, sql, types
from segdsl.engine import DataError, open_data


def table(values: list[str]) -> str:
    """A file with a row for each value, as it stands in the file."""
    rows = "".join(f"{number},{value}\n" for number, value in enumerate(values))
    return f"cdp_customer_id,x\n{rows}"


SHOWN: list[tuple[list[str], str, list[Any]]] = [
    (["1", "-20", ""], "number", [1, -20, None]),
    (["1.50", "0.05", "12"], "number", [1.5, 0.05, 12]),
    (["1e3", "2"], "number", [1000, 2]),
    (["1234567890123456789012", "0.5"], "number", [1234567890123456789012.0, 0.5]),
    (["0.1234567890"], "number", [0.123456789]),
    (["0123", "1"], "string", ["0123", "1"]),
    (["+1"], "string", ["+1"]),
    (["1_000"], "string", ["1_000"]),
    (["1e999"], "string", ["1e999"]),
    (["nan"], "string", ["nan"]),
    (["0x1F"], "string", ["0x1F"]),
    ([" 1"], "string", [" 1"]),
    (["true", "FALSE", ""], "boolean", [True, False, None]),
    (["F", "T"], "string", ["F", "T"]),
    (["yes"], "string", ["yes"]),
    (["2024-03-01", ""], "timestamp", [1709218800, None]),
    (["2024-03-01T00:00", "2024-03-01 00:00:00.5"], "timestamp", [1709218800, 1709218800]),
    (["2024-02-29T15:00:00Z", "2024-03-01T00:00:00+09:00"], "timestamp", [1709218800] * 2),
    (["2024-02-30"], "string", ["2024-02-30"]),
    (["01/02/2024"], "string", ["01/02/2024"]),
    (["", ""], "string", [None, None]),
    (['""', "x", ""], "string", ["", "x", None]),
    (['""', '"5"', ""], "number", [None, 5, None]),
    (['"a,b"', '"say ""hi"""', '"two\nlines"'], "string", ["a,b", 'say "hi"', "two\nlines"]),
    (["#", "日本", "\\N", "NULL"], "string", ["#", "日本", "\\N", "NULL"]),
    (["2", "[1]"], "string", ["2", "[1]"]),
]


@pytest.mark.parametrize(
    ("values", "type", "read"),
    SHOWN,
    ids=lambda each: repr(each) if isinstance(each, list) else None,
)
def test_inferred_types(tmp_path: Path, values: list[str], type: str, read: list[object]) -> None:
    csv(tmp_path, "customers", table(values))
    (tmp_path / "parent_segment.toml").write_text('timezone = "Asia/Tokyo"')
    with open_data(tmp_path) as data:
        assert types(data) == {"x": type}
        assert column(data, "x") == read


@pytest.mark.parametrize(
    ("usual", "last", "type"),
    [
        ("1", "x", "string"),
        ("1", "1.5", "number"),
        ("", "1", "number"),
        ("true", "1", "string"),
        ("2024-03-01", "2024-03-32", "string"),
        ("", "", "string"),
    ],
)
def test_types_are_inferred_from_all_values(
    tmp_path: Path, usual: str, last: str, type: str
) -> None:
    csv(tmp_path, "customers", table([*[usual] * 3_000, last]))
    with open_data(tmp_path) as data:
        assert types(data) == {"x": type}
        assert data.population() == 3_001


def test_sums_of_money_are_exact(tmp_path: Path) -> None:
    csv(tmp_path, "customers", table(["0.10", "0.20", "-0.30"]))
    with open_data(tmp_path) as data:
        total = sql("SELECT sum(x) AS total FROM customers")
        assert data.start(total).wait().rows == ((0,),)


@pytest.mark.parametrize(
    ("type", "values", "read"),
    [
        ("string", ["0123", "1", "", '""'], ["0123", "1", None, ""]),
        ("timestamp", ["1700000000", ""], [1700000000, None]),
        ("number_array", ['"[1, null]"', "[]", ""], [[1, None], [], None]),
        ("string_array", ['"[""a"", null, 1]"', "[]"], [["a", None, "1"], []]),
        ("boolean", ["1", "0"], [True, False]),
    ],
)
def test_declared_types(tmp_path: Path, type: str, values: list[str], read: list[object]) -> None:
    csv(tmp_path, "customers", table(values))
    (tmp_path / "parent_segment.toml").write_text(f'[types.customers]\nx = "{type}"\n')
    with open_data(tmp_path) as data:
        assert types(data) == {"x": type}
        assert column(data, "x") == read


def test_ids_keep_leading_zeros(tmp_path: Path) -> None:
    csv(tmp_path, "customers", "cdp_customer_id\n0001\n2\n")
    csv(tmp_path, "funnel_stages", "stage_id,cdp_customer_id\n007,0001\n")
    with open_data(tmp_path) as data:
        assert column(data, "cdp_customer_id") == ["0001", "2"]
        assert column(data, "stage_id", "funnel_stages") == ["007"]


@pytest.mark.parametrize(
    "text",
    [
        "cdp_customer_id,x\r\n1,a\r\n2,\r\n",
        "\ufeffcdp_customer_id,x\n1,a\n2,\n",
        "cdp_customer_id,x\n1,a\n2,",
        '"cdp_customer_id","x"\n"1","a"\n\n2,\n',
    ],
)
def test_variants_of_csv(tmp_path: Path, text: str) -> None:
    csv(tmp_path, "customers", text)
    with open_data(tmp_path) as data:
        assert column(data, "x") == ["a", None]


def test_a_file_with_only_a_header(tmp_path: Path) -> None:
    csv(tmp_path, "customers", "cdp_customer_id,x")
    with open_data(tmp_path) as data:
        assert data.population() == 0
        assert types(data) == {"x": "string"}


@pytest.mark.parametrize("name", ['a""b', "it's", "a b", "日本", "a;--", "{x}", "x: y"])
def test_columns_of_any_name(tmp_path: Path, name: str) -> None:
    csv(tmp_path, "customers", f'cdp_customer_id,"{name}"\n1,5\n')
    with open_data(tmp_path) as data:
        assert types(data) == {name.replace('""', '"'): "number"}
        assert column(data, name) == [5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "customers.csv is empty: the first line must name the columns"),
        ("\ncdp_customer_id\n", "customers.csv is empty"),
        ("cdp_customer_id,\n1,2\n", "a column has no name"),
        ("cdp_customer_id,x,X\n1,2,3\n", "two columns are named `X` .case is ignored"),
        (
            "cdp_customer_id,x\n1,2\n3\n",
            "line 3: the number of values differs from that of the header",
        ),
        (
            "cdp_customer_id,x\n1,2,3\n",
            "line 2: the number of values differs from that of the header",
        ),
        ('cdp_customer_id,x\n1,"a\n2,b\n', "line 2: unexpected quotation mark"),
        ('cdp_customer_id,x\n1,"a"b\n', "line 2: unexpected quotation mark"),
        ('cdp_customer_id,"x"y\n1,2\n', "the first line is not a valid CSV header"),
        ("cdp_customer_id;x\n1;2\n", "has no column `cdp_customer_id`"),
        ("cdp_customer_id,x\n1,2\n1,3\n", "duplicate cdp_customer_id, such as “1”"),
        ("cdp_customer_id,x\n,2\n", "1 row without cdp_customer_id"),
        (f"cdp_customer_id,x\n1,{'y' * 9_000_000}\n", "line 2: the line is longer than 8 MB"),
    ],
)
def test_invalid_files_are_errors(tmp_path: Path, text: str, message: str) -> None:
    csv(tmp_path, "customers", text)
    with pytest.raises(DataError, match=message):
        open_data(tmp_path)


def test_files_that_are_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    # Near the header, and far from it.
    for rows, message in ((0, "is not UTF-8"), (5_000, "line 5002: it is not UTF-8")):
        before = "".join(f"{number},x\n" for number in range(rows))
        file.write_bytes(b"cdp_customer_id,x\n" + before.encode() + b"no,\xe9\n")
        with pytest.raises(DataError, match=f"{message}: save the file as UTF-8"):
            open_data(tmp_path)
    file.write_bytes("cdp_customer_id,x\n1,2\n".encode("utf-16"))
    with pytest.raises(DataError, match=r"is not UTF-8: save the file as UTF-8"):
        open_data(tmp_path)


@pytest.mark.parametrize(
    ("type", "value", "message"),
    [
        ("timestamp", "tomorrow", "customers.csv cannot be read: .*tomorrow"),
        ("number", "many", "customers.csv cannot be read: .*many"),
        ("boolean", "perhaps", "customers.csv cannot be read: .*perhaps"),
        ("number_array", "1;2", "customers.csv cannot be read: .*"),
        ("string_array", "a", "customers.csv cannot be read: .*"),
        ("number_array", '"[""a""]"', "customers.csv cannot be read: .*"),
    ],
)
def test_values_of_another_than_the_declared_type(
    tmp_path: Path, type: str, value: str, message: str
) -> None:
    csv(tmp_path, "customers", table([value]))
    (tmp_path / "parent_segment.toml").write_text(f'[types.customers]\nx = "{type}"\n')
    with pytest.raises(DataError, match=message):
        open_data(tmp_path)
