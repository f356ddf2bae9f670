"""The activation templates of a running service: lookups, and what clients may change.

A template can be deleted while activations are made from it: they fail from then on (documented).
An edit of what a published one locks changes them (documented).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator

from segdsl.server.errors import ApiError, existing
from segdsl.server.kinds.account import Account
from segdsl.server.kinds.activations import checks, responses
from segdsl.server.kinds.activations.request_models import delivery
from segdsl.server.kinds.activations.table import ActivationTable, Content
from segdsl.server.kinds.activations.template_locks import followed
from segdsl.server.kinds.activations.template_table import (
    Template,
    TemplateContent,
    TemplateTable,
)
from segdsl.server.kinds.placement import Paths, check_name, placing
from segdsl.server.service import Collection, Item, Json, Service

NAME = "activation template"


class Templates(Collection):
    """The activation templates of the parent segment."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.table = TemplateTable(service.store)
        self._activations = ActivationTable(service.store)

    def all(self, folder: int | None = None) -> list[Template]:
        """All templates by id, or those of one folder."""
        return self.table.all(self.service.audience, folder)

    def find(self, id: int) -> Template:
        """Raises ApiError (404)."""
        return existing(self.table.find(self.service.audience, id), NAME, id)

    def find_or_none(self, id: int) -> Template | None:
        return self.table.find(self.service.audience, id)

    def resources(self, templates: list[Template]) -> list[Json]:
        """The templates as they are answered."""
        counts = Counter(self._activations.counts_of_templates(self.service.audience))
        for collection in self.service.collections:
            counts.update(collection.template_uses())
        return [
            responses.template(
                template, counts[template.id], is_available=self.is_available(template)
            )
            for template in templates
        ]

    def is_available(self, template: Template) -> bool:
        """Whether an activation can be made from it: the data has all that it names (assumed)."""
        service = self.service
        found = checks.problems(
            delivery(template.content),
            service[Account],
            service.data.catalog,
            service.data.parent,
            None,
            "$",
        )
        return next(found, None) is None

    def items(self, folder: int | None = None) -> Iterator[Item]:
        templates = self.all(folder)
        for template, resource in zip(templates, self.resources(templates), strict=True):
            yield responses.template_item(template, resource)

    # --- changes -----------------------------------------------------------------------------

    def create(self, wanted: TemplateContent, paths: Paths, place: str) -> Template:
        """Raises ApiError (400)."""
        self._check(wanted, paths, place)
        with placing(paths):
            return self.table.create(self.service.audience, wanted, self.service.clock())

    def update(self, id: int, wanted: TemplateContent, paths: Paths, place: str) -> Template:
        """Changes its activations too, see `template_locks`. Raises ApiError (400, 404)."""
        self._check(wanted, paths, place)
        now = self.service.clock()

        def settle(db: sqlite3.Connection, before: Template, after: Template) -> None:
            def change(content: Content) -> Content:
                return followed(content, before.content, after.content)

            self._activations.change_of_template(db, id, change, now)
            for collection in self.service.collections:
                collection.follow_template(db, id, change, now)

        with placing(paths):
            template = self.table.update(self.service.audience, id, wanted, now, settle)
        return existing(template, NAME, id)

    def delete(self, id: int) -> Template:
        """Raises ApiError (404)."""
        return existing(self.table.delete(self.service.audience, id), NAME, id)

    def _check(self, wanted: TemplateContent, paths: Paths, place: str) -> None:
        check_name(wanted.name, paths.name)
        service = self.service
        problems = list(
            checks.problems(
                delivery(wanted.content, place),
                service[Account],
                service.data.catalog,
                service.data.parent,
                None,
                place,
            )
        )
        if problems:
            raise ApiError(400, problems)
