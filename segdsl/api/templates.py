"""Templates of activations: lists, reads, creates, replaces and deletes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from segdsl.api import activation_reading as r
from segdsl.api import activation_records as a
from segdsl.api import errors as e
from segdsl.api.folders import Folders
from segdsl.api.queries import path_id
from segdsl.api.responses import Listed
from segdsl.api.sent_values import has_sent_values
from segdsl.api.transport import JSON_API
from segdsl.api.writing import Creation, Replacement, check_id, no_lookup, not_confirmed


class Templates(Folders):
    """The methods for activation templates; see `segdsl.api.client.Client`."""

    async def templates(self, parent_id: str) -> Listed[a.ActivationTemplate]:
        """The activation templates of a parent segment, as listed."""
        path = f"/entities/parent_segments/{path_id(parent_id)}/activation_templates"
        return r.templates(await self._get_list(path, JSON_API))

    async def template(self, id: str) -> a.ActivationTemplate:
        """An activation template, whole."""
        template = r.template(await self._get(_path(id), JSON_API))
        check_id(template.id, id)
        return template

    async def template_or_none(self, parent_id: str, id: str) -> a.ActivationTemplate | None:
        """An activation template, whole; None if it does not exist.

        That takes a 404 of the API itself and a list without it (`segdsl.api.provenance`).
        """
        try:
            return await self.template(id)
        except e.NotFoundError:
            listed = await self.templates(parent_id)
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise not_confirmed("activation template", id)
        return None

    async def find_template(
        self, parent_id: str, name: str, folder_id: str | None = None
    ) -> a.ActivationTemplate | None:
        """The template of that name in a folder (default: the root folder), whole."""
        folder = folder_id or await self._root(parent_id)
        for each in await self.templates(parent_id):
            if each.name == name and each.folder_id in (folder, None):
                whole = await self.template(each.id)
                if whole.folder_id in (folder, None):
                    return whole
        return None

    async def create_template(self, parent_id: str, new: a.NewTemplate) -> a.ActivationTemplate:
        """Creates a template once; raises AlreadyExistsError if one of that name existed before.

        After a lost response, one with that name and all values that were sent counts as this one.
        """
        folder = new.folder_id or await self._root(parent_id)
        body = _body(new, folder)
        return await self._create(
            Creation(
                "activation template",
                lambda: self.find_template(parent_id, new.name, folder),
                lambda: self._transport.send(
                    "POST", "/entities/activation_templates", body=body, media=JSON_API
                ),
                r.answered_template,
                lambda existing: _matches(existing, new),
                "an activation template with this name already exists",
            )
        )

    async def update_template(
        self,
        parent_id: str,
        id: str,
        new: a.NewTemplate,
        look: Callable[[], Awaitable[a.ActivationTemplate | None]] = no_lookup,
    ) -> a.ActivationTemplate:
        """Replaces a template, and moves it to its folder; idempotent.

        A change of a locked field changes the activations made from it (documented). `look` runs
        before each try; a template that it returns is the result.
        """
        folder = new.folder_id or await self._root(parent_id)
        body = _body(new, folder)
        return await self._replace(
            Replacement(
                "activation template",
                id,
                lambda: self._transport.send("PATCH", _path(id), body=body, media=JSON_API),
                r.answered_template,
                lambda: self.template(id),
                lambda found: _matches(found, new) and found.folder_id in (folder, None),
                look,
            )
        )

    async def delete_template(
        self,
        id: str,
        look: Callable[[], Awaitable[object | None]] = no_lookup,
    ) -> bool:
        """Deletes a template, as `delete_segment` does a segment; raises ConflictError if it is
        used. Activations made from it fail from then on (documented)."""
        return await self._delete("activation template", id, _path(id), look)


def _path(id: str) -> str:
    return f"/entities/activation_templates/{path_id(id)}"


def _body(new: a.NewTemplate, folder: str) -> dict[str, object]:
    """The body with the folder, in which all else stays as it is."""
    body: dict[str, object] = dict(msgspec.json.decode(new.body, type=dict[str, msgspec.Raw]))
    body["relationships"] = {"parentFolder": {"data": {"id": folder, "type": "folder-segment"}}}
    return body


def _matches(template: a.ActivationTemplate, new: a.NewTemplate) -> bool:
    """Whether a template of the API has all values that were sent."""
    document = template.decoded()
    answered = document.get("attributes", document)
    return template.name == new.name and has_sent_values(
        msgspec.json.decode(new.body)["attributes"], answered
    )
