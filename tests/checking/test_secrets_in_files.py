"""Secrets and addresses in activations: which are found, and that no message repeats one."""

from __future__ import annotations

import pytest

from segdsl.analysis.checking.secrets import check_secrets
from segdsl.diagnostics import Report
from segdsl.diagnostics.render import render_text
from segdsl.language import activations as a
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Boolean, Number, Text
from segdsl.output.diagnostics import render_sarif
from segdsl.source import NOWHERE, Source
from test_secret_texts import KEYS


def found(delivery: a.Delivery, description: str | None = None) -> list[tuple[str, str]]:
    report = Report()
    check_secrets(delivery, description, NOWHERE, report)
    return [(of.code.name, of.message) for of in report.diagnostics]


def settings(**values: a.Setting) -> a.Delivery:
    return a.Delivery(settings=a.MapSetting(tuple(a.Entry(*each) for each in values.items())))


@pytest.mark.parametrize("key", KEYS, ids=list(KEYS.values()))
def test_a_key_of_a_known_service_is_found_and_not_repeated(key: str) -> None:
    kind = KEYS[key]
    where = (
        settings(bucket=Text(f"x {key}")),
        settings(options=a.MapSetting((a.Entry("bucket", a.ListSetting((Text(key),))),))),
        a.Delivery(columns=a.Columns(items=(a.ExportColumn(a.TextSource((key,)), "x"),))),
        a.Delivery(
            behaviors=(
                a.BehaviorExport(
                    "b",
                    columns=(
                        a.ExportColumn(
                            a.ColumnSource("c", functions=(a.Call("replace", (Text(key),)),)), "x"
                        ),
                    ),
                ),
            )
        ),
    )
    for each in where:
        [(code, message)] = found(each)
        assert code == "SEG240"
        assert message.endswith(f" contains {kind}")
        assert key not in message
    [(code, message)] = found(a.Delivery(), key)
    assert (code, message) == ("SEG240", f"this description contains {kind}")


@pytest.mark.parametrize(
    "name",
    ["password", "apiKey", "API_KEY", "client-secret", "sftp.passphrase", "accessKeySecret",
     "auth_token", "private_key", "db_pwd", "credentials", "apikey"],
)  # fmt: skip
def test_a_setting_named_like_a_secret_is_reported(name: str) -> None:
    assert found(settings(**{name: Text("hunter2")})) == [
        ("SEG623", f"the setting `{name}` is named like a secret")
    ]


@pytest.mark.parametrize(
    "name",
    ["token_column", "password_field", "primary_key", "key", "keys", "secret_name", "tokenize",
     "secretary", "sort_key", "access_key_id", "token_type"],
)  # fmt: skip
def test_a_setting_about_a_secret_is_none(name: str) -> None:
    assert found(settings(**{name: Text("x1")})) == []


@pytest.mark.parametrize(
    "value",
    [Text(""), Text("${SECRET}"), Text("{{secret:key}}"), Text("****"), Boolean(True), a.Null(),
     Number("3"), Text("<your token>")],
)  # fmt: skip
def test_what_is_filled_in_from_elsewhere_is_no_secret(value: a.Setting) -> None:
    assert found(settings(token=value)) == []


def test_settings_in_settings_are_named_with_those_around_them() -> None:
    inner = a.MapSetting((a.Entry("password", Text("hunter2")),))
    assert found(settings(auth=inner)) == [
        ("SEG623", "the setting `auth.password` is named like a secret")
    ]
    assert found(settings(all=a.ListSetting((inner,)))) == [
        ("SEG623", "the setting `all.password` is named like a secret")
    ]


def test_addresses_in_odd_places() -> None:
    address = Text("kim@example.com")
    assert found(settings(path=address)) == [
        ("SEG624", "the setting `path` contains an e-mail address")
    ]
    column = a.ExportColumn(a.TextSource(("Ask kim@example.com",)), "contact")
    assert found(a.Delivery(columns=a.Columns(items=(column,)))) == [
        ("SEG624", "the exported column `contact` contains an e-mail address")
    ]
    for name in ("email_recipients", "from", "userName", "owner"):
        assert found(settings(**{name: address})) == []


def test_what_is_in_a_secret_setting_is_secret_beside_what_is_in_a_list() -> None:
    inner = a.MapSetting((a.Entry("value", Text("hunter2")), a.Entry("user", Text("kim"))))
    assert found(settings(token=inner)) == [
        ("SEG623", "the setting `token.value` is named like a secret")
    ]
    both = a.ListSetting((Text("kim@example.com"), a.MapSetting((a.Entry("pwd", Text("h")),))))
    assert [code for code, _ in found(settings(path=both))] == ["SEG624", "SEG623"]


@pytest.mark.parametrize(
    "settings",
    [
        'password = "hunter2" url = 1',
        "password = 'hunter2'",
        "password = hunter2",
        'password = "hunter2, x = 1',
        'password = "hunter2", password = "hunter2"',
        'password: "hunter2"',
        'token = ["hunter2",, 1]',
        'url = "https://kim:hunter2@example.com" 1',
    ],
)
def test_a_mistake_beside_a_secret_does_not_show_it(settings: str) -> None:
    text = f'activation "M" of segment #1 to connection "a" columns (b) with ({settings})'
    source, report = Source("a.seg", text), Report()
    parse(source, report)
    assert report.has_errors
    assert "hunter2" not in render_text(report.diagnostics, {"a.seg": source})
    assert "hunter2" not in render_sarif(report.diagnostics, {"a.seg": source}, "1")
