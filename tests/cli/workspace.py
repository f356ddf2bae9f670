"""A small project with data of its own, spoken with in either way, for tests of commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from running import ENVIRONMENT, segdsl

Way = Literal["in process", "on a port"]
WAYS: tuple[Way, ...] = ("in process", "on a port")
NOW = "2024-10-01T09:00:00+09:00"

CUSTOMERS = """\
cdp_customer_id,country,age,ltv,email,last_visit
c01,JP,31,1200,a@x.jp,1727700000
c02,JP,,300,,1727000000
c03,US,45,9000,c@x.com,1717000000
c04,,22,50,d@x.org,
c05,JP,67,0,e@x.jp,1727740000
c06,FR,18,,f@x.fr,1700000000
"""
PURCHASES = """\
cdp_customer_id,timestamp,category,amount
c01,1727600000,Books,1000
c01,1727500000,Music,200
c02,1720000000,Books,300
c03,1716000000,Books,4000
c03,1715000000,Cameras,5000
c03,1714000000,Books,
"""
PARENT = """\
id = "1"
name = "Tiny shop"
description = "Six customers"
timezone = "Asia/Tokyo"

[types.customers]
last_visit = "timestamp"
"""

JAPAN = """\
segment "Japan"
  description "Everyone in Japan"
  folder "Countries/Asia"

where
  country = "JP"
"""
BUYERS = """\
# Three of them.
segment "Buyers"

where
  has purchases

segment "Buyers in Japan"
  folder "Countries/Asia"

where
  in segment "Japan"
  and in segment "Buyers"
  and any (
    age > 30,
    sum(purchases.amount) > 5000,
  )
"""


def write_project(folder: Path, target: str, data_files: Mapping[str, str] | None = None) -> None:
    """The data, two files of segments, and a `segdsl.toml` with `target` in it.

    `data_files` stand beside the data, or in place of a file of it.
    """
    data = folder / "data"
    data.mkdir()
    (data / "customers.csv").write_text(CUSTOMERS)
    (data / "behavior_purchases.csv").write_text(PURCHASES)
    (data / "parent_segment.toml").write_text(PARENT)
    for name, text in (data_files or {}).items():
        (data / name).write_text(text)
    (folder / "japan.seg").write_text(JAPAN)
    (folder / "buyers.seg").write_text(BUYERS)
    (folder / "segdsl.toml").write_text(target)


@contextmanager
def serving(folder: Path, *options: str, **environment: str) -> Iterator[str]:
    """`segdsl serve` as a process of its own; the URL that it answers at."""
    with server(folder, *options, **environment) as (url, _):
        yield url


@contextmanager
def server(
    folder: Path, *options: str, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The same with the process."""
    with subprocess.Popen(
        [sys.executable, "-m", "segdsl", "serve", "--data", "data", "--port", "0", *options],
        cwd=folder,
        env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert " at http" in line, (line, process.stderr.read() if process.stderr else "")
            yield line.split(" at ")[1].split()[0], process
        finally:
            process.terminate()


@contextmanager
def project(folder: Path, way: Way, data_files: Mapping[str, str] | None = None) -> Iterator[Path]:
    """A project in `folder` whose default target answers in one of the two ways."""
    if way == "in process":
        write_project(
            folder, f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n', data_files
        )
        yield folder
        return
    write_project(folder, "", data_files)
    with serving(folder, "--store", "store.sqlite", "--now", NOW) as url:
        (folder / "segdsl.toml").write_text(f'[targets.local]\nkind = "local"\nurl = "{url}"\n')
        yield folder


def json_output(*arguments: str) -> Any:
    """The JSON that a command writes, which must end well."""
    done = segdsl(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
