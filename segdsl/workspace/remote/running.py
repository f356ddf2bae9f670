"""Runs an activation of a server: finds it, starts it at most once, and waits for its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from segdsl.api import Client, ClientError
from segdsl.api.activation_records import Activation, Execution
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import InputError
from segdsl.workspace.remote.ambiguous import ambiguous
from segdsl.workspace.remote.reading import ServerReading


class ActivationNotFoundError(InputError):
    """An activation that does not exist, or a name that several have."""


class FailedRunError(ClientError):
    """A run that ended without success."""


class Runnable(msgspec.Struct, frozen=True):
    """An activation with the path of its segment or stage; None where that is not known."""

    activation: Activation
    folder: tuple[str, ...] | None

    @property
    def path(self) -> str:
        return "/".join((*(self.folder or ()), self.activation.name))


class Run(msgspec.Struct, frozen=True):
    """A run of an activation; `rows` is how many it sent, where it has ended and that is known."""

    of: Runnable
    execution: Execution
    rows: int | None = None


async def find_activation(client: Client, parent_id: str, name: str) -> Runnable:
    """The activation with an id (`12`, `#12`), a path or a name; raises ActivationNotFoundError.

    Its path is that of its segment or stage with its own name behind.
    """
    reading = ServerReading(client, parent_id, frozenset())
    listed = await reading.activations()
    if isinstance(listed, ClientError):
        raise listed
    places = await reading.places()
    every = [
        Runnable(each, places.get(each.segment_id or "")) for each in listed if each.segment_id
    ]
    found = _named(every, name)
    if len(found) == 1:
        return found[0]
    if found:
        same = ((each.activation.id, each.path) for each in found)
        raise ActivationNotFoundError(ambiguous("activation", name, same))
    words = [each.activation.name for each in every] + [each.path for each in every]
    help = did_you_mean(name, words, "check the spelling, or pass its id")
    raise ActivationNotFoundError(f"there is no activation `{name}`; {help}")


def _named(every: Sequence[Runnable], name: str) -> list[Runnable]:
    id = name.removeprefix("#")
    by_id = [each for each in every if each.activation.id == id]
    if by_id and name != id:
        return by_id
    if not name.strip():
        return []
    by_name = [each for each in every if each.path == name]
    by_name = by_name or [each for each in every if each.activation.name == name]
    return by_name + [each for each in by_id if each not in by_name]


async def start(client: Client, runnable: Runnable) -> Run:
    """Starts an activation, at most once; raises ClientError."""
    activation = runnable.activation
    assert activation.segment_id is not None, "it belongs to a segment or a stage"
    execution = await client.run_activation(activation.segment_id, activation.id)
    return Run(runnable, execution)


async def wait(
    client: Client,
    parent_id: str,
    run: Run,
    on_status: Callable[[Execution], None] = lambda execution: None,
) -> Run:
    """Waits until a run has ended, and looks up how many rows it sent; raises ClientError."""
    activation = run.of.activation
    assert activation.segment_id is not None, "it belongs to a segment or a stage"
    ended = await client.wait_for_execution(
        activation.segment_id, activation.id, run.execution, on_status=on_status
    )
    rows = None
    with suppress(ClientError):  # How many there were is extra.
        rows = await client.record_count(parent_id, activation)
    return Run(run.of, ended, rows)


def check_success(run: Run) -> None:
    """Raises FailedRunError for a run that ended without success."""
    if run.execution.is_ended and run.execution.status != "success":
        execution = run.execution
        why = "" if execution.message is None else f": {execution.message}"
        raise FailedRunError(
            f"the run of {run.of.path} (#{run.of.activation.id}) ended as "
            f"`{execution.status}`{why}",
            "look at its log in the console" if execution.message is None else None,
        )
