"""`segdsl.compile_text`: a text to API rules in one call, with what is found on the way."""

from __future__ import annotations

import doctest

import pytest

import segdsl.compiling
from segdsl import DiagnosticsError, compile_text
from segdsl.language.values import ByName
from segdsl.schema.model import Column, Schema, Segment

SCHEMA = Schema(
    "1",
    "Shop",
    "Asia/Tokyo",
    (Column("num", "number"), Column("text", "string")),
    (),
    segments=(Segment("7", "There"), Segment("8", "Twice"), Segment("9", "Twice", ("F",))),
)


def test_its_example_is_true() -> None:
    assert doctest.testmod(segdsl.compiling, raise_on_error=True).attempted >= 4


def test_segments_come_in_order_with_their_rules_and_requests() -> None:
    compiled = compile_text('segment "A" kind realtime where a = 1\nsegment "B" where everyone')
    assert compiled.codes == []
    assert not compiled.has_errors
    assert compiled.render() == ""
    first, second = compiled.segments
    assert (first.name, first.request["name"], first.request["kind"]) == ("A", "A", 1)
    assert first.request["rule"] == first.rule
    assert second.request == {
        "name": "B",
        "kind": 0,
        "rule": {"type": "And", "conditions": []},
    }
    assert second.segment.name == "B"


def test_json_has_the_digits_of_the_source() -> None:
    [segment] = compile_text('segment "A" where a = 1.50').segments
    assert '"rightValue": 1.50\n' in segment.json
    assert segment.rule["conditions"][0]["conditions"][0]["operator"]["rightValue"] == 1.5


def test_a_segment_with_an_error_is_left_out_and_the_others_are_not() -> None:
    compiled = compile_text('segment "bad" where count(v) = "x"\nsegment "good" where a = 1')
    assert [each.name for each in compiled.segments] == ["good"]
    assert compiled.codes == ["SEG203"]
    assert compiled.has_errors


def test_a_definition_with_a_mistake_leaves_no_segment() -> None:
    assert compile_text('let x = = 1\nsegment "good" where a = 1').segments == ()


def test_check_raises_errors_with_all_diagnostics_and_no_warnings() -> None:
    warned = 'segment "w" where a = 1 limit 5'
    assert compile_text(warned, check=True).codes == ["SEG212"]
    with pytest.raises(DiagnosticsError, match="a count is a number") as raised:
        compile_text(f'segment "bad" where count(v) = "x"\n{warned}', check=True)
    found = [each.code.name for each in raised.value.report.diagnostics]
    assert sorted(found) == ["SEG203", "SEG212"]


def test_settings_are_the_values_of_params() -> None:
    text = 'param days: number\nsegment "A" where a > days'
    assert compile_text(text).codes == ["SEG105"]
    [segment] = compile_text(text, settings={"days": "30"}, check=True).segments
    assert segment.rule["conditions"][0]["conditions"][0]["operator"]["rightValue"] == 30
    assert compile_text(text, settings={"days": "x"}).codes == ["SEG106"]
    assert compile_text('segment "A" where a = 1', settings={"days": "1"}).codes == ["SEG106"]


def test_imports_are_texts_by_name() -> None:
    text = 'import vip from "lib/common.seg"\nsegment "A" where vip'
    common = 'import rich from "rich.seg"\nlet vip = rich'
    imports = {
        "lib/common.seg": common,
        "lib/rich.seg": "let rich = ltv > 5",
        "other.seg": "let = broken",
    }
    compiled = compile_text(text, imports=imports, check=True)
    assert [each.name for each in compiled.segments] == ["A"]
    assert set(compiled.sources) == {"text.seg", "lib/common.seg", "lib/rich.seg"}
    assert compile_text(text).codes == ["SEG107"]
    mistaken = compile_text(text, imports={"lib/common.seg": 'let vip = count(v) = "x"'})
    assert "--> lib/common.seg:1:11\n" in mistaken.render()


def test_files_that_import_each_other_are_parsed_once() -> None:
    text = 'import vip from "a.seg"\nlet rich = ltv > 5\nsegment "A" where vip'
    imports = {"a.seg": 'import rich from "x.seg"\nlet vip = rich'}
    compiled = compile_text(text, name="x.seg", imports=imports, check=True)
    assert list(compiled.sources) == ["x.seg", "a.seg"]


def test_names_become_ids_or_stay_marked() -> None:
    text = 'segment "A" where in segment "B"'
    assert compile_text(text).codes == ["SEG303"]

    def sent(**options: object) -> str:
        [segment] = compile_text(text, check=True, **options).segments  # type: ignore[arg-type]
        id = segment.rule["conditions"][0]["conditions"][0]["id"]
        assert isinstance(id, str)
        return id

    assert sent(symbolic=True) == 'name:"B"'
    assert sent(ids={("segment", ByName("B")): "12"}) == "12"


def test_the_layout_is_that_of_the_rule() -> None:
    text = 'segment "A" where a = 1 or (b = 2 and (c = 3 or d = 4))'
    [two] = compile_text(text, check=True).segments
    [nested] = compile_text(text, layout="nested", check=True).segments
    assert two.rule != nested.rule


def test_a_schema_checks_names_and_types_and_knows_ids() -> None:
    text = 'segment "A" where num = "x"\nsegment "B" where nam = 1\nsegment "C" where num = 1'
    compiled = compile_text(text, schema=SCHEMA)
    assert sorted(compiled.codes) == ["SEG501", "SEG507"]
    assert [each.name for each in compiled.segments] == ["C"]
    [there] = compile_text('segment "A" where in segment "There"', schema=SCHEMA).segments
    assert there.rule["conditions"][0]["conditions"][0]["id"] == "7"


@pytest.mark.parametrize(("name", "code"), [("Nowhere", "SEG304"), ("Twice", "SEG305")])
def test_a_schema_knows_which_segments_there_are(name: str, code: str) -> None:
    text = f'segment "A" where in segment "{name}"\nsegment "B" where num = 1'
    compiled = compile_text(text, schema=SCHEMA, symbolic=True)
    assert compiled.codes == [code]
    assert [each.name for each in compiled.segments] == ["B"]
    given = compile_text(text, schema=SCHEMA, ids={("segment", ByName(name)): "9"}, check=True)
    assert [each.name for each in given.segments] == ["A", "B"]


def test_segments_of_the_text_may_refer_to_each_other() -> None:
    text = 'segment "A" where in segment "B"\nsegment "B" where num = 1'
    compiled = compile_text(text, schema=SCHEMA, symbolic=True, check=True)
    assert [each.name for each in compiled.segments] == ["A", "B"]


def test_lints_are_asked_for_and_can_be_suppressed() -> None:
    text = 'segment "A" where a = 1 and a = 1'
    assert compile_text(text).codes == []
    [code] = compile_text(text, lint=True).codes
    assert code.startswith("SEG6")
    assert compile_text(f"# allow {code}: on purpose\n{text}", lint=True).codes == []
    in_vain = '# allow SEG601: on purpose\nsegment "A" where a = 1'
    assert compile_text(in_vain, lint=True).codes == ["SEG607"]
    of_schemas = '# allow SEG511: on purpose\nsegment "A" where a = 1'
    assert compile_text(of_schemas, lint=True).codes == []
