"""Funnels, activations and templates with a schema: the text of some files in, findings out."""

from __future__ import annotations

import msgspec
import pytest

from segdsl import compile_text
from segdsl.schema.model import (
    Behavior,
    Column,
    Connection,
    CustomerGroup,
    Funnel,
    Schema,
    Segment,
    Stage,
    Template,
    User,
)

SCHEMA = Schema(
    "1",
    "Shop",
    "Asia/Tokyo",
    (
        Column("email", "string"),
        Column("age", "number"),
        Column("signup", "timestamp"),
        Column("tags", "string_array"),
        Column("ltv", "number", label="Lifetime Value"),
        Column("odd", None, unknown_type="json"),
    ),
    (
        Behavior(
            "behavior_purchases",
            (
                Column("amount", "number"),
                Column("timestamp", "timestamp"),
                Column("sku", "string", label="Article"),
                Column("tags", "string_array"),
            ),
            "Online Orders",
        ),
        Behavior("raw_events", (Column("page", "string"),)),
    ),
    (CustomerGroup("household", (Column("size", "number"),)),),
    segments=(
        Segment("7", "There"),
        Segment("8", "Live", (), "realtime"),
        Segment("9", "Twice", ("A",)),
        Segment("10", "Twice", ("B",)),
    ),
    funnels=(Funnel("1", "Onboarding", (Stage("41", "Interest"), Stage("42", "Trial"))),),
    templates=(),
)

RULES = """
segment "Buyers" where has purchases
segment "Adults" where age > 20
segment "Now" kind realtime where age > 3
"""


def found(text: str, schema: Schema | None = SCHEMA) -> list[tuple[str, str]]:
    compiled = compile_text(RULES + text, schema=schema, symbolic=True, lint=True)
    return [(of.code.name, of.message) for of in compiled.diagnostics]


def helps(text: str) -> list[str | None]:
    compiled = compile_text(RULES + text, schema=SCHEMA, symbolic=True)
    return [of.help for of in compiled.diagnostics]


def columns(listed: str) -> str:
    return f"""
activation "A" of segment "Buyers"
  to connection "s3"
  columns {listed}
"""


def behavior(clause: str) -> str:
    return columns("(email)") + f"  behavior {clause}\n"


@pytest.mark.parametrize(
    ("listed", "finding", "help"),
    [
        ("(emial)", ("SEG501", "there is no attribute `emial`"), "did you mean `email`?"),
        (
            "(`Lifetime Value`)",
            ("SEG501", "there is no attribute ``Lifetime Value``"),
            "“Lifetime Value” is a label in the console: write `ltv`",
        ),
        (
            "(amount)",
            ("SEG501", "there is no attribute `amount`"),
            "it is a column of the events of `purchases`: write `behavior purchases … columns "
            "(amount)`",
        ),
        (
            "(purchases)",
            ("SEG505", "`purchases` is a behavior, not an attribute"),
            "export its events: `behavior purchases all by … columns (…)`",
        ),
        (
            "(group houshold.size as n)",
            ("SEG504", "there is no customer group `houshold`"),
            "did you mean `household`?",
        ),
        (
            "(group household.sizes as n)",
            ("SEG504", "the customer group `household` has no attribute `sizes`"),
            "did you mean `size`?",
        ),
        ("all and (email)", ("SEG231", "`columns all` exports `email` too"), "remove it here"),
        (
            "all and (age as email)",
            ("SEG231", "`columns all` exports `email` too"),
            "give it another name: `as name`",
        ),
    ],
)
def test_columns(listed: str, finding: tuple[str, str], help: str) -> None:
    assert found(columns(listed)) == [finding]
    assert helps(columns(listed)) == [help]


@pytest.mark.parametrize(
    "listed",
    [
        "(cdp_customer_id, email, age as years, group household.size as n, \"x\" as y)",
        "all",
        'all and (age as years, "x" as y)',
        "(email | replace(\"@\") | substr(1, 3) as e)",
        "(age | add(1) | divide(2) | ln() | when > 3 then 1 else 0 as n)",
        "(age | cast_as_categorical(\"\") | substr(1) as n)",
        "(signup | day_of_week() as d, signup | elapsed_days() as e)",
        "(email | from_iso8601_timestamp() | elapsed_days() as n)",
        "(tags | cast_as_categorical(\"\") as n, tags | cast_as_quantitative(0) as m)",
        "(email | when is null then 0 else 1 as n)",
        "(odd | ln() as n, odd | substr(1) as m)",
        "(email | td_ip_to_country_name() as n)",
        "(age | cast_as_categorical_array() as n)",
        "(email | regexp_extract(\"a(.)\", 1) as n, email | substr(-3) as m)",
    ],
)  # fmt: skip
def test_columns_that_are_fine(listed: str) -> None:
    assert found(columns(listed)) == []


@pytest.mark.parametrize(
    ("functions", "finding"),
    [
        (
            "email | ln()",
            ("SEG516", "`ln` takes a number or a time, but `email` is of type string"),
        ),
        ("age | substr(1)", ("SEG516", "`substr` takes a string, but `age` is of type number")),
        (
            "tags | replace(\"a\")",
            ("SEG516", "`replace` takes a string, but `tags` is of type string_array"),
        ),
        (
            "age | cast_as_categorical(\"\") | add(1)",
            ("SEG516", "`add` takes a number or a time, but the result of `cast_as_categorical` "
             "is of type string"),
        ),
        (
            "email | when > 3 then 1 else 0",
            ("SEG516", "`when` compares with a number, but `email` is of type string"),
        ),
        (
            "age | when > 3 then 1 else 0 | substr(1)",
            ("SEG516", "`substr` takes a string, but the result of `when` is of type number"),
        ),
        (
            "email | day_of_week()",
            ("SEG516", "`day_of_week` takes a number or a time, but `email` is of type string"),
        ),
        ("age | divide(0)", ("SEG507", "`divide` by 0 has no result")),
        ("email | substr(0)", ("SEG507", "the start of `substr` cannot be 0")),
        ("email | substr(1, -1)", ("SEG507", "the length of `substr` cannot be -1")),
        (
            "email | substr(1.5)",
            ("SEG507", "the start of `substr` is a whole number, not 1.5"),
        ),
        (
            "email | regexp_extract(\"(\")",
            ("SEG509", "invalid regular expression: missing ), unterminated subpattern"),
        ),
    ],
)  # fmt: skip
def test_functions_and_their_arguments(functions: str, finding: tuple[str, str]) -> None:
    assert found(columns(f"({functions} as x)")) == [finding]


@pytest.mark.parametrize(
    ("clause", "findings"),
    [
        (
            "purchases last by time desc columns (time)",
            [("SEG503", "the behavior `purchases` has no column `time`")],
        ),
        (
            "purchases last by timestamp desc columns (timestamp, Article as a)",
            [("SEG503", "the behavior `purchases` has no column `Article`")],
        ),
        (
            "purchases last by timestamp desc columns (timestamp, email as mail)",
            [("SEG503", "the behavior `purchases` has no column `email`")],
        ),
        (
            "purchases last by tags desc columns (tags)",
            [("SEG506", "cannot order events by `tags`, which is of type string_array")],
        ),
        (
            "purchases last by timestamp desc columns (timestamp, sku | ln() as n)",
            [("SEG516", "`ln` takes a number or a time, but `sku` is of type string")],
        ),
        (
            "visits last by timestamp desc columns (timestamp)",
            [("SEG502", "there is no behavior `visits`")],
        ),
        (
            'table "raw_events" last by page desc columns (page)',
            [("SEG242", 'the rule of the segment does not use the behavior `table "raw_events"`')],
        ),
        ("purchases last by timestamp desc columns (timestamp, sku | substr(1, 3) as s)", []),
    ],
)
def test_behaviors(clause: str, findings: list[tuple[str, str]]) -> None:
    assert sorted(found(behavior(clause))) == sorted(findings)


def of(target: str, *, of: str = "purchases") -> str:
    return f"""
activation "A" of {target}
  to connection "s3"
  columns (email)
  behavior {of} last by timestamp desc columns (timestamp)
"""


UNUSED = "the rule of the {} does not use the behavior `purchases`"


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        (of('segment "Buyers"'), []),
        # Definitions are part of the rule, and segments that it refers to are not.
        (
            'let bought = has purchases\nsegment "L" where bought and age > 5' + of('segment "L"'),
            [],
        ),
        (
            'segment "R" where in segment "Buyers"' + of('segment "R"'),
            [("SEG242", UNUSED.format("segment"))],
        ),
        (
            'segment "M" where age > 1 and not (count(purchases where amount > 1) > 2)'
            + of('segment "M"'),
            [],
        ),
        (of('segment "Adults"'), [("SEG242", UNUSED.format("segment"))]),
        # Of a rule that only the server has nothing is said.
        (of('segment "There"'), []),
        (of("segment #7"), []),
        (
            of("segment #70"),
            [("SEG511", "the schema has no segment with the id #70")],
        ),
        (of('segment "Ther"'), [("SEG304", 'there is no segment "Ther"')]),
        (of('segment "Twice"'), [("SEG305", '2 segments are named "Twice"')]),
        (of('segment "Twice" of folder "A"'), []),
        (
            of('segment "Now"'),
            [
                ("SEG243", "a realtime segment cannot have this activation, which exports a batch"),
                ("SEG242", UNUSED.format("segment")),
            ],
        ),
        (
            of("segment #8"),
            [("SEG243", "a realtime segment cannot have this activation, which exports a batch")],
        ),
        (
            of('segment "Live"'),
            [("SEG243", "a realtime segment cannot have this activation, which exports a batch")],
        ),
        (of('stage "Trial" of funnel "Onboarding"'), []),
        (of("stage #41"), []),
        (of("stage #43"), [("SEG511", "the schema has no stage with the id #43")]),
        (
            of('stage "Trail" of funnel "Onboarding"'),
            [("SEG510", 'there is no stage "Trail" of funnel "Onboarding"')],
        ),
        (
            of('stage "Trial" of funnel "Onbording"'),
            [("SEG510", 'there is no funnel "Onbording"')],
        ),
    ],
)
def test_targets(text: str, findings: list[tuple[str, str]]) -> None:
    assert found(text) == findings


FUNNEL = """
funnel "Ladder"
stage "Looked" where age > 1
stage "Bought" where has purchases
stage "Empty"
"""


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        (of('stage "Bought" of funnel "Ladder"'), []),
        (of('stage "Looked" of funnel "Ladder"'), [("SEG242", UNUSED.format("stage"))]),
        (of('stage "Empty" of funnel "Ladder"'), [("SEG242", UNUSED.format("stage"))]),
        (
            of('stage "Bougth" of funnel "Ladder"'),
            [("SEG510", 'there is no stage "Bougth" of funnel "Ladder"')],
        ),
        ('segment "S" where in stage "Bought" of funnel "Ladder"', []),
        (
            'segment "S" where in stage "Bougth" of funnel "Ladder"',
            [("SEG510", 'there is no stage "Bougth" of funnel "Ladder"')],
        ),
        (
            'funnel "Ladder"\n  folder "B"\nstage "a" where age > 1\nstage "b" where age > 2\n'
            'stage "c" where age > 3\n' + of('stage "Bought" of funnel "Ladder"'),
            [("SEG305", '2 funnels are named "Ladder"')],
        ),
    ],
)
@pytest.mark.parametrize("schema", [SCHEMA, None], ids=["with a schema", "without"])
def test_stages_of_the_workspace(
    text: str, findings: list[tuple[str, str]], schema: Schema | None
) -> None:
    assert found(FUNNEL + text, schema) == findings


LIVE = "a stage that is a realtime segment cannot have this activation, which exports a batch"
LIVE_FUNNEL = """
funnel "Lives"
stage "A" where age > 1
stage "B" {rule}
stage "C" where age > 2
"""


@pytest.mark.parametrize(
    ("rule", "findings"),
    [
        ('is segment "Now"', [("SEG243", LIVE), ("SEG242", UNUSED.format("stage"))]),
        ('is segment "Live"', [("SEG243", LIVE), ("SEG242", UNUSED.format("stage"))]),
        ("is segment #8", [("SEG243", LIVE), ("SEG242", UNUSED.format("stage"))]),
        ('is segment "There"', [("SEG242", UNUSED.format("stage"))]),
        ('is segment "Adults"', [("SEG242", UNUSED.format("stage"))]),
        ('where in segment "Live" and has purchases', []),
    ],
)
def test_stages_that_are_realtime_segments(rule: str, findings: list[tuple[str, str]]) -> None:
    text = LIVE_FUNNEL.format(rule=rule) + of('stage "B" of funnel "Lives"')
    assert found(text) == findings


def test_the_rules_of_stages_are_checked_as_segments_are() -> None:
    text = """
funnel "F"
stage "A" where aage > 1
stage "B" where age > "3"
stage "C" where in segment "Nobody"
"""
    assert [code for code, _ in found(text)] == ["SEG501", "SEG507", "SEG304"]


def test_names_of_the_server_are_not_missed_without_a_schema() -> None:
    assert found(of('segment "Anybody"'), None) == []
    assert found(of('stage "S" of funnel "F"'), None) == []
    assert (
        found('activation "A" of segment #1\n  from template "T"\n  to connection "s3"', None) == []
    )


def test_stages_that_narrow_and_those_that_do_not() -> None:
    text = 'funnel "F"\nstage "A" where age > 3\nstage "B" where age > 2\nstage "C" where age > 4\n'
    assert found(text) == [("SEG620", 'the stage "B" has all profiles of the one before it, "A"')]


# --- templates -----------------------------------------------------------------------

TEMPLATE = """
activation template "T"
  to connection "s3"
  columns (email, "x" as source)
  behavior purchases last by timestamp desc columns (timestamp)
  every day in "UTC"
  with (format = "csv", path = "a")
  notify "kim@example.com" on failure
  state {}
  locked ({})
"""


def made(clauses: str, lock: str, state: str = "published") -> list[tuple[str, str]]:
    text = TEMPLATE.format(state, lock)
    to = "" if "to connection" in clauses else '  to connection "s3"\n'
    return found(f'{text}activation "A" of segment "Buyers"\n  from template "T"\n{to}{clauses}')


@pytest.mark.parametrize(
    ("lock", "same", "other", "what"),
    [
        ("connection", 'to connection "s3"', 'to connection "gcs"', "the connection"),
        ("schedule", 'every day in "UTC"', "every hour", "the schedule"),
        (
            "notification",
            'notify "kim@example.com" on failure',
            'notify "lee@example.com" on failure',
            "who is notified",
        ),
        ("settings", 'with (format = "csv", other = 1)', 'with (format = "tsv")',
         "the setting `format`"),
        ("columns", 'columns (email, "x" as source, age)', 'columns (email, "y" as source)',
         "the column `source`, which is another one here"),
        ("columns", 'columns (email, "x" as source)',
         'columns ("x" as source)', "the column `email`, which is missing here"),
        ("settings (format)", 'with (format = "csv", path = "b")', 'with (format = "tsv")',
         "the setting `format`"),
        ("columns (source)", 'columns ("x" as source)', 'columns (email, "y" as source)',
         "the column `source`, which is another one here"),
        ("renaming columns (email)", 'columns (age as email)', 'columns (email as mail)',
         "the name of the column `email`, which is `mail` here"),
        ("changing columns", 'columns ("x" as other)', 'columns (email, "y" as source)',
         "the column `source`, which is another one here"),
        ("removing columns", 'columns (email as mail, "y" as source)', 'columns ("x" as source)',
         "the column `email`, which is missing here"),
        ("all columns", "columns (age)", "columns all", "whether all columns are exported"),
        ("adding columns", 'columns (email, "x" as source, "z" as z)',
         'columns (email, "x" as source, age)', "which columns there are: not `age`"),
        ("adding texts", 'columns (email, "x" as source, age)',
         'columns (email, "x" as source, "z" as z)', "which texts there are: not `z`"),
        ("behaviors", "behavior purchases last by timestamp desc columns (timestamp)",
         "behavior purchases first by timestamp desc columns (timestamp)",
         "the behavior `purchases`, which is another one here"),
    ],
)  # fmt: skip
def test_what_a_published_template_locks(lock: str, same: str, other: str, what: str) -> None:
    assert made("", lock) == []
    assert made(f"  {same}\n", lock) == []
    assert made(f"  {other}\n", lock) == [("SEG241", f'the template "T" locks {what}')]
    # A draft locks nothing yet.
    assert made(f"  {other}\n", lock, "draft") == []


def test_a_template_that_is_not_there() -> None:
    text = 'activation "A" of segment "Buyers"\n  from template "T"\n  to connection "s3"\n'
    assert found(text) == [("SEG513", 'there is no activation template "T"')]
    close = 'activation template "TT"\n  to connection "s3"\n  columns all\n'
    assert found(close + text.replace('"T"', '"TU"')) == [
        ("SEG513", 'there is no activation template "TU"')
    ]


def test_columns_of_a_template_or_of_its_activations() -> None:
    bare = 'activation template "T"\n  to connection "s3"\n'
    made = 'activation "A" of segment "Buyers"\n  from template "T"\n  to connection "s3"\n'
    assert found(bare) == []
    assert found(f"{bare}{made}  columns (age)\n") == []
    assert found(f"{bare}  columns (age)\n{made}") == []
    assert found(bare + made) == [
        ("SEG236", "neither this activation nor its template has `columns`")
    ]


def test_a_template_is_checked_as_an_activation_is() -> None:
    assert found('activation template "T"\n  columns (emial | ln() as n)\n') == [
        ("SEG236", "this activation template has no `to connection`"),
        ("SEG501", "there is no attribute `emial`"),
    ]


# --- who may see it, where it goes, who hears of it ----------------------------------

PRIVATE = msgspec.structs.replace(
    SCHEMA,
    attributes=(
        Column("age", "number", visibility="clear"),
        Column("email", "string", visibility="pii"),
        Column("card", "string", visibility="blocked"),
        Column("city", "string", visibility="non_pii"),
        Column("old", "string"),
    ),
    behaviors=(
        Behavior(
            "behavior_purchases",
            (Column("timestamp", "timestamp"), Column("ip", "string", visibility="pii")),
        ),
    ),
    connections=(Connection("3", "s3"), Connection("4", "gcs"), Connection("5", "gcs")),
    users=(User("7", "kim@example.com"),),
    templates=(Template("9", "On the server"),),
)


@pytest.mark.parametrize(
    ("clauses", "findings"),
    [
        ("columns (age, city, old)", []),
        ("columns (email as mail)", [("SEG515", "`email` is personal data")]),
        ("columns (card)", [("SEG514", "`card` is blocked: no activation can export it")]),
        (
            "columns all",
            [("SEG515", "`columns all` exports personal data: `email`, `card`")],
        ),
        (
            "columns (age)\n  behavior purchases last by timestamp desc columns (timestamp, ip)",
            [("SEG515", "`ip` is personal data")],
        ),
        ("columns (age)\n  notify \"kim@example.com\" on failure", []),
        (
            "columns (age)\n  notify \"kin@example.com\" on failure",
            [("SEG513", 'there is no user "kin@example.com"')],
        ),
        ("columns (age)\n  notify #7 on failure", []),
        (
            "columns (age)\n  notify #8 on failure",
            [("SEG511", "the schema has no user with the id #8")],
        ),
        ("columns (age)\n  from template \"On the server\"", []),
        ("columns (age)\n  from template #9", []),
        (
            "columns (age)\n  from template #10",
            [("SEG511", "the schema has no activation template with the id #10")],
        ),
        (
            "columns (age)\n  from template \"On the serve\"",
            [("SEG513", 'there is no activation template "On the serve"')],
        ),
    ],
)  # fmt: skip
def test_who_may_see_it_and_who_hears_of_it(clauses: str, findings: list[tuple[str, str]]) -> None:
    text = f'activation "A" of segment "Buyers"\n  to connection "s3"\n  {clauses}\n'
    assert found(text, PRIVATE) == findings


@pytest.mark.parametrize(
    ("connection", "findings"),
    [
        ("#3", []),
        ("#6", [("SEG511", "the schema has no connection with the id #6")]),
        ('"s4"', [("SEG513", 'there is no connection "s4"')]),
        ('"gcs"', [("SEG305", '2 connections are named "gcs"')]),
    ],
)
def test_connections(connection: str, findings: list[tuple[str, str]]) -> None:
    text = f'activation "A" of segment "Buyers"\n  to connection {connection}\n  columns (age)\n'
    assert found(text, PRIVATE) == findings


def test_of_what_an_older_schema_does_not_have_nothing_is_said() -> None:
    older = msgspec.structs.replace(PRIVATE, connections=None, users=None, templates=None)
    text = """
activation "A" of segment "Buyers"
  from template "T"
  to connection "s4"
  columns (age)
  notify "lee@example.com" on failure
"""
    assert found(text, older) == []


def test_a_group_that_a_pattern_does_not_have() -> None:
    def of(call: str) -> list[tuple[str, str]]:
        return found(columns(f"(email | regexp_extract({call}) as x)"))

    for fine in ('"a(b)(c)", 2', '"a", 0', '"a"', r'"(a)\\pL", 7'):
        assert of(fine) == [], fine
    assert of('"a", 1') == [("SEG507", "the pattern of `regexp_extract` has no group 1")]
    assert of('"a(b)(c)", 3') == [("SEG507", "the pattern of `regexp_extract` has no group 3")]
