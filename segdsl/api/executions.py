"""Runs of workflows: started at most once, and waited for. Knows no endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from segdsl.api import activation_reading as r
from segdsl.api import errors as e
from segdsl.api.activation_records import Execution
from segdsl.api.transport import JSON_API
from segdsl.api.writing import LOOKUP_ATTEMPTS, Writes

Runs = Callable[[], Awaitable[Sequence[Execution]]]
"""Reads the runs of one thing, whichever order they are listed in."""


class Executions(Writes):
    """The methods by which the client runs things; see `segdsl.api.client.Client`."""

    async def _run_once(self, what: str, path: str, runs: Runs, media: str = JSON_API) -> Execution:
        """Starts a run, at most once: after a lost response the run is looked for.

        A run that began meanwhile counts as this one. Raises InvalidResponseError if there is
        none: the request is not sent again, since it may have been accepted. `what` is a noun.
        """
        before = {run_key(each) for each in await runs()}
        not_returned = "the run may have started: the API has not confirmed it"
        advice = f"look at the runs of the {what} before you run it again"
        failure: e.ClientError = e.InvalidResponseError(not_returned, advice)

        async def attempt() -> Execution | None:
            nonlocal failure
            try:
                return r.execution(await self._transport.send("POST", path, media=media))
            except e.InvalidResponseError as error:
                failure = error
            except e.ClientError as error:
                if not error.ambiguous:
                    raise
                failure = e.InvalidResponseError(f"{not_returned}: {error.message}", advice)
            return None

        started = await self._transport.retry(attempt)
        for again in range(LOOKUP_ATTEMPTS):
            if started is not None:
                return started
            await asyncio.sleep(again * self._retry_policy.first_pause)
            started = next((each for each in await runs() if run_key(each) not in before), None)
        if started is None:
            raise failure
        return started

    async def _wait_for_run(
        self, execution: Execution, runs: Runs, on_status: Callable[[Execution], None]
    ) -> Execution:
        """Waits until a run has ended, whatever came of it, and returns it.

        `on_status` is called with each new status. Raises QueryFailedError if it takes longer than
        `RetryPolicy.run_timeout`; the run goes on.
        """
        policy = self._retry_policy
        pause, deadline = policy.first_poll, monotonic() + policy.run_timeout
        key, status = run_key(execution), execution.status
        while not execution.is_ended:
            if monotonic() > deadline:
                raise e.QueryFailedError(
                    f"the run has not ended after {policy.run_timeout:g} seconds; it goes on"
                )
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, policy.max_run_poll)
            # A run that is not listed yet is waited for.
            execution = next((each for each in await runs() if run_key(each) == key), execution)
            if execution.status != status:
                status = execution.status
                on_status(execution)
        return execution


def run_key(execution: Execution) -> str:
    """What tells a run from others: its attempt's id, or its session's."""
    return execution.attempt_id or f"session {execution.session_id}"
