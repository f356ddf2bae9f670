"""What a funnel of a file compiles to, what it names, and what it is compared by. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.memberships import memberships
from segdsl.language.references.stage_cycles import report_stage_cycles
from segdsl.language.values import ByName
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import lower, lower_in_any_layout
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.funnels.state import FunnelState, StageState
from segdsl.workspace.kinds.resource import Seen, Use, Wanted
from segdsl.workspace.kinds.seg_files import only_item
from segdsl.workspace.kinds.segments.sources import compile_rule, uses_in, with_models
from segdsl.workspace.project.keys import STAGE, Part, new_part


def uses_of(funnel: c.Funnel) -> list[Use]:
    """The segments and stages that the rules of its stages name, of other funnels and its own."""
    return [
        use
        for stage in funnel.stages
        if stage.segment is not None
        for use in uses_in(stage.segment.condition)
    ]


# --- stages ----------------------------------------------------------------------------


def parts(funnel: c.Funnel, seen: Seen) -> Sequence[Part]:
    """The stages, with the ids of those that are on the server.

    A stage is known by its name. One that was renamed here is the one of the lock that is gone
    and has the same rule, where there is one such on each side.
    """
    there = {} if seen.server is None else {part.name: part.id for part in seen.server.parts}
    ids = set(there.values())
    last = {} if seen.entry is None else {part.name: part.id for part in seen.entry.part_list}
    last = {name: id for name, id in last.items() if id in ids}
    found = {stage.name: last[stage.name] for stage in funnel.stages if stage.name in last}
    if seen.entry is not None:
        found |= _renamed(funnel, seen.entry.source, found, last)
    for stage in funnel.stages:
        id = there.get(stage.name)
        if stage.name not in found and id is not None and id not in found.values():
            found[stage.name] = id
    return tuple(
        Part(STAGE, stage.name, found[stage.name])
        if stage.name in found
        else new_part(STAGE, stage.name, funnel.name)
        for stage in funnel.stages
    )


def _renamed(
    funnel: c.Funnel, source: str, found: Mapping[str, str], last: Mapping[str, str]
) -> dict[str, str]:
    """The ids of stages with new names, by these."""
    here = {stage.name for stage in funnel.stages}
    lost = {name: id for name, id in last.items() if name not in here}
    new = [stage for stage in funnel.stages if stage.name not in found]
    old = only_item(source, lambda resolved: resolved.funnels)
    if not lost or not new or old is None:
        return {}
    rules: dict[object, list[str]] = {}
    for stage in old.stages:
        if stage.name in lost:
            rules.setdefault(_stage_print(stage, old.name), []).append(lost[stage.name])
    by_rule: dict[object, list[str]] = {}
    for stage in new:
        by_rule.setdefault(_stage_print(stage, funnel.name), []).append(stage.name)
    return {
        names[0]: rules[rule][0]
        for rule, names in by_rule.items()
        if len(names) == 1 and len(rules.get(rule, ())) == 1
    }


def _stage_print(stage: c.Stage, funnel: str) -> object:
    """What a stage says but for its name; its own funnel's name counts for nothing."""
    if stage.segment is None:
        return None
    ids: Ids = {
        (node.of, node.target): f"own:{node.target.name}"
        for node in memberships(stage.segment.condition)
        if isinstance(node.target, ByName) and node.target.parent == funnel
    }
    rule = lower(stage.segment, Report(), ids=ids, symbolic=True)
    return None if rule is None else normalise(rule)


# --- compiling -------------------------------------------------------------------------


def compile_funnel(
    funnel: c.Funnel, ids: Ids, seen: Seen, report: Report, layout: Layout
) -> Wanted | None:
    """The state of a funnel; None after a report."""
    server = seen.server
    assert server is None or isinstance(server, FunnelState), "a funnel"
    there = {} if server is None else {stage.id: stage.rule for stage in server.stages}
    report_stage_cycles(funnel, report)
    stages: list[StageState] = []
    failed = False
    for stage, part in zip(funnel.stages, parts(funnel, seen), strict=True):
        if stage.segment is None:
            stages.append(StageState(part.id, stage.name))
            continue
        rule = compile_rule(stage.segment, ids, there.get(part.id) or None, report, layout)
        failed = failed or rule is None
        if rule is not None:
            text = canonical_rule(encode(rule, pretty=False).encode())
            sent = StageState(part.id, stage.name, text, stage.segment.description or "")
            stages.append(sent)
    if failed:
        return None
    folder, name = funnel.place
    return Wanted(None, FunnelState(folder, name, funnel.description or "", tuple(stages)))


def matches(funnel: c.Funnel, state: FunnelState, ids: Ids) -> bool:
    """Whether a funnel has the stages of a state, with their rules."""
    if len(funnel.stages) != len(state.stages):
        return False
    own = {(STAGE, ByName(each.name, state.name)): each.id for each in state.stages}
    for stage, wanted in zip(funnel.stages, state.stages, strict=True):
        rule = ""
        if stage.segment is not None:
            lowered = lower_in_any_layout(stage.segment, Report(), ids={**with_models(ids), **own})
            if lowered is None:
                return False
            rule = canonical_rule(encode(lowered, pretty=False).encode())
        if (stage.name, rule) != (wanted.name, wanted.rule):
            return False
    return True


# --- likeness --------------------------------------------------------------------------


def fingerprint(funnel: c.Funnel) -> tuple[object, ...]:
    """Its stages with their rules, with the names of others in the place of ids."""
    return tuple((stage.name, _stage_print(stage, funnel.name)) for stage in funnel.stages)
