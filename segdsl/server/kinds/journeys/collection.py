"""The journeys of a running service: lookups, and what clients may change."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from segdsl.server.errors import (
    ASSOCIATION,
    IMMUTABLE,
    TOO_LONG,
    ApiError,
    Problem,
    existing,
    refuse,
)
from segdsl.server.kinds.activations import responses as activation_responses
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.journeys import checks, responses
from segdsl.server.kinds.journeys.activation_table import (
    ActivationStep,
    ActivationStepTable,
    template_of,
)
from segdsl.server.kinds.journeys.delivering import Deliverer, listed
from segdsl.server.kinds.journeys.model import Bundle, Content, Journey, Path, Step, named_segments
from segdsl.server.kinds.journeys.responses import Surroundings
from segdsl.server.kinds.journeys.run_table import JourneyExecution, RunTable
from segdsl.server.kinds.journeys.runner import JourneyRunner, QueuedRun
from segdsl.server.kinds.journeys.table import (
    STAGES,
    TABLE,
    JourneyTable,
    NoSuchStageError,
)
from segdsl.server.kinds.placement import Paths, check_name, deleting, placing
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.kinds.segments.table import JOURNEY, SegmentContent
from segdsl.server.service import Collection, Item, Json, Service

NAME, BUNDLE_NAME, STAGE_NAME = "journey", "journey bundle", "journey stage"
_UNKNOWN = "UNKNOWN"
"""The validation code of runs that cannot start: nothing public says which it is."""
_EXCLUDED = "Excluded path"


class Journeys(Collection):
    """The journeys of the parent segment, with all their versions."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.table = JourneyTable(service.store)
        self.activations = ActivationStepTable(service.store)
        self.runs = RunTable(service.store)
        self._runner = JourneyRunner(service, self.runs, Deliverer(service, self.activations))

    def close(self) -> None:
        self._runner.close()

    # --- lookups -----------------------------------------------------------------------------

    def all(self) -> list[Journey]:
        """All versions of all journeys, by id."""
        return self.table.all(self.service.audience)

    def find(self, id: int) -> Journey:
        """Raises ApiError (404)."""
        return existing(self.table.find(self.service.audience, id), NAME, id)

    def bundle(self, id: int) -> Bundle:
        """Raises ApiError (404)."""
        return existing(self.table.bundle(self.service.audience, id), BUNDLE_NAME, id)

    def below(self, folder: int) -> list[Journey]:
        """The journeys in a folder and in those below it (observed of the root folder)."""
        top = self.service[Folders].find(folder)
        parents = {each.id: each.parent for each in self.service[Folders].all()}

        def is_inside(id: int | None) -> bool:
            while id is not None and id != top.id:
                id = parents.get(id)
            return id is not None

        return [journey for journey in self.all() if is_inside(journey.folder)]

    def around(self) -> Surroundings:
        """What answers say of journeys beside themselves."""
        journeys = {journey.id: journey for journey in self.all()}
        steps: dict[int, list[ActivationStep]] = {}
        for step in self.activations.of_journeys(journeys):
            steps.setdefault(step.journey, []).append(step)
        ids = [each.syndication for of in steps.values() for each in of]
        return Surroundings(
            journeys,
            self.table.bundles(self.service.audience),
            self.runs.latest(journeys),
            {folder.id: folder.name for folder in self.service[Folders].all()},
            steps,
            self.activations.deliveries(id for id in ids if id is not None),
            self.service.strict,
        )

    def items(self, folder: int | None = None) -> Iterator[Item]:
        journeys = [each for each in self.all() if folder in (None, each.folder)]
        if journeys:
            around = self.around()
            yield from (responses.item(journey, around) for journey in journeys)

    def syndications(self, *, with_details: bool) -> Iterator[Json]:
        """The activations of launched journeys among all activations (observed)."""
        around = self.around()
        zone, now = self.service.data.parent.timezone, self.service.clock()
        for journey in around.journeys.values():
            for step in around.activations.get(journey.id, ()):
                if step.syndication is None:
                    continue
                executions = around.deliveries[step.syndication]
                details = activation_responses.Details(True, executions, zone, now)
                plain = activation_responses.plain(
                    listed(journey, step), details if with_details else None
                )
                # It is sent to those of a step, and not of a segment.
                del plain["segmentId"]
                yield plain

    def follow_template(
        self, db: sqlite3.Connection, template: int, change: Callable[[Json], Json], now: int
    ) -> None:
        self.activations.follow_template(db, template, change, now)

    def template_uses(self) -> Counter[int]:
        steps = self.activations.of_journeys(journey.id for journey in self.all())
        used = (template_of(step.content) for step in steps)
        return Counter(each for each in used if each is not None)

    # --- changes -----------------------------------------------------------------------------

    def create(
        self,
        wanted: Content,
        folder: int,
        paths: Paths,
        place: str,
        *,
        bundle: int | None = None,
        description: str | None = None,
    ) -> Journey:
        """Creates a journey, or the next version of one. Raises ApiError (400, 404)."""
        owner = None if bundle is None else self.bundle(bundle)
        if owner is not None:
            self.check_appendable(owner, f"{place}.journeyBundleId")
        for at, stage in enumerate(wanted.stages):
            if stage.id is not None:
                message = "the stage of a new journey has no id"
                raise refuse(message, f"{place}.journeyStages[{at}].id", ASSOCIATION)
        self._check(wanted, None, paths, place)
        with placing(paths):
            journey = self.table.create(
                self.service.audience,
                self._with_segments(wanted, folder if owner is None else owner.folder),
                folder,
                self.service.clock(),
                bundle=owner,
                description=description,
            )
        self._take_up(journey)
        return journey

    def update(self, before: Journey, wanted: Content, paths: Paths, place: str) -> Journey:
        """Raises ApiError (400, 404; 409 where another journey jumps to a stage that goes)."""
        wanted = _with_known_segments(wanted, before.content)
        self._check_mutable(before, wanted, place)
        self._check(wanted, before, paths, place)
        now = self.service.clock()
        launched = before.launched
        if wanted.state == "launched" and not before.is_launched:
            launched = now
        try:
            with placing(paths), deleting("stage", STAGES):
                updated = self.table.update(
                    self.service.audience,
                    before.id,
                    self._with_segments(wanted, before.folder),
                    now,
                    launched=launched,
                )
        except NoSuchStageError as error:
            message = f"the journey has no stage `{wanted.stages[error.position].id}`"
            path = f"{place}.journeyStages[{error.position}].id"
            raise refuse(message, path, ASSOCIATION) from None
        journey = existing(updated, NAME, before.id)
        self._take_up(journey)
        return journey

    def update_bundle(self, bundle: Bundle, paths: Paths, place: str) -> Bundle:
        """Raises ApiError (400): the latest is a launched version of the bundle (described)."""
        before = self.bundle(bundle.id)
        check_name(bundle.name, paths.name)
        if bundle.latest != before.latest:
            latest = self.table.find(self.service.audience, bundle.latest)
            path = f"{place}.latestJourneyId"
            if latest is None or latest.bundle != bundle.id:
                message = f"the bundle has no journey with the id `{bundle.latest}`"
                raise refuse(message, path, ASSOCIATION)
            if not latest.is_launched:
                message = f"the journey `{latest.id}` is not launched"
                raise refuse(message, path, ASSOCIATION)
        with placing(paths):
            self.table.update_bundle(bundle)
        if bundle.folder != before.folder:
            for journey in self.table.versions(bundle.id):
                self._take_up(journey)
        return bundle

    def delete(self, ids: Iterable[int], name: str = NAME) -> None:
        """Deletes versions, with the segments that are their rules and nobody else's (assumed).

        Raises ApiError (409 where others refer to them).
        """
        segments = self.service[Segments].table
        audience = self.service.audience

        def settle(db: sqlite3.Connection, unused: list[int]) -> None:
            own = [
                id
                for id in unused
                if (found := segments.find_in(db, audience, id)) is not None
                and found.kind == JOURNEY
            ]
            segments.delete_in(db, audience, own)

        with deleting(name, TABLE):
            self.table.delete(audience, ids, settle)

    def set_paused(self, journey: Journey, *, paused: bool) -> Journey:
        """Raises ApiError (400) for a journey that is not launched (assumed)."""
        if not journey.is_launched:
            raise refuse("only a launched journey can be paused or resumed", "$", ASSOCIATION)
        now = self.service.clock()
        at = None
        if paused:
            at = now if journey.paused is None else journey.paused
        changed = self.table.set_paused(self.service.audience, journey.id, at, now)
        return existing(changed, NAME, journey.id)

    def run(self, journey: Journey) -> JourneyExecution:
        """Queues a run, which goes on in the background. Raises ApiError (404, 409, 422)."""
        if not journey.is_launched or journey.paused is not None:
            why = "is not launched" if not journey.is_launched else "is paused"
            message = f"the journey `{journey.name}` {why}"
            raise ApiError(422, [Problem(message, None, _UNKNOWN)])
        try:
            execution = self.runs.start(journey.id, self.service.clock())
        except sqlite3.IntegrityError:
            return existing(None, NAME, journey.id)
        if execution is None:
            message = f"a run of the journey `{journey.name}` is in progress"
            raise ApiError(409, [Problem(message, None, _UNKNOWN)])
        self._runner.run(QueuedRun(journey, self.bundle(journey.bundle).name, execution))
        return execution

    def take_over(self, queued: Iterable[QueuedRun]) -> None:
        """Carries out runs that are queued in the store, in the background."""
        for each in queued:
            self._runner.run(each)

    # --- checks ------------------------------------------------------------------------------

    def check_appendable(self, bundle: Bundle, path: str) -> None:
        """Raises ApiError (400) for a bundle that has all the versions that it can have."""
        if len(self.table.versions(bundle.id)) >= checks.MOST_VERSIONS:
            message = f"a journey has at most {checks.MOST_VERSIONS} versions"
            raise refuse(message, path, TOO_LONG)

    def _check(self, wanted: Content, before: Journey | None, paths: Paths, place: str) -> None:
        check_name(wanted.name, paths.name)
        problems = [
            *checks.limit_problems(wanted, place),
            *checks.zone_problems(wanted, place),
            *self._segment_problems(wanted, place),
            *self._target_problems(wanted, before, place),
        ]
        if not problems and wanted.state == "launched":
            owned = () if before is None else self.activations.of_journeys([before.id])
            ids = {str(step.id) for step in owned}
            problems = list(checks.launch_problems(wanted, ids, place))
        if problems:
            raise ApiError(400, problems)

    def _check_mutable(self, before: Journey, wanted: Content, place: str) -> None:
        """A launched version keeps all but its name and description."""
        if not before.is_launched:
            return
        same = msgspec.structs.replace(
            before.content, name=wanted.name, description=wanted.description
        )
        if same != wanted:
            message = "a launched version cannot change: create a new version of the journey"
            raise refuse(message, place, IMMUTABLE)

    def _segment_problems(self, wanted: Content, place: str) -> Iterator[Problem]:
        """Batch segments are refused as rules of journeys (documented)."""
        table, audience = self.service[Segments].table, self.service.audience
        for path, id in named_segments(wanted):
            segment = table.find(audience, int(id))
            if segment is None:
                message = f"there is no segment with the id `{id}`"
                yield Problem(message, f"{place}{path}", ASSOCIATION)
            elif segment.kind != JOURNEY:
                message = (
                    f"the segment `{segment.name}` (id {id}) is not a rule of a journey: "
                    "create one of the kind 3 that refers to it"
                )
                yield Problem(message, f"{place}{path}", ASSOCIATION)

    def _target_problems(
        self, wanted: Content, before: Journey | None, place: str
    ) -> Iterator[Problem]:
        for path, journey, stage in checks.places_of_jumps(wanted, place):
            if before is not None and journey == before.id:
                has_stage = any(each.id == stage for each in wanted.stages)
            else:
                target = self.table.find(self.service.audience, journey)
                has_stage = target is not None and target.stage(stage) is not None
            if not has_stage:
                message = f"there is no stage `{stage}` of a journey with the id `{journey}`"
                yield Problem(message, path, ASSOCIATION)

    # --- segments ----------------------------------------------------------------------------

    def _with_segments(self, wanted: Content, folder: int) -> Content:
        """The content where excluded paths have segments of their own (observed)."""
        segments = self.service[Segments].table
        audience, now = self.service.audience, self.service.clock()

        def completed(path: Path) -> Path:
            if not path.excluded_path or path.segment_id is not None:
                return path
            rule = SegmentContent(path.name or _EXCLUDED, folder, kind=JOURNEY)
            made = segments.create(audience, rule, now)
            return msgspec.structs.replace(path, segment_id=str(made.id))

        def whole(id: str, step: Step) -> Step:
            if step.branches is None:
                return step
            return msgspec.structs.replace(step, branches=tuple(map(completed, step.branches)))

        return _map_steps(wanted, whole)

    def _take_up(self, journey: Journey) -> None:
        """Moves the rules of a journey to its folder; announces activations of a launched one."""
        segments = self.service[Segments].table
        with self.service.store.write() as db:
            segments.move_in(
                db, {int(id) for _, id in named_segments(journey.content)}, journey.folder
            )
        if journey.is_launched:
            self.activations.announce(journey.id)


def _with_known_segments(wanted: Content, before: Content) -> Content:
    """The content where excluded paths keep the segments that they had, by their steps."""
    known = {
        (id, at): path.segment_id
        for stage in before.stages
        for id, step in stage.content.steps.items()
        for at, path in enumerate(step.branches or ())
        if path.excluded_path
    }

    def kept(id: str, step: Step) -> Step:
        if step.branches is None:
            return step
        branches = tuple(
            msgspec.structs.replace(path, segment_id=known.get((id, at)))
            if path.excluded_path and path.segment_id is None
            else path
            for at, path in enumerate(step.branches)
        )
        return msgspec.structs.replace(step, branches=branches)

    return _map_steps(wanted, kept)


def _map_steps(content: Content, change: Callable[[str, Step], Step]) -> Content:
    stages = []
    for stage in content.stages:
        steps = {id: change(id, step) for id, step in stage.content.steps.items()}
        inner = msgspec.structs.replace(stage.content, steps=steps)
        stages.append(msgspec.structs.replace(stage, content=inner))
    return msgspec.structs.replace(content, stages=tuple(stages))
