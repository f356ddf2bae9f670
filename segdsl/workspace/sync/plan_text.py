"""A plan for people: lines for a terminal, markdown for a pull request.

Differences are shown in `.seg` source. Nothing is decided here.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Iterator, Sequence

import click

from segdsl.diagnostics.places import counted
from segdsl.diagnostics.render import NARROWEST, folded
from segdsl.terminal import visible
from segdsl.workspace.kinds.effects import Effect, Effects, PartEffect, Reached
from segdsl.workspace.kinds.resource import Change, Version
from segdsl.workspace.project.keys import SEGMENT, noun
from segdsl.workspace.sync.plan import Conflict, Plan, Rename, UnmanagedResource, Why

_Line = tuple[str, str | None]
"""A line and its colour."""
_SIGNS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}
REACHED = "refers to a segment that changes"
FORCED = "forced: overwrites the version on the server"
FORCED_AGAIN = "forced: creates it again, although it was deleted on the server"
CONTEXT = 2
"""Lines around each change."""
MAX_UNMANAGED = 20
"""Resources that no file can hold, which a plan lists one by one."""
INEXPRESSIBLE = "(a part of it cannot be written in the language)\n"


def plan_text(plan: Plan, effects: Effects, *, color: bool, width: int | None = None) -> str:
    """The plan in lines, of at most `width` cells where that is given."""
    return _styled(_lines(plan, effects), color, width)


def conflict_text(conflicts: Iterable[Conflict], *, color: bool, width: int | None = None) -> str:
    """Conflicts in lines, as `plan_text`."""
    return _styled((line for each in conflicts for line in _conflict(each)), color, width)


def _styled(lines: Iterable[_Line], color: bool, width: int | None) -> str:
    return "".join(
        (click.style(line, fg=look) if color and look else line) + "\n"
        for text, look in lines
        for line in _fitted(text.rstrip(), width)
    )


def _fitted(text: str, width: int | None) -> Iterable[str]:
    return [text] if width is None else folded(text, max(width, NARROWEST))


def _lines(plan: Plan, effects: Effects) -> Iterator[_Line]:
    for number, change in enumerate(plan.changes):
        sign, look = _SIGNS[change.action]
        yield f"{sign} {_headline(change)}", look
        if change.forced:
            yield f"    {_forced(change)}", "red"
        if number in effects.by_change:
            yield f"    {effect_text(effects.by_change[number])}", None
        for part in effects.parts.get(number, ()):
            yield f"    {visible(part_text(part))}", None
        for note in change.notes:
            yield f"    {visible(note)}", None
        if change.before is not None and change.after is not None:
            for line in difference(change.before, change.after):
                yield f"    {visible(line)}", _look(line)
    for each in _affected(effects):
        yield f"> also    {visible(_path(each))}{_id(each.id)}: {REACHED}", "yellow"
        yield f"    {effect_text(each.effect)}", None
    if effects.uncounted:
        yield f"> also    {_uncounted(effects)}", "yellow"
    for conflict in plan.conflicts:
        yield from _conflict(conflict)
    for rename in plan.renames:
        yield f"? renamed   {_rename(rename)}", "yellow"
        yield f"    {_rename_advice(rename)}", None
    for entry in plan.left:
        path = visible(entry.key.title)
        yield f". left      {path} (#{entry.id}): no longer in any file; --prune deletes it", None
    for resource in plan.unmanaged[:MAX_UNMANAGED]:
        yield f". skipped   {visible(_unmanaged(resource))}", None
    if len(plan.unmanaged) > MAX_UNMANAGED:
        yield (
            f". skipped   {len(plan.unmanaged) - MAX_UNMANAGED:,} more; --format json lists all",
            None,
        )
    yield summary(plan), None


def _rename(rename: Rename) -> str:
    old, new = visible(rename.old_key.path), visible(rename.key.path)
    why = ", ".join(rename.why)
    return f"{new} looks like {old} (#{rename.id}), which is no longer in any file: {why}"


def _rename_advice(rename: Rename) -> str:
    old, new = shlex.quote(rename.old_key.path), shlex.quote(rename.key.path)
    kept = "its id and its activations" if rename.kind == SEGMENT else "its id"
    return (
        f"`segdsl mv {visible(old)} {visible(new)}` keeps {kept}; "
        f"--as-new creates another {rename.kind}"
    )


def _unmanaged(resource: UnmanagedResource) -> str:
    name = resource.key.title if resource.name.strip() else f"a {resource.kind} without a name"
    return f"{name}{_id(resource.id or None)}: {resource.why}"


def _conflict(conflict: Conflict) -> Iterator[_Line]:
    yield (
        f"! conflict  {visible(_path(conflict))}{_id(conflict.id)}: {visible(conflict.why)}",
        "red",
    )
    for note in conflict.notes:
        yield f"    {visible(note)}", None
    for title, lines in three_ways(conflict):
        yield f"    {title}:", None
        for line in lines:
            yield f"      {visible(line)}", _look(line)
    yield f"    {advice(conflict)}", None


def _look(line: str) -> str | None:
    return {"+": "green", "-": "red"}.get(line[:1])


def summary(plan: Plan) -> str:
    """How many of what, in a line of sentences."""
    actions = [change.action for change in plan.changes]
    parts = [
        f"{actions.count(action)} to {action}"
        for action in ("create", "update", "delete")
        if action in actions
    ]
    if plan.conflicts:
        parts.append(counted(len(plan.conflicts), "conflict"))
    if plan.renames:
        parts.append(f"{len(plan.renames)} may be renamed")
    sentences = [f"Plan: {', '.join(parts)}." if parts else "No changes."]
    unchanged = len(plan.unchanged)
    if unchanged:
        nouns = counted(unchanged, noun(entry.kind for entry in plan.unchanged))
        sentences.append(f"{nouns} {_are(unchanged)} up to date.")
    if plan.others:
        sentences.append(f"{plan.others:,} more {_are(plan.others)} only on the server.")
    return " ".join(sentences)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _headline(change: Change) -> str:
    name = visible(change.state.key.title)
    if change.before is None or change.after is None:
        where = f"  ({visible(change.file)})" if change.before is None else ""
        return f"{change.action}  {name}{_id(change.id)}{where}"
    old = change.before.state
    words = [each for each in change.what if each not in ("moved", "renamed")]
    if old.key != change.after.state.key:
        words.insert(0, f"was {visible(old.key.path)}")
    return f"update  {name}{_id(change.id)}: {', '.join(words)}"


def _forced(change: Change) -> str:
    return FORCED_AGAIN if change.action == "create" else FORCED


def _affected(effects: Effects) -> list[Reached]:
    """The segments outside the plan whose profiles change, or may change."""
    return [
        each
        for each in effects.reached
        if each.effect.error is not None or each.effect.joins or each.effect.leaves
    ]


def _uncounted(effects: Effects) -> str:
    if effects.uncounted == 1:
        return "1 more affected segment was not counted"
    return f"{effects.uncounted:,} more affected segments were not counted"


def _path(resource: Conflict | Reached) -> str:
    return resource.key.title


def _id(id: str | None) -> str:
    return "" if id is None else f" (#{id})"


def effect_text(effect: Effect) -> str:
    """`1,200 → 1,350 profiles: 170 join, 20 leave`."""
    if effect.error is not None:
        return f"profiles unknown: {effect.error}"
    joins = f"{effect.joins or 0:,} join"
    leaves = f"{effect.leaves or 0:,} leave"
    if effect.before is None:
        return counted(effect.after or 0, "profile")
    if effect.after is None:
        return f"{counted(effect.before, 'profile')} {_leave(effect.before)}"
    return f"{effect.before:,} → {effect.after:,} profiles: {joins}, {leaves}"


def part_text(part: PartEffect) -> str:
    """`“Interest”: 1,200 → 1,350 profiles: 170 join, 20 leave`."""
    return f"“{part.name}”: {effect_text(part.effect)}"


def _leave(number: int) -> str:
    return "leaves" if number == 1 else "leave"


def difference(before: Version, after: Version) -> list[str]:
    """The lines of a unified diff of two sources, without its head; `…` is for more than one line
    that stays as it is between two changes."""
    return _diff(before.source, after.source)


def _diff(before: str | None, after: str | None) -> list[str]:
    old = (before or INEXPRESSIBLE).splitlines()
    new = (after or INEXPRESSIBLE).splitlines()
    lines: list[str] = []
    shown = 0
    for group in difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        left_out = old[shown : group[0][1]] if lines else []
        lines += (
            [f" {line}" for line in left_out] if len(left_out) == 1 else [" …"] * bool(left_out)
        )
        for _, first, end, new_first, new_end in group:
            if old[first:end] == new[new_first:new_end]:
                lines += [f" {line}" for line in old[first:end]]
                continue
            lines += [f"-{line}" for line in old[first:end]]
            lines += [f"+{line}" for line in new[new_first:new_end]]
        shown = group[-1][2]
    # A line of context that says nothing would stand between the head and what it is about.
    return lines[1:] if lines[:1] == [" "] else lines


_ON_BOTH: tuple[Why, ...] = (
    "changed on both sides",
    "changed on the server",
    "on both sides, but not in the lock",
)
"""Conflicts of what is on the server, also where it cannot be written in the language."""
_DELETED_HERE: Why = "deleted here, changed on the server"


def three_ways(conflict: Conflict) -> Iterator[tuple[str, list[str]]]:
    """How each side differs from the last seen state; or the two sides, where there is none."""
    here, there = conflict.here, conflict.there
    if conflict.base is None:
        is_there = there is not None or conflict.why in _ON_BOTH
        if here is not None and is_there and (lines := _diff(there, here)):
            yield "on the server (-) and here (+)", lines
        return
    # A side that reads as it did has nothing to show; where neither does, the notes say more.
    if here is not None and (lines := _diff(conflict.base, here)):
        yield "last seen (-) and here (+)", lines
    if (there is not None or conflict.why in _ON_BOTH) and (lines := _diff(conflict.base, there)):
        yield "last seen (-) and on the server (+)", lines


def advice(conflict: Conflict) -> str:
    """What to do about a conflict."""
    if conflict.why in (*_ON_BOTH, _DELETED_HERE) and conflict.there is None:
        options = "--prune --force" if conflict.here is None else "--force"
        overwrite = "delete" if conflict.here is None else "overwrite"
        return (
            "no file can hold the server's version: change it in the console to what the "
            f"language supports, or {overwrite} it with `segdsl apply {options}`"
        )
    match conflict.why:
        case "changed on the server":
            return (
                "use the server's version with `segdsl pull`, or merge its change into the file "
                "and mark it as seen with `segdsl pull --keep NAME`, or overwrite it with "
                "`segdsl apply --force`"
            )
        case "deleted on the server":
            return "delete it here, too, or create it again with `segdsl apply --force`"
        case "deleted here, changed on the server":
            return (
                "restore it with `segdsl pull NAME`, or delete it with "
                "`segdsl apply --prune --force`"
            )
        case "changed on both sides" | "on both sides, but not in the lock":
            return (
                "merge both versions in the file and run `segdsl pull --keep NAME`, use the "
                "server's version with `segdsl pull --force NAME`, or overwrite it with "
                "`segdsl apply --force`"
            )
        case "a name in it now refers to something else":
            return (
                "`segdsl pull` refers to the same one by its current name or its id; if the name "
                "is in a definition, change it there; `segdsl apply --force` uses the one "
                "that has the name now"
            )
        case "in a folder that a file cannot name":
            return (
                "rename its folder in the console to a name without `/` and without blanks at its "
                "ends, or move it to another folder; or remove it from the file here"
            )
        case "in an unsupported form on the server":
            return (
                "inspect it in the console or with `segdsl show --json`, or remove it from the "
                "file here"
            )
        case "another resource has its path here":
            return (
                "move the other one; or, if it is meant to move on the server, too, pull "
                "without NAME, which moves both"
            )


# --- other forms -----------------------------------------------------------------------


LONGEST = 60_000
"""Characters of a comment: GitHub takes no more than 65,536."""


def plan_markdown(plan: Plan, effects: Effects) -> str:
    """The plan as the comment of a pull request.

    What does not fit into a comment is left out with a note, conflicts last of all.
    """
    title = f"### segdsl plan for `{plan.target}`\n\n{summary(plan)}\n"
    conflicts = ["\n".join(_conflict_markdown(each)) for each in plan.conflicts]
    changes = [
        "\n".join(
            _change_markdown(change, effects.by_change.get(number), effects.parts.get(number, ()))
        )
        for number, change in enumerate(plan.changes)
    ]
    also = ["\n".join(_reached_markdown(each)) for each in _affected(effects)]
    if effects.uncounted:
        also.append(f"\n{_uncounted(effects)}.")
    renames = [
        f"\n**{_escaped(_rename(each))}**\n\n{_rename_advice(each)}" for each in plan.renames
    ]
    left = [f"- {_escaped(each.key.title)} (#{each.id})" for each in plan.left]
    disputed, room = _that_fit(conflicts, "conflicts", LONGEST - len(title))
    renamed, room = _that_fit(renames, "that may be renamed", room)
    changing, room = _that_fit(changes, "changes", room)
    reached, room = _that_fit(also, "segments that refer to what changes", room)
    staying, room = _that_fit(left, "of these", room)
    if staying:
        intro = "These are no longer in any file, and stay on the server without `--prune`:"
        staying = f"\n{intro}\n\n{staying}"
    alone, _ = _that_fit(
        [f"- {_escaped(_unmanaged(each))}" for each in plan.unmanaged], "of these", room
    )
    if alone:
        alone = f"\nThese are on the server, and no file can hold them:\n\n{alone}"
    return title + renamed + changing + reached + disputed + staying + alone


def _that_fit(blocks: list[str], what: str, room: int) -> tuple[str, int]:
    """The first blocks that there is room for, and the room that is left."""
    text = ""
    for number, block in enumerate(blocks):
        if len(block) + 1 > room:
            more = f"{len(blocks) - number:,} more {what}"
            return f"{text}\n…and {more}: `segdsl plan` shows all of them.\n", 0
        text += f"{block}\n"
        room -= len(block) + 1
    return text, room


def _change_markdown(
    change: Change, effect: Effect | None, parts: Sequence[PartEffect]
) -> Iterator[str]:
    yield ""
    yield f"**{_escaped(_headline(change))}**"
    if change.forced:
        yield ""
        yield _forced(change)
    if effect is not None:
        yield ""
        yield effect_text(effect)
    if parts:
        yield ""
        yield from (f"- {_escaped(part_text(part))}" for part in parts)
    if change.notes:
        yield ""
        yield from (f"- {_escaped(note)}" for note in change.notes)
    if change.before is not None and change.after is not None:
        yield from _fenced(difference(change.before, change.after))


def _reached_markdown(reached: Reached) -> Iterator[str]:
    yield ""
    yield f"**also {_escaped(_path(reached))}{_id(reached.id)}**, which {REACHED}"
    yield ""
    yield effect_text(reached.effect)


def _conflict_markdown(conflict: Conflict) -> Iterator[str]:
    yield ""
    yield f"**Conflict: {_escaped(_path(conflict))}{_id(conflict.id)}**, {conflict.why}"
    for note in conflict.notes:
        yield ""
        yield f"{_escaped(note)}."
    for title, lines in three_ways(conflict):
        yield ""
        yield f"{title}:"
        yield from _fenced(lines)
    yield ""
    yield advice(conflict)


def _fenced(lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    if not lines:
        return
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    yield ""
    yield f"{fence}diff"
    yield from (visible(line) for line in lines)
    yield fence


def _escaped(text: str) -> str:
    """Text without meaning in markdown."""
    text = visible(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{char}" if char in "\\`*_{}[]()#+!|~@" else char for char in text)
