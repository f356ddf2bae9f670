"""Tables of very many columns: their memory is that of their values, not of their width squared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine_folders import csv, parquet
from segdsl.engine import open_data
from segdsl.engine.csv_table import COLUMNS_AT_ONCE

pytestmark = pytest.mark.heavy

# Before columns were looked at in groups, so many took 4.6 GB.
COLUMNS = 400
MEMORY = 2_500_000_000
OPEN = f"""
import resource, sys
from pathlib import Path
from segdsl.engine import open_data
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
with open_data(Path(sys.argv[1])) as data:
    for table in data.catalog.tables:
        print(table.name, len(table.columns), *sorted({{each.type for each in table.columns}}))
"""

VALUES = {
    "number": ["12", "1.5", "1e300", "-7"],
    "string": ["x", "0123", "[1]", "2024-02-30"],
    "timestamp": ["2024-03-01", "2024-03-01T00:00:00Z", "2024-03-01 12:00"],
    "boolean": ["true", "FALSE"],
}


def wide(values: list[str], first: str = "cdp_customer_id", last: str = "") -> str:
    """A CSV of one row in which the values take turns."""
    names = [first, *(f"c{number}" for number in range(COLUMNS))]
    row = ["p", *(values[number % len(values)] for number in range(COLUMNS))]
    if last:
        names, row = [*names, last], [*row, "1700000000"]
    return f"{','.join(names)}\n{','.join(row)}\n"


def opened(folder: Path) -> str:
    """The tables of a folder as a process of limited memory sees them."""
    found = subprocess.run(
        [sys.executable, "-c", OPEN, str(folder)], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space of a process")
@pytest.mark.parametrize("type", ["number", "timestamp"])
def test_profiles_of_many_columns(tmp_path: Path, type: str) -> None:
    csv(tmp_path, "customers", wide(VALUES[type]))
    assert opened(tmp_path) == f"customers {COLUMNS} {type}\n"


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space of a process")
def test_behaviors_of_many_columns(tmp_path: Path) -> None:
    csv(tmp_path, "customers", "cdp_customer_id\np\n")
    csv(tmp_path, "behavior_visits", wide(VALUES["number"], last="timestamp"))
    csv(tmp_path, "orders", wide(VALUES["number"], last="time"))
    columns = ", ".join(f"{number}.5::DOUBLE AS c{number}" for number in range(COLUMNS))
    parquet(tmp_path, "behavior_views", f"SELECT 'p' AS cdp_customer_id, {columns}")
    assert opened(tmp_path).splitlines() == [
        f"behavior_views {COLUMNS} number",
        f"behavior_visits {COLUMNS + 1} number timestamp",
        "customers 0",
        f"orders {COLUMNS + 1} number timestamp",
    ]


def test_each_column_is_profiled_once(tmp_path: Path) -> None:
    """Also where the last group is not a full one, and where one is full exactly."""
    for width in (1, COLUMNS_AT_ONCE - 1, COLUMNS_AT_ONCE, COLUMNS_AT_ONCE + 1):
        folder = tmp_path / str(width)
        kinds = [list(VALUES)[number % len(VALUES)] for number in range(width)]
        names = ",".join(["cdp_customer_id", *(f"c{number}" for number in range(width))])
        rows = [
            ",".join([f"p{row}", *(VALUES[kind][row % len(VALUES[kind])] for kind in kinds)])
            for row in range(2)
        ]
        csv(folder, "customers", "\n".join([names, *rows, ""]))
        with open_data(folder) as data:
            assert [each.type for each in data.catalog.attributes] == kinds
