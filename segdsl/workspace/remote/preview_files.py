"""Previews what files define: counts of segments and funnels, first rows of activations."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.activations import Activation, ActivationTemplate
from segdsl.language.condition import tree as c
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.counting import PreviewOptions, Progress, preview
from segdsl.workspace.remote.export_samples import (
    ROWS,
    Definitions,
    SampleOptions,
    sample_export,
)
from segdsl.workspace.remote.preview import Preview


class Previewed(msgspec.Struct, frozen=True):
    """What to preview. `beside` are other segments that these may refer to."""

    segments: Sequence[c.Segment] = ()
    beside: Sequence[c.Segment] = ()
    funnels: Sequence[c.Funnel] = ()
    activations: Sequence[Activation] = ()
    templates: Sequence[ActivationTemplate] = ()


async def preview_files(
    connection: Connection,
    previewed: Previewed,
    report: Report,
    options: PreviewOptions,
    progress: Progress,
    *,
    reveal: bool = False,
) -> Preview:
    """Counts segments and stages, and shows the first rows of activations.

    What cannot be compiled is in the report. With `reveal` personal data is shown.
    """
    counts = await preview(
        connection,
        previewed.segments,
        report,
        options,
        progress,
        beside=previewed.beside,
        funnels=previewed.funnels,
    )
    definitions = Definitions(
        (*previewed.segments, *previewed.beside), previewed.funnels, previewed.templates
    )
    shown = SampleOptions(options.sample or ROWS, options.columns, reveal)
    exports = []
    for each in previewed.activations:
        sample = await sample_export(connection, each, definitions, report, shown)
        if sample is not None:
            exports.append((each, sample))
    return msgspec.structs.replace(counts, exports=tuple(exports))
