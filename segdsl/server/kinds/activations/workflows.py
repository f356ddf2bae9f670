"""The workflows of the account that activations can run, as `parent_segment.toml` names them.

Projects come in pages of a hundred (assumed), of which the next begins behind `lastId`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from segdsl.server.errors import missing, refuse
from segdsl.server.http.request_models import parameter
from segdsl.server.service import JSON, Call, Route, Service

PAGE_SIZE = 100


def list_projects(service: Service, call: Call) -> Any:
    """The projects whose names contain `namePattern` (assumed)."""
    audience = call.path["id"]
    service.check_audience(audience)
    pattern = call.query.get("namePattern", "")
    last = parameter(call.query.get("lastId"), "lastId", 0, 0)
    matching = [
        (id, project.name)
        for id, project in enumerate(service.data.parent.workflows, 1)
        if id > last and pattern in project.name
    ]
    page, rest = matching[:PAGE_SIZE], matching[PAGE_SIZE:]
    following = None
    if rest:
        query = {"lastId": page[-1][0], **({"namePattern": pattern} if pattern else {})}
        path = f"/entities/parent_segments/{audience}/user_defined_workflow_projects"
        following = f"{path}?{urlencode(query)}"
    return {
        "data": [
            {"id": str(id), "type": "workflow-project", "attributes": {"name": name}}
            for id, name in page
        ],
        "pagination": {"nextPage": following},
    }


def list_workflows(service: Service, call: Call) -> Any:
    service.check_audience(call.path["id"])
    name = call.query.get("workflowProjectName")
    if not name:
        raise refuse("the parameter `workflowProjectName` is required")
    first = 1
    for project in service.data.parent.workflows:
        if project.name == name:
            return {
                "data": [
                    {"id": str(id), "type": "workflow", "attributes": {"name": workflow}}
                    for id, workflow in enumerate(project.workflows, first)
                ]
            }
        first += len(project.workflows)
    raise missing(f"there is no workflow project with the name `{name}`")


_PARENT = "/entities/parent_segments/{id}"
ROUTES = (
    Route("GET", f"{_PARENT}/user_defined_workflow_projects", list_projects, JSON),
    Route("GET", f"{_PARENT}/user_defined_workflows", list_workflows, JSON),
)
