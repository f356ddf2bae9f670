"""Who meets the rules of journeys, by SQL over tables, with a clock that moves.

Relative times are relative to the evaluation, and events after it are not seen. Attributes and all
that is no event are as they are in the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from segdsl.engine import Data
from segdsl.language.condition.tree import Segment
from segdsl.language.references.ids import Ids
from segdsl.language.values import Reference
from segdsl.simulation.bits import NOBODY, Bits, from_digits
from segdsl.simulation.clock import Evaluation
from segdsl.simulation.errors import SimulationError
from segdsl.simulation.profiles import Profiles
from segdsl.sql import Context, SqlError, render, selection
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID
from segdsl.sql.expressions import column, identifier, integer, named, select
from segdsl.sql.past import seen_until

_NUMBERS = "profiles: their numbers"
"""A table in memory, of a name that no behavior has; each profile's id and number."""
_NUMBER = "number"


class RulesOverData:
    """Answers rules from the tables of a parent segment, which must stay open.

    `segments` are what rules refer to by `in segment …`, and `ids` those of the stages, variants
    and models in the data by name; without them a name stands for its id. Waiting for an answer
    can be interrupted; the query ends when the data is closed. Raises the engine's errors.
    """

    def __init__(
        self, data: Data, segments: Mapping[Reference, Segment], ids: Ids | None = None
    ) -> None:
        self._data = data
        self._ids = ids
        self._segments = segments
        self.profiles = Profiles(self._numbered(), self._values)
        self._known: dict[int, tuple[str, Bits]] = {}
        self._attributes: dict[str, Sequence[str | None]] = {}

    @property
    def zone(self) -> str:
        """The time zone of the parent segment."""
        return self._data.parent.timezone

    def selected(self, chosen: exp.Select, now: int) -> Bits:
        """The profiles whose ids a query selects, from the events until a moment.

        Changes the query in place.
        """
        return self._bits(seen_until(chosen, self._data.catalog, now))

    def members(self, rule: Segment, evaluation: Evaluation) -> Bits:
        """The profiles that meet a rule at an evaluation.

        Raises SimulationError if the rule has no SQL, or names what the data does not have.
        """
        catalog = self._data.catalog
        context = Context(evaluation.now, self.zone, catalog, self._segments, ids=self._ids)
        try:
            chosen = seen_until(selection(rule, context), catalog, evaluation.now)
        except SqlError as error:
            help = "" if error.help is None else f"; {error.help}"
            raise SimulationError(f"“{rule.name}”: {error.message}{help}") from error
        # A rule without times is the same query every day.
        text = render(chosen, "duckdb", pretty=False)
        known = self._known.get(id(rule))
        if known is None or known[0] != text:
            known = (text, self._bits(chosen))
            self._known[id(rule)] = known
        return known[1]

    def _bits(self, chosen: exp.Select) -> Bits:
        if not len(self.profiles):
            return NOBODY
        last = integer(len(self.profiles) - 1)
        digits = exp.Anonymous(
            this="bitstring_agg", expressions=[column(_NUMBER), integer(0), last]
        )
        is_chosen = exp.In(this=column(PROFILE_ID), query=exp.Subquery(this=chosen))
        numbers = exp.Table(this=identifier(_NUMBERS))
        rows = self._rows(select(digits).from_(numbers).where(is_chosen))
        return from_digits(str(rows[0][0] or ""))

    def _numbered(self) -> list[str]:
        """Makes the table of numbers, in the order of ids; returns the ids in it."""
        place = exp.Window(
            this=exp.RowNumber(),
            order=exp.Order(expressions=[exp.Ordered(this=column(PROFILE_ID))]),
        )
        number = exp.cast(exp.Sub(this=place, expression=integer(1)), exp.DataType.Type.INT)
        profiles = exp.Table(this=identifier(CUSTOMERS))
        query = select(column(PROFILE_ID), named(number, _NUMBER)).from_(profiles)
        numbers = exp.Table(this=identifier(_NUMBERS))
        self._rows(exp.Create(this=numbers, kind="TABLE", replace=True, expression=query))
        return [str(row[0]) for row in self._rows(select(column(PROFILE_ID)).from_(numbers.copy()))]

    def _values(self, attribute: str) -> Sequence[str | None]:
        """The values of an attribute as texts, in the order of ids."""
        if attribute not in self._attributes:
            table = self._data.catalog.table(CUSTOMERS)
            if attribute != PROFILE_ID and (table is None or table.column(attribute) is None):
                raise SimulationError(
                    f"the parent segment has no attribute `{attribute}`, which a split names with "
                    "`by`: name another one"
                )
            text = exp.cast(column(attribute), exp.DataType.Type.VARCHAR)
            by_id = exp.Ordered(this=column(PROFILE_ID))
            query = select(text).from_(exp.Table(this=identifier(CUSTOMERS))).order_by(by_id)
            rows = self._rows(query)
            self._attributes[attribute] = [None if row[0] is None else str(row[0]) for row in rows]
        return self._attributes[attribute]

    def _rows(self, query: exp.Expr) -> Sequence[Sequence[object]]:
        return self._data.start(query).wait().rows


def ids_in(bits: Bits, size: int) -> exp.Select:
    """The query for the ids in a set of `size` profiles, where rules are answered over the data."""
    digits = exp.Literal.string(format(bits, "b")[::-1].ljust(size, "0"))
    bit = exp.Anonymous(
        this="get_bit", expressions=[exp.cast(digits, "BIT", dialect="duckdb"), column(_NUMBER)]
    )
    numbers = exp.Table(this=identifier(_NUMBERS))
    is_in = exp.EQ(this=bit, expression=integer(1))
    return select(column(PROFILE_ID)).from_(numbers).where(is_in)
