"""The journeys of a server, each with its newest version, the rules and the activations of that."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

import msgspec

from segdsl.api import Client, ClientError
from segdsl.api.journey_records import Journey, JourneyActivation
from segdsl.api.responses import Listed
from segdsl.api.responses import Segment as ApiSegment
from segdsl.diagnostics import Report
from segdsl.rules.journeys import read_document, segment_ids
from segdsl.rules.rule.document import load
from segdsl.workspace.kinds.journeys.answers import (
    JourneyAnswer,
    JourneyIndex,
    bundle_of,
    journey_state,
    name_of,
)
from segdsl.workspace.kinds.listings import (
    Listing,
    is_nameable,
    server_of_listings,
    unreadable_why,
    whole_or_error,
)
from segdsl.workspace.kinds.resource import NO_PLACE, Server
from segdsl.workspace.project.keys import JOURNEY, Folder
from segdsl.workspace.remote.reading import UNREADABLE, ServerReading


async def read_journeys(reading: ServerReading) -> Server:
    """The journeys of a server, each with its state; see `Server.unreadable` where it has none.

    Not managed are those whose place no `folder` clause can name, whose name is blank or that of
    another in the same folder, whose steps do not nest, and those of which a part cannot be read.
    """
    listed = await reading.journeys()
    if isinstance(listed, ClientError):
        return Server(unreadable={JOURNEY: listed})
    index = JourneyIndex(listed, is_whole=not listed.unreadable)
    snapshot = await reading.snapshot()
    newest = [index.newest(bundle) for bundle in index.versions]
    if reading.is_wanted(JOURNEY):
        known = {segment.id: segment for _, segment in snapshot.segments}
        answers = await asyncio.gather(
            *(
                whole_or_error(read_answer(reading.client, reading.parent_id, each, index, known))
                for each in newest
            )
        )
    else:
        answers = [JourneyAnswer(each, index, is_whole=False) for each in newest]
    places = Counter((each.folder_id, name_of(each)) for each in newest)
    listings = [
        _listing(
            journey,
            answer,
            snapshot.path_of(journey.folder_id),
            is_ambiguous=places[journey.folder_id, name_of(journey)] > 1,
        )
        for journey, answer in zip(newest, answers, strict=True)
    ]
    names = await reading.account_names()
    return server_of_listings(
        JOURNEY, listed.unreadable, listings, unreadable_kinds=reading.unlisted, outside=names
    )


def _listing(
    journey: Journey,
    answer: JourneyAnswer | ClientError,
    path: Folder | None,
    *,
    is_ambiguous: bool,
) -> Listing:
    """A journey of the list, with the whole of it or why no file can hold it."""
    id, name = bundle_of(journey), name_of(journey)
    if isinstance(answer, ClientError):
        return Listing(id, name, None, why=unreadable_why(answer))
    why = None
    if not name.strip():
        why = "its name is blank"
    elif not is_nameable(path):
        why = NO_PLACE
    elif is_ambiguous:
        why = "another journey of its folder has the same name"
    state = journey_state(answer, path if why is None and path is not None else ())
    return Listing(id, name, state, journey.folder_id, why or state.problem or None)


async def read_answer(
    client: Client,
    parent_id: str,
    listed: Journey,
    index: JourneyIndex,
    known: Mapping[str, ApiSegment] | None = None,
) -> JourneyAnswer:
    """The newest version of a journey with all its parts, each read by itself; raises ClientError.

    `known` are segments that were read already. A rule that cannot be read is left out.
    """
    journey = await client.journey(listed.id)
    activations: Listed[JourneyActivation] = await client.journey_activations(journey.id)
    rules = {id: each for id, each in (known or {}).items() if each.rule is not None}

    async def rule(id: str) -> ApiSegment | None:
        if id in rules:
            return rules[id]
        try:
            return await client.segment(parent_id, id)
        except UNREADABLE:
            return None

    document = read_document(load(bytes(journey.document).decode(), Report()), Report())
    ids = () if document is None else segment_ids(document.journey)
    found = await asyncio.gather(*map(rule, ids))
    answer = JourneyAnswer(
        _completed(journey, listed),
        index,
        {id: each for id, each in zip(ids, found, strict=True) if each is not None},
        tuple(activations),
    )
    return answer


def _completed(journey: Journey, listed: Journey) -> Journey:
    """The journey with what only its list says of the versions together."""
    return msgspec.structs.replace(
        journey,
        bundle_id=journey.bundle_id or listed.bundle_id,
        bundle_name=journey.bundle_name or listed.bundle_name,
        version=journey.version or listed.version,
        folder_id=journey.folder_id or listed.folder_id,
    )
