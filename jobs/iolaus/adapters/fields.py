"""Fields of a log record, taken out by path and typed; what is not taken is left, and kept with the row."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pyspark.sql.types import ArrayType, BooleanType, DataType, DoubleType, IntegerType, LongType, TimestampType

Record = dict[str, Any]
Cast = Callable[[Any], Any]

_INT32 = 2**31


def find(record: Any, path: str) -> Any:
    """The value at a path of names joined by dots; None if there is none. Names that have dots in them are found too."""
    holder = _holder(record, path)
    return None if holder is None else holder[0][holder[1]]


def take(record: Record, cast: Cast, *paths: str) -> Any:
    """The value at the first path whose value can be cast, taken out of the record; None if there is none.

    A value that cannot be cast stays, and is kept as it is with the fields that nobody knows.
    """
    for path in paths:
        holder = _holder(record, path)
        if holder is not None and (value := cast(holder[0][holder[1]])) is not None:
            del holder[0][holder[1]]
            return value
    return None


def _holder(node: Any, path: str) -> tuple[Record, str] | None:
    """The object that has the last name of a path, and the name; the longest name with dots goes first."""
    if not isinstance(node, dict):
        return None
    if path in node:
        return node, path
    for name, below in _splits(path):
        if name in node and (found := _holder(node[name], below)):
            return found
    return None


@cache
def _splits(path: str) -> tuple[tuple[str, str], ...]:
    """A path as its first name and what is below it, longest name first. Paths are the formats' and the user's: few."""
    names = path.split(".")
    return tuple((".".join(names[:cut]), ".".join(names[cut:])) for cut in range(len(names) - 1, 0, -1))


def anything(value: Any) -> Any:
    """The value as it is."""
    return value


def text(value: Any) -> str | None:
    """Text that is not empty; a number as its digits."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def whole(value: Any) -> int | None:
    """A whole number, also where it is written as text or with a fraction of 0; OTLP's JSON writes 64 bits as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**63 else None
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def number(value: Any) -> float | None:
    """A finite number, also where it is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def flag(value: Any) -> bool | None:
    """True or false, also where it is written as text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def texts(value: Any) -> list[str] | None:
    """A list of text; one text is a list of one."""
    found = [value] if isinstance(value, str) else value
    return [str(x) for x in found if text(x)] or None if isinstance(found, list) else None


def instant(value: Any) -> str | None:
    """A time as RFC 3339 in UTC: of ISO 8601, where no zone is UTC, or of a count since 1970 in s, ms, us or ns, told by its size."""
    if isinstance(value, str) and not value.strip().replace(".", "", 1).isdigit():
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
    else:
        count = number(value)
        if count is None or count <= 0:
            return None
        while count > 1e11:  # seconds reach 1e11 in the year 5138
            count /= 1000
        found = datetime.fromtimestamp(count, UTC)
    try:
        return found.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except OverflowError:
        return None


def cast_to(kind: DataType) -> Cast:
    """How a value becomes one of the landing's types."""
    if isinstance(kind, IntegerType):
        return lambda value: found if (found := whole(value)) is not None and -_INT32 <= found < _INT32 else None
    casts: dict[type[DataType], Cast] = {LongType: whole, DoubleType: number, BooleanType: flag, ArrayType: texts, TimestampType: instant}
    return casts.get(type(kind), text)


def rest(value: Any) -> Any:
    """What is left of a record, without what is empty: null, "", [] and {}."""
    if isinstance(value, dict):
        return {k: kept for k, v in value.items() if (kept := rest(v)) not in (None, "", [], {})}
    if isinstance(value, list):
        return [rest(v) for v in value]
    return value
