"""Journeys and predictive segments in plain English, in wide and in narrow lines."""

from __future__ import annotations

from segdsl.analysis.explain import explain_journey, explain_predictive, render_outline
from segdsl.diagnostics import Report
from segdsl.language.resolve import Program, Resolved, resolve_all
from segdsl.language.syntax.parser import parse
from segdsl.schema.labels import Labels
from segdsl.source import Source
from segdsl.terminal import cell_width

JOURNEY = """
journey "Welcome"
  description "For new customers"
  folder "Lifecycle"
  reentry unless goal achieved
  goal "Done" where status = "done"
    jump to stage "Thanks" of journey "After"

stage "First"
  description "First touch"
  enter "New" where signup within past 7 days
  milestone "Engaged" where opened is true limit 10 by age desc
  exit "Gone" is segment "Churned"
  exit "Loyal" where everyone jump to stage "Second"
  steps (
    activate "Mail" as "First mail",
    wait 1 day as "Pause",
    decide "Opened?" (
      when "Opened" where opened is true then (end),
      when "Later" where age > 3 then (),
      otherwise "Rest" then (wait 2 weeks),
    ),
    wait for "Order" as "Long" where orders > 0 up to 1 week then (activate "Thanks") otherwise (),
  )

stage "Second"
  steps (
    wait for "Order" where orders > 0 then (),
    wait until 2025-12-01 in "Asia/Tokyo",
    wait until Monday or Friday,
    split "Tone" by email (
      60% "Casual" up to 5 then (activate "Casual mail"),
      40% "Rest" control then (),
    ),
    jump to stage "First",
  )
"""
WIDE = """\
Journey "Welcome"
  Folder: Lifecycle
  Description: For new customers

It has 2 stages:
  1. Goal "Done": a profile meets it when this holds:
     1.1. status is "done".
          A profile with no status is left out.
     Who meets it has reached the goal, and goes on in the stage "Thanks" of the journey "After".
  2. Stage "First":
     2.1. Enter "New": a profile meets it when this holds:
          2.1.1. signup is within the past 7 days (the 7 whole days before today).
                 A profile with no signup is left out.
          Who meets it enters the stage.
     2.2. Milestone "Engaged": a profile may meet it when this holds:
          2.2.1. opened is true.
                 A profile with no opened is left out.
          Of these profiles, only the first 10 meet it, ordered by age from high to low.
          Who meets it goes on to the stage "Second".
     2.3. Exit "Gone": a profile meets it when this holds:
          2.3.1. The profile is in the segment "Churned".
          Who meets it leaves the journey.
     2.4. Exit "Loyal": every profile of the parent segment meets it.
          Who meets it goes on in the stage "Second".
     2.5. Its steps are:
          2.5.1. "First mail": it is sent to the activation "Mail".
          2.5.2. "Pause": it waits for 1 day.
          2.5.3. "Opened?": it takes the first branch whose rule it meets:
                 2.5.3.1. "Opened": a profile meets it when this holds:
"""


def read(text: str) -> Resolved:
    report = Report()
    items = resolve_all(Program("x", {"x": parse(Source("x", text), report)}), report)
    assert not report.has_errors, [of.message for of in report.diagnostics]
    return items


def test_a_journey_in_wide_lines() -> None:
    [journey] = read(JOURNEY).journeys
    text = render_outline(explain_journey(journey), 100)
    assert text[: len(WIDE)] == WIDE
    for line in (
        '"Later": a profile meets it when this holds:',
        "Then it goes on.",
        '"Rest", if it meets none:',
        "It waits for 2 weeks.",
        '"Long": it waits until it meets "Order", for 1 week at most:',
        "When it does:",
        "After 1 week, it goes on.",
        'It waits until it meets "Order":',
        "When it does, it goes on.",
        "It waits until 2025-12-01, in the time zone Asia/Tokyo.",
        "It waits until Monday or Friday, in the time zone UTC.",
        '"Tone": it gets one of these variants, at random, by its email:',
        '60% get "Casual", at most 5 profiles:',
        '40% get the control variant "Rest", and go on.',
        'It goes on in the stage "First".',
        "Nobody enters it by a rule of its own.",
        "Description: First touch",
        "A profile that has left may enter again, unless it reached the goal.",
    ):
        assert line in text, line


def test_narrow_lines() -> None:
    [journey] = read(JOURNEY).journeys
    text = render_outline(explain_journey(journey), 40)
    assert max(map(cell_width, text.splitlines())) <= 40
    words = render_outline(explain_journey(journey), 1000).split()
    assert text.split() == words


def test_small_journeys() -> None:
    [none, one] = read('journey "A"\njourney "B" reentry always stage "S"').journeys
    assert render_outline(explain_journey(none), 80) == (
        'Journey "A"\n\nIt has no stages.\n\nA profile that has left never enters again.\n'
    )
    assert render_outline(explain_journey(one), 80) == (
        'Journey "B"\n\nIt has one stage:\n  1. Stage "S":\n'
        "     Nobody enters it by a rule of its own.\n\n"
        "A profile that has left may enter again.\n"
    )


def test_labels_are_named_once() -> None:
    [journey] = read(JOURNEY).journeys
    labels = Labels(attributes={"opened": "Mail opened"})
    text = render_outline(explain_journey(journey, labels), 100)
    assert text.count("In the console opened is “Mail opened”.") == 1


def test_a_predictive_segment() -> None:
    text = """
predictive segment "Churn"
  description "Who leaves"
  folder "Models"
  predicts segment "Churned"
  among segment "Members"
  scores segment #7
  grades 75, 50, 25
  features (
    number age,
    number half = customers.visits | divide(2),
    category weekday = last_visit | day_of_week(),
    categories tags,
  )
"""
    [model] = read(text).predictive_segments
    labels = Labels(attributes={"visits": "Number of visits"})
    assert render_outline(explain_predictive(model, labels), 100) == (
        """\
Predictive segment "Churn"
  Folder: Models
  Description: Who leaves

Predicts which profiles will be in the segment "Churned":
  1. It learns from the profiles of the segment "Members".
  2. It learns by these features:
     2.1. age, a number.
     2.2. half, a number: visits of the table customers, divided by 2.
     2.3. weekday, a category: last_visit, its day of the week.
     2.4. tags, several categories.
  3. It gives a score from 0 to 100 to the profiles of the segment #7.
  4. A score from 75 on is of grade 4, one from 50 on of grade 3, one from 25 on of grade 2, and a
     lower one of grade 1.

In the console visits is “Number of visits”.
"""
    )


def test_a_predictive_segment_that_says_little() -> None:
    [model] = read(
        'predictive segment "P" predicts segment #5 features guessed'
    ).predictive_segments
    assert render_outline(explain_predictive(model), 100) == (
        """\
Predictive segment "P"

Predicts which profiles will be in the segment #5:
  1. It learns from all profiles of the parent segment.
  2. The server proposes its features when it is created.
  3. It gives a score from 0 to 100 to all profiles of the parent segment.
"""
    )
