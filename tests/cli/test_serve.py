"""`segdsl serve`: how strict it is."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from segdsl.server import LOCAL_KEY
from workspace import server, write_project

LOOSE = {
    "type": "And",
    "conditions": [
        {
            "type": "Value",
            "leftValue": {"name": "country"},
            "operator": {"type": "Equal", "rightValue": "JP"},
        }
    ],
}


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
@pytest.mark.parametrize(("options", "status"), [((), 200), (("--strict",), 400)])
def test_loose_rules(options: tuple[str, ...], status: int, tmp_path: Path) -> None:
    write_project(tmp_path, "")
    with server(tmp_path, *options) as (url, _):
        header = {"Authorization": f"TD1 {LOCAL_KEY}"}
        audience = httpx.get(f"{url}/audiences", headers=header).json()[0]["id"]
        path = f"{url}/audiences/{audience}/segments"
        body = {"name": "x", "rule": LOOSE}
        assert httpx.post(path, json=body, headers=header).status_code == status
