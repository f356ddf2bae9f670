"""Exported columns as the API's `Columns`, and read back.

A source is a ColumnExpression, `{column, customerGroup, functions}`, or a StringExpression,
`{string, parameters}`, where `$1`, `$2` … stand for the parameters. How the API takes a text with
a `$` of its own is not described: such a piece goes out as a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_never, cast

from segdsl.language import activations as a
from segdsl.language.values import Number, Text
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.rule.document import shortened

Json = dict[str, Any]

_NAMES = {signature.api: name for name, signature in a.FUNCTIONS.items()}
_PLACEHOLDERS: dict[str, a.PlaceholderName] = {api: name for name, api in a.PLACEHOLDERS.items()}
_PARAMETERS = ("String", "Timestamp", *_PLACEHOLDERS)
_OPERATORS: tuple[a.IfOperator, ...] = (">", ">=", "<", "<=", "=", "!=")
_IS_NULL = ("is", "is not", "is\\", "not")
"""Operators that are asked of null. `is\\` and `not` are how the description spells `is not`."""
_PLACE = r"\$([0-9]+)"


def encode_columns(
    columns: Iterable[a.ExportColumn], ids: Mapping[str, str] | None = None
) -> list[Json]:
    """`Columns`; `ids` are the API's ids of columns by their names in the export."""
    return [
        {
            **({"id": ids[each.name]} if ids and each.name in ids else {}),
            "column": each.name,
            "source": _source(each.source),
        }
        for each in columns
    ]


def _source(source: a.ColumnSource | a.TextSource) -> Json:
    match source:
        case a.ColumnSource(column, group, functions):
            encoded: Json = {"column": column}
            if group is not None:
                encoded["customerGroup"] = group
            if functions:
                encoded["functions"] = encode_functions(functions)
            return encoded
        case a.TextSource(parts):
            return _string(parts)
        case _:
            assert_never(source)


def encode_functions(functions: Iterable[a.Function]) -> list[Json]:
    """The functions in their order, as the API's `functions`."""
    return [_function(each) for each in functions]


def _function(function: a.Function) -> Json:
    match function:
        case a.Call(name, arguments):
            signature = a.FUNCTIONS[name]
            encoded: Json = {"function": signature.api}
            for (key, _), argument in zip(signature.arguments, arguments, strict=False):
                encoded[key] = argument.value if isinstance(argument, Text) else argument
            return encoded
        case a.If(operator, value, then, otherwise):
            if operator == "is not null":
                # Nobody knows how the API spells it; the branches of `is` in the other order do.
                operator, then, otherwise = "is null", otherwise, then
            encoded = {
                "function": "if",
                "op": "is" if operator == "is null" else operator,
                "right_value": value,
            }
            if then is not None:
                encoded["then"] = then
            if otherwise is not None:
                encoded["else"] = otherwise
            return encoded
        case _:
            assert_never(function)


def _string(parts: Sequence[str | a.Time | a.Placeholder]) -> Json:
    text = ""
    parameters: list[Json] = []
    follows_parameter = False
    alone = len(parts) == 1
    for part in parts:
        match part:
            case a.Time(format):
                parameter: Json | None = {"type": "Timestamp", "format": format}
            case a.Placeholder(name):
                parameter = {"type": a.PLACEHOLDERS[name]}
            case str():
                # A digit right after `$1` would be read as part of it.
                unsafe = alone or "$" in part or (follows_parameter and part[:1].isdigit())
                parameter = {"type": "String", "string": part} if unsafe else None
                text += "" if unsafe else part
            case _:
                assert_never(part)
        follows_parameter = parameter is not None
        if parameter is not None:
            parameters.append(parameter)
            text += f"${len(parameters)}"
    return {"string": text, "parameters": parameters}


# --- reading -------------------------------------------------------------------------


def read_columns(
    value: Any, path: str, reader: FieldReader
) -> tuple[tuple[a.ExportColumn, ...], dict[str, str]]:
    """The columns, and the ids of those that have one, by name; raises UnreadableError."""
    ids: dict[str, str] = {}

    def column(value: Any, path: str) -> a.ExportColumn:
        data = reader.fields(value, path, ("id", "column", "source"), "a column")
        name = reader.text(
            reader.need(data, "column", path, "a column"), f"{path}.column", "a name"
        )
        source = _read_source(
            reader.need(data, "source", path, "a column"), f"{path}.source", reader
        )
        if "id" in data:
            ids[name] = reader.identifier(data["id"], f"{path}.id", "an id")
        return a.ExportColumn(source, name)

    return reader.each(reader.items(value, path, "`columns`"), path, column), ids


def _read_source(value: Any, path: str, reader: FieldReader) -> a.ColumnSource | a.TextSource:
    if isinstance(value, dict) and value.get("string") is not None:
        data = reader.fields(value, path, ("string", "parameters"), "a text")
        return _read_text(data, path, reader)
    data = reader.fields(value, path, ("column", "customerGroup", "functions"), "a source")
    column = reader.text(
        reader.need(data, "column", path, "a source"), f"{path}.column", "a column"
    )
    group = reader.optional_text(data, "customerGroup", path, "a customer group")
    functions = read_functions(data.get("functions", []), f"{path}.functions", reader)
    return a.ColumnSource(column, group, functions)


def read_functions(value: Any, path: str, reader: FieldReader) -> tuple[a.Function, ...]:
    """The functions of a list; raises UnreadableError."""
    return reader.each(
        reader.items(value, path, "`functions`"),
        path,
        lambda each, where: _read_function(each, where, reader),
    )


def _read_function(value: Any, path: str, reader: FieldReader) -> a.Function:
    name = reader.choice(
        value.get("function") if isinstance(value, dict) else value,
        f"{path}.function",
        (*_NAMES, "if"),
        "a function",
    )
    if name == "if":
        return _read_if(value, path, reader)
    signature = a.FUNCTIONS[_NAMES[name]]
    keys = tuple(key for key, _ in signature.arguments)
    data = reader.fields(value, path, ("function", *keys), f"`{name}`")
    arguments: list[Number | Text] = []
    required = len(keys) - signature.optional
    for index, (key, type) in enumerate(signature.arguments):
        if key not in data and index >= required and not any(k in data for k in keys[index:]):
            break
        argument = reader.need(data, key, path, f"`{name}`")
        if type == "number":
            arguments.append(reader.number(argument, f"{path}.{key}", f"`{key}`"))
        else:
            arguments.append(Text(reader.text(argument, f"{path}.{key}", f"`{key}`")))
    return a.Call(_NAMES[name], tuple(arguments))


def _read_if(value: Any, path: str, reader: FieldReader) -> a.If:
    data = reader.fields(value, path, ("function", "op", "right_value", "then", "else"), "`if`")
    operator = reader.choice(
        data.get("op"), f"{path}.op", (*_OPERATORS, *_IS_NULL), "the operator of `if`"
    )

    def number(key: str) -> Number | None:
        return reader.number(data[key], f"{path}.{key}", f"`{key}`") if key in data else None

    right, then, otherwise = number("right_value"), number("then"), number("else")
    if operator in _IS_NULL:
        if right is not None:
            reader.fail(
                f"{path}.right_value",
                f"`{operator}` compares with null, and this is {shortened(right.text)}",
                "compare with `=` or `!=`",
            )
        if operator != "is":
            then, otherwise = otherwise, then
        return a.If("is null", None, then, otherwise)
    if right is None:
        reader.fail(
            f"{path}.right_value",
            f"`{operator}` needs a number to compare with: compared with null, nothing holds",
            "compare with null by `is`",
        )
    return a.If(cast(a.IfOperator, operator), right, then, otherwise)


def _read_text(data: Json, path: str, reader: FieldReader) -> a.TextSource:
    text = reader.text(data["string"], f"{path}.string", "a text")
    at = f"{path}.parameters"
    listed = reader.items(data.get("parameters", []), at, "`parameters`")
    parameters = reader.each(listed, at, lambda each, where: _read_parameter(each, where, reader))
    parts: list[str | a.Time | a.Placeholder] = []
    used: set[int] = set()
    end = 0
    for match in re.finditer(_PLACE, text):
        number = int(match[1]) if len(match[1]) < 10 else 0
        if not 1 <= number <= len(parameters):
            reader.fail(
                f"{path}.string",
                f"`{shortened(match[0])}` has no parameter",
                f"there are {len(parameters)}, counted from `$1`",
            )
        used.add(number - 1)
        parts += [text[end : match.start()], parameters[number - 1]]
        end = match.end()
    parts.append(text[end:])
    for index in range(len(parameters)):
        if index not in used:
            reader.fail(f"{at}[{index}]", f"nothing in the text is `${index + 1}`", "remove it")
    return a.TextSource(_joined(parts))


def _joined(
    parts: Iterable[str | a.Time | a.Placeholder],
) -> tuple[str | a.Time | a.Placeholder, ...]:
    """The parts without empty texts, neighbouring texts in one."""
    joined: list[str | a.Time | a.Placeholder] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)


def _read_parameter(value: Any, path: str, reader: FieldReader) -> str | a.Time | a.Placeholder:
    kind = reader.choice(
        value.get("type") if isinstance(value, dict) else value,
        f"{path}.type",
        _PARAMETERS,
        "the type of a parameter",
    )
    match kind:
        case "String":
            data = reader.fields(value, path, ("type", "string"), "a String")
            return reader.text(data.get("string", ""), f"{path}.string", "a string")
        case "Timestamp":
            data = reader.fields(value, path, ("type", "format"), "a Timestamp")
            format = reader.text(
                reader.need(data, "format", path, "a Timestamp"), f"{path}.format", "a format"
            )
            if not format.strip():
                reader.fail(f"{path}.format", "a Timestamp needs a format, and this one is blank")
            return a.Time(format)
        case _:
            reader.fields(value, path, ("type",), f"a {kind}")
            return a.Placeholder(_PLACEHOLDERS[kind])
