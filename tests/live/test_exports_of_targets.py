"""Where a local target's activations write their files, through our own client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from segdsl.api.activation_records import NewActivation
from segdsl.api.responses import NewSegment
from segdsl.workspace.project.config import read_project
from segdsl.workspace.remote.connect import Environment, connect

BODY = {
    "type": "syndication",
    "attributes": {
        "name": "Contact sync",
        "connectionId": 1,
        "connectorConfig": {},
        "columns": [{"column": "id", "source": {"column": "cdp_customer_id"}}],
    },
}


@pytest.mark.parametrize(
    ("data", "more", "exports"),
    [
        ("data", "", "exports"),
        ("tables/data", "", "tables/exports"),
        ("data", 'exports = "out/of/it"', "out/of/it"),
        # A folder outside the project is written to only if the project file names it.
        ("../data", "", "exports"),
        ("../data", 'exports = "../elsewhere"', "../elsewhere"),
    ],
)
def test_the_folder_of_exports(tmp_path: Path, data: str, more: str, exports: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    tables = project / data
    tables.mkdir(parents=True)
    (tables / "customers.csv").write_text("cdp_customer_id,age\nc1,31\nc2,\n")
    file = project / "segdsl.toml"
    file.write_text(f'[targets.local]\nkind = "local"\ndata = "{data}"\n{more}\n')

    async def run() -> None:
        around = Environment({}, tmp_path)
        async with connect(read_project(file), None, around) as connection:
            client, parent = connection.client, connection.parent.id
            new = NewSegment("Everyone", msgspec.Raw(b"null"))
            segment = (await client.create_segment(parent, new)).id
            body = msgspec.Raw(msgspec.json.encode(BODY))
            made = await client.create_activation(
                parent, segment, NewActivation("Contact sync", entities=body)
            )
            execution = await client.run_activation(segment, made.id)
            while not execution.is_ended:
                await asyncio.sleep(0.01)
                whole = await client.activation(segment, made.id)
                execution = whole.executions[0]
            assert execution.status == "success"
            assert await client.record_count(parent, made) == 2
            written = project / exports / f"Contact_sync-{made.id}.csv"
            assert written.read_text() == "id\nc1\nc2\n"

    asyncio.run(run())
