"""The first rows of activations: sampled through the API, evaluated here, personal data masked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from local_api import equal, rule, write_data
from segdsl.api import ApiKey, Client
from segdsl.diagnostics import Report
from segdsl.language import predicates as p
from segdsl.language.activations import (
    Activation,
    ActivationTemplate,
    BehaviorExport,
    Call,
    Columns,
    ColumnSource,
    Delivery,
    ExportColumn,
    Function,
    Placeholder,
    PlaceholderName,
    Target,
    TextSource,
    Time,
)
from segdsl.language.condition import tree as c
from segdsl.language.values import ById, ByName, Number, Text
from segdsl.output.remote import preview_output
from segdsl.server import LOCAL_KEY, open_local
from segdsl.workspace.remote.activation_parts import Definitions
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.export_samples import SampleOptions, sample_export
from segdsl.workspace.remote.preview import ExportSample, Failed, Preview, SampleColumn
from segdsl.workspace.remote.preview_text import rendered, text_of

TO_JAPAN = Target("segment", ByName("Japan"))
ALL = SampleOptions()
NOW = 1_727_740_800
JAPAN = c.Segment(
    "Japan", c.Test(subject=c.Attribute("country"), predicate=p.Compare("=", Text("JP")))
)
FUNNEL = c.Funnel(
    "Ladder",
    (
        c.Stage("Looked", msgspec.structs.replace(JAPAN, name="Looked", kind="funnel_stage")),
        c.Stage("Empty"),
    ),
)

FILES = Definitions((JAPAN,), (FUNNEL,))


def column(
    name: str, *functions: Function, called: str = "", group: str | None = None
) -> ExportColumn:
    return ExportColumn(ColumnSource(name, group, functions), called or name)


def activation(
    *columns: ExportColumn,
    all: bool = False,
    target: Target = TO_JAPAN,
    **more: Any,
) -> Activation:
    return Activation("Sync", target, delivery=Delivery(columns=Columns(all, columns), **more))


def sampled(
    folder: Path,
    what: Activation,
    options: SampleOptions = ALL,
    definitions: Definitions = FILES,
    visibility: dict[str, str] | None = None,
) -> tuple[ExportSample | Failed | None, Report, list[tuple[str, ...]]]:
    """The sample, what was reported, and the columns of each request for profiles."""
    requests: list[tuple[str, ...]] = []

    class Watched(Client):
        async def attributes(self, parent_id: str) -> Any:
            found = await super().attributes(parent_id)
            return tuple(
                msgspec.structs.replace(
                    each, visibility=(visibility or {}).get(each.name, each.visibility)
                )
                for each in found
            )

        async def profiles(
            self, parent_id: str, rule: Any, columns: Any, *rest: Any, **more: Any
        ) -> Any:
            requests.append(columns)
            return await super().profiles(parent_id, rule, columns, *rest, **more)

    async def run() -> tuple[ExportSample | Failed | None, Report]:
        report = Report()
        async with (
            open_local(write_data(folder), None, NOW) as transport,
            Watched("http://localhost", ApiKey(LOCAL_KEY), transport=transport) as client,
        ):
            parent = await client.parent_segment("7")
            connection = Connection(client, parent, "local", True, NOW)
            return await sample_export(connection, what, definitions, report, options), report

    found, report = asyncio.run(run())
    return found, report, requests


def sample(folder: Path, what: Activation, **more: Any) -> ExportSample:
    found, report, _ = sampled(folder, what, **more)
    assert not report.diagnostics
    assert isinstance(found, ExportSample), found
    return found


def test_the_first_rows(tmp_path: Path) -> None:
    text = TextSource(
        (
            Placeholder("segment name"),
            " ",
            Time("yyyy-MM-dd"),
            " ",
            Placeholder("parent segment id"),
        )
    )
    what = activation(
        column("cdp_customer_id", called="id"),
        column("ltv", Call("multiply", (Number("2"),)), called="double"),
        column("age", Call("cast_as_quantitative", (Number("0"),))),
        column("last_visit"),
        column("last_visit", Call("elapsed_days"), called="days"),
        column("tags"),
        column("vip"),
        column("country", Call("substr", (Number("1"), Number("1")))),
        ExportColumn(text, "list"),
    )
    found = sample(tmp_path, what)
    assert found.rows == (
        ("c01", 2400, 31, 1_727_700_000, 0, ["a", "b"], True, "J", "Japan 2024-10-01 7"),
        ("c02", 601.0, 0, 1_727_000_000, 8, [], False, "J", "Japan 2024-10-01 7"),
        ("c05", 0, 67, 1_727_740_000, 0, ["c"], False, "J", "Japan 2024-10-01 7"),
    )
    assert [each.type for each in found.columns] == [
        *("string", "number", "number", "timestamp", "number", "string_array"),
        *("boolean", "string", "string"),
    ]
    assert found.notes == ()


def test_only_so_many_rows_and_columns(tmp_path: Path) -> None:
    what = activation(column("country"), column("age"), column("ltv", called="value"))
    options = SampleOptions(rows=1, columns=("value", "age"))
    found, _, requests = sampled(tmp_path, what, options)
    assert isinstance(found, ExportSample)
    assert [each.name for each in found.columns] == ["age", "value"]
    assert len(found.rows) == 1
    assert requests == [("age", "ltv")]


def test_all_attributes_in_the_order_of_the_api(tmp_path: Path) -> None:
    found = sample(tmp_path, activation(all=True))
    names = ["country", "age", "ltv", "vip", "last_visit", "tags"]
    assert [each.name for each in found.columns] == names


@pytest.mark.parametrize(
    "target",
    [
        Target("segment", ByName("Japan")),
        Target("segment", ByName("Japan", "/")),
        Target("stage", ByName("Looked", "Ladder")),
    ],
)
def test_targets_of_the_files(tmp_path: Path, target: Target) -> None:
    found = sample(tmp_path, activation(column("cdp_customer_id"), target=target))
    assert found.rows == (("c01",), ("c02",), ("c05",))


def test_the_names_of_a_stage(tmp_path: Path) -> None:
    parts = (Placeholder("funnel name"), "/", Placeholder("stage name"))
    target = Target("stage", ByName("Looked", "Ladder"))
    found = sample(tmp_path, activation(ExportColumn(TextSource(parts), "x"), target=target))
    assert found.rows[0] == ("Ladder/Looked",)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target("stage", ByName("Empty", "Ladder")), "has no rule"),
        (Target("stage", ByName("Lost", "Ladder")), "no funnel “Ladder” with a stage “Lost”"),
    ],
)
def test_stages_without_profiles(tmp_path: Path, target: Target, message: str) -> None:
    found, _, _ = sampled(tmp_path, activation(column("age"), target=target))
    assert isinstance(found, Failed)
    assert message in found.message


def test_a_segment_that_nobody_has(tmp_path: Path) -> None:
    target = Target("segment", ByName("Nobody"))
    found, report, requests = sampled(tmp_path, activation(column("age"), target=target))
    assert found is None
    assert [each.code.name for each in report.diagnostics] == ["SEG304"]
    assert requests == []


def test_a_segment_by_an_id_that_is_not_there(tmp_path: Path) -> None:
    target = Target("segment", ById("99"))
    found, _, _ = sampled(tmp_path, activation(column("age"), target=target))
    assert isinstance(found, Failed)
    assert "99" in found.message


# --- on the server -----------------------------------------------------------------------

HEADERS = {"Authorization": f"TD1 {LOCAL_KEY}", "Content-Type": "application/json"}
TEMPLATE = {
    "type": "activation-template",
    "attributes": {
        "name": "Plain",
        "connectionId": 1,
        "state": "published",
        "columns": [
            {"column": "years", "source": {"column": "age"}},
            {"column": "to", "source": {"string": "$1", "parameters": [{"type": "SegmentId"}]}},
        ],
    },
    "relationships": {"parentFolder": {"data": {"id": "1", "type": "folder-segment"}}},
}


def on_server(folder: Path, what: Activation) -> tuple[ExportSample | Failed | None, str]:
    """The sample over a server with a segment, a funnel and a template; and the segment's id."""
    data = write_data(folder)
    with (data / "parent_segment.toml").open("a") as file:
        file.write("\n[funnels.Ladder]\nid = 3\nstages = { Seen = 40, Looked = 41, Bought = 42 }\n")
    (data / "funnel_stages.csv").write_text("cdp_customer_id,stage_id\nc03,41\n")
    base = "http://localhost"

    async def run() -> tuple[ExportSample | Failed | None, str]:
        async with (
            open_local(data, None, NOW) as transport,
            Client(base, ApiKey(LOCAL_KEY), transport=transport) as client,
            httpx.AsyncClient(base_url=base, headers=HEADERS, transport=transport) as http,
        ):
            body = {"name": "Adults", "rule": rule(equal("age", 31))}
            made = await http.post("/audiences/7/segments", json=body)
            template = await http.post("/entities/activation_templates", json=TEMPLATE)
            assert (made.status_code, template.status_code) == (200, 200), template.text
            id = made.json()["id"]
            target = what.target
            if target.reference == ById("made"):
                what_now = msgspec.structs.replace(what, target=Target("segment", ById(id)))
            else:
                what_now = what
            parent = await client.parent_segment("7")
            connection = Connection(client, parent, "local", True, NOW)
            found = await sample_export(connection, what_now, Definitions(), Report(), ALL)
            return found, id

    return asyncio.run(run())


@pytest.mark.parametrize("reference", [ByName("Adults"), ByName("Adults", "/"), ById("made")])
def test_a_segment_of_the_server(tmp_path: Path, reference: ByName | ById) -> None:
    parts = (Placeholder("segment name"), "/", Placeholder("segment id"))
    what = activation(
        column("cdp_customer_id", called="id"),
        ExportColumn(TextSource(parts), "list"),
        target=Target("segment", reference),
    )
    found, id = on_server(tmp_path, what)
    assert isinstance(found, ExportSample), found
    assert (found.rows, found.notes) == ((("c01", f"Adults/{id}"),), ())


@pytest.mark.parametrize("reference", [ByName("Looked", "Ladder"), ById("41")])
def test_a_stage_of_the_server(tmp_path: Path, reference: ByName | ById) -> None:
    what = activation(column("cdp_customer_id"), target=Target("stage", reference))
    found, _ = on_server(tmp_path, what)
    assert isinstance(found, ExportSample), found
    assert found.rows == (("c03",),)


@pytest.mark.parametrize("reference", [ByName("Looked", "Ladder"), ById("41")])
def test_what_the_server_knows_of_a_stage(
    tmp_path: Path, reference: ByName | ById, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id of the segment of a stage, and of one that is named by id the names."""
    listed = Client.funnels

    async def with_rules(client: Client, parent_id: str) -> Any:
        def ruled(funnel: Any) -> Any:
            stages = [
                msgspec.structs.replace(each, segment_id=f"10{each.id}") for each in funnel.stages
            ]
            return msgspec.structs.replace(funnel, stages=tuple(stages))

        return [ruled(funnel) for funnel in await listed(client, parent_id)]

    monkeypatch.setattr(Client, "funnels", with_rules)
    names: tuple[PlaceholderName, ...] = ("segment id", "segment name", "funnel name", "stage name")
    columns = [ExportColumn(TextSource((Placeholder(name),)), name) for name in names]
    found, _ = on_server(tmp_path, activation(*columns, target=Target("stage", reference)))
    assert isinstance(found, ExportSample), found
    assert (found.rows, found.notes) == ((("1041", "Looked", "Ladder", "Looked"),), ())


def test_a_template_of_the_server(tmp_path: Path) -> None:
    what = Activation("Sync", Target("segment", ByName("Adults")), template=ByName("Plain"))
    found, id = on_server(tmp_path, what)
    assert isinstance(found, ExportSample), found
    assert [each.name for each in found.columns] == ["years", "to"]
    assert found.rows == ((31, id),)


# --- personal data -----------------------------------------------------------------------


@pytest.mark.parametrize("visibility", ["pii", "blocked"])
def test_personal_data_is_masked_and_not_even_requested(tmp_path: Path, visibility: str) -> None:
    what = activation(
        column("country"),
        column("country", Call("cast_as_categorical", (Text("none"),)), called="land"),
        column("age"),
    )
    found, _, requests = sampled(tmp_path, what, visibility={"country": visibility})
    assert isinstance(found, ExportSample)
    assert requests == [("age",)]
    assert found.rows[0] == (None, None, 31)
    assert [each.masked for each in found.columns] == [True, True, False]
    assert found.notes == ("masked, as they have personal data: country, land",)
    text = shown(found)
    assert "JP" not in text
    assert text.count("•••••") == 2 * len(found.rows)


def test_personal_data_is_revealed_if_wanted(tmp_path: Path) -> None:
    options = SampleOptions(reveal=True)
    found = sample(
        tmp_path, activation(column("country")), options=options, visibility={"country": "pii"}
    )
    assert (found.rows[0], found.columns[0].masked, found.notes) == (("JP",), False, ())


# --- what is not shown -------------------------------------------------------------------


def test_what_the_api_does_not_give_is_said(tmp_path: Path) -> None:
    what = activation(
        column("members", group="household", called="persons"),
        column("country", Call("td_ip_to_domain"), called="domain"),
        ExportColumn(TextSource((Placeholder("segment id"),)), "id"),
        behaviors=(BehaviorExport("behavior_purchases"),),
    )
    found = sample(tmp_path, what)
    assert found.rows[0] == (None, None, "{segment id}")
    assert found.notes == (
        "the events of purchases are not shown: the API has no request for them",
        "attributes of the customer group household are not shown: the API has no request for them",
        "`domain` is null: only Treasure Data has the database of IP addresses",
        "`{segment id}` has no value here, and stays as it is",
    )


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    found, _, _ = sampled(tmp_path, activation(column("contry")))
    assert isinstance(found, Failed)
    assert (found.message, found.help) == (
        "the parent segment has no attribute `contry`",
        "did you mean `country`?",
    )


def test_a_column_that_is_not_exported(tmp_path: Path) -> None:
    found, _, _ = sampled(tmp_path, activation(column("age")), SampleOptions(columns=("agee",)))
    assert isinstance(found, Failed)
    assert (found.message, found.help) == (
        "it exports no column `agee`",
        "did you mean `age`?",
    )


def test_columns_of_a_template(tmp_path: Path) -> None:
    template = ActivationTemplate("T", delivery=Delivery(columns=Columns(items=(column("age"),))))
    what = Activation("Sync", TO_JAPAN, template=ByName("T"))
    definitions = Definitions((JAPAN,), (), (template,))
    assert sample(tmp_path, what, definitions=definitions).rows == ((31,), (None,), (67,))
    found, _, _ = sampled(tmp_path, what)
    assert isinstance(found, Failed)
    assert found.message == "no template on the server named “T”, and none in these files"


# --- as text, and as JSON ----------------------------------------------------------------

TABLE = ExportSample(
    (
        SampleColumn("email", "string", True),
        SampleColumn("age", "number"),
        SampleColumn("seen", "timestamp"),
        SampleColumn("a\x1bb", None),
    ),
    ((None, 31, 0, "x\x07"), (None, None, None, None)),
    ("masked, as they have personal data: email",),
    "Asia/Tokyo",
)


def shown(found: ExportSample | Failed, width: int | None = None) -> str:
    what = Activation("Sync", TO_JAPAN)
    preview = Preview("1", "Shop", 6, (), {}, exports=((what, found),))
    return text_of(rendered(preview, width), color=False, width=width)


def test_a_table(tmp_path: Path) -> None:
    assert shown(TABLE) == (
        "Sync\n"
        "email      age  seen                       a␛b\n"
        "string  number  timestamp                  unknown\n"
        "•••••       31  1970-01-01T09:00:00+09:00  x␇\n"
        "•••••     null  null                       null\n"
        "note: masked, as they have personal data: email\n"
        "\n"
        "of 6 profiles in “Shop”\n"
    )


def test_a_list_on_a_narrow_terminal(tmp_path: Path) -> None:
    text = shown(TABLE, 40)
    assert "Sync, row 2" in text
    assert "seen   1970-01-01T09:00:00+09:00" in text
    assert max(map(len, text.splitlines())) <= 40


def test_nobody_to_show() -> None:
    nobody = ExportSample((SampleColumn("age", "number"),), ())
    assert shown(nobody).startswith("Sync: no profile to show\n")


def test_the_document() -> None:
    what = Activation("Sync", TO_JAPAN)
    preview = Preview("1", "S", 6, (), {}, exports=((what, TABLE), (what, Failed("no", "why"))))
    first, second = preview_output(preview).activations
    assert first.rows == TABLE.rows
    assert [(each.name, each.type, each.masked) for each in first.columns[:2]] == [
        ("email", "string", True),
        ("age", "number", False),
    ]
    assert second.error is not None
    assert (second.error.message, second.rows) == ("no", ())
    assert preview.failures == [("Sync", Failed("no", "why"))]
