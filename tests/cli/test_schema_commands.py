"""`segdsl schema`, and what other commands make of the schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import segdsl
from workspace import NOW, write_project

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
NAMED = """
[funnels.Onboarding]
id = 1
stages = { Interest = 41, Trial = 42, Loyal = 43 }

[models.predictive]
Churn = 16

[models.rfm]
Values = 8

[tests.Mail]
A = 1
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    with (tmp_path / "data/parent_segment.toml").open("a") as file:
        file.write(NAMED)
    (tmp_path / "data/customer_group_home.csv").write_text("cdp_customer_id,size\nc01,3\n")
    (tmp_path / "data/funnel_stages.csv").write_text("cdp_customer_id,stage_id\nc01,41\nc02,41\n")
    (tmp_path / "data/ml_rfm.csv").write_text(
        "model_id,cdp_customer_id,rfm_segment\n8,c01,Champions\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_pull_writes_and_says_what_changed(project: Path) -> None:
    assert segdsl("schema", "pull", "--check").exit_code == 1
    done = segdsl("schema", "pull")
    assert done.exit_code == 0
    assert done.stdout.startswith("written: local.schema.toml (5 attributes, 1 behavior, ")
    text = Path("local.schema.toml").read_text()
    for line in ('last_visit = "timestamp"', '1 = "Onboarding"', '41 = "Interest"', '8 = "Values"'):
        assert line in text
    assert segdsl("schema", "pull").stdout.startswith("unchanged")
    assert segdsl("schema", "pull", "--check").exit_code == 0
    segdsl("create", "japan.seg")
    assert segdsl("schema", "pull", "--check").exit_code == 1
    segdsl("schema", "pull")
    assert "Countries/Asia/Japan" in Path("local.schema.toml").read_text()


def test_show_works_offline_and_searches(project: Path) -> None:
    missing = segdsl("schema", "show")
    assert (missing.exit_code, "segdsl schema pull" in missing.stderr) == (2, True)
    segdsl("schema", "pull")
    (project / "data").rename(project / "elsewhere")
    assert "purchases.amount" in segdsl("schema", "show").stdout
    assert segdsl("schema", "show", "INTER").stdout == snapshot("""\
Kind   In source                                   Type or id
stage  in stage "Interest" of funnel "Onboarding"  #41
""")
    nothing = segdsl("schema", "show", "contry")
    assert (nothing.exit_code, nothing.stderr) == (
        1,
        "no name contains `contry`; did you mean `country`?\n",
    )
    (project / "elsewhere").rename(project / "data")
    sampled = json.loads(segdsl("schema", "show", "country", "--sample", "--json").stdout)
    assert sampled["things"][0]["values"] == ["JP", "FR", "US"]


def test_sampled_times_are_shown_as_times(project: Path) -> None:
    """Attributes and the times of events; a machine gets the seconds that rules compare."""
    segdsl("schema", "pull")
    for word in ("last_visit", "timestamp"):
        shown = segdsl("schema", "show", word, "--sample").stdout
        assert ":00+09:00" in shown or ":40+09:00" in shown
        things = json.loads(segdsl("schema", "show", word, "--sample", "--json").stdout)["things"]
        values = [value for each in things for value in each["values"]]
        assert values
        assert all(isinstance(each, int) and str(each) not in shown for each in values)


def test_a_damaged_schema_is_reported(project: Path) -> None:
    Path("local.schema.toml").write_text("nonsense")
    for command in (["schema", "show"], ["check"], ["plan"], ["compile", "japan.seg"]):
        done = segdsl(*command)
        assert done.exit_code == 2
        assert "local.schema.toml is not a valid schema" in done.stderr


def test_names_become_ids_through_the_schema(project: Path) -> None:
    Path("x.seg").write_text(
        'segment "x"\nwhere in stage "Interest" of funnel "Onboarding" and home.size > 2\n'
        '  and rfm("Values").rfm_segment = "Champions"\n'
    )
    assert "SEG109" in segdsl("preview", "x.seg").stderr
    segdsl("schema", "pull")
    compiled = segdsl("compile", "x.seg")
    assert compiled.exit_code == 0, compiled.stderr
    assert '"id": "41"' in compiled.stdout
    Path("y.seg").write_text('segment "y" where hom.size > 2')
    said = segdsl("compile", "y.seg").stderr
    Path("y.seg").unlink()
    assert "SEG504" in said
    assert "did you mean `home`?" in said
    assert '"customerGroup": "home"' in compiled.stdout
    told = json.loads(segdsl("preview", "x.seg", "--json").stdout)
    assert [
        each["profiles"] if "profiles" in each else each["count"] for each in told["segments"]
    ] == [1]
    assert segdsl("apply", "x.seg", "--yes").exit_code == 0
    assert segdsl("plan", "x.seg", "--exit-code").exit_code == 0
    assert segdsl("sql", "x.seg").exit_code == 0


def test_segments_by_name_compile_through_schema_and_lock(project: Path) -> None:
    assert "SEG303" in segdsl("compile", "buyers.seg").stderr
    segdsl("apply", "--yes")
    compiled = segdsl("compile", "buyers.seg")
    assert compiled.exit_code == 0
    assert '"type": "Reference"' in compiled.stdout


def test_check_uses_the_schema(project: Path) -> None:
    Path("x.seg").write_text('segment "x" where contry = "JP"\n')
    without = segdsl("check", "x.seg")
    assert (without.exit_code, "segdsl schema pull" in without.stderr) == (0, True)
    segdsl("schema", "pull")
    done = segdsl("check", "x.seg")
    assert done.exit_code == 1
    assert done.stderr == snapshot("""\
error[SEG501]: there is no attribute `contry`
  --> x.seg:1:19
   |
 1 | segment "x" where contry = "JP"
   |                   ^^^^^^^^^^^^^
   |
   = help: did you mean `country`?

1 file, 1 segment, checked with local.schema.toml: 1 error
""")
    assert segdsl("check", "x.seg", "--no-schema").exit_code == 0


# --- what a pull says and leaves --------------------------------------------------------------


def test_pull_says_what_is_different(project: Path) -> None:
    segdsl("schema", "pull")
    path = Path("local.schema.toml")
    text = path.read_text()
    old = text.replace('age = "number"\n', 'age = "string"\n').replace('country = "string"\n', "")
    path.write_text(old)
    for option in ("--check", ""):
        done = segdsl("schema", "pull", *option.split())
        head, *lines = done.stdout.splitlines()
        assert head.startswith("out of date: local" if option else "written: local")
        assert lines == ["  attributes: added: country; changed: age (string → number)"]
        assert done.exit_code == (1 if option else 0)
        assert path.read_text() == (old if option else text)
    assert segdsl("schema", "pull").stdout.splitlines()[1:] == []


def test_a_pull_that_fails_leaves_the_file(project: Path) -> None:
    segdsl("schema", "pull")
    path = Path("local.schema.toml")
    text = path.read_text()
    Path("segdsl.toml").write_text('[targets.local]\nkind = "local"\nurl = "http://127.0.0.1:9"\n')
    done = segdsl("schema", "pull")
    assert (done.exit_code, done.stdout) == (3, "")
    assert path.read_text() == text


def test_a_damaged_file_is_pulled_again(project: Path) -> None:
    path = Path("local.schema.toml")
    for damage in (b"nonsense", b"\xff\xfe"):
        path.write_bytes(damage)
        assert segdsl("schema", "pull", "--check").exit_code == 1
        done = segdsl("schema", "pull")
        assert (done.exit_code, len(done.stdout.splitlines())) == (0, 1)
        assert segdsl("schema", "show", "country").exit_code == 0


def test_each_target_has_its_own(project: Path) -> None:
    Path("segdsl.toml").write_text(LOCAL + LOCAL.replace("local]", '"an other/one"]'))
    assert segdsl("schema", "pull", "--target", "an other/one").exit_code == 0
    assert [each.name for each in Path().glob("*.schema.toml")] == ["an other%2Fone.schema.toml"]
    assert segdsl("schema", "show", "--target", "an other/one").exit_code == 0
    missing = segdsl("schema", "show")
    assert (missing.exit_code, missing.stdout) == (2, "")
    Path("an other%2Fone.schema.toml").unlink()
    missing = segdsl("schema", "show", "--target", "an other/one")
    assert "run `segdsl schema pull --target 'an other/one'`" in missing.stderr
    assert segdsl("schema", "pull", "--target", "lcal").exit_code == 2


def test_without_a_project_it_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for what in ("pull", "show"):
        done = segdsl("schema", what)
        assert (done.exit_code, done.stdout) == (2, "")


# --- what is shown ----------------------------------------------------------------------------


def test_the_table_is_as_wide_as_its_words_where_nobody_looks(project: Path) -> None:
    segdsl("schema", "pull")
    assert segdsl("schema", "show", "purchases").stdout == snapshot(
        "Kind      In source            Type or id\n"
        "behavior  has purchases        3 columns\n"
        "column    purchases.amount     number\n"
        "column    purchases.category   string\n"
        "column    purchases.timestamp  timestamp\n"
    )


def test_values_on_request(project: Path) -> None:
    segdsl("schema", "pull")
    shown = segdsl("schema", "show", "c", "--sample")
    assert shown.stdout == snapshot("""\
Kind       In source            Type or id  Values
attribute  country              string      JP, FR, US
behavior   has purchases        3 columns
column     purchases.amount     number      200, 300, 1000, 4000, 5000
column     purchases.category   string      Books, Cameras, Music
column     purchases.timestamp  timestamp   2024-04-25T08:06:40+09:00, 2024-05-06T21:53:20+09:00, 2024-05-18T11:40:00+09:00, 2024-07-03T18:46:40+09:00, 2024-09-28T14:06:40+09:00
model      score of "Churn" …   #16
""")
    path = Path("local.schema.toml")
    path.write_text(path.read_text().replace("[attributes]", '[attributes]\ncolour = "string"'))
    shown = segdsl("schema", "show", "co", "--sample", "--json")
    assert shown.stderr.startswith("no values of colour: ")
    values = {each["name"]: each.get("values") for each in json.loads(shown.stdout)["things"]}
    assert (values["country"], values["colour"]) == (["JP", "FR", "US"], [])
    # A stage has no values, and nobody is asked for any.
    (project / "data").rename(project / "elsewhere")
    assert segdsl("schema", "show", "interest", "--sample").exit_code == 0
    assert segdsl("schema", "show", "country", "--sample").exit_code == 2


def test_values_of_personal_data_are_neither_shown_nor_kept(project: Path) -> None:
    segdsl("schema", "pull")
    path = Path("local.schema.toml")
    hidden = '[visibility.attributes]\ncountry = "pii"\n'
    hidden += '[visibility.columns.behavior_purchases]\ncategory = "blocked"\n'
    path.write_text(path.read_text().replace("[visibility]\n", hidden))
    for form in ("text", "json"):
        shown = segdsl("schema", "show", "c", "--sample", "--format", form)
        assert shown.exit_code == 0, shown.stderr
        assert "JP" not in shown.stdout
        assert "Cameras" not in shown.stdout
        assert "4000" in shown.stdout
    said = segdsl("schema", "show", "c", "--sample").stderr
    assert said == (
        "no values of country: they are personal data\n"
        "no values of category: they are personal data\n"
    )


def test_no_more_values_than_can_be_read(project: Path) -> None:
    segdsl("schema", "pull")
    path = Path("local.schema.toml")
    many = "".join(f'x{at} = "number"\n' for at in range(30))
    path.write_text(path.read_text().replace("[attributes]\n", f"[attributes]\n{many}"))
    said = segdsl("schema", "show", "--sample").stderr
    assert said.startswith(
        "showing values of the first 20 of 38 columns; give a WORD to narrow the list\n"
    )


def test_nothing_of_a_name_reaches_the_terminal_unseen(project: Path) -> None:
    segdsl("schema", "pull")
    path = Path("local.schema.toml")
    path.write_text(path.read_text().replace('"Churn"', r'"Churn\u001b[2J\u202e"'))
    assert "\x1b" not in segdsl("schema", "show").stdout
    assert "\u202e" not in segdsl("schema", "show").stdout
    assert "\x1b" not in segdsl("schema", "pull").stdout


# --- names that several have ------------------------------------------------------------------


def test_a_name_that_several_have_is_reported_with_their_ids(project: Path) -> None:
    segdsl("schema", "pull")
    schema = Path("local.schema.toml")
    schema.write_text(schema.read_text().replace('8 = "Values"', '8 = "Values"\n9 = "Values"'))
    Path("x.seg").write_text('segment "x" where rfm("Values").rfm_segment = "Champions"\n')
    for command in ("compile", "preview", "create", "sql", "plan", "apply"):
        done = segdsl(command, "x.seg")
        assert done.exit_code == 1, command
        assert done.stderr.count("error[") == 1
        assert "error[SEG305]: 2 rfm models are named" in done.stderr
        assert "specify one by its id: #8 or #9" in done.stderr
    Path("x.seg").write_text('segment "x" where rfm(#8).rfm_segment = "Champions"\n')
    assert segdsl("preview", "x.seg").exit_code == 0


def test_models_of_two_kinds_may_share_a_name_and_none_stands_for_another(project: Path) -> None:
    with (project / "data/parent_segment.toml").open("a") as file:
        file.write("[models.cltv]\nValues = 9\n")
    segdsl("schema", "pull")
    Path("x.seg").write_text('segment "x" where rfm("Values").rfm_segment = "Champions"\n')
    assert '"id": "8"' in segdsl("compile", "x.seg").stdout
    Path("x.seg").write_text('segment "x" where score of "Values" between 1 and 2\n')
    for command in ("compile", "preview", "create", "plan", "apply"):
        done = segdsl(command, "x.seg")
        assert done.exit_code == 1, command
        # Plans look at the server, which a file of the workspace may add to.
        code = "SEG304" if command in ("plan", "apply") else "SEG510"
        assert f"error[{code}]" in done.stderr, command


def test_a_name_that_none_has_says_where_to_get_it(project: Path) -> None:
    segdsl("schema", "pull")
    Path("x.seg").write_text('segment "x" where in stage "Interst" of funnel "Onboarding"\n')
    done = segdsl("compile", "x.seg")
    assert "error[SEG510]" in done.stderr
    assert "`segdsl schema pull`" in done.stderr
    done = segdsl("compile", "--no-schema", "x.seg")
    assert "error[SEG303]" in done.stderr
    assert 'the id of the stage "Interst" of funnel "Onboarding"' in done.stderr


def test_segments_of_one_name_compile_by_id_alone(project: Path) -> None:
    Path("japan.seg").write_text(
        'segment "A" folder "One" where age > 1\nsegment "A" folder "Two" where age > 2\n'
    )
    segdsl("create", "japan.seg")
    segdsl("schema", "pull")
    Path("x.seg").write_text('segment "x" where in segment "A"\n')
    assert "2 segments are named" in segdsl("compile", "x.seg").stderr
    Path("x.seg").write_text('segment "x" where in segment #1\n')
    assert segdsl("compile", "x.seg").exit_code == 0
