"""`list`, `show` and `run` with resources of every kind."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local_api import NOW
from predictive_api import PARENT, write_shop
from running import segdsl, steady
from segdsl.api import ApiKey, Client, NewJourney, NewSegment
from segdsl.api.journey_records import NewJourneyActivation
from segdsl.server import LOCAL_KEY, open_local

LOCAL = '[targets.local]\nkind = "local"\ndata = "data"\nstore = "segments.sqlite"\n'
ITEMS = """\
segment "Buyers" folder "Models" where buys = "yes"

predictive segment "Buys again"
  folder "Models"
  predicts segment "Buyers"
  grades 75, 50, 25
  features (number age)

funnel "Onboarding"
  folder "Models"

stage "Seen" where age > 0

stage "Bought" where in stage "Seen" of funnel "Onboarding" and buys = "yes"

stage "Again" where in stage "Bought" of funnel "Onboarding" and age > 30

activation "Sync" of segment "Buyers"
  to connection "s3"
  columns (email)
  by hand
  with (bucket = "exports", format = "csv")

activation template "Daily"
  to connection "s3"
  columns (email)
  every day
  with (bucket = "exports", format = "csv")
"""
CONNECTION = """
[connections.s3]
id = 3
type = "s3"
"""
JOURNEY = """\
journey "Welcome"
  folder "Models"

stage "First days"
  enter "Buyers" is segment "Buyers"
  steps (
    activate "Mail" as "Hello",
    decide "Old?" (
      when "Old" where age > 50 then (wait 1 day),
      otherwise "Others" then (wait 2 days),
    ),
    end,
  )

activation "Mail" of journey "Welcome"
  to connection "s3"
  columns (email)
  after journey refresh
  with (bucket = "exports")
"""


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def rule(condition: Any) -> msgspec.Raw:
    return raw({"type": "And", "conditions": [{"type": "And", "conditions": [condition]}]})


async def make_journey(folder: Path, buyers: str) -> None:
    """A journey with an activation, in the way of a console."""
    async with (
        open_local(folder / "data", folder / "segments.sqlite", NOW) as transport,
        Client("http://localhost", ApiKey(LOCAL_KEY), transport=transport) as client,
    ):
        older = {
            "type": "Value",
            "leftValue": {"name": "age"},
            "operator": {"type": "Greater", "rightValue": 50, "not": False},
            "arrayMatching": None,
            "exclude": False,
        }
        uses = {"type": "Reference", "id": buyers, "exclude": False}
        enter, old = [
            (await client.create_segment("7", NewSegment(name, rule(each), "journey"))).id
            for name, each in (("Buyers", uses), ("Old", older))
        ]
        place = await client.ensure_folder("7", ("Models",))
        draft = {"name": "Welcome", "journeyStages": [{"name": "First days"}]}
        new = NewJourney("Welcome", raw({"type": "journey", "attributes": draft}), place.id)
        journey = await client.create_journey("7", new)
        params = {
            "name": "Mail",
            "connectionId": "3",
            "columns": [{"column": "email", "source": {"column": "email"}}],
            "runAfterJourneyRefresh": True,
            "connectorConfig": {"bucket": "exports"},
        }
        mail = await client.create_journey_activation(
            journey.id, NewJourneyActivation("Mail", raw(params))
        )
        ids = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(8)]
        branch = {"name": "Old", "segmentId": old, "excludedPath": False, "next": ids[2]}
        others = {"name": "Others", "segmentId": old, "excludedPath": True, "next": ids[3]}
        wait = {"type": "WaitStep", "waitStepType": "Duration", "waitStepUnit": "day"}
        stage: dict[str, Any] = {
            "id": journey.stages[0].id,
            "name": "First days",
            "entryCriteria": {"name": "Buyers", "segmentId": enter},
            "milestone": None,
            "exitCriterias": [],
            "rootStep": ids[0],
            "steps": {
                ids[0]: {
                    "type": "Activation",
                    "name": "Hello",
                    "journeyActivationStepId": mail.id,
                    "next": ids[1],
                },
                ids[1]: {
                    "type": "DecisionPoint",
                    "name": "Old?",
                    "branches": [{"id": ids[6], **branch}, {"id": ids[7], **others}],
                },
                ids[2]: {**wait, "waitStep": 1, "next": ids[4]},
                ids[3]: {**wait, "waitStep": 2, "next": ids[4]},
                ids[4]: {"type": "Merge", "next": ids[5]},
                ids[5]: {"type": "End"},
            },
        }
        attributes = {"name": "Welcome", "state": "draft", "journeyStages": [stage]}

        async def look() -> None:
            return None

        body = NewJourney("Welcome", raw({"type": "journey", "attributes": attributes}))
        await client.update_journey(journey.id, body, look)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_shop(tmp_path, PARENT + CONNECTION)
    (tmp_path / "segdsl.toml").write_text(LOCAL)
    (tmp_path / "items.seg").write_text(ITEMS)
    monkeypatch.chdir(tmp_path)
    done = segdsl("apply", "--yes")
    assert done.exit_code == 0, done.stderr
    [buyers] = json.loads(segdsl("list", "--json").stdout)["segments"]
    asyncio.run(make_journey(tmp_path, buyers["id"]))
    return tmp_path


def listed(kind: str) -> list[dict[str, Any]]:
    done = segdsl("list", kind, "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["kind"] == kind.removesuffix("s")
    found: list[dict[str, Any]] = document["segments" if kind == "segments" else "resources"]
    return found


def test_each_kind_is_listed(project: Path) -> None:
    assert [each["name"] for each in listed("segments")] == ["Buyers"]
    [funnel] = listed("funnels")
    assert (funnel["name"], funnel["folder"]) == ("Onboarding", "Models")
    assert funnel["stages"] == ["Seen", "Bought", "Again"]
    [model] = listed("predictive-segments")
    assert (model["name"], model["folder"], model["state"]) == (
        "Buys again",
        "Models",
        "not trained",
    )
    [journey] = listed("journeys")
    assert (journey["name"], journey["version"], journey["state"]) == ("Welcome", 1, "draft")
    assert (journey["folder"], journey["stages"]) == ("Models", ["First days"])
    [activation] = [each for each in listed("activations") if each["name"] == "Sync"]
    assert activation["folder"] == "Models/Buyers"
    [template] = listed("templates")
    assert (template["name"], template["folder"]) == ("Daily", None)
    table = segdsl("list", "journeys").stdout.splitlines()
    assert table[0].split() == ["Id", "Journey", "Version", "State", "Stages", "Updated"]
    assert table[1].split()[:5] == [f"#{journey['id']}", "Models/Welcome", "1", "draft", "1"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Buyers", "segment"),
        ("Onboarding", "funnel"),
        ("Models/Buys again", "predictive-segment"),
        ("Sync", "activation"),
        ("Models/Buyers/Sync", "activation"),
        ("Daily", "template"),
    ],
)
def test_a_name_finds_its_kind_and_shows_what_was_applied(
    project: Path, name: str, kind: str
) -> None:
    parts = {each.split('"')[1]: each for each in _items()}
    expected = parts[name.rpartition("/")[2]]
    done = segdsl("show", name)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == expected
    assert segdsl("show", kind, name).stdout == expected
    document = json.loads(segdsl("show", name, "--json").stdout)
    assert (document["kind"], document["source"]) == (kind, expected)
    answer = document["segment" if kind == "segment" else "resource"]
    assert document["id"] in json.dumps(answer)


def _items() -> list[str]:
    """The texts of the items as a file has them."""
    Path("copy.seg").write_text(ITEMS)
    assert segdsl("fmt", "copy.seg").exit_code == 0
    text = Path("copy.seg").read_text()
    Path("copy.seg").unlink()
    found = [""]
    for line in text.splitlines(keepends=True):
        if line.startswith(("segment", "predictive", "funnel", "activation")):
            found[-1] = found[-1].rstrip("\n") + "\n"
            found.append("")
        found[-1] += line
    return found[1:]


def test_a_journey_is_shown_with_its_activations(project: Path) -> None:
    done = segdsl("show", "Welcome")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == JOURNEY
    document = json.loads(segdsl("show", "journey", "Models/Welcome", "--json").stdout)
    assert (document["kind"], document["source"]) == ("journey", JOURNEY)
    assert document["resource"]["id"] == document["id"]


def test_a_journey_is_drawn_as_that_of_a_file_is(project: Path) -> None:
    (project / "welcome.seg").write_text(JOURNEY)
    for form in ("mermaid", "svg"):
        drawn = segdsl("show", "Welcome", "--graph", form)
        assert drawn.exit_code == 0, drawn.stderr
        of_file = segdsl("explain", "--graph", form, "welcome.seg")
        assert of_file.exit_code == 0, of_file.stderr
        assert drawn.stdout == of_file.stdout
    document = json.loads(segdsl("show", "Welcome", "--graph", "mermaid", "--json").stdout)
    assert document["graph"].startswith("flowchart")
    refused = segdsl("show", "Onboarding", "--graph", "svg")
    assert refused.exit_code == 2
    assert "--graph draws journeys, and Models/Onboarding is a funnel" in refused.stderr


def test_a_name_that_several_kinds_have_needs_its_kind(project: Path) -> None:
    (project / "more.seg").write_text('segment "Welcome" folder "Other" where age > 3\n')
    assert segdsl("apply", "--yes").exit_code == 0
    done = segdsl("show", "Welcome")
    assert done.exit_code == 2
    assert steady(done.stderr) == (
        "Error: 2 resources are named `Welcome`: segment Other/Welcome (#…), journey Models/Welcome, "
        "version 1 (#…); specify the kind, as in `segment Welcome`\n"
    )
    assert segdsl("show", "segment", "Welcome").exit_code == 0
    # A path is of one kind alone here.
    assert segdsl("show", "Models/Welcome").stdout == JOURNEY


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Welcmoe"], "there is no resource `Welcmoe`; did you mean `Welcome`?"),
        (["funnel", "Welcome"], "there is no funnel `Welcome`; `segdsl list funnels` lists what there is"),
        (["funel", "Onboarding"], "expected NAME, or KIND and NAME; did you mean `funnel`?"),
        (["funnel", "On", "boarding"], "expected NAME, or KIND and NAME; put a name with blanks in quotes"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown(project: Path, words: list[str], message: str) -> None:
    done = segdsl("show", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_name_alone_is_run(project: Path) -> None:
    done = segdsl("run", "Sync", "--yes")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith("success  Models/Buyers/Sync  #")
    trained = json.loads(segdsl("run", "Buys again", "--yes", "--json").stdout)
    assert (trained["command"], trained["status"]) == ("run predictive-segment", "success")
    assert listed("predictive-segments")[0]["state"] == "trained"
    asked = segdsl("run", "Sync")
    assert asked.exit_code == 2
    assert "pass --yes to run Models/Buyers/Sync" in asked.stderr


def test_a_name_that_two_kinds_have_is_not_run(project: Path) -> None:
    with (project / "items.seg").open("a") as file:
        file.write(
            ITEMS[ITEMS.index('activation "Sync"') :]
            .partition("\n\n")[0]
            .replace("Sync", "Buys again")
        )
    assert segdsl("apply", "--yes").exit_code == 0
    done = segdsl("run", "Buys again", "--yes", "--json")
    assert done.exit_code == 2
    document = json.loads(done.stdout)
    assert document["command"] == "run"
    assert steady(document["error"]["message"]) == (
        "2 resources are named `Buys again`: activation Models/Buyers/Buys again (#…), "
        "predictive segment Models/Buys again (#…); specify the kind, as in "
        "`activation Buys again`"
    )
    none = segdsl("run", "Onboarding", "--yes")
    assert none.exit_code == 2
    assert "there is no resource `Onboarding`" in none.stderr
    typo = segdsl("run", "activaton", "Sync")
    assert typo.exit_code == 2
    assert "did you mean `activation`?" in typo.stderr
