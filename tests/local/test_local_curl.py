"""The calls with which people begin, as they are typed: a funnel and an activation with curl."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from segdsl.server import LOCAL_KEY
from serving import serving

JSON_API = "Content-Type: application/vnd.treasuredata.v1+json"

FUNNEL = """{
  "type": "funnel",
  "attributes": {
    "name": "Onboarding Funnel",
    "description": "From sign-up to the first order",
    "stages": [{"name": "Awareness"}, {"name": "Interest"}, {"name": "Conversion"}]
  },
  "relationships": {
    "parentFolder": {"data": {"id": "%s", "type": "folder-segment"}}
  }
}"""
STAGE = """{
  "type": "segment-funnel-stage",
  "attributes": {
    "name": "Awareness",
    "description": "",
    "rule": {"type": "And", "conditions": []},
    "funnel_stage": {"funnel_id": %s, "stage_id": %s}
  }
}"""
ACTIVATION = """{
  "type": "syndication",
  "attributes": {
    "name": "Email Campaign Activation",
    "description": "Send to email platform",
    "allColumns": false,
    "connectionId": %s,
    "connectorConfig": {"bucket": "exports"},
    "scheduleType": "none",
    "timezone": "UTC",
    "notifyOn": ["onFailure"],
    "emailRecipients": [],
    "columns": [
      {"column": "Country", "source": {"column": "country"}},
      {
        "column": "Campaign",
        "source": {
          "string": "$1",
          "parameters": [{"type": "String", "string": "spring-2025"}]
        }
      }
    ]
  }
}"""


def curl(url: str, *options: str) -> Any:
    command = ["curl", "--silent", "--fail-with-body", url, "-H", f"Authorization: TD1 {LOCAL_KEY}"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def post(url: str, body: str) -> Any:
    return curl(url, "-X", "POST", "-H", JSON_API, "-d", body)


@pytest.mark.heavy
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_funnel_and_an_activation_with_curl(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as (api, _):
            url = str(api.http.base_url).rstrip("/")
            await asyncio.to_thread(calls, url, tmp_path)

    asyncio.run(test())


def calls(url: str, folder: Path) -> None:
    root = curl(f"{url}/audiences/7")["rootFolderId"]
    funnel = post(f"{url}/entities/funnels", FUNNEL % root)["data"]
    assert (funnel["type"], funnel["attributes"]["name"]) == ("funnel", "Onboarding Funnel")
    stages = funnel["attributes"]["stages"]
    assert [stage["name"] for stage in stages] == ["Awareness", "Interest", "Conversion"]
    segment = post(f"{url}/entities/segments", STAGE % (funnel["id"], stages[0]["id"]))["data"]
    connection = curl(f"{url}/v3/connections/lookup?name=s3")["id"]
    path = f"{url}/entities/segments/{segment['id']}/syndications"
    activation = post(path, ACTIVATION % connection)["data"]
    assert activation["type"] == "syndication"
    assert (
        activation["attributes"]["columns"] == json.loads(ACTIVATION % 1)["attributes"]["columns"]
    )
    started = curl(f"{path}/{activation['id']}/run", "-X", "POST")
    assert started["type"] == "execution-syndication"
    while True:
        [run] = curl(f"{path}/{activation['id']}")["data"]["attributes"]["executions"]
        if run["finishedAt"] is not None:
            break
        time.sleep(0.05)
    assert (run["status"], run["recordCount"]) == ("success", 6)
    file = folder / "exports" / f"Email_Campaign_Activation-{activation['id']}.csv"
    assert file.read_text().splitlines()[:2] == ["Country,Campaign", "JP,spring-2025"]
