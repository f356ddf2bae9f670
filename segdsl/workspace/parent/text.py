"""Plans and the state of a parent segment as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from segdsl.diagnostics.places import counted
from segdsl.parent_segment.changes import Action, Change
from segdsl.parent_segment.schedules import in_words
from segdsl.terminal import visible
from segdsl.workspace.parent.commands import ParentStatus
from segdsl.workspace.parent.planning import ParentPlan
from segdsl.workspace.parent.users import User, Vanishing

_SIGNS: dict[Action, str] = {"add": "+", "remove": "-", "change": "~"}


def changes_text(changes: Iterable[Change]) -> list[str]:
    """A line for each change."""
    return [f"  {_SIGNS[each.action]} {visible(each.in_words)}" for each in changes]


def plan_text(plan: ParentPlan) -> str:
    """A plan as lines."""
    return "".join(f"{line}\n" for line in _plan(plan))


def _plan(plan: ParentPlan) -> Iterator[str]:
    name = visible(plan.name)
    if plan.action == "none":
        yield f"No changes. {name} (#{plan.id}) is as {visible(plan.file)} says."
        return
    if plan.action == "create":
        yield f"+ create the parent segment {name}"
        wanted = plan.wanted
        attributes = sum(len(each.columns) for each in wanted.attributes)
        yield f"    master table {visible(str(wanted.master.table))}"
        behaviors = counted(len(wanted.behaviors), "behavior")
        yield f"    {counted(attributes, 'attribute')}, {behaviors}"
        yield f"    runs {visible(in_words(wanted.schedule))}"
        return
    yield f"~ {name} (#{plan.id})"
    yield from changes_text(plan.changes)
    yield from _vanishes(plan)
    if plan.why is not None:
        yield ""
        yield f"conflict: {name} (#{plan.id}): {plan.why}"
        yield from changes_text(plan.theirs)
        yield "  run `segdsl parent pull`; `--keep` keeps the file, and marks the server as seen"


def _vanishes(plan: ParentPlan) -> Iterator[str]:
    if plan.action != "replace":
        return
    yield ""
    if not plan.gone:
        yield "All attributes, behaviors and filters are sent again; none of them disappears."
        return
    yield f"{counted(len(plan.gone), 'field')} would disappear:"
    for each in plan.vanishing:
        yield from _field(each)
    for reason in plan.unread:
        yield f"  not read, and may use them, too: {visible(reason)}"


def _field(vanishing: Vanishing) -> Iterator[str]:
    users = vanishing.users
    used = f", used by {len(users)}:" if users else ", used by nothing"
    yield f"  {visible(vanishing.field.in_words)}{used}"
    for user in users:
        yield f"    {user_text(user)}"


def user_text(user: User) -> str:
    """A user on one line: `segment VIPs/Tokyo #12`, or `segment Tokyo vip.seg:3`."""
    where = f"#{user.id}" if user.file is None else f"{visible(user.file)}:{user.line}"
    return f"{user.kind} {visible(user.path)}  {where}"


def status_text(status: ParentStatus) -> str:
    """The state of a parent segment as lines."""
    return "".join(f"{line}\n" for line in _status(status))


def _status(status: ParentStatus) -> Iterator[str]:
    record, configuration = status.there.record, status.there.reading.configuration
    timezone = "" if configuration.timezone is None else f" in {configuration.timezone}"
    population = "not known" if record.population is None else f"{record.population:,}"
    yield f"{visible(record.name)} (#{record.id})"
    yield f"  runs        {visible(in_words(configuration.schedule) + timezone)}"
    yield f"  population  {population}"
    yield f"  built       {visible(record.matrix_updated_at or 'never')}"
    for number, each in enumerate(status.runs or ()):
        begin = "last runs" if number == 0 else ""
        end = "" if each.finished_at is None else f" to {each.finished_at}"
        when = f"{each.created_at or ''}{end}"
        yield visible(f"  {begin:<10}  {each.status or 'unknown':<9} {when}".rstrip())
        if each.message is not None:
            yield visible(f"{'':<14}{each.message}")
    if status.runs is None:
        yield "  last runs   not known: the server does not list them"
    elif not status.runs:
        yield "  last runs   none"
