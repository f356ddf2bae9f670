"""Writes the retail example's tables: invented customers and what they did until a fixed now.

Run `python generate.py [--out DIR]` with the Python that segdsl is installed in. The rows are
the same each time: all chance comes from MD5 sums of row numbers, and nothing is measured.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
PROFILES = 52_000
# 2024-11-18T09:00:00+09:00, a Monday: the `now` of segdsl.toml.
NOW = 1_731_888_000
DAY = 86_400

MACROS = """
-- 64 bits of chance for a row, and the nth quarter of them as a number from 0 up to 1.
CREATE MACRO chance(key, salt) AS md5_number_lower(concat(key, '/', salt));
CREATE MACRO part(bits, n) AS ((bits >> (16 * n)) & 65535) / 65536.0;
CREATE MACRO upto(share, n) AS CAST(floor(share * n) AS BIGINT);
CREATE MACRO pick(share, list) AS list[1 + CAST(floor(share * len(list)) AS INTEGER)];
-- Those of a list that the bits of a share say.
CREATE MACRO some_of(share, list) AS
    list_filter(list, lambda word, place: (upto(share, 65536) >> (2 * place)) & 3 = 3);
-- A moment from `start` on, more likely a late one.
CREATE MACRO moment(share, start, stop) AS stop - upto(share * share, stop - start);
"""

# Who there is. Customers stop to come at `until`: most of them only now.
PEOPLE = f"""
CREATE TABLE people AS
SELECT
    i,
    'c' || lpad(CAST(i AS VARCHAR), 6, '0') AS id,
    {NOW} - 1 - upto(part(a, 0), 2400 * {DAY}) AS signup,
    CASE WHEN part(a, 1) < 0.4
        THEN signup + upto(part(a, 2), {NOW} - signup) ELSE {NOW} - 1 END AS until,
    upto(pow4, 26) AS orders,
    upto(part(b, 1) * part(b, 1) * part(b, 1), 42) AS views,
    pick(part(b, 2), ['Books', 'Books', 'Music', 'Electronics', 'Electronics', 'Cameras',
        'Lenses', 'Home', 'Toys']) AS favorite,
    CASE WHEN part(b, 3) < 0.85 THEN 'JP'
        WHEN part(b, 3) < 0.96 THEN pick(part(a, 3), ['US', 'TW', 'KR', 'FR']) END AS country
FROM (
    SELECT
        i, chance(i, 'a') AS a, chance(i, 'b') AS b,
        part(b, 0) * part(b, 0) * part(b, 0) * part(b, 0) AS pow4
    FROM range(1, {PROFILES + 1}) AS numbers(i)
);
"""

PURCHASES = f"""
CREATE TABLE orders AS
SELECT
    id, favorite, concat('o', i, '-', n) AS order_id,
    moment(part(c, 0), signup, until) AS bought_at,
    -- One in some hundreds buys to sell again.
    CASE WHEN part(c, 1) < 0.002 THEN 22 + upto(part(c, 2), 10)
        ELSE 1 + upto(cube * cube, 5) END AS lines,
    CASE WHEN part(c, 3) < 0.02 THEN NULL ELSE
        pick(part(c, 3), ['Online', 'Online', 'Shinjuku', 'Umeda', 'Chiba', 'Nagoya']) END AS store
FROM (
    SELECT
        people.*, n, chance(concat(i, '-', n), 'order') AS c,
        part(c, 2) * part(c, 2) * part(c, 2) AS cube
    FROM people, range(26) AS numbers(n) WHERE n < orders
);
CREATE TABLE behavior_purchases AS
SELECT
    id AS cdp_customer_id,
    least(bought_at + line, {NOW} - 1) AS timestamp,
    order_id,
    CASE WHEN part(d, 0) < 0.03 THEN 'GIFT-' || upto(part(d, 2), 20)
        ELSE concat(upper(left(category, 2)), '-', 100 + upto(part(d, 2), 300)) END AS sku,
    category,
    store,
    CASE WHEN part(d, 1) < 0.01 THEN 0 WHEN part(d, 1) < 0.9 THEN 1
        ELSE 1 + upto(part(d, 3), 4) END AS quantity,
    CASE WHEN part(e, 0) < 0.005 THEN NULL ELSE
        quantity * (CASE category
            WHEN 'Electronics' THEN 2000 + upto(part(e, 1) * part(e, 1), 700) * 100
            WHEN 'Cameras' THEN 15000 + upto(part(e, 1) * part(e, 1), 700) * 100
            WHEN 'Lenses' THEN 8000 + upto(part(e, 1), 400) * 100
            ELSE 280 + upto(part(e, 1) * part(e, 1), 70) * 100 END) END AS amount,
    CASE WHEN part(e, 2) < 0.22
        THEN pick(part(e, 3), ['WELCOME10', 'SUMMER', 'POINTS5', 'VIP']) END AS coupon
FROM (
    SELECT
        orders.*, line, d, e,
        CASE WHEN part(d, 0) < 0.55 THEN favorite ELSE pick(part(d, 3),
            ['Books', 'Music', 'Electronics', 'Cameras', 'Lenses', 'Home', 'Toys']) END AS category
    FROM (
        SELECT
            orders.*, line,
            chance(concat(order_id, '-', line), 'line') AS d,
            chance(concat(order_id, '-', line), 'price') AS e
        FROM orders, range(32) AS numbers(line) WHERE line < lines
    ) AS orders
);
"""

PAGE_VIEWS = f"""
CREATE TABLE behavior_page_views AS
SELECT
    id AS cdp_customer_id,
    CASE WHEN n = 0 AND part(d, 0) < 0.5 THEN least(signup + 30, {NOW} - 1)
        ELSE moment(part(d, 1), signup, until) END AS timestamp,
    CASE WHEN n = 0 AND part(d, 0) < 0.5
        THEN '/welcome' || pick(part(d, 2), ['', '/app', '?from=ad'])
        ELSE pick(part(d, 2), ['/', '/', '/search?q=camera', '/pricing', '/pricing?ref=mail',
            '/plans', '/items/' || upto(part(d, 3), 900), '/items/' || upto(part(d, 3), 900),
            '/cart', '/help', '/stores/chiba', '/blog/日本のカメラ']) END AS url,
    CASE WHEN part(d, 3) < 0.02 THEN NULL WHEN part(d, 3) < 0.05 THEN 'bot'
        ELSE pick(part(d, 0), ['phone', 'phone', 'desktop', 'tablet']) END AS device,
    CASE WHEN part(d, 0) < 0.3 THEN 'https://search.example/' END AS referrer
FROM (
    SELECT people.*, n, chance(concat(i, '-', n), 'view') AS d
    FROM people, range(42) AS numbers(n) WHERE n < views
);
"""

CUSTOMERS = f"""
CREATE TABLE customers AS
SELECT
    id AS cdp_customer_id,
    CASE WHEN part(a, 0) < 0.12 THEN NULL
        WHEN part(a, 0) < 0.125 THEN concat('tester', i, '@example.co.jp')
        WHEN part(a, 0) < 0.14 THEN concat('broken address ', i)
        ELSE concat('customer', i, '@', pick(part(a, 1), ['mail.test', 'post.test', 'すし.test']))
        END AS email,
    CASE WHEN part(a, 2) < 0.6 THEN true WHEN part(a, 2) < 0.9 THEN false END AS email_opt_in,
    CASE WHEN part(a, 3) < 0.35 THEN true WHEN part(a, 3) < 0.75 THEN false END AS push_opt_in,
    country,
    CASE WHEN country = 'JP' AND part(b, 0) >= 0.03 THEN pick(part(b, 1),
        ['Tokyo', 'Tokyo', 'Tokyo', 'Kanagawa', 'Chiba', 'Saitama', 'Osaka', 'Osaka', 'Aichi',
        'Fukuoka', 'Hokkaido', 'Kyoto']) END AS prefecture,
    CASE WHEN part(b, 2) >= 0.1
        THEN 16 + upto(part(b, 3) * (0.4 + 0.6 * part(b, 2)), 74) END AS age,
    CASE WHEN part(c, 0) < 0.05 THEN NULL ELSE pick(part(c, 0),
        ['female', 'female', 'female', 'male', 'male', 'male', 'other', 'unknown']) END AS gender,
    CASE WHEN part(c, 1) >= 0.3 THEN 1 + upto(part(c, 2), 12) END AS birthday_month,
    signup,
    last_visit,
    CASE WHEN part(c, 3) < 0.45 THEN
        {NOW} + upto(part(d, 0) - 0.4, 500 * {DAY}) END AS renewal,
    CASE WHEN part(d, 1) >= 0.04
        THEN greatest(0, coalesce(ltv, 0) // 100 - upto(part(d, 2), 900)) END AS points,
    CASE WHEN ltv IS NOT NULL OR part(d, 1) >= 0.5 THEN coalesce(ltv, 0) END AS ltv,
    CASE WHEN part(d, 3) < 0.2 THEN NULL WHEN part(d, 3) < 0.55 THEN []
        ELSE list_concat(
            some_of(part(e, 0), ['trial', 'student', 'mail-optout', 'vip-event', 'sms-optout']),
            CASE WHEN ltv > 400000 THEN ['platinum'] WHEN ltv > 250000 THEN ['gold-2024']
                WHEN part(e, 1) < 0.01 THEN ['gold-2023', NULL]
                WHEN part(e, 1) > 0.997 THEN ['staff'] ELSE [] END
        ) END AS tags,
    CASE WHEN part(e, 2) < 0.15 THEN NULL WHEN part(e, 2) < 0.22 THEN []
        WHEN part(e, 2) < 0.55 THEN [favorite]
        ELSE list_concat([favorite], list_filter(
            [pick(part(e, 3), ['Books', 'Music', 'Cameras', 'Lenses', 'Home'])],
            lambda word: word <> favorite)) END AS favorite_categories,
    CASE WHEN part(f, 0) < 0.25 THEN NULL ELSE
        list_transform(range(upto(part(f, 1), 7)), lambda n:
            CASE WHEN (upto(part(f, 2), 65536) >> n) & 15 = 7 THEN NULL
                ELSE ((upto(part(f, 3), 65536) >> (2 * n)) & 7) - (n % 2) END) END AS store_visits,
    CASE WHEN part(f, 0) < 0.003 THEN true WHEN part(f, 0) < 0.8 THEN false END AS "group"
FROM (
    SELECT
        people.*, last_visit, ltv, chance(i, 'c') AS a, chance(i, 'd') AS b, chance(i, 'e') AS c,
        chance(i, 'f') AS d, chance(i, 'g') AS e, chance(i, 'h') AS f
    FROM people
    LEFT JOIN (
        SELECT cdp_customer_id, max(timestamp) AS last_visit FROM behavior_page_views GROUP BY ALL
    ) AS visits ON visits.cdp_customer_id = id
    LEFT JOIN (
        SELECT cdp_customer_id, CAST(sum(amount) AS BIGINT) AS ltv
        FROM behavior_purchases GROUP BY ALL
    ) AS spent ON spent.cdp_customer_id = id
);
"""

# Who has an address gets some of the campaigns; each mail may be opened, then clicked.
EMAIL_EVENTS = f"""
CREATE TABLE behavior_email_events AS
SELECT
    cdp_customer_id,
    timestamp + delay AS timestamp,
    campaign,
    action
FROM (
    SELECT
        cdp_customer_id,
        {NOW} - (1 + n * 27) * {DAY} + upto(part(d, 0), {DAY} // 2) AS timestamp,
        ['comeback', 'newsletter-2024-10', 'autumn-sale', 'newsletter-2024-08', 'summer-sale',
            'comeback', 'newsletter-2024-05', 'spring-sale', 'newsletter-2024-03',
            'newsletter-2024-02', 'new-year', 'newsletter-2023-12'][n + 1] AS campaign,
        unnest([
            {{'action': 'sent', 'delay': 0, 'yes': true}},
            {{'action': 'opened', 'delay': 600 + upto(part(d, 3), 30000),
                'yes': part(d, 2) < 0.4}},
            {{'action': 'clicked', 'delay': 700 + upto(part(d, 3), 30000),
                'yes': part(d, 2) < 0.1}},
            {{'action': 'unsubscribed', 'delay': 900 + upto(part(d, 3), 30000),
                'yes': part(d, 2) > 0.995}}
        ], recursive := true)
    FROM (
        SELECT customers.*, n, chance(concat(cdp_customer_id, '-', n), 'mail') AS d
        FROM customers, range(12) AS numbers(n) WHERE email IS NOT NULL
    )
    WHERE part(d, 1) < 0.45 AND {NOW} - (1 + n * 27) * {DAY} > signup
)
WHERE yes;
"""

# Three who live at one address make a household; a third of the addresses is unknown.
HOUSEHOLDS = """
CREATE TABLE customer_group_household AS
SELECT
    id AS cdp_customer_id,
    1 + upto(part(h, 0), 6) AS size,
    CASE WHEN part(h, 1) >= 0.1 THEN 1500000 + upto(part(h, 1) * part(h, 1), 1300) * 10000 END
        AS income
FROM (SELECT id, chance(i // 3, 'household') AS h FROM people)
WHERE part(h, 2) >= 0.33;
"""

# What other parts of the platform know. `parent_segment.toml` has the names of the ids.
MODELS = """
CREATE TABLE predictive_scores AS
SELECT
    model AS model_id,
    cdp_customer_id,
    1 + upto(part(m, 0), 5) AS grade,
    part(m, 1) < 0.2 AS converted
FROM (
    SELECT cdp_customer_id, model, chance(cdp_customer_id, model) AS m
    FROM customers, (VALUES ('16'), ('17')) AS models(model)
)
WHERE part(m, 2) < 0.8;

CREATE TABLE ml_rfm AS
SELECT
    model AS model_id,
    cdp_customer_id,
    r AS r_quartile, f AS f_quartile, m AS m_quartile,
    CASE WHEN r + f + m >= 11 THEN 'Champions' WHEN f + m >= 6 THEN 'Loyal'
        WHEN r = 1 THEN 'At risk' ELSE 'Others' END AS rfm_segment,
    r + f + m AS rfm_score,
    1 + (r + f + m - 3) // 3 AS rfm_cluster_rank,
    concat(r, f, m) AS rfm_quartile
FROM (
    SELECT
        cdp_customer_id,
        ntile(4) OVER (ORDER BY max(timestamp), cdp_customer_id) AS r,
        ntile(4) OVER (ORDER BY count(*), cdp_customer_id) AS f,
        ntile(4) OVER (ORDER BY sum(amount) NULLS FIRST, cdp_customer_id) AS m
    FROM behavior_purchases GROUP BY cdp_customer_id
), (VALUES ('8'), ('9')) AS models(model);

CREATE TABLE ml_cltv AS
SELECT
    '10' AS model_id,
    cdp_customer_id,
    ltv // 60 AS cltv_1m, ltv // 20 AS cltv_3m, ltv // 10 AS cltv_6m, ltv // 5 AS cltv_12m,
    ltv // 3 AS cltv_24m,
    ntile(100) OVER (ORDER BY ltv, cdp_customer_id) AS cltv_12m_pctile,
    part(chance(cdp_customer_id, 'alive'), 0) AS alive_prob,
    CASE WHEN ltv > 200000 THEN 'high' WHEN ltv > 20000 THEN 'middle' ELSE 'low' END
        AS cltv_segment
FROM customers WHERE ltv > 0;

CREATE TABLE funnel_stages AS
SELECT pick(part(s, 0), ['41', '41', '43', '42']) AS stage_id, cdp_customer_id
FROM (SELECT cdp_customer_id, chance(cdp_customer_id, 'stage') AS s FROM customers)
WHERE part(s, 1) < 0.5;

CREATE TABLE ab_test_variants AS
SELECT pick(part(v, 0), ['1', '2']) AS variant_id, cdp_customer_id
FROM (SELECT cdp_customer_id, chance(cdp_customer_id, 'variant') AS v FROM customers)
WHERE part(v, 1) < 0.3;
"""

STEPS = (MACROS, PEOPLE, PURCHASES, PAGE_VIEWS, CUSTOMERS, EMAIL_EVENTS, HOUSEHOLDS, MODELS)
# Each table and the order of its rows, which is what makes the files the same each time.
TABLES = {
    "customers": "ALL",
    "behavior_purchases": "ALL",
    "behavior_page_views": "ALL",
    "behavior_email_events": "ALL",
    "customer_group_household": "ALL",
    "predictive_scores": "ALL",
    "ml_rfm": "ALL",
    "ml_cltv": "ALL",
    "funnel_stages": "ALL",
    "ab_test_variants": "ALL",
}


def generate(folder: Path) -> dict[str, int]:
    """Writes every table as Parquet into the folder, made if need be; the rows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, int] = {}
    with duckdb.connect(":memory:") as connection:
        for step in STEPS:
            connection.execute(step)
        # With several threads the files would be cut into row groups as it happens.
        connection.execute("SET threads = 1")
        for table, order in TABLES.items():
            path = str(folder / f"{table}.parquet").replace("'", "''")
            connection.execute(f"COPY (FROM {table} ORDER BY {order}) TO '{path}' (FORMAT parquet)")
            (rows[table],) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    shutil.copyfile(HERE / "parent_segment.toml", folder / "parent_segment.toml")
    return rows


def _short(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the retail example's tables.")
    parser.add_argument(
        "--out", type=Path, default=HERE / "data", help="the folder, by default `data` beside this"
    )
    folder = parser.parse_args().out
    rows = generate(folder)
    events = sum(number for table, number in rows.items() if table.startswith("behavior_"))
    print(f"{rows['customers']:,} profiles and {events:,} events are in {_short(folder)}")


if __name__ == "__main__":
    main()
