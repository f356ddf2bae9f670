"""Previews what files define: counts of segments and funnels, first rows of activations."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.activations import Activation, ActivationTemplate
from segdsl.language.condition import tree as c
from segdsl.sql.catalog import PROFILE_ID
from segdsl.workspace.remote.activation_parts import Definitions
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.counting import ALL, PreviewOptions, Progress, preview
from segdsl.workspace.remote.export_samples import (
    ROWS,
    SampleOptions,
    columns_of,
    sample_export,
)
from segdsl.workspace.remote.preview import Preview


class Previewed(msgspec.Struct, frozen=True):
    """What to preview.

    `beside` are other segments that these may refer to, `around` all funnels and `templates` all
    templates. The references of activations are as they are written.
    """

    segments: Sequence[c.Segment] = ()
    beside: Sequence[c.Segment] = ()
    funnels: Sequence[c.Funnel] = ()
    activations: Sequence[Activation] = ()
    around: Sequence[c.Funnel] = ()
    templates: Sequence[ActivationTemplate] = ()


async def preview_files(
    connection: Connection,
    previewed: Previewed,
    report: Report,
    options: PreviewOptions,
    progress: Progress,
) -> Preview:
    """Counts segments and stages, and shows the first rows of activations.

    Of the columns to show each has those that it knows; what none of them knows is an error.
    What cannot be compiled is in the report.
    """
    definitions = Definitions(
        (*previewed.segments, *previewed.beside), previewed.around, previewed.templates
    )
    exported = frozenset[str]()
    if options.columns and options.columns != ALL:
        for each in previewed.activations:
            exported |= await columns_of(connection, each, definitions)
    counts = await preview(
        connection,
        previewed.segments,
        report,
        options,
        progress,
        beside=previewed.beside,
        funnels=previewed.funnels,
        exported=exported,
    )
    elsewhere = exported
    if previewed.activations and options.sample and previewed.segments:
        attributes = await connection.client.attributes(connection.parent.id)
        elsewhere |= {PROFILE_ID, *(each.name for each in attributes)}
    shown = SampleOptions(options.sample or ROWS, options.columns, options.reveal, elsewhere)
    exports = []
    for each in previewed.activations:
        sample = await sample_export(connection, each, definitions, report, shown)
        if sample is not None:
            exports.append((each, sample))
    return msgspec.structs.replace(counts, exports=tuple(exports))
