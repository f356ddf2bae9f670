"""Dotted names that are no attribute of a customer group: what to say of them."""

from __future__ import annotations

from collections.abc import Mapping

from segdsl.diagnostics import Code, Report
from segdsl.language.syntax.spelling import name
from segdsl.language.values import Owner


def wrong(
    left: str,
    right: str,
    owners: Mapping[str, Owner] | None,
    report: Report,
    *,
    in_filter: bool,
) -> tuple[Code, str, str | None]:
    """The code, the message and the help for `left.right`; without a schema there are no owners."""
    dotted = f"{name(left)}.{name(right)}"
    if owners is None:
        what = f"`{dotted}` cannot be resolved without a schema"
        return (
            Code.SEG109,
            what,
            f"if it is an attribute of a customer group, write `group {dotted}`",
        )
    if owners.get(left) == "behavior":
        return (
            Code.SEG505,
            f"`{name(left)}` is a behavior, and a column of its events is not an attribute",
            f"inside its filter a column is written alone: `{name(right)}`"
            if in_filter
            else f"specify which of a profile's events: `sum({dotted}) …`, "
            f"`max({dotted}) …`, or `has {name(left)} where {name(right)} …`",
        )
    return (
        Code.SEG504,
        f"there is no customer group `{name(left)}`",
        report.did_you_mean(left, owners, "if it is new, run `segdsl schema pull`"),
    )
