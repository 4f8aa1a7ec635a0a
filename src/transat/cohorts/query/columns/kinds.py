"""As what an attribute is read, by the type that OMOP declares."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from transat.cohorts.query.domains import DOMAINS, PREGNANCY
from transat.tables.omop import tables

if TYPE_CHECKING:
    from transat.cohorts.query.columns.values import Kind
    from transat.tables.column import ColumnType

_KINDS: Final[dict[ColumnType, Kind]] = {
    "integer": "integer",
    "bigint": "integer",
    "float": "number",
    "date": "day",
    "datetime": "day",
    "text": "text",
}
_DERIVED: Final[dict[str, Kind]] = {
    "start_date": "day",
    "end_date": "day",
    "duration": "integer",
    "age_at_start": "integer",
    "age_at_end": "integer",
    "ratio_to_range_low": "number",
    "ratio_to_range_high": "number",
}
_PREGNANCY: Final[dict[str, Kind]] = {
    "outcome": "text",
    "dating": "text",
    "precision_class": "text",
}


@cache
def kind(domain: str, attribute: str) -> Kind:
    """The kind of an attribute of a domain (`domains.attributes`). Raises KeyError."""
    if attribute in _DERIVED:
        return _DERIVED[attribute]
    table, _, column = attribute.rpartition(".")
    table = table or DOMAINS[domain].table
    if table == "pregnancy":
        return _KINDS[PREGNANCY[column]]
    return _KINDS[tables()[table].column(column).type]
