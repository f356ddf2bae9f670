"""Asking for a schema: what comes together, and what an account may lack."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from local_api import NOW, write_data
from segdsl.api import ApiKey, Client, ForbiddenError, InvalidResponseError, ServerError
from segdsl.api.transport import RetryPolicy
from segdsl.language.values import ColumnType
from segdsl.schema.model import (
    Behavior,
    Column,
    CustomerGroup,
    Funnel,
    Model,
    Schema,
    Segment,
    Stage,
    Variant,
)
from segdsl.schema.model import Connection as SchemaConnection
from segdsl.server import LOCAL_KEY, open_local
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.samples import sample_schema
from segdsl.workspace.remote.schema import PulledSchema, Sample, pull_schema, sample

NAMED = """
[funnels.Onboarding]
id = 3
stages = { Interest = 41, Activation = 42, Trial = 43 }

[models]
predictive = { Churn = 16 }
rfm = { Customers = 8 }

[tests.Mail]
A = 1
"""
QUICK = RetryPolicy(attempts=2, first_pause=0.001, max_pause=0.001)
FUNNELS = "/entities/parent_segments/7/funnels"
PLAIN_FUNNELS = "/audiences/7/funnels"
MODELS = "/audiences/7/predictive_segments"
VARIANTS = "/entities/realtime_journeys/abtest_variants"


Denied = int | bytes | list[dict[str, Any]]


class Denying(httpx.AsyncBaseTransport):
    """The local API, but for some paths: a status, a body of another kind, or another list."""

    def __init__(self, inner: httpx.AsyncBaseTransport, denied: dict[str, Denied]) -> None:
        self.inner = inner
        self.denied = denied

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        status = self.denied.get(request.url.path)
        if status is None:
            return await self.inner.handle_async_request(request)
        if isinstance(status, bytes):
            return httpx.Response(200, content=status)
        if isinstance(status, list):
            return httpx.Response(200, json=status)
        if status == 204:
            return httpx.Response(204)
        return httpx.Response(status, json={"code": "x", "message": "not in your plan"})


def clear(
    name: str, type: ColumnType, heading: str | None = None, label: str | None = None
) -> Column:
    """A column whose values everybody may see."""
    return Column(name, type, heading, label, visibility="clear")


def pulled(folder: Path, denied: dict[str, Denied] | None = None) -> PulledSchema:
    async def main() -> PulledSchema:
        data = write_data(folder)
        with (data / "parent_segment.toml").open("a") as file:
            file.write(NAMED)
        async with open_local(data, None, NOW) as transport:
            key = ApiKey(LOCAL_KEY)
            through = Denying(transport, denied or {})
            base = "http://localhost"
            async with Client(base, key, transport=through, retry_policy=QUICK) as client:
                await client.ensure_folder("7", ("Loyalty", "Tokyo"))
                parent = await client.parent_segment("7")
                return await pull_schema(Connection(client, parent, "local", True, NOW))

    return asyncio.run(main())


def test_everything_that_a_segment_can_name(tmp_path: Path) -> None:
    found = pulled(tmp_path)
    assert found.missing == ()
    assert found.schema == Schema(
        "7",
        "Tiny shop",
        "Asia/Tokyo",
        attributes=(
            clear("country", "string", "Where", "Country of residence"),
            clear("age", "number"),
            clear("ltv", "number", None, "Lifetime Value"),
            clear("vip", "boolean"),
            clear("last_visit", "timestamp"),
            clear("tags", "string_array"),
        ),
        behaviors=(
            Behavior(
                "behavior_purchases",
                (
                    clear("timestamp", "timestamp"),
                    clear("category", "string"),
                    clear("amount", "number", None, "Amount paid"),
                ),
                "Online Purchases",
            ),
            Behavior("behavior_visits", (clear("timestamp", "timestamp"), clear("page", "string"))),
        ),
        customer_groups=(CustomerGroup("household", (Column("members", "number"),)),),
        folders=(("Loyalty",), ("Loyalty", "Tokyo")),
        funnels=(
            Funnel(
                "3",
                "Onboarding",
                (Stage("41", "Interest"), Stage("42", "Activation"), Stage("43", "Trial")),
            ),
        ),
        models=(Model("16", "Churn"), Model("8", "Customers", "rfm")),
        variants=(Variant("1", "A", "Mail"),),
        templates=(),
        connections=(SchemaConnection("1", "s3", "s3_v2"), SchemaConnection("2", "mail", "mail")),
        users=(),
        journeys=(),
    )


@pytest.mark.parametrize("status", [400, 403, 404, 501, 204, b"", b"null", b"<html>Sign in</html>"])
def test_what_an_account_lacks_is_left_out_and_told(status: int | bytes, tmp_path: Path) -> None:
    lacking = (FUNNELS, PLAIN_FUNNELS, MODELS, VARIANTS)
    found = pulled(tmp_path, dict.fromkeys(lacking, status))
    assert [each.partition(":")[0] for each in found.missing] == [
        "funnels",
        "predictive models",
        "variants of tests",
    ]
    assert found.schema.funnels == ()
    assert found.schema.variants == ()
    assert found.schema.models == (Model("8", "Customers", "rfm"),)
    assert len(found.schema.attributes) == 6


def test_what_fails_is_not_taken_for_lacking(tmp_path: Path) -> None:
    with pytest.raises(ServerError):
        pulled(tmp_path, {FUNNELS: 500})
    with pytest.raises(ForbiddenError):
        pulled(tmp_path, {"/audiences/7/attributes": 403})
    for path in ("attributes", "behaviors", "segments"):
        with pytest.raises(InvalidResponseError):
            pulled(tmp_path, {f"/audiences/7/{path}": b"<html>Sign in</html>"})


def test_the_first_of_two_that_rules_name_alike_is_kept_and_the_other_told(tmp_path: Path) -> None:
    amounts = [
        {"name": name, "matrixColumnName": "amount", "type": type}
        for name, type in (("Paid", "number"), ("Refunded", "string"))
    ]
    found = pulled(
        tmp_path,
        {
            "/audiences/7/attributes": [
                {"name": "Country", "matrixColumnName": "country", "type": "string"},
                {"name": "Land", "matrixColumnName": "country", "type": "number"},
            ],
            "/audiences/7/behaviors": [
                {"id": 1, "name": "Shop", "matrixTableName": "behavior_orders", "schema": amounts},
                {"id": 2, "name": "Web", "matrixTableName": "behavior_orders", "schema": []},
            ],
        },
    )
    assert found.missing == (
        "attribute “Land”: it has the column `country`, as “Country” has, which is kept",
        "behavior “Web” (#2): it has the table `behavior_orders`, as “Shop” (#1) has, "
        "which is kept",
        "column “Shop.Refunded”: it has the column `amount`, as “Shop.Paid” has, which is kept",
    )
    assert found.schema.attributes == (Column("country", "string", None, "Country"),)
    [orders] = found.schema.behaviors
    assert (orders.label, orders.columns) == ("Shop", (Column("amount", "number", None, "Paid"),))


def test_each_part_that_cannot_be_read_is_told_as_what_it_is(tmp_path: Path) -> None:
    behavior = {"name": "Shop", "matrixTableName": "behavior_orders"}
    found = pulled(
        tmp_path,
        {
            "/audiences/7/attributes": [{"id": 5}, {"type": "string"}],
            "/audiences/7/behaviors": [{"id": 1, "schema": [{"id": 2}, 3], **behavior}],
            FUNNELS: [{"id": 1, "name": "Steps", "stages": [{"name": "First"}, {"id": 4}]}],
        },
    )
    nameless = "it has neither a `matrixColumnName` nor a `name`"
    assert found.missing == (
        f"attribute #5: {nameless}",
        f"attribute without a name: {nameless}",
        f"column “Shop.?” (#2): {nameless}",
        "column “Shop.?”: it is a number and not an object",
        "stage “Steps.?” (#4): it has no `name`",
        "stage “Steps.First”: it has no `id`",
    )


def test_values_of_what_is_there(tmp_path: Path) -> None:
    async def main() -> list[Sample]:
        async with open_local(write_data(tmp_path), None, NOW) as transport:
            key = ApiKey(LOCAL_KEY)
            async with Client("http://localhost", key, transport=transport) as client:
                wanted = [
                    *((None, "country"), ("purchases", "category"), ("gone", "x")),
                    *((None, "contry"), ("purchases", "gone")),
                ]
                return await sample(client, "7", wanted)

    country, category, gone, contry, column = asyncio.run(main())
    assert country == Sample(None, "country", ("JP", "FR", "US"))
    assert category.values[0] == "Books"
    assert (gone.values, gone.problem) == (
        (),
        "the server has no behavior `gone`: run `segdsl schema pull` again",
    )
    assert contry.problem is not None
    assert "did you mean `country`" in contry.problem
    assert column.problem is not None


def test_samples_of_personal_data_are_not_even_requested(tmp_path: Path) -> None:
    async def main() -> list[str]:
        async with open_local(write_data(tmp_path), None, NOW) as transport:
            key = ApiKey(LOCAL_KEY)
            async with Client("http://localhost", key, transport=transport) as client:
                parent = await client.parent_segment("7")
                connection = Connection(client, parent, "local", True, NOW)
                schema = (await pull_schema(connection)).schema
                hidden = [
                    msgspec.structs.replace(each, visibility="pii")
                    if each.name == "country"
                    else each
                    for each in schema.attributes
                ]
                schema = msgspec.structs.replace(schema, attributes=tuple(hidden))
                return [each.column for each in await sample_schema(connection, schema)]

    columns = asyncio.run(main())
    assert "country" not in columns
    assert "category" in columns


def test_segments_with_their_folders_and_kinds(tmp_path: Path) -> None:
    ids: list[str] = []

    async def main() -> PulledSchema:
        async with open_local(write_data(tmp_path), None, NOW) as transport:
            key = ApiKey(LOCAL_KEY)
            async with httpx.AsyncClient(
                transport=transport,
                base_url="http://localhost",
                headers={"Authorization": f"TD1 {LOCAL_KEY}"},
            ) as http:
                body = {"name": "Now", "kind": 1, "rule": None}
                made = await http.post("/audiences/7/segments", json=body)
                assert made.status_code == 200, made.text
                ids.append(made.json()["id"])
            async with Client("http://localhost", key, transport=transport) as client:
                parent = await client.parent_segment("7")
                return await pull_schema(Connection(client, parent, "local", True, NOW))

    found = asyncio.run(main()).schema.segments
    assert found == (Segment(ids[0], "Now", (), "realtime"),)
