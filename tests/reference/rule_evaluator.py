"""What the Audience API selects for a rule, from its JSON, the slow and plain way.

Every condition is a set of profiles, as it is in the vendor's SQL. A bare `Count` is a
scalar there, which each profile has (observed); every other aggregation is a row of a
grouped subquery, which a profile without a matching event has not. Written from the notes
on the contract; it knows nothing of the language or of the compiler. Where the notes leave
something open, a comment says “Assumed”.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import reduce
from typing import Any

from reference.population import Event, Population, Profile, Value
from reference.rule_operators import holds, is_number, kind_of, number

Json = dict[str, Any]
Ids = frozenset[str]

_MEMBERSHIPS = {
    "Reference": "segment",
    "FunnelStageReference": "stage",
    "AbTestVariantReference": "variant",
}
_WINDOW_SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_EXPR_TOKEN = re.compile(r"\s*([()]|[A-Z](?![A-Za-z])|[1-9][0-9]*|and\b|or\b)")


def select_rule(rule: Json | None, population: Population) -> set[str]:
    """The ids of the profiles that a rule selects."""
    return set(_Selection(population).rule(rule))


def evaluate_rule(rule: Json | None, profile: Profile, population: Population) -> bool:
    """Whether a rule selects one profile of a population; for many, use `select_rule`."""
    return profile.id in select_rule(rule, population)


class _Selection:
    def __init__(self, population: Population) -> None:
        self.profiles = sorted(population.profiles, key=lambda profile: profile.id)
        self.calendar = population.calendar
        self.everyone = frozenset(profile.id for profile in self.profiles)

    def those(self, wanted: Callable[[Profile], bool]) -> Ids:
        return frozenset(profile.id for profile in self.profiles if wanted(profile))

    # --- groups --------------------------------------------------------------------------

    def rule(self, rule: Json | None) -> Ids:
        if not rule:
            return self.everyone
        chosen = self.group(rule, top=True)
        return self.limited(chosen, rule["limit"], None) if rule.get("limit") else chosen

    def group(self, group: Json, *, top: bool) -> Ids:
        sets = [self.part(part) for part in group["conditions"]]
        match group["type"]:
            case "And":
                return self.everyone.intersection(*sets)
            case "Or" if sets:
                return frozenset[str]().union(*sets)
            case "Composite":
                return _composite(group["expr"], sets, top=top)
        raise ValueError(f"nobody says what this group selects: {group['type']} of {len(sets)}")

    def part(self, part: Json) -> Ids:
        match part["type"]:
            case "And" | "Or" | "Composite":
                return self.group(part, top=False)
            case "Value":
                return self.value(part)
            case "Reference" | "FunnelStageReference" | "AbTestVariantReference" as kind:
                asked = (_MEMBERSHIPS[kind], str(part["id"]))
                return self.unless(part, self.those(lambda profile: asked in profile.memberships))
            case "PredictiveScoreReference":
                return self.those(lambda profile: _scored(part, profile))
            case "MlAttributeReference":
                key = (part["solutionType"], str(part["id"]), part["leftValue"]["attribute"])
                return self.those(
                    lambda profile: self.matches(part["operator"], None, profile.ml.get(key))
                )
        raise ValueError(f"no condition is called {part['type']}")

    def unless(self, condition: Json, chosen: Ids) -> Ids:
        if not condition.get("include", True):
            raise ValueError("nobody says what `include` selects where it is false")
        return self.everyone - chosen if condition.get("exclude", False) else chosen

    # --- conditions ----------------------------------------------------------------------

    def value(self, condition: Json) -> Ids:
        left, operator = condition["leftValue"], condition["operator"]
        matching = condition.get("arrayMatching")
        chosen = self.those(
            lambda profile: any(
                self.matches(operator, matching, value) for value in self.values(left, profile)
            )
        )
        if condition.get("limit"):
            # Assumed: what `exclude` leaves is all but the top.
            chosen = self.limited(chosen, condition["limit"], left)
        return self.unless(condition, chosen)

    def values(self, left: Json, profile: Profile) -> list[Value]:
        """What a condition asks about: an attribute's one value, the one value of a bare
        `Count`, or one for each row of the grouped subquery, which has none for a profile
        without a matching event."""
        if "source" in left:
            if _is_bare_count(left):
                return [len(self.matching(left, profile))]
            return [_aggregate(left["aggregation"], rows) for rows in self.rows(left, profile)]
        if "customerGroup" in left:
            return [profile.groups.get((left["customerGroup"], left["name"]))]
        return [profile.attributes.get(left["name"])]

    def rows(self, left: Json, profile: Profile) -> Iterator[list[Event]]:
        groups: dict[Any, list[Event]] = {}
        for event in self.matching(left, profile):
            key = tuple(_distinct(event, left["aggregation"].get("groupingColumns") or ()))
            groups.setdefault(key, []).append(event)
        for group in groups.values():
            if left.get("window"):
                yield from _windows(left["window"]["duration"], group)
            else:
                yield group

    def matching(self, left: Json, profile: Profile) -> list[Event]:
        """The events that the filter lets through."""
        events = profile.events.get(left["source"]["name"], ())
        return [event for event in events if self.passes(left.get("filter"), event)]

    def passes(self, part: Json | None, event: Event) -> bool:
        """Whether an event is one the filter lets through."""
        if not part:
            return True
        match part["type"]:
            case "And":
                return all(self.passes(each, event) for each in part["conditions"])
            case "Or" if part["conditions"]:
                return any(self.passes(each, event) for each in part["conditions"])
            case "Column":
                value = event.get(part["column"])
                return self.matches(part["operator"], part.get("arrayMatching"), value)
        raise ValueError(f"nobody says what this filter lets through: {part['type']}")

    def matches(self, operator: Json, matching: Any, value: Value) -> bool:
        """An operator on a value, or on the elements of an array as `arrayMatching` says."""
        if matching is None:
            return holds(operator, value, self.calendar)
        if not isinstance(value, tuple):
            return False
        hits = sum(holds(operator, element, self.calendar) for element in value)
        match matching:
            case "any":
                return hits > 0
            case "all":
                return hits == len(value)
            case {"atLeast": least}:
                return hits >= number(least)
            case {"atMost": most}:
                return hits <= number(most)
            case {"exactly": exact}:
                return hits == number(exact)
        raise ValueError(f"no arrayMatching is called {matching}")

    # --- limits --------------------------------------------------------------------------

    def limited(self, chosen: Ids, limit: Json, left: Json | None) -> Ids:
        """The top of a set. Assumed: missing values last, ties by profile id."""
        ordered = [profile for profile in self.profiles if profile.id in chosen]
        # Sorting is stable: the least important key goes first.
        for order in reversed(limit.get("orderColumns", [])):
            ordered = self.ordered(ordered, order, left)
        size = number(limit["number"])
        if limit["type"] == "Percent":
            size = size * len(ordered) / 100
        return frozenset(profile.id for profile in ordered[: int(size)])

    def ordered(self, profiles: list[Profile], order: Json, left: Json | None) -> list[Profile]:
        descending = order["order"] == "descending"

        def key(profile: Profile) -> Any:
            if order["type"] == "Column":
                found = [profile.attributes.get(order["column"])]
            else:
                found = [] if left is None else self.values(left, profile)
            known = [(kind_of(value), value) for value in found if value is not None]
            # Assumed: of several groups or windows, the one that comes first counts.
            return (max if descending else min)(known, default=None)

        present = [profile for profile in profiles if key(profile) is not None]
        missing = [profile for profile in profiles if key(profile) is None]
        return sorted(present, key=key, reverse=descending) + missing


def _scored(reference: Json, profile: Profile) -> bool:
    """Assumed: without `includeConvertedCustomers`, those who converted are left out."""
    if reference["id"] not in profile.scores:
        return False
    grade, converted = profile.scores[reference["id"]]
    within = number(reference["minGrade"]) <= grade <= number(reference["maxGrade"])
    return within and (reference["includeConvertedCustomers"] or not converted)


# --- aggregates --------------------------------------------------------------------------


def _is_bare_count(left: Json) -> bool:
    """Observed: `(select count(*) from behavior_x where … and cdp_customer_id = …)`."""
    aggregation = left["aggregation"]
    grouped = aggregation.get("groupingColumns") or left.get("window")
    return aggregation["type"] == "Count" and not grouped


def _distinct(event: Event, columns: Iterable[str]) -> Iterator[tuple[str, Value]]:
    """Values that are equal exactly where the database says so: true is not 1."""
    for column in columns:
        value = event.get(column)
        yield kind_of(value), value


def _windows(duration: Json, events: list[Event]) -> Iterator[list[Event]]:
    """The events of the last `duration` before each event, itself among them."""
    length = sum(_WINDOW_SECONDS[unit] * number(amount) for unit, amount in duration.items())
    timed = [
        (number(event["timestamp"]), event) for event in events if is_number(event.get("timestamp"))
    ]
    for end, _ in timed:
        yield [event for time, event in timed if end - length < time <= end]


def _aggregate(aggregation: Json, events: list[Event]) -> Value:
    """The value of a row of the grouped subquery, made of one event or more."""
    kind = aggregation["type"]
    if kind == "Count":
        return len(events)
    if kind == "CountDistinct":
        # Observed: count(distinct row("a", "b")), and a null in a row is a value.
        return len({tuple(_distinct(event, aggregation["columns"])) for event in events})
    column = aggregation["column"]
    if kind in ("First", "Last"):
        order = aggregation["orderColumn"]
        ordered = [event for event in events if event.get(order) is not None]
        if not ordered:
            return None
        chosen = (min if kind == "First" else max)(
            ordered, key=lambda event: (kind_of(event[order]), event[order])
        )
        return chosen.get(column)
    # The vendor compares coalesce(agg, 0).
    numbers = [number(event[column]) for event in events if is_number(event.get(column))]
    if not numbers:
        return 0
    match kind:
        case "Sum":
            return sum(numbers, Fraction())
        case "Min":
            return min(numbers)
        case "Max":
            return max(numbers)
        case "Average":
            return sum(numbers, Fraction()) / len(numbers)
    raise ValueError(f"no aggregation is called {kind}")


# --- Composite ---------------------------------------------------------------------------


def _composite(text: str, sets: list[Ids], *, top: bool) -> Ids:
    """The value of an `expr`: `1` to `9` at the top, `A` to `Z` in a rule set.

    Assumed: `and` binds tighter than `or`. Each name must be there, and each set be named.
    """
    tokens = _tokens(text)
    named: set[int] = set()

    def is_next(token: str) -> bool:
        return bool(tokens) and tokens[0] == token

    def either() -> Ids:
        parts = [both()]
        while is_next("or"):
            tokens.pop(0)
            parts.append(both())
        return reduce(frozenset.union, parts)

    def both() -> Ids:
        parts = [one()]
        while is_next("and"):
            tokens.pop(0)
            parts.append(one())
        return reduce(frozenset.intersection, parts)

    def one() -> Ids:
        token = tokens.pop(0) if tokens else "the end"
        if token == "(":
            inner = either()
            if not is_next(")"):
                raise ValueError(f"a parenthesis is not closed: {text}")
            tokens.pop(0)
            return inner
        names = "123456789" if top else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        if len(token) != 1 or token not in names[: len(sets)]:
            raise ValueError(f"{token} stands where a name should: {text}")
        named.add(names.index(token))
        return sets[names.index(token)]

    found = either()
    if tokens or len(named) < len(sets):
        raise ValueError(f"not every rule is named, or there is more than an expression: {text}")
    return found


def _tokens(text: str) -> list[str]:
    tokens, at, text = [], 0, text.rstrip()
    while at < len(text):
        found = _EXPR_TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"no Composite expression: {text}")
        tokens.append(found[1])
        at = found.end()
    return tokens
