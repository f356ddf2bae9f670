"""The settings of a parent segment: what an update changes without touching its data.

Each has a key of the file, with dots, and one or two of the API.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from segdsl.parent_segment import model as m
from segdsl.parent_segment.schedules import api_schedule, in_words

Json = dict[str, Any]

API_KEYS = {
    "name": "name",
    "description": "description",
    "timezone": "timezone",
    "llm": "llmEnabled",
    "engine.hive_only": "workflowHiveOnly",
    "engine.hive_version": "hiveEngineVersion",
    "engine.hive_pool": "hivePoolName",
    "engine.trino_pool": "prestoPoolName",
    "enrichment.ip": "enrichmentIpEnabled",
    "enrichment.word_tagging": "enrichmentWordTaggingEnabled",
    "enrichment.js_sdk": "enrichmentTdJsSdkEnabled",
    "activation.behaviors": "allowActivationBehavior",
    "activation.max_rows": "maxActivationBehaviorRow",
}
"""The API's key of each setting but the schedule, which has two."""
SCHEDULE = "schedule"


def settings_of(configuration: m.Configuration) -> dict[str, object]:
    """The settings that a configuration says something about, by their keys in the file."""
    found: dict[str, object] = {"name": configuration.name}
    for key in ("description", "timezone", SCHEDULE, "llm"):
        value = getattr(configuration, key)
        if value is not None:
            found[key] = value
    engine, enrichment = configuration.engine, configuration.enrichment
    if engine is not None:
        found["engine.hive_only"] = engine.hive_only
        if engine.hive_version is not None:
            found["engine.hive_version"] = engine.hive_version
        found["engine.hive_pool"] = engine.hive_pool
        found["engine.trino_pool"] = engine.presto_pool
    if enrichment is not None:
        found["enrichment.ip"] = enrichment.ip
        found["enrichment.word_tagging"] = enrichment.word_tagging
        found["enrichment.js_sdk"] = enrichment.td_js_sdk
    if configuration.activation is not None:
        found["activation.behaviors"] = configuration.activation.behaviors
        if configuration.activation.behaviors:
            # Without behaviors it means nothing: only null may be sent (described), although
            # answers have a number (observed).
            found["activation.max_rows"] = configuration.activation.max_rows
    return found


def api_settings(configuration: m.Configuration, keys: Iterable[str] | None = None) -> Json:
    """The API's keys and values of these settings, by default of all that are said.

    Raises ScheduleError.
    """
    said = settings_of(configuration)
    body: Json = {}
    for key, value in said.items():
        if keys is not None and key not in keys:
            continue
        if isinstance(value, m.Schedule):
            body["scheduleType"], body["scheduleOption"] = api_schedule(value)
        else:
            body[API_KEYS[key]] = value
    return body


def is_same_setting(one: object, other: object) -> bool:
    """Whether two values of a setting say the same: null, false and "" are not set."""
    return (one or None) == (other or None)


def setting_in_words(value: object) -> str:
    """A value of a setting for a reader."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return in_words(value) if isinstance(value, m.Schedule) else str(value)
