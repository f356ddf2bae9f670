"""Names that columns of profiles and of behaviors share: an export is one table.

The events of behaviors are joined to the profiles, and no public description says that their
columns get other names; so each needs a name of its own in the whole export (assumed). Names within
one list of columns are looked at in `structure`. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from segdsl.diagnostics import Code, Note, Report
from segdsl.language import activations as a
from segdsl.language.syntax.spelling import name


class _Exported(NamedTuple):
    """A column with its name in the export; `most` is the N of `name_1` to `name_N`, or None."""

    column: a.ExportColumn
    most: int | None

    def roots(self) -> tuple[str, ...]:
        """Of two that share a name, one root is the same."""
        own = self.column.name.casefold()
        head, mark, number = own.rpartition("_")
        is_numbered = self.most is None and mark and number.isdigit()
        return (own, head) if is_numbered else (own,)

    def shared(self, other: _Exported) -> str | None:
        """A name, in this one's letters, that the other has too but for the case."""
        own, its = self.column.name, other.column.name
        if (self.most is None) == (other.most is None):
            is_same = own.casefold() == its.casefold()
            return None if not is_same else own if self.most is None else f"{own}_1"
        if self.most is None:
            return own if _is_numbered(own, its, other.most or 0) else None
        number = its.rpartition("_")[2]
        return f"{own}_{number}" if _is_numbered(its, own, self.most) else None

    def is_exact(self, other: _Exported) -> bool:
        """Whether names that both have are the same, also in case."""
        own, its = self.column.name, other.column.name
        if self.most is None and other.most is not None:
            own = own.rpartition("_")[0]
        elif self.most is not None and other.most is None:
            its = its.rpartition("_")[0]
        return own == its


def _is_numbered(text: str, base: str, most: int) -> bool:
    """Whether a name is one of `base_1` to `base_most`, in any case."""
    head, _, number = text.rpartition("_")
    return (
        head.casefold() == base.casefold()
        and number.isascii()
        and number.isdigit()
        and not number.startswith("0")
        and len(number) < 10
        and int(number) <= most
    )


def _exported_of(behaviors: Iterable[a.BehaviorExport]) -> Iterator[list[_Exported]]:
    """The columns of each behavior; of those that are exported twice only of the first."""
    seen: set[str] = set()
    for export in behaviors:
        if export.behavior in seen:
            continue  # It is reported as a duplicate.
        seen.add(export.behavior)
        most = _most(export)
        yield [_Exported(each, most) for each in export.columns if each.name.strip()]


def _most(export: a.BehaviorExport) -> int | None:
    """How many numbered columns a column becomes, at the least; None if its name stays."""
    if export.formatting != "cols" or export.strategy in ("first", "last"):
        return None
    count = export.count
    is_known = count is not None and count.is_bounded and count.is_whole
    return int(count.value) if count is not None and is_known else 1


def check_shared_names(
    columns: a.Columns | None, behaviors: Iterable[a.BehaviorExport], report: Report
) -> None:
    """Reports columns of behaviors whose names a profile's column or another behavior has."""
    before: dict[str, list[_Exported]] = {}

    def keep(exported: Iterable[_Exported]) -> None:
        for each in exported:
            for key in each.roots():
                before.setdefault(key, []).append(each)

    items = () if columns is None else columns.items
    keep(_Exported(each, None) for each in items if each.name.strip())
    for exported in _exported_of(behaviors):
        for each in exported:
            others = (of for key in each.roots() for of in before.get(key, ()))
            found = ((each.shared(of), of) for of in others)
            shared, first = next(((text, of) for text, of in found if text), (None, None))
            if shared is None or first is None:
                continue
            note = (Note("the other one", first.column.span),)
            if each.is_exact(first):
                report.add(
                    Code.SEG231,
                    each.column.span,
                    f"another column is exported as `{name(shared)}` too",
                    help="the events are joined to the profiles: give one of them another name: "
                    "`as name`",
                    notes=note,
                )
            else:
                other = first.shared(each) or first.column.name
                report.add(
                    Code.SEG625,
                    each.column.span,
                    f"the export names `{name(other)}` and `{name(shared)}` differ only in case",
                    help="many services take them for one: give one of them another name",
                    notes=note,
                )
        keep(exported)


def check_names_beside_all(
    behaviors: Iterable[a.BehaviorExport], attributes: Collection[str], report: Report
) -> None:
    """Reports columns of behaviors whose names are those of attributes, all of which are sent."""
    for exported in _exported_of(behaviors):
        for column, most in exported:
            if most is None:
                shared = column.name if column.name in attributes else None
            else:
                numbered = (each for each in attributes if _is_numbered(each, column.name, most))
                shared = next((of for of in numbered if of.startswith(column.name)), None)
            if shared is not None:
                report.add(
                    Code.SEG231,
                    column.span,
                    f"`columns all` exports `{name(shared)}` too",
                    help="give it another name: `as name`",
                )
