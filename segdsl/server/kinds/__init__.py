"""The kinds of things that the local Audience API serves, and what a new kind is made of.

A kind is one value, `Kind`, registered in `KINDS` here and nowhere else:

- its **table**: a `Layout` with the statements that create it, its version and upgrades, and its
  `Reference`s to other kinds. The store creates the table in files that do not have it, allocates
  ids that no other kind has, and answers what refers to a row, which guards deletion;
- its **collection**: a `Collection` of one running service, with lookups, changes and background
  work. `service[Segments]` is the collection of another kind;
- its **routes**: handlers of both families, `(Service, Call) -> JSON`. They decode a `Body`
  (`segdsl.server.http.request_models`), call the collection, and return a response
  (`segdsl.server.http.responses`);
- what it lists in folders: `Collection.items`.

Kinds with a state are packages: `table` (rows), `collection` (state and changes), `handlers` and
`entity_handlers` (routes), `request_models` and `responses` (shapes). Kinds that are only read are
modules. A kind imports only kinds that it refers to, and those come first in `KINDS`.
"""

from __future__ import annotations

from segdsl.server.kinds.account import ACCOUNT
from segdsl.server.kinds.activations import ACTIVATIONS, TEMPLATES
from segdsl.server.kinds.folders import FOLDERS
from segdsl.server.kinds.funnels import FUNNELS
from segdsl.server.kinds.journeys import JOURNEYS
from segdsl.server.kinds.models import MODELS
from segdsl.server.kinds.parent_segments import PARENT_SEGMENTS
from segdsl.server.kinds.predictive import PREDICTIVE
from segdsl.server.kinds.queries import QUERIES
from segdsl.server.kinds.scores import SCORES
from segdsl.server.kinds.segments import SEGMENTS
from segdsl.server.kinds.stages import STAGES
from segdsl.server.kinds.variants import VARIANTS
from segdsl.server.service import Kind

KINDS: tuple[Kind, ...] = (
    FOLDERS,
    STAGES,
    SCORES,
    SEGMENTS,
    QUERIES,
    PARENT_SEGMENTS,
    FUNNELS,
    MODELS,
    PREDICTIVE,
    VARIANTS,
    ACCOUNT,
    TEMPLATES,
    ACTIVATIONS,
    JOURNEYS,
)

__all__ = ["KINDS"]
