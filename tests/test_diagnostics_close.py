"""The other half of the page of diagnostics: for every code a text that is close, and fine.

Each is the page's example, in the same form, with the smallest edit that makes it right and shows
where the border is. It is looked at as the example is, and nothing at all is found.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosing import ENTRIES, Entry, codes_of
from segdsl.diagnostics import Code

LOCAL = r"""
mkdir data
printf 'cdp_customer_id,age\nc1,30\n' > data/customers.csv
printf '[targets.local]\nkind = "local"\ndata = "data"\n' > segdsl.toml
"""

CLOSE = {
    # 0xx: the text
    "SEG001": 'segment "x" where a = 1',
    "SEG002": 'segment "x" where a = 1',
    "SEG003": r'segment "x" where a = "\\q"',
    "SEG004": 'segment "x" where `姓` = "佐藤"',
    "SEG005": r"""
printf 'segment "\303\277" where a = 1' > x.seg
segdsl check x.seg
""",
    "SEG006": r"""
head -c 2000000 /dev/zero | tr '\0' '#' > x.seg
segdsl check x.seg
""",
    "SEG007": """
{ printf 'segment "x" where '
  for n in $(seq 198); do printf 'not '; done; printf 'a = 1'; } > x.seg
segdsl check x.seg
""",
    "SEG008": 'segment "x" where store = "007"',
    "SEG009": 'segment "x" where `limit` = 3',
    "SEG010": 'segment "x" where a = 1 and (has p where b = 2)',
    "SEG011": 'segment "x" kind batch folder "realtime" where a = 1',
    "SEG012": 'segment "x" kind realtime where a = 1',
    "SEG013": 'segment "x" where a after 2024-01-31',
    "SEG014": 'segment "x" where a within past 36 hours',
    "SEG015": 'segment "x" where a in (1)',
    "SEG016": 'segment "x" where a before 2024-02-29',
    # 1xx: names
    "SEG101": 'segment "x" where reachable is true',
    "SEG102": """
let a = x = 1
let b = x = 2
""",
    "SEG103": """
let a = b
let b = c = 1
segment "x" where a
""",
    "SEG104": """
let a(n) = x = n
segment "x" where a(1)
""",
    "SEG105": """
param days: number = 30
segment "x" where a = days
""",
    "SEG106": r"""
printf 'param days: number = 3\nsegment "x" where a = days' > x.seg
segdsl compile --set days=7 x.seg > made.json
""",
    "SEG107": r"""
printf 'let a = b = 1' > missing.seg
printf 'import a from "missing.seg"\nsegment "x" where a' > x.seg
segdsl check x.seg
""",
    # One level more, which is twice as many conditions, is too large.
    "SEG108": """
{ for n in $(seq 16); do echo "let a$n = a$((n + 1)) and a$((n + 1))"; done
  echo 'let a17 = x = 1'; echo 'segment "x" where a1'; } > x.seg
segdsl check --allow SEG602 x.seg
""",
    "SEG109": 'segment "x" where group household.size > 3',
    "SEG110": 'segment "x" where rfm(#1).rfm_segment = "Champions"',
    "SEG111": """
segment "x" where a = 1
segment "x" folder "y" where a = 2
""",
    "SEG112": r"""
printf 'let a = x = 1' > common.seg
printf 'import a from "common.seg"\nsegment "x" where a' > x.seg
segdsl check x.seg
""",
    "SEG113": """
let f(code) = country = code
segment "x" where f("JP")
""",
    "SEG114": 'segment " x" where a = 1',
    "SEG115": r"""
mkdir sub
printf 'let a = b = 1' > x.seg
printf 'import a from "../x.seg"\nsegment "x" where a' > sub/x.seg
segdsl check .
""",
    "SEG116": r"""
printf 'segment "x" where a = 1' > y.seg
mkdir sub
ln -s ../y.seg sub/x.seg
segdsl check sub
""",
    "SEG117": """
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  milestone "Bought" where purchases >= 1
  steps (
    wait 3 days,
    jump to stage "Second",
  )

stage "Second"
  enter "Buyers" where purchases >= 1
  steps (
    wait 1 day
  )
""",
    # 2xx: meaning
    "SEG201": 'segment "x" where (has p) and in segment #1',
    "SEG202": 'segment "x" where (has p where t not within past 3 days)',
    "SEG203": 'segment "x" where count(p) = 3',
    "SEG204": 'segment "x" where (has p where amount is null)',
    "SEG205": 'segment "x" where count(p by o) >= 3',
    "SEG206": 'segment "x" where score of #1 between 1 and 2',
    "SEG207": 'segment "x" where not any of visits within past 3 days',
    "SEG208": 'segment "x" where a = 1 and (b = 2 limit 10 by c desc)',
    "SEG209": 'segment "x" where "Label": (not a = 1)',
    "SEG210": 'segment "x" where "A": (a = 1) and "B": (b = 2)',
    "SEG211": 'segment "x" where count distinct (p.a, p.b) > 1',
    "SEG212": 'segment "x" where a = 1 limit 10 by b desc',
    "SEG213": 'segment "x" where rfm(#1).rfm_score = 1',
    "SEG214": 'segment "x" where (count(a) = 1 limit 10 by aggregate desc)',
    "SEG215": 'segment "x" where count distinct (some p.a) < 3 and count(some p by o) < 3',
    "SEG218": """
let vip = tier = "gold"
segment "x" where vip and gold is true
""",
    "SEG230": """
funnel "Onboarding"
stage "Looked" where has page_views
stage "Bought" where has purchases
stage "Paid"
""",
    "SEG231": """
activation "Mail" of segment #1
  to connection "mail"
  columns (email, work_email as work)
  behavior purchases last by timestamp asc columns (timestamp, email as paid_by)
""",
    "SEG232": """
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  behavior purchases last by timestamp desc columns (amount, timestamp as t)
""",
    "SEG233": """
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  behavior purchases top 3 by timestamp desc as rows columns (timestamp, amount)
""",
    "SEG234": """
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  behavior a all by timestamp asc columns (timestamp)
  behavior b all by timestamp asc columns (timestamp as b_time)
  behavior c all by timestamp asc columns (timestamp as c_time)
  behavior d all by timestamp asc columns (timestamp as d_time)
""",
    "SEG235": """
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  behavior purchases first by timestamp asc columns (timestamp)
  behavior page_views last by timestamp asc columns (timestamp as seen)
""",
    "SEG236": """
activation "Mail" of segment #1
  from template "Weekly"
  to connection "mail"
""",
    "SEG237": """
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  every week on Monday starting 2025-04-01T03:00 in "UTC" until 2025-04-07
""",
    "SEG238": """
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  cron "0 23 * * *" in "UTC"
""",
    "SEG239": """
predictive segment "Churn model"
  predicts segment #1
  features guessed
""",
    "SEG240": """
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  with (host = "sftp://files.example.com")
""",
    "SEG241": """
activation template "Weekly"
  to connection "mail"
  columns (email)
  state published
  locked (connection)

activation "Mail" of segment #1
  from template "Weekly"
  to connection "mail"
  every day
""",
    "SEG242": """
segment "Japan" where country = "JP" and has purchases

activation "Mail" of segment "Japan"
  to connection "mail"
  columns (email)
  behavior purchases last by timestamp desc columns (timestamp)
""",
    "SEG243": """
segment "Japan" where country = "JP"

activation "Mail" of segment "Japan"
  to connection "mail"
  columns (email)
""",
    "SEG244": """
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    wait 1 day
  )
""",
    "SEG245": """
{ echo 'journey "Welcome" stage "First" enter "New" where age > 3 steps ('
  for n in $(seq 69); do echo 'wait 1 day,'; done; echo ')'; } > x.seg
segdsl check x.seg
""",
    "SEG246": """
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    split "Tone" (
      50% "Casual" then (activate "Casual mail"),
      50% "Formal" then (activate "Formal mail"),
    ),
    wait 1 day,
  )
""",
    "SEG247": """
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    split "Tone" (
      50% "Casual" up to 1000 then (activate "Casual mail"),
      50% "Rest" control then (),
    ),
    wait 1 day,
  )
""",
    "SEG248": """
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    decide "Opened?" (
      when "Opened" where has mails then (activate "Follow-up"),
      otherwise "Not opened" then (),
    ),
    wait 1 day,
  )
""",
    "SEG249": """
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    decide "1" (
      when "yes" where a1 = 1 then (
        decide "2" (
          when "yes" where a2 = 1 then (
            wait 1 day
          ),
          otherwise "no" then (),
        )
      ),
      otherwise "no" then (),
    )
  )
""",
    "SEG250": r"""
printf '[targets.local]\nkind = "local"\ndata = "data"\n' > segdsl.toml
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    activate "Welcome mail",
    wait 1 day,
  )

activation "Welcome mail" of journey "Welcome"
  to connection "mail"
  columns (email)
  after journey refresh
END
segdsl check
""",
    "SEG251": """
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (wait 1 day, jump to stage "Loyal" of journey "VIP")

journey "VIP"

stage "Loyal"
  enter "Loyal" where orders > 9
  steps (wait 1 day)
""",
    "SEG252": """
segment "Visitors" where country = "JP"

journey "Welcome"

stage "First"
  enter "Visitors" is segment "Visitors"
  steps (
    wait 1 day
  )
""",
    "SEG254": """
predictive segment "Churn model"
  predicts segment #1
  features (number amount = customers.amount)
""",
    # 3xx: the rule
    "SEG301": """
{ printf 'segment "x" where '
  for n in $(seq 16); do printf 'a%s = 1 and (b = %s or (' $n $n; done; printf 'c = 3'
  for n in $(seq 16); do printf '))'; done; } > x.seg
segdsl check x.seg
""",
    "SEG302": """
{ printf 'segment "x" where "Label": (a = 1 or (b = 2 and (c = 3'
  for n in $(seq 23); do printf ' or d%s = 4' $n; done; printf ')))'; } > x.seg
segdsl check x.seg
""",
    "SEG303": 'segment "x" where in segment #1',
    "SEG304": rf"""{LOCAL}
printf 'segment "x" where in segment "Churned"\n' > x.seg
printf 'segment "Churned" where age > 1\n' > churned.seg
segdsl preview x.seg churned.seg > counted.txt
""",
    "SEG305": rf"""{LOCAL}
printf 'segment "a" folder "One" where age > 1 segment "a" folder "Two" where age > 2' > a.seg
segdsl create a.seg > made.txt 2>&1
printf 'segment "x" where in segment "a" of folder "One"\n' > x.seg
segdsl preview x.seg > counted.txt
""",
    "SEG306": rf"""{LOCAL}
printf 'segment "a" where in segment "b" segment "b" where age > 1' > x.seg
segdsl create x.seg > made.txt
""",
    "SEG307": rf"""{LOCAL}
printf 'segment "x" kind batch where age > 1\n' > x.seg
segdsl create x.seg > made.txt
""",
    "SEG308": rf"""{LOCAL}
printf 'segment "x" where age > 1\n' > x.seg
segdsl create x.seg > made.txt 2>&1
printf 'segment "x" where (age > 1)\n' > x.seg
segdsl create x.seg > made.txt
""",
    "SEG309": r"""
printf 'segment "x" where in segment "Churned"\nsegment "Churned" where a = 1\n' > x.seg
segdsl sql x.seg > made.sql
""",
    "SEG310": rf"""{LOCAL}
printf 'segment "x" where age > 1\n' > x.seg
printf 'segment "y" where in segment "x"\n' > y.seg
segdsl apply --yes > made.txt
rm x.seg y.seg
segdsl plan --prune --allow-empty
""",
    # One of the two has its old name free, so there is an order.
    "SEG311": rf"""{LOCAL}
write() {{ printf 'segment "%s" where age > 1\nsegment "%s" where age > 2\n' "$1" "$2" > x.seg; }}
write A B
segdsl apply --yes > made.txt
cp local.lock.toml kept.toml
write T B; segdsl apply --yes > made.txt
write T A; segdsl apply --yes > made.txt
write A B; mv kept.toml local.lock.toml
segdsl plan --force
""",
    # 4xx: reading the API's JSON
    "SEG312": rf"""{LOCAL}
printf 'segment "x" where age > 1\nsegment "y" where age > 2\n' > x.seg
segdsl apply --yes > made.txt
printf 'segment "x" where age > 1\n' > x.seg
segdsl plan --prune
""",
    "SEG313": r"""
printf 'activation "x" of segment #7\n  to connection #3\n  columns all\n' > x.seg
segdsl compile x.seg
""",
    "SEG401": '{"type": "And", "conditions": []}',
    "SEG402": """
{"type": "And", "conditions": [
  {"type": "Value", "leftValue": {"name": "a"}, "operator": {"type": "IsNull"}}
]}
""",
    "SEG403": """
{"type": "Composite", "expr": "1 and 2", "conditions": [
  {"type": "And", "conditions": [{"type": "Reference", "id": "1"}]},
  {"type": "And", "conditions": [{"type": "Reference", "id": "2"}]}
]}
""",
    "SEG404": '{"type": "And", "conditions": [{"type": "And", "conditions": []}]}',
    "SEG405": '{"type": "And", "conditions": []}',
    "SEG406": r"""
operator='{"type": "In", "rightValues": [%s]}'
test='{"type": "Value", "leftValue": {"name": "a"}, "operator": '$operator'}'
rule='{"type": "And", "conditions": [{"type": "And", "conditions": [%s]}]}'
numbers=$(seq -s , 1 10000)
printf "$rule" "$(printf "$test" "$numbers")" > x.json
segdsl decompile x.json
""",
    "SEG407": """
{"name": "x", "segmentId": "7", "connectionId": 3, "connectorConfig": {}, "repeatUnit": "week"}
""",
    "SEG408": """
{"name": "x", "segmentId": "7", "connectionId": 3, "connectorConfig": {"api_token": "${TOKEN}"}}
""",
    # 5xx: the schema
    "SEG501": 'segment "x" where country = "JP"',
    "SEG502": 'segment "x" where count(purchases) > 3',
    "SEG503": 'segment "x" where sum(purchases.amount) > 3',
    "SEG504": 'segment "x" where group household.size > 3',
    "SEG505": 'segment "x" where count(purchases) > 3',
    "SEG506": 'segment "x" where country contains "3"',
    "SEG507": 'segment "x" where age > 30',
    "SEG508": 'segment "x" where any of tags = "vip"',
    "SEG509": r'segment "x" where country matches "J\\(P"',
    "SEG510": 'segment "x" where in stage "Interest" of funnel "Onboarding"',
    "SEG511": 'segment "x" where in stage #41',
    "SEG512": 'segment "x" kind realtime where last_visit within next 3 days',
    "SEG513": """
activation template "Weekly"
  to connection "mail"
  columns (country)

segment "Adults" where age > 20

activation "Mail" of segment "Adults"
  from template "Weekly"
  to connection "mail"
""",
    "SEG514": """
segment "Adults" where age > 20

activation "Mail" of segment "Adults"
  to connection "mail"
  columns (age, "1234" as card_number)
""",
    "SEG515": """
segment "Adults" where age > 20

activation "Mail" of segment "Adults"
  to connection "mail"
  columns (country, age as email)
""",
    "SEG516": """
segment "Adults" where age > 20

activation "Mail" of segment "Adults"
  to connection "mail"
  columns (country | cast_as_quantitative(0) | ln() as number)
""",
    "SEG520": """
segment "Churned" where has purchases

predictive segment "Churn model"
  predicts segment "Churned"
  features (category country)
""",
    "SEG521": """
segment "Churned" where has purchases

predictive segment "Churn model"
  predicts segment "Churned"
  features (number age)
""",
    # 6xx: lints
    "SEG601": r"""
printf 'segment "x" where country != "JP" and country is not null\n' > x.seg
segdsl check x.seg
""",
    "SEG602": r"""
printf 'segment "x" where a >= 1 and (a = 1 or b = 2)\n' > x.seg
segdsl check x.seg
""",
    "SEG603": r"""
printf 'segment "x" where country = "JP" or region = "US"\n' > x.seg
segdsl check x.seg
""",
    # No whole number is between the two, but a number need not be whole.
    "SEG604": r"""
printf 'segment "x" where age > 20 and age < 21\n' > x.seg
segdsl check x.seg
""",
    # All but 3, which a count can be.
    "SEG605": r"""
printf 'segment "x" where count(visits) < 3 or count(visits) > 3\n' > x.seg
segdsl check x.seg
""",
    "SEG606": r"""
printf 'segment "x" where a > 1 and b > 1\nsegment "y" where any (b > 1, a > 1)\n' > x.seg
segdsl check x.seg
""",
    "SEG607": r"""
printf '# allow SEG601\nsegment "x" where age != 30\n' > x.seg
segdsl check x.seg
""",
    "SEG608": r"""
printf 'segment "x" where no purchases where timestamp at most 7 days ago\n' > x.seg
segdsl check x.seg
""",
    "SEG609": r"""
printf 'segment "x" where expires_at in this day\n' > x.seg
segdsl check x.seg
""",
    "SEG610": r"""
printf 'segment "x" where next_birthday in next week\n' > x.seg
segdsl check x.seg
""",
    "SEG611": r"""
printf 'let adult = age >= 18\nsegment "x" where country = "JP" and adult\n' > x.seg
segdsl check x.seg
""",
    "SEG612": r"""
printf '[targets.local]\nkind = "local"\ndata = "data"\n' > segdsl.toml
cat > local.schema.toml <<'END'
[parent_segment]
id = "1"
name = "Shop"
timezone = "UTC"

[attributes]
country = "string"

[samples.attributes.country]
values = ["JP", "US"]
END
printf 'segment "x" where country = "JP"\n' > x.seg
segdsl check x.seg
""",
    "SEG613": r"""
printf '[targets.local]\nkind = "local"\ndata = "data"\n' > segdsl.toml
cat > local.schema.toml <<'END'
[parent_segment]
id = "1"
name = "Shop"
timezone = "UTC"

[attributes]
last_visit = "timestamp"

[samples.attributes.last_visit]
low = 1000000000
high = 2000000000
END
printf 'segment "x" where last_visit within past 30 days\n' > x.seg
segdsl check x.seg
""",
    "SEG620": """
cat > x.seg <<'END'
funnel "Buyers"
stage "Looked" where has page_views
stage "Bought" where count(purchases) >= 1
stage "Loyal" where count(purchases) >= 3
END
segdsl check x.seg
""",
    "SEG621": """
cat > x.seg <<'END'
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  every day starting 2020-04-01T03:00 in "UTC"
END
segdsl check x.seg
""",
    "SEG622": """
cat > x.seg <<'END'
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  every day starting 2025-04-01T03:00 in "UTC"
END
segdsl check x.seg
""",
    "SEG623": """
cat > x.seg <<'END'
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  with (api_key_column = "hunter2", token = "${TOKEN}")
END
segdsl check x.seg
""",
    "SEG624": """
cat > x.seg <<'END'
activation "Mail" of segment #1
  to connection "mail"
  columns (email)
  with (recipients = "kim@example.com")
END
segdsl check x.seg
""",
    "SEG625": """
cat > x.seg <<'END'
activation "Mail" of segment #1
  to connection "mail"
  columns (email as Email, work_email as work)
END
segdsl check x.seg
""",
    "SEG626": """
cat > x.seg <<'END'
activation "Mail" of segment #1
  to connection "mail"
  columns ("{time yyyy-MM-dd'qq'}" as day)
END
segdsl check x.seg
""",
    "SEG627": """
cat > x.seg <<'END'
activation "Mail" of segment #1
  to connection "mail"
  columns ("{segment name}" as list)
END
segdsl check x.seg
""",
    "SEG628": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    wait 1 day
  )
END
segdsl check x.seg
""",
    "SEG629": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    activate "Welcome mail",
    wait 1 day,
    end,
  )
END
segdsl check x.seg
""",
    "SEG630": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    wait 1 day,
    wait 2 days,
    end,
  )
END
segdsl check x.seg
""",
    "SEG631": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    decide "Age" (
      when "One" where age > 30 then (wait 1 day),
      when "Other" where age > 20 then (wait 2 days),
      otherwise "Rest" then (),
    ),
  )
END
segdsl check x.seg
""",
    "SEG632": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "Adults" where age > 10
  steps (
    wait for "Adult" where age > 17 then (),
    wait 1 day,
  )
END
segdsl check x.seg
""",
    "SEG633": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    wait until 2999-04-01 in "UTC"
  )
END
segdsl check x.seg
""",
    "SEG634": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    activate "Welcome mail",
    wait 1 day,
  )

activation "Welcome mail" of journey "Welcome"
  to connection "mail"
  columns (email)
  after journey refresh
END
segdsl check x.seg
""",
    "SEG635": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  milestone "Ordered" where orders > 0
  steps (
    wait 1 day,
    jump to stage "Second",
  )

stage "Second"
  enter "Ordered" where orders > 0
  steps (wait 1 day)
END
segdsl check x.seg
""",
    "SEG636": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  milestone "Ordered" where orders > 0
  steps (jump to stage "Second")

stage "Second"
  enter "Ordered" where orders > 0
  steps (wait 1 week, jump to stage "First")
END
segdsl check x.seg
""",
    "SEG637": """
cat > x.seg <<'END'
journey "Welcome"
  reentry unless goal achieved
  goal "Ordered" where orders > 0

stage "First"
  enter "New" where signup within past 7 days
  steps (
    wait 1 day
  )
END
segdsl check x.seg
""",
    "SEG638": """
cat > x.seg <<'END'
journey "Welcome"

stage "First"
  enter "New" where signup within past 7 days
  steps (
    activate "Mail",
    wait 1 day,
    activate "Mail" as "Reminder",
    wait 1 day,
  )
END
segdsl check x.seg
""",
    "SEG639": """
cat > x.seg <<'END'
segment "Likely" where score of "Churn model" between 3 and 4
END
segdsl check x.seg
""",
    "SEG640": """
cat > x.seg <<'END'
segment "Churned" where visits < 3

predictive segment "Churn model"
  predicts segment "Churned"
  features (number age)
END
segdsl check x.seg
""",
    "SEG641": """
cat > x.seg <<'END'
segment "Churned" where visits < 3

predictive segment "Churn model"
  predicts segment "Churned"
  features (number age, number years = age | divide(10))
END
segdsl check x.seg
""",
    "SEG642": """
cat > x.seg <<'END'
segment "Churned" where visits < 3
segment "Members" where visits < 9

predictive segment "Churn model"
  predicts segment "Churned"
  among segment "Members"
  features (number age)
END
segdsl check x.seg
""",
    "SEG643": """
cat > x.seg <<'END'
activation "Welcome mail" of journey #3
  to connection "mail"
  columns (email)
  after journey refresh
END
segdsl check x.seg
""",
    # 7xx: the YAML of the vendor's own tool
    "SEG701": r"""
printf 'name: "Japan"\nrule: {type: include, segment: Asia}\n' > japan.yml
segdsl import japan.yml
""",
    "SEG702": r"""
value='{type: Value, attribute: a, operator: {type: IsNull}}'
printf 'name: Japan\nrule: {type: And, conditions: [%s]}\n' "$value" > japan.yml
segdsl import japan.yml
""",
    "SEG703": r"""
cat > loyal.yml <<'END'
name: Loyal
rule:
  type: Value
  attribute: ""
  source: behavior_purchases
  aggregation: {type: Count}
  operator: {type: GreaterEqual, value: 3}
END
segdsl import loyal.yml
""",
    "SEG704": r"""
cat > loyal.yml <<'END'
name: Loyal
rule:
  type: Behavior
  source: behavior_purchases
  aggregation: {type: Count}
  operator: {type: GreaterEqual, value: 3}
END
segdsl import loyal.yml
""",
}


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.code for entry in ENTRIES])
def test_what_is_close_to_the_example_is_fine(entry: Entry, tmp_path: Path) -> None:
    assert codes_of(entry.code, entry.form, CLOSE[entry.code], tmp_path) == set()


def test_every_code_has_a_close_text_and_no_other() -> None:
    assert list(CLOSE) == [code.name for code in Code]
