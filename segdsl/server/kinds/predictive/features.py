"""The features of predictive segments against the attributes of the data."""

from __future__ import annotations

from segdsl.language.predictive import FEATURE_LISTS
from segdsl.server.errors import ASSOCIATION, ApiError, Problem
from segdsl.server.kinds.predictive.request_models import PREPROCESS, features_of, names_of
from segdsl.server.kinds.scores.table import Content
from segdsl.server.service import Service
from segdsl.sql import Context, SqlError
from segdsl.sql.catalog import CUSTOMERS
from segdsl.training import FeatureColumn, feature_columns


def checked_features(service: Service, content: Content, path: str) -> tuple[FeatureColumn, ...]:
    """The columns of features; raises ApiError (400), which names each place.

    Only attributes whose values everybody may see are features (documented).
    """
    features = features_of(content, path)
    context = Context(
        now=service.clock(), zone=service.data.parent.timezone, catalog=service.data.catalog
    )
    problems: list[Problem] = []
    columns: dict[str, FeatureColumn] = {}
    for feature, (kind, at, _) in zip(features, names_of(content), strict=True):
        place = f"{path}.{FEATURE_LISTS[kind]}[{at}]"
        attribute = feature.name if feature.source is None else feature.source.column
        if feature.name in columns:
            message = f"the feature `{feature.name}` is there twice"
            problems.append(Problem(message, place, ASSOCIATION))
            continue
        visibility = service.data.parent.visibility_of(CUSTOMERS, attribute)
        if visibility != "clear":
            message = f"`{attribute}` is {visibility}: only attributes that are clear are features"
            problems.append(Problem(message, place, ASSOCIATION))
            continue
        try:
            [columns[feature.name]] = feature_columns([feature], context)
        except SqlError as error:
            help = "" if error.help is None else f"; {error.help}"
            at_source = place if feature.source is None else f"{path}.{PREPROCESS}"
            problems.append(Problem(f"{error.message}{help}", at_source, ASSOCIATION))
    if problems:
        raise ApiError(400, problems)
    return tuple(columns.values())
