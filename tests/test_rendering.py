"""How findings are told: the text for people exactly, the machine forms by their rules."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from inline_snapshot import snapshot

from segdsl.diagnostics import Code, Diagnostic, Note, Report
from segdsl.diagnostics import render as render_module
from segdsl.diagnostics.places import tally
from segdsl.diagnostics.render import render_text
from segdsl.output.diagnostics import diagnostics_output, render_github, render_sarif, uri_of
from segdsl.source import Source, Span
from segdsl.terminal import cell_width, visible


def one(
    text: str,
    marked: str,
    *,
    message: str = "this is wrong",
    help: str | None = None,
    notes: tuple[Note, ...] = (),
    file: str = "a.seg",
) -> tuple[Report, dict[str, Source]]:
    """A report of one error at the first place of `marked` in a file."""
    report = Report()
    start = text.index(marked)
    report.add(Code.SEG101, Span(file, start, start + len(marked)), message, help=help, notes=notes)
    return report, {file: Source(file, text)}


def shown(report: Report, sources: dict[str, Source], width: int = 100) -> str:
    return render_text(report.diagnostics, sources, width=width)


def caret_line(text: str, sign: str = "^") -> str:
    return next(line for line in text.splitlines() if sign in line and "-->" not in line)


# --- text ----------------------------------------------------------------------------


def test_a_finding_shows_its_line_its_place_and_what_to_do() -> None:
    report, sources = one(
        'segment "x"\nwhere\n  prefectur = "Tokyo"\n',
        "prefectur",
        message="nothing is named `prefectur`",
        help="did you mean `prefecture`?",
    )
    assert shown(report, sources) == snapshot("""\
error[SEG101]: nothing is named `prefectur`
  --> a.seg:3:3
   |
 3 |   prefectur = "Tokyo"
   |   ^^^^^^^^^
   |
   = help: did you mean `prefecture`?

""")


def test_a_note_has_a_place_of_its_own_and_the_margin_fits_the_largest_number() -> None:
    text = "let a = b\n" + "\n" * 9 + "where a\n"
    use = Span("a.seg", text.index("where a") + 6, text.index("where a") + 7)
    report, sources = one(text, "b", notes=(Note("expanded from this use", use),))
    assert shown(report, sources) == snapshot("""\
error[SEG101]: this is wrong
   --> a.seg:1:9
    |
  1 | let a = b
    |         ^
note: expanded from this use
   --> a.seg:11:7
    |
 11 | where a
    |       -

""")


def test_wide_characters_take_two_cells() -> None:
    report, sources = one('name = "東京" and 都市', "都市")
    text = shown(report, sources)
    line = next(line for line in text.splitlines() if "東京" in line)
    carets = caret_line(text)
    assert carets.count("^") == 4
    assert cell_width(line[: line.index("都市")]) == carets.index("^")


def test_tabs_are_drawn_as_spaces_up_to_the_next_stop() -> None:
    report, sources = one("\ta\tbad", "bad")
    assert "     a   bad" in shown(report, sources)
    assert caret_line(shown(report, sources)) == "   |         ^^^"


def test_a_place_over_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    report, sources = one("x any (\n  a,\n)\n", "any (\n  a,\n)")
    assert caret_line(shown(report, sources)) == "   |   ^^^^^"


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_place_without_characters_still_gets_a_caret(end: str) -> None:
    text = "where" + end
    report = Report()
    report.add(Code.SEG001, Span("a.seg", len(text), len(text)), "the text ends here")
    assert caret_line(shown(report, {"a.seg": Source("a.seg", text)})).count("^") == 1


def test_windows_line_ends_leave_no_trace() -> None:
    report, sources = one("a\r\nbad\r\n", "bad\r\n")
    assert "\r" not in shown(report, sources)
    assert caret_line(shown(report, sources)) == "   | ^^^"


@pytest.mark.parametrize("at", [0, 3, 60, 500, 995])
@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("filler", ["x", "字", "\t"])
def test_a_long_line_is_clipped_around_its_place(at: int, width: int, filler: str) -> None:
    text = filler * at + "HERE!" + filler * (995 - at)
    report, sources = one(text, "HERE!")
    rendered = shown(report, sources, width)
    assert all(cell_width(line) <= width for line in rendered.splitlines())
    line = next(line for line in rendered.splitlines() if "HERE!" in line)
    carets = caret_line(rendered)
    assert cell_width(line[: line.index("HERE!")]) == carets.index("^")
    assert carets.count("^") == 5
    assert line.count("…") == (at > 3) + (at < 995 - 5) or at in (3, 995)


def test_a_place_longer_than_the_terminal_fills_what_there_is() -> None:
    report, sources = one("a" * 50 + "b" * 300 + "a" * 50, "b" * 300)
    rendered = shown(report, sources, 60)
    assert all(cell_width(line) <= 60 for line in rendered.splitlines())
    assert caret_line(rendered).count("^") > 30


def test_a_line_of_two_million_characters_takes_no_time() -> None:
    report, sources = one("a" * 1_000_000 + "!" + "a" * 1_000_000, "!")
    assert caret_line(shown(report, sources)).count("^") == 1


def test_what_a_terminal_would_obey_is_shown_as_a_sign() -> None:
    report, sources = one("a\x1b[31m\u202e bad", "bad", message="bad \x1b[0m\x07")
    rendered = shown(report, sources)
    assert "␛[31m\N{REPLACEMENT CHARACTER} bad" in rendered
    assert "bad ␛[0m␇" in rendered
    assert visible("a\x7f") == "a␡"


def test_messages_are_broken_between_words_where_it_is_asked_for() -> None:
    report, sources = one("x", "x", message=" word" * 30, help=" help" * 30)
    rendered = render_text(report.diagnostics, sources, width=40, wrap=True)
    assert all(len(line) <= 40 for line in rendered.splitlines())
    assert (rendered.count("word"), rendered.count("help")) == (30, 31)


def test_a_place_in_json_is_told_by_its_path() -> None:
    report = Report()
    span = Span("rule.json", 0, 0)
    report.add(Code.SEG402, span, "an operator nobody knows", path="$.conditions[0]", help="do it")
    assert shown(report, {"rule.json": Source("rule.json", "{}")}) == snapshot("""\
error[SEG402]: an operator nobody knows
  --> rule.json: $.conditions[0]
   = help: do it

""")


def test_a_finding_without_a_place_is_its_message_and_help() -> None:
    report = Report()
    report.add(Code.SEG106, None, "no param is named `dys`", help="did you mean `days`?")
    assert shown(report, {}) == snapshot("""\
error[SEG106]: no param is named `dys`
   = help: did you mean `days`?

""")


def test_findings_are_told_by_file_as_read_then_by_place() -> None:
    report = Report()
    for file, start in (("b", 2), ("a", 5), ("b", 0), ("a", 1)):
        report.add(Code.SEG101, Span(file, start, start + 1), f"{file}{start}")
    report.add(Code.SEG106, None, "nowhere")
    sources = {"b": Source("b", "0123456"), "a": Source("a", "0123456")}
    told = re.findall(r"^error\S+ (\w+)$", shown(report, sources), re.MULTILINE)
    assert told == ["b0", "b2", "a1", "a5", "nowhere"]


def test_colour_changes_nothing_but_colour() -> None:
    report, sources = one("bad = 1", "bad", help="do it")
    colored = render_text(report.diagnostics, sources, color=True)
    assert "\x1b[" in colored
    plain = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert plain == shown(report, sources)


def test_the_tally_counts_by_severity() -> None:
    report = Report()
    assert tally(report.diagnostics) == ""
    report.add(Code.SEG101, None, "one")
    report.add(Code.SEG101, None, "two")
    report.add(Code.SEG112, None, "three")
    assert tally(report.diagnostics) == "2 errors, 1 warning"


# --- machine forms -------------------------------------------------------------------


def sample() -> tuple[Report, dict[str, Source]]:
    text = 'segment "x"\nwhere 100% = bad,\n  any\n'
    use = Span("dir/b file.seg", 0, 3)
    report, sources = one(text, "bad", help="say\nit", notes=(Note("used here", use),))
    report.add(Code.SEG112, Span("a.seg", text.index("bad"), len(text)), "50%\r\nof it")
    report.add(Code.SEG402, Span("r.json", 0, 0), "no rule", path="$[0]")
    report.add(Code.SEG106, None, "no param")
    more = {name: Source(name, "let x") for name in ("dir/b file.seg", "r.json")}
    return report, sources | more


def test_json_has_every_finding() -> None:
    report, sources = sample()
    found = json.loads(msgspec.json.encode(diagnostics_output(report.diagnostics, sources)))
    assert found[0] == {
        "code": "SEG101",
        "severity": "error",
        "message": "this is wrong",
        "help": "say\nit",
        "file": "a.seg",
        "line": 2,
        "column": 14,
        "end_line": 2,
        "end_column": 17,
        "path": None,
        "notes": [
            {
                "message": "used here",
                "file": "dir/b file.seg",
                "line": 1,
                "column": 1,
                "end_line": 1,
                "end_column": 4,
            }
        ],
    }
    assert [each["severity"] for each in found] == ["error", "warning", "error", "error"]
    assert (found[2]["file"], found[2]["line"], found[2]["path"]) == ("r.json", None, "$[0]")
    assert (found[3]["file"], found[3]["line"]) == (None, None)
    assert diagnostics_output([], {}) == ()


def test_sarif_is_ascii() -> None:
    report, sources = one("字", "字", message="字…")
    assert render_sarif(report.diagnostics, sources, "1").isascii()


def test_sarif_holds_together() -> None:
    report, sources = sample()
    log = json.loads(render_sarif(report.diagnostics, sources, "1.2.3"))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    [run] = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("segdsl", "1.2.3")
    rules = driver["rules"]
    assert [rule["id"] for rule in rules] == ["SEG101", "SEG106", "SEG112", "SEG402"]
    for rule in rules:
        assert rule["shortDescription"]["text"] == Code[rule["id"]].value
    assert len(run["results"]) == 4
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert result["ruleId"] == rule["id"]
        assert result["level"] == rule["defaultConfiguration"]["level"]
        assert result["message"]["text"]
        for location in result.get("locations", []) + result.get("relatedLocations", []):
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", uri)
            region = location["physicalLocation"].get("region", {})
            assert all(isinstance(value, int) and value >= 1 for value in region.values())
    first, warning, in_json, nowhere = run["results"]
    assert first["relatedLocations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "dir/b%20file.seg"
    }
    assert warning["level"] == "warning"
    assert in_json["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "$[0]"}]
    assert "locations" not in nowhere


def test_uris_are_relative_unless_the_file_was_not() -> None:
    assert uri_of("segments/日本.seg") == "segments/%E6%97%A5%E6%9C%AC.seg"
    assert uri_of("<stdin>") == "%3Cstdin%3E"
    assert uri_of("/tmp/a.seg") == "file:///tmp/a.seg"


def test_github_commands_are_escaped_and_one_line_each() -> None:
    report, sources = sample()
    assert render_github(report.diagnostics, sources).splitlines() == [
        "::error file=a.seg,line=2,endLine=2,col=14,endColumn=17,title=SEG101::"
        "this is wrong%0Ahelp: say%0Ait%0Anote: used here (dir/b file.seg:1:1)",
        "::warning file=a.seg,line=2,endLine=4,title=SEG112::50%25%0D%0Aof it",
        "::error file=r.json,title=SEG402::$[0]: no rule",
        "::error title=SEG106::no param",
    ]


def test_github_properties_escape_what_separates_them() -> None:
    report, sources = one("x", "x", file="a,b:c%.seg")
    assert "file=a%2Cb%3Ac%25.seg," in render_github(report.diagnostics, sources)


def test_each_finding_is_asked_once_for_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it was asked again for each file: ten thousand files took a hundred million times."""
    asked: list[object] = []

    class Codes(frozenset[Code]):
        def __contains__(self, code: object) -> bool:
            asked.append(code)
            return super().__contains__(code)

    monkeypatch.setattr(render_module, "OF_SECRETS", Codes())
    files = {f"{number}.seg": Source(f"{number}.seg", "a = 1\n") for number in range(30)}
    findings = [Diagnostic(Code.SEG101, "unknown", Span(name, 0, 1)) for name in files]
    render_text(findings, files)
    assert len(asked) == len(findings)
