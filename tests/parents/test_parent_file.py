"""`parent_segment.toml`: what it says, and each mistake at its line."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from segdsl.engine.description import read_description
from segdsl.parent_segment import model as m
from segdsl.parent_segment.file import ParentFileError, parse_configuration, read_configuration
from segdsl.parent_segment.writing import write_configuration

HEAD = 'name = "x"\n[master]\ntable = "gold.customers"\n'

WHOLE = """\
id = "7"
name = "Customer 360"
description = "Everyone"
timezone = "Asia/Tokyo"
schedule = { every = "day", at = 03:00:00 }
llm = true

[engine]
hive_only = true
hive_version = "0.13"
hive_pool = "h"
trino_pool = ""

[master]
table = "cdp_db.customers"
filters = { status = ["active", "trial"] }

[attributes.Profile]
table = "cdp_db.user_profiles"
join = { user_id = "customer_id" }
columns = { age = "number", Tags = "string_array from favourite_tags" }

[attributes.own]
table = "cdp_db.customers"
group = ""
columns = { "a b" = { type = "map from x", column = "m" } }

[behaviors.purchases]
table = "cdp_db.purchase_events"
join = { user_id = "customer_id" }
columns = { amount = "number" }
schedule = { every = "15 minutes" }
default_time_filter = true

[customer_groups.household]
table = "cdp_db.households"
join = { household_id = "id" }

[customer_groups.household.attributes.own]
table = "cdp_db.households"
columns = { size = "number" }

[enrichment]
ip = true

[activation]
behaviors = true
max_rows = 7

[labels.customers]
age = "Age"

[funnels.Ladder]
id = 5
stages = { a = 6, b = 7, c = 8 }
"""


def test_a_whole_file_is_read() -> None:
    profiles, events = m.Table("cdp_db", "user_profiles"), m.Table("cdp_db", "purchase_events")
    customers, households = m.Table("cdp_db", "customers"), m.Table("cdp_db", "households")
    join = m.Join("user_id", "customer_id")
    assert parse_configuration(WHOLE) == m.Configuration(
        "Customer 360",
        m.Master(customers, (m.Filter("status", ("active", "trial")),)),
        "Everyone",
        "Asia/Tokyo",
        m.Daily("03:00"),
        m.Engine(True, "0.13", "h", None),
        (
            m.AttributeTable(
                "Profile",
                profiles,
                join,
                (
                    m.ConfiguredColumn("age", "number", "age"),
                    m.ConfiguredColumn("Tags", "string_array", "favourite_tags"),
                ),
                "Profile",
            ),
            m.AttributeTable(
                "own", customers, None, (m.ConfiguredColumn("a b", None, "m", "map from x"),), None
            ),
        ),
        (
            m.ConfiguredBehavior(
                "purchases",
                events,
                join,
                (m.ConfiguredColumn("amount", "number", "amount"),),
                m.EveryMinutes(15),
                True,
            ),
        ),
        (
            m.ConfiguredGroup(
                "household",
                households,
                m.Join("household_id", "id"),
                (
                    m.AttributeTable(
                        "own",
                        households,
                        None,
                        (m.ConfiguredColumn("size", "number", "size"),),
                        "own",
                    ),
                ),
            ),
        ),
        m.Enrichment(ip=True),
        m.ActivationLimits(True, 7),
        True,
    )


def test_both_readers_take_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "parent_segment.toml"
    path.write_text(WHOLE, encoding="utf-8")
    description = read_description(path, "data")
    assert (description.parent.id, description.parent.name) == ("7", "Customer 360")
    assert description.parent.labels.of_column("customers", "age") == "Age"
    assert read_configuration(path, "x", root=None) == parse_configuration(WHOLE)


def test_a_file_for_local_data_alone_has_no_configuration() -> None:
    assert parse_configuration('[labels.customers]\na = "A"\n') is None
    assert parse_configuration("") is None


@pytest.mark.parametrize(
    ("text", "message", "place", "help"),
    [
        (f"{HEAD}filter = {{}}\n", "unknown key `filter` in [master]", "4:1", "`filters`"),
        ("mastr = 1\n", "unknown key `mastr`", "1:1", "did you mean `master`?"),
        (f"{HEAD}[atributes.a]\n", "unknown key `atributes`", "4:2", "`attributes`"),
        ('[master]\ntable = "a.b"\n', "the parent segment has no name", "1:2", 'name = "…"'),
        ('name = "x"\n[master]\ntable = "b"\n', "`b` names no table", "3:9", '"database.table"'),
        ('[attributes.a]\ntable = "a.b"\n', "[attributes] needs the master", "1:", "[master]"),
        (f'timezone = "Asia/Tokio"\n{HEAD}', "unknown time zone", "1:12", "`Asia/Tokyo`"),
        (f'{HEAD}[attributes.a]\ntable = "a.b"\n', "missing key `join`", "4:", "join ="),
        (
            f'{HEAD}[attributes.a]\ntable = "a.b"\njoin = {{ a = "b", c = "d" }}\n',
            "`join` in [attributes.a] has 2 pairs",
            "6:",
            "COLUMN_OF_THE_MASTER",
        ),
        (
            f'{HEAD}[attributes.a]\ntable = "a.b"\njoin = {{ a = "b" }}\n'
            'columns = { x = "strin from y" }\n',
            "unknown type “strin” of `x`",
            "7:",
            "`string`",
        ),
        (
            f'{HEAD}[attributes.a]\ntable = "a.b"\njoin = {{ a = "b" }}\n'
            'columns = { x = { typ = "string" } }\n',
            "unknown key `typ`",
            "7:",
            "`type`",
        ),
        (
            f'{HEAD}filters = {{ a = ["1"], b = ["1"], c = ["1"] }}\n',
            "filters on 3 columns",
            "4:",
            "",
        ),
        (f"{HEAD}filters = {{ a = [] }}\n", "nobody passes", "4:", ""),
        (
            f'schedule = {{ every = "dayly" }}\n{HEAD}',
            "unknown interval",
            "1:",
            "never, 15 minutes, hour",
        ),
        (f'schedule = {{ every = "day", at = 3 }}\n{HEAD}', "a time of day", "1:", "03:00:00"),
        (f'schedule = {{ every = "week" }}\n{HEAD}', "needs its days", "1:", "Monday"),
        (f'schedule = {{ every = "week", on = ["Mon"] }}\n{HEAD}', "unknown day", "1:", "Monday"),
        (f'schedule = {{ every = "month", on = [32] }}\n{HEAD}', "unknown day", "1:", "1 to 31"),
        (f'schedule = {{ cron = "" }}\n{HEAD}', "not a cron expression", "1:", "0 3 * * *"),
        (f'schedule = {{ cron = "hello" }}\n{HEAD}', "not a cron expression", "1:", "0 3 * * *"),
        (f'schedule = {{ cron = "99 3 * * *" }}\n{HEAD}', "not a cron expression", "1:", ""),
        (f'schedule = {{ cron = "0 3 * *" }}\n{HEAD}', "not a cron expression", "1:", ""),
        (f'schedule = {{ cron = "0 3 * Mon *" }}\n{HEAD}', "not a cron expression", "1:", ""),
        (f'schedule = {{ every = "day", cron = "x" }}\n{HEAD}', "cannot stand beside", "1:", ""),
        (f'schedule = {{ every = "never", on = [1] }}\n{HEAD}', "has no meaning", "1:", ""),
        (f"schedule = {{ at = 03:00:00 }}\n{HEAD}", "neither `every` nor", "1:", "every ="),
        (f'{HEAD}[engine]\nhive_version = "1"\n', "unknown version", "5:", "cdpaudience"),
        (f"{HEAD}[activation]\nmax_rows = 0\n", "less than 1", "5:", ""),
    ],
)
def test_a_mistake_is_shown_at_its_line(text: str, message: str, place: str, help: str) -> None:
    with pytest.raises(ParentFileError) as caught:
        parse_configuration(text, "p.toml")
    shown = f"{caught.value.message}\n{caught.value.more}"
    assert message in shown
    assert f"p.toml:{place}" in shown
    assert help in shown


def test_a_change_keeps_comments_and_the_form_of_all_else() -> None:
    before = WHOLE.replace("[engine]", "# which engine\n[engine] # here")
    configuration = parse_configuration(before)
    assert configuration is not None
    after = msgspec.structs.replace(
        configuration, schedule=m.Weekly(("Monday",), "04:30"), description="All of them"
    )
    text = write_configuration(before, after, "x")
    changed = ('schedule = { every = "day"', 'description = "Everyone"')
    kept = [line for line in before.splitlines() if not line.startswith(changed)]
    assert [line for line in text.splitlines() if line in kept] == kept
    assert parse_configuration(text) == after


def test_a_file_that_says_the_same_is_not_touched() -> None:
    configuration = parse_configuration(WHOLE)
    assert configuration is not None
    assert write_configuration(WHOLE, configuration, "x") == WHOLE
