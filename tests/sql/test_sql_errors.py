"""Errors for unknown names and unsupported aggregates.

Without a catalog nothing is known, and so nothing refused.
"""

from __future__ import annotations

import pytest

from segdsl.sql import Context, SqlError, profiles, render, selection
from segdsl.sql.catalog import Catalog, Column, Table
from sql_world import CATALOG
from support import segment_of

CONTEXT = Context(1_700_000_000, "Asia/Tokyo", CATALOG)


@pytest.mark.parametrize(
    ("where", "message", "help"),
    [
        ("contry = 1", "the parent segment has no attribute `contry`", "did you mean `country`?"),
        ("has purchase", "unknown behavior `purchase`", "did you mean `purchases`?"),
        ("has visits", "unknown behavior `visits`",
         "the behaviors are `page_views`, `purchases`"),
        ("sum(purchases.amont) > 1", "the behavior `purchases` has no column `amont`",
         "did you mean `amount`?"),
        ("has purchases where catgory = 1", "the behavior `purchases` has no column `catgory`",
         "did you mean `category`?"),
        ("count(purchases by order) >= 1", "the behavior `purchases` has no column `order`",
         "did you mean `order_id`?"),
        ("first(purchases.sku by timestmp) = 1",
         "the behavior `purchases` has no column `timestmp`",
         "did you mean `timestamp`?"),
        ("count distinct (page_views.zzz) > 1", "the behavior `page_views` has no column `zzz`",
         "its columns are `timestamp`, `url`"),
        ("group housold.size > 1", "unknown customer group `housold`",
         "did you mean `household`?"),
        ("group household.siz > 1", "the customer group `household` has no attribute `siz`",
         "did you mean `size`?"),
        ("rfm(#1).m_quartile > 1", "the table `ml_rfm` has no column `m_quartile`",
         "its columns are `model_id`, `rfm_score`, `rfm_segment`"),
        ("sum(purchases.sku) > 1",
         "cannot compute the sum of `sku` of the behavior `purchases`: it has strings", None),
        ("average(purchases.tags) > 1",
         "cannot compute the average of `tags` of the behavior `purchases`: it has arrays", None),
        ("max(purchases.tags) = 1",
         "cannot compute the max of `tags` of the behavior `purchases`: it has arrays", None),
        ("last(purchases.sku by tags) = 1",
         "cannot order by `tags` of the behavior `purchases`: it has arrays", None),
        ("age = 1 limit 10 by lvt desc", "the parent segment has no attribute `lvt`",
         "did you mean `ltv`?"),
        ("age = 1 limit 10 by tags desc", "cannot order by `tags`: it has arrays", None),
        ("(some_thing = 1 limit 10 by age desc)",
         "the parent segment has no attribute `some_thing`", None),
        ('(any of last(purchases.tags by timestamp) = "x" limit 1 by aggregate desc)',
         "cannot order by `tags`: it has arrays", None),
    ],
)  # fmt: skip
def test_unknown_names_are_errors(where: str, message: str, help: str | None) -> None:
    with pytest.raises(SqlError) as caught:
        selection(segment_of(where), CONTEXT)
    assert caught.value.message == message
    if help is not None:
        assert caught.value.help == help
    assert render(selection(segment_of(where), Context(0, "UTC")), "trino")


ORDERS = Catalog(
    (
        Table("customers", (Column("age", "number"),)),
        Table("orders", (Column("amount", "number"),)),
        Table("behavior_purchases", (Column("amount", "number"),)),
    )
)


@pytest.mark.parametrize(
    ("where", "message", "help"),
    [
        ('has table "ordrs"', 'unknown behavior `table "ordrs"`',
         'did you mean `table "orders"`?'),
        ("has orders", "unknown behavior `orders`", 'did you mean `table "orders"`?'),
        ('has table "purchases"', 'unknown behavior `table "purchases"`',
         "did you mean `purchases`?"),
        ("has clicks", "unknown behavior `clicks`",
         'the behaviors are `purchases`, `table "orders"`'),
        ('has table "customers"', 'unknown behavior `table "customers"`',
         'the behaviors are `purchases`, `table "orders"`'),
        ('sum(table "orders".price) > 1', 'the behavior `table "orders"` has no column `price`',
         "its columns are `amount`"),
    ],
)  # fmt: skip
def test_a_table_without_the_prefix_is_named_as_written(
    where: str, message: str, help: str
) -> None:
    with pytest.raises(SqlError) as caught:
        selection(segment_of(where), Context(0, "UTC", ORDERS))
    assert (caught.value.message, caught.value.help) == (message, help)


@pytest.mark.parametrize(
    ("where", "table"),
    [
        ("in stage #1", "funnel_stages"),
        ("in variant #1", "ab_test_variants"),
        ("score of #1 between 1 and 2", "predictive_scores"),
        ("rfm(#1).rfm_score > 1", "ml_rfm"),
        ("cltv(#1).cltv_12m > 1", "ml_cltv"),
    ],
)
def test_a_missing_table_is_an_error(where: str, table: str) -> None:
    customers = Table("customers", (Column("age", "number"),))
    with pytest.raises(
        SqlError, match=f"the data has no table `{table}`, which this condition needs"
    ):
        selection(segment_of(where), Context(0, "UTC", Catalog((customers,))))


def test_the_columns_of_a_sample_must_be_attributes() -> None:
    with pytest.raises(SqlError, match="the parent segment has no attribute `emial`"):
        profiles(segment_of("everyone"), CONTEXT, ["emial"])
