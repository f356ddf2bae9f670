"""Asking for a schema: what comes together, and what an account may lack."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from local_api import NOW, write_data
from segdsl.api import ApiKey, Client, ForbiddenError, ServerFailedError
from segdsl.api.wire import Patience
from segdsl.live.schema import Asked, Sample, pull_schema, sample
from segdsl.local import LOCAL_KEY, open_local
from segdsl.project.connect import Connection
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
QUICK = Patience(attempts=2, first_pause=0.001, longest_pause=0.001)
FUNNELS = "/audiences/7/funnels"
MODELS = "/audiences/7/predictive_segments"
VARIANTS = "/entities/realtime_journeys/abtest_variants"


class Denying(httpx.AsyncBaseTransport):
    """The local API, but for some paths that it answers with a status."""

    def __init__(self, inner: httpx.AsyncBaseTransport, denied: dict[str, int]) -> None:
        self.inner = inner
        self.denied = denied

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        status = self.denied.get(request.url.path)
        if status is None:
            return await self.inner.handle_async_request(request)
        return httpx.Response(status, json={"code": "x", "message": "not in your plan"})


def pulled(folder: Path, denied: dict[str, int] | None = None) -> Asked:
    async def main() -> Asked:
        data = write_data(folder)
        with (data / "parent_segment.toml").open("a") as file:
            file.write(NAMED)
        async with open_local(data, None, NOW) as transport:
            key = ApiKey(LOCAL_KEY)
            through = Denying(transport, denied or {})
            base = "http://localhost"
            async with Client(base, key, transport=through, patience=QUICK) as client:
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
            Column("country", "string", "Where", "Country of residence"),
            Column("age", "number"),
            Column("ltv", "number", None, "Lifetime Value"),
            Column("vip", "boolean"),
            Column("last_visit", "timestamp"),
            Column("tags", "string_array"),
        ),
        behaviors=(
            Behavior(
                "behavior_purchases",
                (
                    Column("timestamp", "timestamp"),
                    Column("category", "string"),
                    Column("amount", "number", None, "Amount paid"),
                ),
                "Online Purchases",
            ),
            Behavior(
                "behavior_visits", (Column("timestamp", "timestamp"), Column("page", "string"))
            ),
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
    )


@pytest.mark.parametrize("status", [400, 403, 404])
def test_what_an_account_lacks_is_left_out_and_told(status: int, tmp_path: Path) -> None:
    found = pulled(tmp_path, {FUNNELS: status, MODELS: status, VARIANTS: status})
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
    with pytest.raises(ServerFailedError):
        pulled(tmp_path, {FUNNELS: 500})
    with pytest.raises(ForbiddenError):
        pulled(tmp_path, {"/audiences/7/attributes": 403})


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


def test_segments_with_their_folders_and_kinds(tmp_path: Path) -> None:
    ids: list[str] = []

    async def main() -> Asked:
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
