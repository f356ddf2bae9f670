"""What keeps a plan from deleting or repeating everything by mistake.

A workspace that has lost its files, the wrong folder, and a lock of another server all look like
a request to delete or to create a lot. Pure.
"""

from __future__ import annotations

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.places import counted
from segdsl.language.syntax.spelling import string
from segdsl.workspace.kinds.resource import Server
from segdsl.workspace.project.keys import noun
from segdsl.workspace.project.lock import Lock, LockError
from segdsl.workspace.sync.plan import Plan

FEW = 3
"""From this many on, resources that are all gone are more likely a mistake than intended."""
_NAMED = 5


def check_same_server(lock: Lock, server: Server, where: str) -> None:
    """Raises LockError where a server has none of the resources in a lock (`where`)."""
    known = lock.by_ref.keys()
    if len(known) < FEW or not known.isdisjoint({*server.resources, *server.unmanaged_by_ref}):
        return
    nouns = f"{noun(ref.kind for ref in known)}s"
    raise LockError(
        f"none of the {len(known)} {nouns} in {where} is on the server: check the region "
        "(or `data`, `store`, `url`) and `parent_segment` of the target in segdsl.toml, and that "
        "the lock is that of this target; if all of them were deleted there, delete the lock"
    )


def check_not_empty(resources: int, lock: Lock, folder: str, report: Report) -> None:
    """Reports a workspace that has no resource at all."""
    if resources:
        return
    problem = f"no file of the workspace `{folder}` defines anything"
    if lock.entries:
        known = counted(len(lock.entries), noun(entry.kind for entry in lock.entries))
        problem += f", but the lock has {known}"
        help = (
            "check that this is the right folder and that its files are there; if it is meant "
            "to be empty, pass --allow-empty"
        )
    else:
        help = (
            "check that this is the right folder; `segdsl pull` writes what the server has into "
            "it; if it is meant to be empty, pass --allow-empty"
        )
    report.add(Code.SEG312, None, problem, help=help)


def check_deletions(plan: Plan, lock: Lock, report: Report) -> None:
    """Reports a plan that deletes most of what is in the lock."""
    deleted = [change for change in plan.changes if change.after is None]
    if len(deleted) < FEW or 2 * len(deleted) <= len(lock.entries):
        return
    nouns = f"{noun(entry.kind for entry in lock.entries)}s"
    names = ", ".join(string(change.state.name) for change in deleted[:_NAMED])
    more = f" and {len(deleted) - _NAMED} more" if len(deleted) > _NAMED else ""
    report.add(
        Code.SEG312,
        None,
        f"{len(deleted)} of the {len(lock.entries)} {nouns} in the lock would be "
        f"deleted: {names}{more}",
        help="check that no file is missing; if all of them are to be deleted, pass --allow-empty",
    )
