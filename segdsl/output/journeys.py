"""The documents of `segdsl journey`."""

from __future__ import annotations

from collections.abc import Sequence

from segdsl.output import documents, models
from segdsl.output.segments import folder_of
from segdsl.workspace.remote.journeys import Action, Version


def journey_output(action: Action, versions: Sequence[Version]) -> documents.Output:
    """The versions of a journey that an action was for, as they are now."""
    listed = tuple(
        models.JourneyVersion(
            id=each.journey.id,
            name=each.name,
            folder=folder_of(each.folder),
            version=each.journey.version,
            state=each.journey.state,
            paused=each.journey.is_paused,
        )
        for each in versions
    )
    match action:
        case "launch":
            return documents.JourneyLaunchOutput(versions=listed)
        case "pause":
            return documents.JourneyPauseOutput(versions=listed)
        case "resume":
            return documents.JourneyResumeOutput(versions=listed)
