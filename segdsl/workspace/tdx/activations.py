"""Translates the activations of a YAML segment or journey to those of the language.

The tool's YAML has no functions and no texts as columns. It counts weekdays from 0, Sunday, where
the API counts from 1, Monday, and writes local times with a `Z` (observed). What would send other
data than the file says, such as a masked column, is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from segdsl.diagnostics import Code
from segdsl.language import activations as a
from segdsl.language.behaviors import PREFIX, table_of
from segdsl.language.values import Boolean, ByName, Number, Reference, Text
from segdsl.secrets import is_hidden
from segdsl.workspace.tdx.checks import Checks, Keys
from segdsl.workspace.tdx.document import Value

_KEYS = (
    "name",
    "description",
    "connection",
    "columns",
    "all_columns",
    "schedule",
    "connector_config",
    "notification",
    "behaviors",
    "behavior",
    "run_after_journey_refresh",
)
_TEXTS = "string_columns"
_SCHEDULE_KEYS = (
    "type",
    "timezone",
    "repeat_unit",
    "repeat_frequency",
    "repeat_sub_frequency",
    "start_at",
    "end_on",
    "cron",
)
_TYPES = ("none", "hourly", "daily", "weekly", "monthly", "cron")
_UNITS = ("none", "minute", "hour", "day", "week", "month", "once")
_UNIT_OF_TYPE = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}
_BEHAVIOR_KEYS = (
    "behavior_table",
    "join_strategy",
    "join_row",
    "formatting",
    "order_by",
    "columns",
)
_STRATEGIES: dict[str, a.JoinStrategy] = {
    "All": "all",
    "First": "first",
    "Last": "last",
    "Top-N": "top",
}
_ORDERS = ("ascending", "descending")
_SHORT_ORDERS = {"asc": "ascending", "desc": "descending"}
_OUTCOMES: dict[str, a.Outcome] = {api: outcome for outcome, api in a.OUTCOMES.items()}
_START = re.compile(
    r"(?P<local>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.0+)?Z?"
)
_END = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Sunday is the tool's 0, and the last of the API's.
_WEEKDAYS = (a.WEEKDAYS[-1], *a.WEEKDAYS[:-1])


class Activations(Checks):
    """Reads the activations of one segment or journey."""

    def read(self, value: Value, segment: Reference) -> tuple[a.Activation, ...]:
        """The activations in a list; raises UnreadableError after a report of all mistakes."""
        items = self.items(value, "`activations`")
        target = a.Target("segment", segment)
        activations = self.each(items, lambda item: self._activation(item, target))
        names = set[str]()
        for item, activation in zip(items, activations, strict=True):
            if activation.name in names:
                self.fail(
                    item,
                    f"another activation of this segment is named `{activation.name}` too",
                    "give one of the two another name",
                )
            names.add(activation.name)
        return tuple(activations)

    def of_journey(self, value: Value, journey: Reference) -> dict[str, a.Activation]:
        """The activations of a journey by the keys that its steps name them by.

        Raises UnreadableError after a report of all mistakes.
        """
        if not isinstance(value.data, dict):
            self.fail(value, "`activations` of a journey has keys and values")
        target = a.Target("journey", journey)
        made = self.each(value.data.values(), lambda item: self._activation(item, target))
        names: dict[str, str] = {}
        for key, activation in zip(value.data, made, strict=True):
            if names.setdefault(activation.name, key) != key:
                self.fail(
                    value.keys[key],
                    f"`{names[activation.name]}` and `{key}` are activations with the same name, "
                    f"`{activation.name}`",
                    "give one of the two another name",
                )
        return dict(zip(value.data, made, strict=True))

    def _activation(self, value: Value, target: a.Target) -> a.Activation:
        keys = self.map(value, (*_KEYS, _TEXTS), "an activation")
        name = self._words(self.need(keys, "name", "an activation"), "an activation's name")
        if _TEXTS in keys:
            # Without them it would send other columns than the file says.
            self.fail(
                keys[_TEXTS],
                f"`{_TEXTS}` cannot be converted: what stands in it is not published",
                "remove it here, and add the columns to the `.seg` file: "
                '`columns ("WELCOME10" as coupon)`',
            )
        connection = self._words(self.need(keys, "connection", "an activation"), "a connection")
        delivery = a.Delivery(
            connection=a.Connection(ByName(connection)),
            columns=self._exported(keys),
            behaviors=self._behaviors(keys),
            schedule=self._when(keys, target),
            settings=self._settings(keys.get("connector_config")),
            notification=self._notification(keys.get("notification")),
        )
        description = (
            self.text(keys["description"], "a description") if "description" in keys else None
        )
        return a.Activation(name, target, description or None, delivery=delivery)

    def _when(self, keys: Keys, target: a.Target) -> a.Schedule:
        after = keys.get("run_after_journey_refresh")
        if not self.flag(after, "`run_after_journey_refresh`"):
            return self._schedule(keys.get("schedule"))
        assert after is not None
        if target.kind != "journey":
            self.fail(
                after,
                "only an activation of a journey runs after its refresh",
                "give the activation a `schedule`",
            )
        if "schedule" in keys:
            self.fail(
                keys["schedule"],
                "`schedule` and `run_after_journey_refresh` exclude each other",
                "keep one of the two",
            )
        return a.AfterJourney()

    def _words(self, value: Value, what: str) -> str:
        text = self.text(value, what)
        if not text.strip():
            self.fail(value, f"{what} is blank")
        return text

    # --- columns and behaviors ---------------------------------------------------------

    def _exported(self, keys: Keys) -> a.Columns | None:
        all_columns = self.flag(keys.get("all_columns"), "`all_columns`")
        if all_columns and "columns" in keys:
            self.fail(
                keys["columns"],
                "`all_columns` and `columns` exclude each other",
                "keep one of the two",
            )
        if all_columns:
            return a.Columns(all=True)
        if "columns" not in keys:
            self.fail(
                keys.at,
                "an activation needs `columns`, or `all_columns: true`",
                "list the columns to export",
            )
        return a.Columns(items=self._columns(keys["columns"]))

    def _columns(self, value: Value) -> tuple[a.ExportColumn, ...]:
        items = self.items(value, "`columns`")
        if not items:
            self.fail(value, "`columns` is empty", "list the columns to export")
        return tuple(self.each(items, self._column))

    def _column(self, value: Value) -> a.ExportColumn:
        if isinstance(value.data, dict):
            keys = self.map(value, ("name", "visibility"), "a column")
            visibility = keys.get("visibility")
            word = "clear"
            if visibility is not None:
                word = self.choice(visibility, ("clear", "masked"), "the visibility of a column")
            if visibility is not None and word == "masked":
                # In clear it would send what the file keeps back.
                self.fail(
                    visibility,
                    "a masked column cannot be written in the language",
                    "remove the column, or keep the activation in the console",
                )
            value = self.need(keys, "name", "a column")
        name = self._words(value, "a column's name")
        return a.ExportColumn(a.ColumnSource(name), name)

    def _behaviors(self, keys: Keys) -> tuple[a.BehaviorExport, ...]:
        if "behavior" in keys and "behaviors" in keys:
            self.fail(
                keys["behavior"],
                "`behavior` and `behaviors` exclude each other",
                "move it into the list of `behaviors`",
            )
        values: Iterable[Value] = ()
        if "behavior" in keys:
            values = (keys["behavior"],)
        elif "behaviors" in keys:
            items = self.items(keys["behaviors"], "`behaviors`")
            if len(items) > a.MAX_BEHAVIORS:
                self.fail(
                    items[a.MAX_BEHAVIORS],
                    f"an activation has at most {a.MAX_BEHAVIORS} behaviors",
                )
            values = items
        return tuple(self.each(values, self._behavior))

    def _behavior(self, value: Value) -> a.BehaviorExport:
        keys = self.map(value, _BEHAVIOR_KEYS, "a behavior")
        table = self._words(
            self.need(keys, "behavior_table", "a behavior"), "the table of a behavior"
        )
        strategy: a.JoinStrategy = "all"
        if "join_strategy" in keys:
            word = self.choice(keys["join_strategy"], tuple(_STRATEGIES), "the join strategy")
            strategy = _STRATEGIES[word]
        count = None
        if strategy == "top":
            count = self.number(self.need(keys, "join_row", "a Top-N behavior"), "`join_row`")
            if not count.is_whole or count.text == "0":
                self.fail(keys["join_row"], "`join_row` is a whole number from 1")
        formatting: a.Formatting | None = None
        if "formatting" in keys:
            word = self.choice(keys["formatting"], ("rows", "cols"), "the formatting")
            formatting = cast(a.Formatting, word)
        elif strategy in ("first", "last"):
            formatting = "rows"
        order = self.items(self.need(keys, "order_by", "a behavior"), "`order_by`")
        return a.BehaviorExport(
            table if table.startswith(PREFIX) else table_of(table),
            strategy,
            count,
            tuple(self.each(order, self._order)),
            formatting,
            self._columns(self.need(keys, "columns", "a behavior")),
        )

    def _order(self, value: Value) -> a.BehaviorOrder:
        keys = self.map(value, ("key", "order"), "an order")
        column = self._words(self.need(keys, "key", "an order"), "the key of an order")
        word = "ascending"
        if "order" in keys:
            word = self.choice(keys["order"], _ORDERS, "the order", _SHORT_ORDERS)
        return a.BehaviorOrder(column, word == "descending")

    # --- schedule ----------------------------------------------------------------------

    def _schedule(self, value: Value | None) -> a.Schedule:
        if value is None:
            return a.ByHand()
        keys = self.map(value, _SCHEDULE_KEYS, "a schedule")
        kind = (
            self.choice(keys["type"], _TYPES, "the type of a schedule") if "type" in keys else None
        )
        timezone = self._words(keys["timezone"], "a time zone") if "timezone" in keys else None
        if kind == "cron":
            self._only(keys, ("type", "timezone", "cron"), "a cron schedule")
            expression = self._words(self.need(keys, "cron", "a cron schedule"), "`cron`")
            return a.Cron(expression, timezone)
        if "cron" in keys:
            self.fail(keys["cron"], "`cron` needs `type: cron`")
        unit = self._unit(keys, kind)
        if unit == "none":
            self._only(keys, ("type", "timezone", "repeat_unit"), "a schedule of type none")
            return a.ByHand()
        start = self._start(keys["start_at"]) if "start_at" in keys else None
        if unit == "once":
            self._only(keys, ("type", "timezone", "repeat_unit", "start_at"), "a single run")
            if start is None:
                self.fail(keys.at, "a single run needs `start_at`")
            return a.Once(start, timezone)
        return a.Repeat(
            cast(a.RepeatUnit, unit),
            self._frequency(keys.get("repeat_frequency")),
            self._weekdays(keys.get("repeat_sub_frequency"), unit),
            start,
            timezone,
            self._end(keys["end_on"]) if "end_on" in keys else None,
        )

    def _only(self, keys: Keys, known: tuple[str, ...], what: str) -> None:
        for key, value in keys.items():
            if key not in known:
                self.fail(value, f"{what} has no `{key}`", "remove it, or change the type")

    def _unit(self, keys: Keys, kind: str | None) -> str:
        of_type = None if kind is None else _UNIT_OF_TYPE.get(kind, kind)
        if "repeat_unit" not in keys:
            if of_type is None:
                self.fail(keys.at, "a schedule needs `type`", f"there are {', '.join(_TYPES)}")
            return of_type
        unit = self.choice(keys["repeat_unit"], _UNITS, "the unit of a schedule")
        # `type` has no word for minutes and for a single run.
        if of_type is not None and unit != of_type and unit not in ("minute", "once"):
            self.fail(
                keys["repeat_unit"],
                f"`repeat_unit: {unit}` contradicts `type: {kind}`",
                "keep one of the two",
            )
        return unit

    def _frequency(self, value: Value | None) -> Number:
        if value is None:
            return Number("1")
        number = self.number(value, "`repeat_frequency`")
        if not number.is_whole or number.text == "0":
            self.fail(value, "`repeat_frequency` is a whole number from 1")
        return number

    def _weekdays(self, value: Value | None, unit: str) -> tuple[a.Weekday, ...]:
        if value is None:
            return ()
        items = self.items(value, "`repeat_sub_frequency`")
        if items and unit != "week":
            self.fail(
                value,
                f"the API has no days for a schedule by {unit}",
                "remove `repeat_sub_frequency`, or write a `cron`",
            )
        days = set(self.each(items, self._weekday))
        return tuple(day for day in a.WEEKDAYS if day in days)

    def _weekday(self, value: Value) -> a.Weekday:
        if isinstance(value.data, Number):
            number = value.data
            if number.is_whole and int(number.text) < len(_WEEKDAYS):
                return _WEEKDAYS[int(number.text)]
            self.fail(value, f"`{number.text}` is not a weekday", "0 is Sunday, and 6 Saturday")
        return cast(a.Weekday, self.choice(value, a.WEEKDAYS, "a weekday"))

    def _start(self, value: Value) -> str:
        text = self.text(value, "`start_at`")
        match = _START.fullmatch(text)
        if match is None:
            self.fail(
                value,
                f"`{text}` is not a local time",
                "write it as 2025-04-01T09:00:00Z; `timezone` says where it is",
            )
        local = match["local"]
        return local if len(local) > len("2025-04-01T09:00") else f"{local}:00"

    def _end(self, value: Value) -> str:
        text = self.text(value, "`end_on`")
        if _END.fullmatch(text) is None:
            self.fail(value, f"`{text}` is not a date", "write it as 2025-12-31")
        return text

    # --- settings and messages ---------------------------------------------------------

    def _settings(self, value: Value | None) -> a.MapSetting:
        if value is None:
            return a.MapSetting()
        if not isinstance(value.data, dict):
            self.fail(value, "`connector_config` has keys and values")
        return cast(a.MapSetting, self._setting(value, ""))

    def _setting(self, value: Value, name: str) -> a.Setting:
        """A setting; `name` are those that it is in, with points between."""
        data: Any = value.data
        match data:
            case None:
                return a.Null()
            case bool():
                return Boolean(data)
            case Number():
                return data
            case str():
                return Text(data)
            case list():
                return a.ListSetting(tuple(self._setting(item, name) for item in data))
            case _:
                return a.MapSetting(tuple(self._entries(data, name)))

    def _entries(self, data: dict[str, Value], outside: str) -> Iterator[a.Entry]:
        """The settings of a map without those that look like secrets, which no file may hold."""
        for key, value in data.items():
            name = f"{outside}.{key}" if outside else key
            if _holds_secret(value, name):
                self.report_at(
                    value,
                    f"the setting `{name}` looks like a secret, and is left out",
                    "keep it in the connection, which only the account knows",
                    Code.SEG703,
                )
            else:
                yield a.Entry(key, self._setting(value, name))

    def _notification(self, value: Value | None) -> a.Notification | None:
        if value is None:
            return None
        keys = self.map(value, ("notify_on", "email_recipients"), "a notification")
        outcomes = self.items(self.need(keys, "notify_on", "a notification"), "`notify_on`")
        recipients = self.items(
            self.need(keys, "email_recipients", "a notification"), "`email_recipients`"
        )
        words = self.each(outcomes, lambda item: self.choice(item, tuple(_OUTCOMES), "an outcome"))
        if not outcomes and not recipients:
            return None
        if not outcomes or not recipients:
            empty = keys["email_recipients"] if outcomes else keys["notify_on"]
            self.fail(empty, "a notification needs outcomes and recipients", "or remove it")
        return a.Notification(
            tuple(
                a.Recipient(ByName(address))
                for address in self.each(recipients, lambda item: self._words(item, "a recipient"))
            ),
            tuple(outcome for outcome, api in a.OUTCOMES.items() if api in words),
        )


def _holds_secret(value: Value, name: str) -> bool:
    """Whether a text of a setting, or of its list, looks like a secret."""
    data: Any = value.data
    if isinstance(data, list):
        return any(_holds_secret(item, name) for item in data)
    return isinstance(data, str) and is_hidden(name, data)
