"""Where profiles are in a journey, as it is kept from one run to the next.

Stages, steps and variants are kept by their ids, and sets of profiles as bits. If the profiles of
the parent segment are others than at the last run, sets follow those that are still there.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

import msgspec

from segdsl.server.kinds.journeys.programs import JourneyProgram
from segdsl.simulation.bits import NOBODY, Bits
from segdsl.simulation.state import JourneyState, Place

_LEVEL = 1
Change = Callable[[Bits], Bits]


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """A `JourneyState`; sets are little-endian bytes. The end of the steps has the id ``."""

    places: list[tuple[str, str, int, bytes]]
    underway: bytes
    milestones: dict[str, bytes]
    been: bytes
    achieved: bytes
    received: dict[str, bytes]
    assigned: list[tuple[str, str, dict[str, bytes]]]


# --- populations -------------------------------------------------------------------------


def digest(ids: Sequence[str]) -> str:
    """What tells one population from others."""
    return sha256("\0".join(ids).encode("utf-8", "surrogatepass")).hexdigest()


def pack_ids(ids: Sequence[str]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(ids), _LEVEL)


def unpack_ids(content: bytes) -> list[str]:
    return msgspec.msgpack.decode(zlib.decompress(content), type=list[str])


def between(before: Sequence[str], after: Sequence[str]) -> Change:
    """Translates sets of one population to another; both are ordered.

    Profiles that are gone are in no set. Sets are cut into runs of profiles that stay together, so
    that the work for one set is that of the changes.
    """
    pieces = _pieces(before, after)

    def change(bits: Bits) -> Bits:
        if not bits:
            return NOBODY
        digits = format(bits, "b")[::-1].ljust(len(before), "0")
        moved = "".join(digits[start:end] if start >= 0 else "0" * end for start, end in pieces)
        return int(moved[::-1] or "0", 2)

    return change


def _pieces(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """What the new places are made of: (from, to) of the old ones, or (-1, number) of new ones."""
    pieces: list[tuple[int, int]] = []
    old = new = 0
    while new < len(after):
        start, begun = old, new
        while old < len(before) and new < len(after) and before[old] == after[new]:
            old, new = old + 1, new + 1
        if old > start:
            pieces.append((start, old))
            continue
        while new < len(after) and (old == len(before) or after[new] < before[old]):
            new += 1
        if new > begun:
            pieces.append((-1, new - begun))
        while old < len(before) and new < len(after) and before[old] < after[new]:
            old += 1
    return pieces


# --- sets --------------------------------------------------------------------------------


def pack_bits(bits: Bits) -> bytes:
    """A set by itself, compressed."""
    return zlib.compress(_bytes(bits), _LEVEL)


def unpack_bits(content: bytes) -> Bits:
    return _bits(zlib.decompress(content))


def _bytes(bits: Bits) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def _bits(content: bytes) -> Bits:
    return int.from_bytes(content, "little")


# --- states ------------------------------------------------------------------------------


def pack_state(state: JourneyState, program: JourneyProgram) -> bytes:
    stages = program.stages
    stored = _Stored(
        places=[
            (stages[at.stage].id, stages[at.stage].step_id(at.step), at.since, _bytes(bits))
            for at, bits in state.places.items()
        ],
        underway=_bytes(state.underway),
        milestones={stages[at].id: _bytes(bits) for at, bits in state.milestones.items()},
        been=_bytes(state.been),
        achieved=_bytes(state.achieved),
        received={name: _bytes(bits) for name, bits in state.received.items()},
        assigned=[
            (
                stages[stage].id,
                stages[stage].step_id(step),
                dict(zip(stages[stage].choices(step), map(_bytes, sets), strict=True)),
            )
            for (stage, step), sets in state.assigned.items()
        ],
    )
    return zlib.compress(msgspec.msgpack.encode(stored), _LEVEL)


def unpack_state(content: bytes, program: JourneyProgram, change: Change | None) -> JourneyState:
    """The state; profiles at steps that the journey no longer has are nowhere."""
    stored = msgspec.msgpack.decode(zlib.decompress(content), type=_Stored)

    def read(packed: bytes) -> Bits:
        bits = _bits(packed)
        return bits if change is None else change(bits)

    stages = {stage.id: number for number, stage in enumerate(program.stages)}
    return JourneyState(
        places=_kept(
            (Place(stages[stage], number, since), read(bits))
            for stage, step, since, bits in stored.places
            if stage in stages
            and (number := program.stages[stages[stage]].number_of(step)) is not None
        ),
        underway=read(stored.underway),
        milestones={stages[id]: read(b) for id, b in stored.milestones.items() if id in stages},
        been=read(stored.been),
        achieved=read(stored.achieved),
        received={name: read(bits) for name, bits in stored.received.items()},
        assigned={
            (stages[stage], number): tuple(
                read(sets.get(id, b"")) for id in program.stages[stages[stage]].choices(number)
            )
            for stage, step, sets in stored.assigned
            if stage in stages
            and (number := program.stages[stages[stage]].number_of(step)) is not None
        },
    )


def _kept(places: Iterable[tuple[Place, Bits]]) -> Mapping[Place, Bits]:
    return {place: bits for place, bits in places if bits}
