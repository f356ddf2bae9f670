"""An edit of what a published template locks, planned and applied beside its activations."""

from __future__ import annotations

from pathlib import Path

import pytest

from segdsl.api.transport import JSON_API
from teams import Team
from test_activation_kind import actions, nothing_is_left, with_account

TEMPLATE = """\
activation template "Weekly"
  to connection "{connection}"
  columns (age)
  every {unit} in "UTC"
  with (
    bucket = "{bucket}",
    path = "x.csv",
  )
  state published
  locked (connection, settings (bucket), schedule)
"""
ACTIVATION = """\
activation "{name}" of segment "Adults"
  description "{about}"
  from template "Weekly"
  to connection "{connection}"
  columns (age)
  every {unit} in "UTC"
  with (
    bucket = "{bucket}",
    path = "{name}.csv",
  )
"""
OLD = {"connection": "s3", "unit": "day", "bucket": "a"}
NEW = {"connection": "sftp", "unit": "week", "bucket": "b"}


def write(team: Team, values: dict[str, str], about: str) -> None:
    team.write("adults.seg", 'segment "Adults" where age >= 18\n')
    team.write("template.seg", TEMPLATE.format(**values))
    made = [ACTIVATION.format(name=name, about=about, **values) for name in ("one", "two")]
    team.write("activations.seg", "\n".join(made))


@with_account
async def test_what_the_server_changes_is_what_the_files_say(team: Team) -> None:
    """The server has changed the activations when their own changes come."""
    write(team, OLD, "then")
    await team.apply()
    await nothing_is_left(team)
    write(team, NEW, "now")
    plan = await team.plan()
    assert [action for action, _, _ in actions(plan)] == ["update"] * 3
    await team.apply()
    await nothing_is_left(team)


@with_account
async def test_activations_that_the_server_changed_are_pulled(team: Team) -> None:
    write(team, OLD, "then")
    await team.apply()
    team.write("template.seg", TEMPLATE.format(**NEW))
    plan = await team.plan()
    assert actions(plan) == [("update", "activation template", "Weekly")]
    await team.apply(plan)
    plan = await team.plan()
    assert [each.why for each in plan.conflicts] == ["changed on the server"] * 2
    await team.pull()
    await nothing_is_left(team)
    assert 'bucket = "b",\n    path = "one.csv"' in team.files()["activations.seg"]


@pytest.mark.parametrize("change", [{"bucket": "c"}, {"more": 1}, {"path": None}])
def test_what_somebody_else_changes_of_an_activation_is_a_conflict(
    change: dict[str, object], tmp_path: Path
) -> None:
    @with_account
    async def changed(team: Team) -> None:
        write(team, OLD, "then")
        await team.apply()
        [one, _] = await team.client.activations("7")
        own = {"bucket": "a", "path": f"{one.name}.csv"} | change
        config = {key: value for key, value in own.items() if value is not None}
        attributes = {"name": one.name, "connectionId": 11, "connectorConfig": config}
        body = {"type": "syndication", "attributes": attributes}
        path = f"/entities/segments/{one.segment_id}/syndications/{one.id}"
        await team.client._transport.send("PATCH", path, body=body, media=JSON_API)
        write(team, NEW, "now")
        [found] = (await team.plan()).conflicts
        assert (found.why, found.name) == ("changed on both sides", one.name)

    changed(tmp_path)
