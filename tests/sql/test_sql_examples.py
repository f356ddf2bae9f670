"""Source and SQL side by side, and the syntax of dialects.

What the SQL selects is tested elsewhere; here is what a reader gets to see.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.values import ById, ByName, Reference
from segdsl.loading import load_segments
from segdsl.sql import DIALECTS, Context, count, profiles, render, selection
from support import segment_of

# 2024-03-31 in Tokyo, half past eleven.
CONTEXT = Context(now=1_711_852_245, zone="Asia/Tokyo")
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "retail").rglob("*.seg"))


def condition(where: str, dialect: str = "duckdb") -> str:
    """What stands behind WHERE, on one line."""
    sql = render(selection(segment_of(where), CONTEXT), dialect, pretty=False)
    return sql.partition(" WHERE ")[2]


def test_a_segment_as_a_query() -> None:
    segment = segment_of(
        """
        country = "JP"
        and sum(purchases.amount where category = "Electronics") > 50000
        and any (email_opt_in is true, push_opt_in is true)
        """
    )
    assert render(selection(segment, CONTEXT), "trino") == inspect.cleandoc(
        """
        SELECT
          "cdp_customer_id"
        FROM "customers"
        WHERE
          "country" = 'JP'
          AND "cdp_customer_id" IN (
            SELECT
              "e"."cdp_customer_id"
            FROM "behavior_purchases" AS "e"
            WHERE
              "e"."category" = 'Electronics'
            GROUP BY
              "e"."cdp_customer_id"
            HAVING
              SUM("e"."amount") > 50000
          )
          AND (
            "email_opt_in" = TRUE OR "push_opt_in" = TRUE
          )
        """
    )


def test_everyone_is_counted_and_listed() -> None:
    everyone = segment_of("everyone")
    assert render(selection(everyone, CONTEXT), "duckdb", pretty=False) == (
        'SELECT "cdp_customer_id" FROM "customers"'
    )
    assert render(count(everyone, CONTEXT), "duckdb", pretty=False) == (
        'SELECT COUNT(*) AS "count" FROM "customers"'
    )
    assert render(profiles(everyone, CONTEXT, ["country"], 3), "duckdb", pretty=False) == (
        'SELECT "cdp_customer_id", "country" FROM "customers" '
        'ORDER BY "cdp_customer_id" ASC LIMIT 3'
    )


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ('country != "JP"', """NOT ("country" = 'JP') IS TRUE"""),
        (
            'country not in ("JP", "US")',
            """("country" IS NULL OR NOT "country" IN ('JP', 'US'))""",
        ),
        ("not a > 1", '("a" IS NULL OR NOT "a" > 1)'),
        ("age between 18 and 65", '"age" BETWEEN 18 AND 65'),
        ('country in ("US", "CA")', """"country" IN ('US', 'CA')"""),
        ("email is null", '"email" IS NULL'),
        ("email is not null", 'NOT "email" IS NULL'),
        ('url contains any ("/x", "/y")', """CONTAINS("url", '/x') OR CONTAINS("url", '/y')"""),
        ('url contains ""', 'NOT "url" IS NULL'),
        ('sku matches "^[A-Z]{2}-"', """REGEXP_MATCHES("sku", '^[A-Z]{2}-')"""),
        ("none (a = 1, b = 2)", 'NOT ("a" = 1) IS TRUE AND NOT ("b" = 2) IS TRUE'),
        ("not (not a = 1 or b = 2)", '"a" = 1 AND NOT ("b" = 2) IS TRUE'),
        ("visit in last month", '"visit" >= 1706713200 AND "visit" < 1709218800'),
        ("visit is today", '"visit" >= 1711810800'),
        ('visit before @"soon"', "FALSE"),
        ('any of tags = "x"', """ARRAY_CONTAINS("tags", 'x')"""),
        ("any of scores > 3",
         'ARRAY_LENGTH(LIST_FILTER("scores", LAMBDA element : element > 3)) > 0'),
        ("has purchases",
         '"cdp_customer_id" IN (SELECT "e"."cdp_customer_id" FROM "behavior_purchases" AS "e")'),
        ("no purchases where amount > 5",
         'NOT "cdp_customer_id" IN (SELECT "e"."cdp_customer_id" FROM "behavior_purchases" AS "e" '
         'WHERE "e"."amount" > 5 AND NOT "e"."cdp_customer_id" IS NULL)'),
        ('has table "orders"',
         '"cdp_customer_id" IN (SELECT "e"."cdp_customer_id" FROM "orders" AS "e")'),
        ("count(purchases) < 3",
         'NOT "cdp_customer_id" IN (SELECT "e"."cdp_customer_id" FROM "behavior_purchases" AS "e" '
         'WHERE NOT "e"."cdp_customer_id" IS NULL GROUP BY "e"."cdp_customer_id" '
         "HAVING COUNT(*) >= 3)"),
        ('last(purchases.sku by timestamp) = "A"',
         '"cdp_customer_id" IN (SELECT "e"."cdp_customer_id" FROM "behavior_purchases" AS "e" '
         'GROUP BY "e"."cdp_customer_id" HAVING '
         "MAX(CASE WHEN \"e\".\"sku\" = 'A' THEN \"e\".\"timestamp\" END) = "
         'MAX("e"."timestamp"))'),
        ("(ltv > 10 limit 100 by ltv desc)",
         '"cdp_customer_id" IN (SELECT "cdp_customer_id" FROM "customers" WHERE "ltv" > 10 '
         'ORDER BY "ltv" DESC, "cdp_customer_id" ASC LIMIT 100)'),
        ('in stage "Interest" of funnel "Onboarding"',
         '"cdp_customer_id" IN (SELECT "t"."cdp_customer_id" FROM "funnel_stages" AS "t" '
         "WHERE \"t\".\"stage_id\" = 'Interest')"),
        ("score of #9 between 3 and 5",
         '"cdp_customer_id" IN (SELECT "t"."cdp_customer_id" FROM "predictive_scores" AS "t" '
         "WHERE \"t\".\"model_id\" = '9' AND \"t\".\"grade\" >= 3 AND \"t\".\"grade\" <= 5 "
         'AND NOT ("t"."converted") IS TRUE)'),
    ],
)  # fmt: skip
def test_conditions_and_their_sql(where: str, sql: str) -> None:
    assert condition(where) == sql


@pytest.mark.parametrize(
    ("where", "words"),
    [
        # BigQuery's CONTAINS_SUBSTR does not tell "a" from "A".
        ('a contains "x"', {
            "trino": """STRPOS("a", 'x') > 0""",
            "spark": "LOCATE('x', `a`) > 0",
            "bigquery": "INSTR(`a`, 'x') > 0",
            "snowflake": """CHARINDEX('x', "a") > 0""",
            "postgres": """POSITION('x' IN "a") > 0""",
        }),
        # Not every Trino has ENDS_WITH, and PostgreSQL has none.
        ('a ends with "é🛒"', {
            "trino": """SUBSTR("a", -2) = 'é🛒'""",
            "spark": "ENDSWITH(`a`, 'é🛒')",
            "bigquery": "ENDS_WITH(`a`, 'é🛒')",
            "snowflake": """ENDSWITH("a", 'é🛒')""",
            "postgres": """RIGHT("a", 2) = 'é🛒'""",
        }),
        # Snowflake's REGEXP_LIKE is of the whole text. Three of them read backslashes.
        (r'a matches "x\\."', {
            "trino": r"""REGEXP_LIKE("a", 'x\.')""",
            "spark": r"`a` RLIKE 'x\\.'",
            "bigquery": r"REGEXP_CONTAINS(`a`, 'x\\.')",
            "snowflake": r"""REGEXP_LIKE("a", '(.|\\s)*(x\\.)(.|\\s)*')""",
            "postgres": r""""a" ~ 'x\.'""",
        }),
        # PostgreSQL orders texts as people do, the others by code point.
        ('a > "x"', {"trino": """"a" > 'x'""", "postgres": """"a" COLLATE "C" > 'x'"""}),
        ('a = "x"', {"postgres": """"a" = 'x'"""}),
        # The size of an array that is null is -1 to Spark, and PostgreSQL's of an empty one null.
        ("at most 2 of a > 3", {
            "trino": 'NOT "a" IS NULL AND CARDINALITY(FILTER("a", element -> element > 3)) <= 2',
            "spark": "NOT `a` IS NULL AND SIZE(FILTER(`a`, element -> element > 3)) <= 2",
            "bigquery": "NOT `a` IS NULL AND "
            "(SELECT COUNT(*) FROM UNNEST(`a`) AS element WHERE element > 3) <= 2",
            "postgres": 'NOT "a" IS NULL AND '
            '(SELECT COUNT(*) FROM UNNEST("a") AS "elements"(element) WHERE element > 3) <= 2',
        }),
    ],
)  # fmt: skip
def test_dialects_with_different_syntax_for_one_meaning(where: str, words: dict[str, str]) -> None:
    assert {dialect: condition(where, dialect) for dialect in words} == words


def test_nulls_come_last_in_every_dialect() -> None:
    orders = {}
    for dialect in DIALECTS:
        sql = condition("(a = 1 limit 5 by b desc, d asc)", dialect).replace("`", '"')
        orders[dialect] = sql.partition("ORDER BY ")[2].partition(" LIMIT")[0]
    # Where nothing is said, that is where they come by themselves.
    assert orders == {
        "duckdb": '"b" DESC, "d" ASC, "cdp_customer_id" ASC',
        "trino": '"b" DESC, "d" ASC, "cdp_customer_id" ASC',
        "spark": '"b" DESC, "d" ASC NULLS LAST, "cdp_customer_id" ASC NULLS LAST',
        "bigquery": '"b" DESC, "d" ASC NULLS LAST, "cdp_customer_id" ASC NULLS LAST',
        "snowflake": '"b" DESC NULLS LAST, "d" ASC, "cdp_customer_id" ASC',
        "postgres": '"b" DESC NULLS LAST, "d" ASC, "cdp_customer_id" COLLATE "C" ASC',
    }


def test_averages_use_doubles_where_decimals_are_rounded() -> None:
    where = "average(purchases.amount) > 2.5"
    assert 'AVG(CAST("e"."amount" AS DOUBLE)) > 2.5' in condition(where, "trino")
    assert "AVG(CAST(`e`.`amount` AS FLOAT64)) > 2.5" in condition(where, "bigquery")
    assert 'AVG("e"."amount") > 2.5' in condition(where, "postgres")


def test_percentages_use_integer_arithmetic() -> None:
    sql = condition("(a = 1 limit 12.5% by b desc)")
    assert '"r"."rank" * 8 <= "r"."total" * 1' in sql


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_in_every_dialect(path: Path) -> None:
    report = Report()
    segments = load_segments([str(path)], {}, report).segments
    everyone = c.Segment("Everyone", c.Everyone())
    known: dict[Reference, c.Segment] = {
        ByName("Churned"): everyone,
        ByName("High-value Tokyo shoppers"): everyone,
        ById("1234"): everyone,
    }
    context = Context(CONTEXT.now, CONTEXT.zone, segments=known, database="cdp_audience_1")
    assert not report.diagnostics
    for segment in segments:
        for dialect in DIALECTS:
            assert render(selection(segment, context), dialect).startswith(("SELECT", "WITH"))
