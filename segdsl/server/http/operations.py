"""The operations of the Audience API (described), whether or not the local API has them.

An operation that the local API does not offer is answered with 501, any other unknown path with
404. `{}` stands for an id or a name in a path.
"""

from __future__ import annotations

import re
from functools import cache

_TABLE = """
/audiences GET POST
/audiences/{} GET PUT DELETE
/audiences/{}/attributes GET
/audiences/{}/behaviors GET
/audiences/{}/behaviors/{}/sample_values GET
/audiences/{}/executions GET
/audiences/{}/folders GET POST
/audiences/{}/folders/{} GET PATCH DELETE
/audiences/{}/folders/{}/put_in POST
/audiences/{}/folders/{}/segments GET
/audiences/{}/folders/{}/syndications GET
/audiences/{}/funnels GET POST
/audiences/{}/funnels/{} GET PUT DELETE
/audiences/{}/funnels/{}/clone POST
/audiences/{}/funnels/{}/statistics GET
/audiences/{}/predictive_segments GET POST
/audiences/{}/predictive_segments/guess_rule_async GET
/audiences/{}/predictive_segments/{} GET PATCH DELETE
/audiences/{}/predictive_segments/{}/executions GET
/audiences/{}/predictive_segments/{}/model/columns GET
/audiences/{}/predictive_segments/{}/model/features GET
/audiences/{}/predictive_segments/{}/run POST
/audiences/{}/predictive_segments/{}/score_histogram GET
/audiences/{}/realtime_attributes GET POST
/audiences/{}/realtime_attributes/{} GET PATCH DELETE
/audiences/{}/realtime_configuration_versions/current GET
/audiences/{}/realtime_event_tables/{}/{}/columns GET
/audiences/{}/realtime_imported_attributes/bulk_update POST
/audiences/{}/realtime_key_events GET POST
/audiences/{}/realtime_key_events/{} GET PATCH DELETE
/audiences/{}/realtime_key_events/{}/columns GET
/audiences/{}/realtime_personalization_services GET POST
/audiences/{}/realtime_personalization_services/{} GET PATCH DELETE
/audiences/{}/realtime_personalization_services/{}/tokens POST
/audiences/{}/realtime_personalization_services/{}/tokens/{} DELETE
/audiences/{}/realtime_setting GET PATCH
/audiences/{}/run POST
/audiences/{}/sample_values GET
/audiences/{}/segments GET POST
/audiences/{}/segments/queries POST
/audiences/{}/segments/queries/{} GET
/audiences/{}/segments/queries/{}/customers GET
/audiences/{}/segments/queries/{}/kill POST
/audiences/{}/segments/query POST
/audiences/{}/segments/{} GET PUT DELETE
/audiences/{}/segments/{}/statistics GET
/audiences/{}/segments/{}/syndications GET POST
/audiences/{}/segments/{}/syndications/{} GET PUT DELETE
/audiences/{}/segments/{}/syndications/{}/run POST
/audiences/{}/statistics GET
/audiences/{}/syndications GET
/audiences/{}/tokens GET POST
/audiences/{}/tokens/{} GET PUT DELETE
/entities/activation_templates POST
/entities/activation_templates/{} GET PATCH DELETE
/entities/by-folder/{} GET
/entities/folders POST
/entities/folders/{} GET PATCH DELETE
/entities/funnels POST
/entities/funnels/{} GET PATCH DELETE
/entities/funnels/{}/stages/{}/statistics GET
/entities/journey_bundles/{} GET PATCH DELETE
/entities/journey_bundles/{}/activation_sankey_charts GET
/entities/journey_bundles/{}/activations GET
/entities/journey_bundles/{}/conversion_sankey_charts GET
/entities/journey_bundles/{}/journeys POST
/entities/journey_bundles/{}/journeys_appendable GET
/entities/journey_bundles/{}/latest GET
/entities/journey_bundles/{}/statistics GET
/entities/journeys GET POST
/entities/journeys/duplicate POST
/entities/journeys/segment_rules GET
/entities/journeys/{} GET PATCH DELETE
/entities/journeys/{}/activation_sankey_charts GET
/entities/journeys/{}/activation_templates_for_step POST
/entities/journeys/{}/activations GET POST
/entities/journeys/{}/activations/{} GET PATCH
/entities/journeys/{}/available_behaviors_for_step POST
/entities/journeys/{}/conversion_sankey_charts GET
/entities/journeys/{}/customers GET
/entities/journeys/{}/detail POST
/entities/journeys/{}/journey_stages/{}/customers GET
/entities/journeys/{}/pause PATCH
/entities/journeys/{}/resume PATCH
/entities/journeys/{}/run POST
/entities/journeys/{}/statistics GET
/entities/parent_segments GET
/entities/parent_segments/{} GET
/entities/parent_segments/{}/activation_templates GET
/entities/parent_segments/{}/funnels GET
/entities/parent_segments/{}/realtime_activations GET
/entities/parent_segments/{}/realtime_attributes GET
/entities/parent_segments/{}/realtime_journeys GET
/entities/parent_segments/{}/realtime_personalizations GET
/entities/parent_segments/{}/syndications GET
/entities/parent_segments/{}/user_defined_workflow_projects GET
/entities/parent_segments/{}/user_defined_workflows GET
/entities/predictive_segments POST
/entities/predictive_segments/{} GET PATCH DELETE
/entities/predictive_segments/{}/executions GET
/entities/predictive_segments/{}/model/columns GET
/entities/predictive_segments/{}/model/features GET
/entities/predictive_segments/{}/model/score GET
/entities/predictive_segments/{}/run POST
/entities/realtime_journeys POST
/entities/realtime_journeys/abtest_variants GET
/entities/realtime_journeys/duplicate POST
/entities/realtime_journeys/{} GET PATCH DELETE
/entities/realtime_journeys/{}/activations GET POST
/entities/realtime_journeys/{}/activations/{} GET PATCH
/entities/realtime_journeys/{}/detail POST
/entities/realtime_journeys/{}/pause PATCH
/entities/realtime_journeys/{}/resume PATCH
/entities/realtime_personalizations POST
/entities/realtime_personalizations/{} GET PATCH DELETE
/entities/segments POST
/entities/segments/{} GET PATCH DELETE
/entities/segments/{}/predictive_segments/guess_rule_async GET
/entities/segments/{}/syndications GET POST
/entities/segments/{}/syndications/{} GET PATCH DELETE
/entities/segments/{}/syndications/{}/run POST
/entities/tokens POST
/entities/tokens/{} GET PATCH DELETE
/master_segments GET
"""


@cache
def operations() -> frozenset[tuple[str, str]]:
    """The method and path of each operation."""
    lines = (line.split() for line in _TABLE.strip().splitlines())
    return frozenset((method, path) for path, *methods in lines for method in methods)


def is_operation(method: str, path: str) -> bool:
    """Whether the API has an operation with that method at that path."""
    return any(pattern.fullmatch(path) for pattern in _patterns().get(method, ()))


@cache
def _patterns() -> dict[str, list[re.Pattern[str]]]:
    patterns: dict[str, list[re.Pattern[str]]] = {}
    for method, path in operations():
        pattern = "[^/]+".join(map(re.escape, path.split("{}")))
        patterns.setdefault(method, []).append(re.compile(pattern))
    return patterns
