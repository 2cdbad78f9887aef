"""Values of JSON to a typed column of Arrow: types are those the JSON was written in, or plainly mean.

A number is no text and `1` no boolean; a whole number is a double, too. `5.0` is the whole number 5, as whoever keeps
whole numbers in columns with gaps writes them. Empty text where no text belongs is nothing. If all values are of
Python types that the column's type allows, Arrow converts them at once; only otherwise is each value looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
)

from iolaus.text.json_lines import Number

INSTANT = pa.timestamp("us", "UTC")
_NULL = pa.scalar(None, pa.string())
# RFC 3339, and a space for its T. What is left for the cast to refuse are days that a month does not have.
_RFC3339 = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-](0\d"
    r"|1[0-7]):[0-5]\d|[+-]18:00)$"
)
# What also plainly means a time, and how RFC 3339 writes it, one change after the other.
_PLAINLY = (
    (r"^(\d{4})-(\d)-", r"\1-0\2-"),
    (r"^(\d{4}-\d\d)-(\d)([T ]|$)", r"\1-0\2\3"),
    (r"^(.*:\d\d(?:\.\d+)?) ?(?:UTC|GMT|Z)$", r"\1Z"),
    (r"^(.*:\d\d(?:\.\d+)?) ?([+-]\d\d):?(\d\d)$", r"\1\2:\3"),
    (r"^(.*:\d\d(?:\.\d+)?) ?([+-]\d\d)$", r"\1\2:00"),
    (r"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?)$", r"\1Z"),
)
_MIDNIGHT = (r"^(\d{4}-\d\d-\d\d)$", r"\1T00:00:00Z")


@dataclass(frozen=True)
class _Kind:
    """The Python types that a type accepts from JSON, their Arrow type, and the bound of too large numbers."""

    takes: frozenset[type]
    arrow: pa.DataType
    bound: int = 0
    of_text: bool = False  # a list of strings


_KINDS: dict[type[DataType], _Kind] = {
    StringType: _Kind(frozenset({str}), pa.string()),
    TimestampType: _Kind(frozenset({str}), pa.string()),
    DateType: _Kind(frozenset({str}), pa.string()),
    BooleanType: _Kind(frozenset({bool}), pa.bool_()),
    IntegerType: _Kind(frozenset({int}), pa.int32(), 2**31),
    LongType: _Kind(frozenset({int}), pa.int64(), 2**63),
    DoubleType: _Kind(frozenset({int, float}), pa.float64()),
    ArrayType: _Kind(frozenset({list}), pa.list_(pa.string()), of_text=True),
}


def typed(values: Sequence[Any], type_: DataType, *, days_are_times: bool = False) -> tuple[pa.Array, list[int]]:
    """The values as a column of that type, with null for those of another, and the rows of these, in order.

    Times are text of RFC 3339, or with a space for its T, to the microsecond in UTC; what is beyond it is cut off.
    Without a zone they are UTC; months and days need no leading zero. A date is such a time's, or stands alone, which,
    if `days_are_times`, is midnight of that day for a time.
    """
    kind, others = _KINDS[type(type_)], list[int]()
    try:
        column = pa.array(_plain(values, kind), kind.arrow)
    except (TypeError, pa.ArrowInvalid, OverflowError):  # the latter two: a whole number out of its type's range
        fitting = [_fit(value, kind) for value in values]
        others = [
            row
            for row, (was, value) in enumerate(zip(values, fitting, strict=True))
            if value is None and not (was is None or was == "")
        ]
        column = pa.array(_plain(fitting, kind), kind.arrow)
    if not isinstance(type_, TimestampType | DateType):
        return column, others
    is_day = isinstance(type_, DateType)
    times = _instants(column, days_are_times=is_day or days_are_times)
    others += where(pc.and_(pc.not_equal(column, ""), pc.is_null(times)))
    return times.cast(pa.date32()) if is_day else times, sorted(others)


def where(condition: pa.Array) -> list[int]:
    """The rows where it holds; null does not."""
    found: list[int] = np.flatnonzero(pc.fill_null(condition, False).to_numpy(zero_copy_only=False)).tolist()
    return found


def _plain(values: Sequence[Any], kind: _Kind) -> Sequence[Any]:
    """The values in a form that Arrow accepts; it takes 5.0 for a whole number. Raises TypeError for any other type."""
    if not set(map(type, values)) - {type(None)} <= kind.takes:
        raise TypeError
    if float in kind.takes:
        # Arrow refuses whole numbers that no double equals
        return [None if value is None else float(value) for value in values]
    if kind.of_text and not set(map(type, chain.from_iterable(filter(None, values)))) <= {str}:
        raise TypeError
    return values


def _fit(value: Any, kind: _Kind) -> Any:
    """The value if it is of the type, else None."""
    if type(value) is Number and float in kind.takes:
        return float(value) if isfinite(value) else None
    if type(value) is float and float not in kind.takes and int in kind.takes and value.is_integer():
        value = int(value)
    if type(value) not in kind.takes or (kind.bound and not -kind.bound <= value < kind.bound):
        return None
    return None if kind.of_text and any(type(element) is not str for element in value) else value


def _instants(texts: pa.Array, *, days_are_times: bool) -> pa.Array:
    """The times; null for other text."""
    texts = pc.ascii_upper(texts)
    fits = pc.match_substring_regex(texts, _RFC3339)
    if not pc.all(fits).as_py():
        for pattern, plain in (*_PLAINLY, _MIDNIGHT) if days_are_times else _PLAINLY:
            texts = pc.replace_substring_regex(texts, pattern, plain)
        fits = pc.match_substring_regex(texts, _RFC3339)
    texts = pc.if_else(fits, texts, _NULL)
    return _cast(pc.replace_substring_regex(texts, r"(\.\d{6})\d+", r"\1"))


def _cast(texts: pa.Array) -> pa.Array:
    """The times, null where there is none: Arrow says that one cannot be cast, not which, so halves are tried."""
    try:
        return texts.cast(INSTANT)
    except pa.ArrowInvalid:
        half = len(texts) // 2
        return pa.concat_arrays([_cast(texts[:half]), _cast(texts[half:])]) if half else pa.nulls(1, INSTANT)
