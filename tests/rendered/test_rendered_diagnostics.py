"""Diagnostics as a person reads them: the source, and the whole text that it gets.

`make snapshots` writes the texts anew after a change of wording.
"""

from __future__ import annotations

from inline_snapshot import snapshot

from segdsl import compile_text
from segdsl.schema.model import Behavior, Column, Funnel, Schema, Segment, Stage

SCHEMA = Schema(
    "1",
    "Shop",
    "Asia/Tokyo",
    (
        Column("country", "string"),
        Column("age", "number"),
        Column("ltv", "number", label="Lifetime Value"),
        Column("tags", "string_array"),
    ),
    (Behavior("behavior_purchases", (Column("amount", "number"), Column("sku", "string"))),),
    segments=(Segment("7", "Churned"), Segment("8", "Twice"), Segment("9", "Twice", ("F",))),
    funnels=(Funnel("1", "Onboarding", (Stage("41", "Interest"),)),),
)


def shown(text: str) -> str:
    return compile_text(text).render()


def linted(text: str) -> str:
    return compile_text(text, lint=True).render()


def checked(text: str) -> str:
    """With the schema of the shop."""
    return compile_text(text, schema=SCHEMA).render()


# --- the text ----------------------------------------------------------------------------


def test_another_language() -> None:
    assert shown('segment "x" where a == 1') == snapshot("""\
error[SEG001]: unexpected `=`: expected a value
  --> text.seg:1:21
   |
 1 | segment "x" where a == 1
   |                     ^^
   |
   = help: write `=`

""")


def test_a_string_without_an_end() -> None:
    assert shown('segment "x where a = 1') == snapshot("""\
error[SEG002]: this string is not closed on its line
  --> text.seg:1:9
   |
 1 | segment "x where a = 1
   |         ^^^^^^^^^^^^^^
   |
   = help: close it with `"`; a line break inside is written `\\n`

""")


def test_a_character_of_another_language() -> None:
    assert shown('segment "x"\nwhere\n  country = "JP" && age > 3') == snapshot("""\
error[SEG001]: unexpected `&&`: expected `and`, `or` or the end of the condition
  --> text.seg:3:18
   |
 3 |   country = "JP" && age > 3
   |                  ^^
   |
   = help: write `and`

""")


def test_wide_characters() -> None:
    assert shown('segment "東京" where 姓 = "佐藤"') == snapshot("""\
error[SEG004]: `姓` needs backquotes: it has letters outside a to z
  --> text.seg:1:20
   |
 1 | segment "東京" where 姓 = "佐藤"
   |                      ^^
   |
   = help: write `` `姓` ``; a string is written in quotes

""")


def test_a_word_of_the_language_as_a_name() -> None:
    assert shown('segment "x" where limit = 3') == snapshot("""\
error[SEG009]: `limit` is a keyword: expected a condition
  --> text.seg:1:19
   |
 1 | segment "x" where limit = 3
   |                   ^^^^^
   |
   = help: write `` `limit` ``; a name that is a keyword needs backquotes

""")


def test_two_mistakes_in_one_file() -> None:
    assert shown('segment "x" where a in ()\n\nsegment "y" where b before 2024-02-30') == snapshot("""\
error[SEG015]: this list is empty
  --> text.seg:1:21
   |
 1 | segment "x" where a in ()
   |                     ^^^^^
   |
   = help: list at least one value

error[SEG016]: 2024-02-30 does not exist in the calendar
  --> text.seg:3:28
   |
 3 | segment "y" where b before 2024-02-30
   |                            ^^^^^^^^^^
   |
   = help: for a timestamp that only the API can read write `@"2024-02-30"`

""")


def test_an_open_parenthesis() -> None:
    assert shown('segment "x" where (a = 1\nsegment "y" where b = 2') == snapshot("""\
error[SEG001]: unexpected end of the item: expected `)`
  --> text.seg:1:24
   |
 1 | segment "x" where (a = 1
   |                        ^
   |
   = help: a parenthesis is not closed: add `)`
note: this parenthesis is not closed
  --> text.seg:1:19
   |
 1 | segment "x" where (a = 1
   |                   -

""")


# --- names -------------------------------------------------------------------------------


def test_a_name_that_is_not_defined() -> None:
    assert shown('let reachable = email is true\nsegment "x" where reachabel') == snapshot("""\
error[SEG101]: `reachabel` is not defined here
  --> text.seg:2:19
   |
 2 | segment "x" where reachabel
   |                   ^^^^^^^^^
   |
   = help: did you mean `reachable`?; if it is an attribute, compare it: `reachabel is true`

""")


def test_a_name_that_is_defined_twice() -> None:
    assert shown("let a = x = 1\nlet a = x = 2") == snapshot("""\
error[SEG102]: `a` is already defined
  --> text.seg:2:5
   |
 2 | let a = x = 2
   |     ^
   |
   = help: rename one of them
note: first defined here
  --> text.seg:1:5
   |
 1 | let a = x = 1
   |     -

""")


def test_definitions_in_a_cycle() -> None:
    assert shown('let a = b\nlet b = a\nsegment "x" where a') == snapshot("""\
error[SEG103]: `a` uses `b` uses `a`: a definition cannot use itself
  --> text.seg:2:9
   |
 2 | let b = a
   |         ^
   |
   = help: write out the condition where it is needed
note: expanded from this use
  --> text.seg:1:9
   |
 1 | let a = b
   |         -
note: expanded from this use
  --> text.seg:3:19
   |
 3 | segment "x" where a
   |                   -

""")


def test_a_param_without_a_value() -> None:
    assert shown('param days: number\nsegment "x" where a = days') == snapshot("""\
error[SEG105]: the param `days` has no value
  --> text.seg:1:7
   |
 1 | param days: number
   |       ^^^^
   |
   = help: set it (`--set days=…`), or give it a default

""")


def test_an_import_that_is_not_there() -> None:
    assert shown('import vip from "common.seg"\nsegment "x" where vip') == snapshot("""\
error[SEG107]: `imports` has no text for the file `common.seg`
  --> text.seg:1:17
   |
 1 | import vip from "common.seg"
   |                 ^^^^^^^^^^^^
   |
   = help: the path is relative to the folder of the importing file

""")


# --- meaning -----------------------------------------------------------------------------


def test_a_negation_that_a_filter_cannot_hold() -> None:
    text = 'let later = t not within next 3 days\nsegment "x" where (has p where later)'
    assert shown(text) == snapshot("""\
error[SEG202]: a filter cannot contain the negation of this: the API's operator has no `not`
  --> text.seg:1:13
   |
 1 | let later = t not within next 3 days
   |             ^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: describe the events positively; or count the events for which this is true, and negate the whole aggregate
note: expanded from this use
  --> text.seg:2:32
   |
 2 | segment "x" where (has p where later)
   |                                -----

""")


def test_a_count_and_a_string() -> None:
    assert shown('segment "x" where count(p) = "3"') == snapshot("""\
error[SEG203]: a count is a number and can only be compared with numbers
  --> text.seg:1:19
   |
 1 | segment "x" where count(p) = "3"
   |                   ^^^^^^^^^^^^^^
   |
   = help: use `=`, `>`, `<`, `between` or `in` with numbers without quotes

""")


def test_a_rule_set_inside_another() -> None:
    assert shown('segment "x" where "A": (a = 1 and "B": (b = 2))') == snapshot("""\
error[SEG210]: a rule set cannot contain another one, and this group is inside one
  --> text.seg:1:35
   |
 1 | segment "x" where "A": (a = 1 and "B": (b = 2))
   |                                   ^^^^^^^^^^^^
   |
   = help: remove the label of one of them, or compile with `--layout nested`

""")


def test_a_limit_without_an_order() -> None:
    assert shown('segment "x" where a = 1 limit 10') == snapshot("""\
warning[SEG212]: without an order it is undefined which profiles this limit keeps
  --> text.seg:1:25
   |
 1 | segment "x" where a = 1 limit 10
   |                         ^^^^^^^^
   |
   = help: add an order: `by ltv desc`

""")


def test_a_name_whose_id_is_not_known() -> None:
    assert shown('segment "x" where in segment "Churned"') == snapshot("""\
error[SEG303]: the API needs the id of the segment "Churned", and no schema or lock has it
  --> text.seg:1:19
   |
 1 | segment "x" where in segment "Churned"
   |                   ^^^^^^^^^^^^^^^^^^^^
   |
   = help: fetch the ids with `segdsl schema pull`, refer to it by its id (`#1234`), or compile with `--symbolic` to keep the name

""")


# --- with a schema -----------------------------------------------------------------------


def test_an_attribute_that_is_not_there() -> None:
    assert checked('segment "x" where contry = "JP"') == snapshot("""\
error[SEG501]: there is no attribute `contry`
  --> text.seg:1:19
   |
 1 | segment "x" where contry = "JP"
   |                   ^^^^^^^^^^^^^
   |
   = help: did you mean `country`?

""")


def test_a_label_in_the_place_of_a_name() -> None:
    assert checked('segment "x" where `Lifetime Value` > 3') == snapshot("""\
error[SEG501]: there is no attribute ``Lifetime Value``
  --> text.seg:1:19
   |
 1 | segment "x" where `Lifetime Value` > 3
   |                   ^^^^^^^^^^^^^^^^^^^^
   |
   = help: “Lifetime Value” is a label in the console: write `ltv`

""")


def test_a_type_that_does_not_fit() -> None:
    assert checked('segment "x" where age > "30" and tags = "vip"') == snapshot("""\
error[SEG507]: `age` is of type number, and can never be compared with text
  --> text.seg:1:19
   |
 1 | segment "x" where age > "30" and tags = "vip"
   |                   ^^^^^^^^^^
   |
   = help: write the number without quotes

error[SEG508]: `tags` is a list, which cannot be compared as a single value
  --> text.seg:1:34
   |
 1 | segment "x" where age > "30" and tags = "vip"
   |                                  ^^^^^^^^^^^^
   |
   = help: add a quantifier: `any of …`, `every one of …`, `at least 2 of …`

""")


def test_a_behavior_that_is_not_there() -> None:
    assert checked('segment "x" where count(purchase) > 3') == snapshot("""\
error[SEG502]: there is no behavior `purchase`
  --> text.seg:1:19
   |
 1 | segment "x" where count(purchase) > 3
   |                   ^^^^^^^^^^^^^^^^^^^
   |
   = help: did you mean `purchases`?

""")


def test_a_segment_and_a_stage_that_are_not_there() -> None:
    text = 'segment "x" where in segment "Churnd" and in stage "Interst" of funnel "Onboarding"'
    assert checked(text) == snapshot("""\
error[SEG304]: no segment on the server is named "Churnd"
  --> text.seg:1:19
   |
 1 | segment "x" where in segment "Churnd" and in stage "Interst" of funnel "Onboarding"
   |                   ^^^^^^^^^^^^^^^^^^^
   |
   = help: did you mean `Churned`?

error[SEG510]: there is no stage "Interst" of funnel "Onboarding"
  --> text.seg:1:43
   |
 1 | segment "x" where in segment "Churnd" and in stage "Interst" of funnel "Onboarding"
   |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: did you mean `Interest`?

""")


def test_a_name_that_several_segments_have() -> None:
    assert checked('segment "x" where in segment "Twice"') == snapshot("""\
error[SEG305]: 2 segments are named "Twice": #8, #9
  --> text.seg:1:19
   |
 1 | segment "x" where in segment "Twice"
   |                   ^^^^^^^^^^^^^^^^^^
   |
   = help: specify which: `in segment "Twice" of folder "/"` or `in segment "Twice" of folder "F"`

""")


def test_a_behavior_in_the_place_of_an_attribute() -> None:
    assert checked('segment "x" where purchases > 3') == snapshot("""\
error[SEG505]: `purchases` is a behavior, not an attribute
  --> text.seg:1:19
   |
 1 | segment "x" where purchases > 3
   |                   ^^^^^^^^^^^^^
   |
   = help: test the number of its events, `count(purchases) > 0`, or that there is one, `has purchases`

""")


# --- lints -------------------------------------------------------------------------------


def test_a_negation_that_holds_without_a_value() -> None:
    assert linted('segment "x" where country != "JP" and not age > 30') == snapshot("""\
warning[SEG601]: negated, this also holds for profiles with no `country`
  --> text.seg:1:19
   |
 1 | segment "x" where country != "JP" and not age > 30
   |                   ^^^^^^^^^^^^^^^
   |
   = help: to exclude them, add `and country is not null`; to include them explicitly: `(… or country is null)`

warning[SEG601]: negated, this also holds for profiles with no `age`
  --> text.seg:1:39
   |
 1 | segment "x" where country != "JP" and not age > 30
   |                                       ^^^^^^^^^^^^
   |
   = help: to exclude them, add `and age is not null`; to include them explicitly: `(… or age is null)`

""")


def test_conditions_that_cannot_hold_together() -> None:
    assert linted('segment "x" where age > 30 and age < 20') == snapshot("""\
warning[SEG604]: this condition and another on `age` can never hold together
  --> text.seg:1:32
   |
 1 | segment "x" where age > 30 and age < 20
   |                                ^^^^^^^^
   |
   = help: remove one; if either is enough, use `or`
note: the other condition
  --> text.seg:1:19
   |
 1 | segment "x" where age > 30 and age < 20
   |                   --------

""")


def test_a_condition_twice() -> None:
    assert linted('segment "x" where a = 1 and b = 2 and a = 1') == snapshot("""\
warning[SEG602]: duplicate condition
  --> text.seg:1:39
   |
 1 | segment "x" where a = 1 and b = 2 and a = 1
   |                                       ^^^^^
   |
   = help: remove one of them
note: first here
  --> text.seg:1:19
   |
 1 | segment "x" where a = 1 and b = 2 and a = 1
   |                   -----

""")


def test_two_segments_with_one_meaning() -> None:
    text = 'segment "x" where a = 1 and b = 2\nsegment "y" where b = 2 and a = 1'
    assert linted(text) == snapshot("""\
warning[SEG606]: this segment selects the same profiles as "x"
  --> text.seg:2:1
   |
 2 | segment "y" where b = 2 and a = 1
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: refer to it instead: `in segment "x"`
note: the other segment
  --> text.seg:1:1
   |
 1 | segment "x" where a = 1 and b = 2
   | ---------------------------------

""")


def test_a_comment_that_suppresses_nothing() -> None:
    assert linted('# allow SEG601: on purpose\nsegment "x" where a = 1') == snapshot("""\
warning[SEG607]: unused `allow SEG601`: there is no such warning
  --> text.seg:1:9
   |
 1 | # allow SEG601: on purpose
   |         ^^^^^^
   |
   = help: remove it

""")
