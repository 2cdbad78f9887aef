"""Fields of a log record, taken out by path; what is not taken is left, and kept with the row."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from iolaus.adapters.casts import Cast, Record


def find(record: Any, path: str) -> Any:
    """The value at a path of names joined by dots, also if names contain dots; None if there is none."""
    holder = _holder(record, path)
    return None if holder is None else holder[0][holder[1]]


def has(record: Any, path: str) -> bool:
    """Whether a record has a path, be it null there."""
    return _holder(record, path) is not None


def take(record: Record, cast: Cast, *paths: str) -> Any:
    """The value at the first path whose value can be cast, taken out of the record; None if there is none.

    A value that cannot be cast stays in the record and is kept among the unknown fields.
    """
    for path in paths:
        if path in record:
            if (value := cast(record[path])) is not None:
                del record[path]
                return value
        elif "." in path and (holder := _holder(record, path)) and (value := cast(holder[0][holder[1]])) is not None:
            del holder[0][holder[1]]
            return value
    return None


# By name in the record: its place in the table, the field, its type, and the name again.
Table = Mapping[str, tuple[int, str, Cast, str]]


def table(*entries: tuple[str, Cast, str]) -> Table:
    """A table of (field, type, names in the record, separated by blanks) for `taken`.

    The first name that is there counts.
    """
    flat = [(field, cast, name) for field, cast, names in entries for name in names.split()]
    return {name: (place, field, cast, name) for place, (field, cast, name) in enumerate(flat)}


def taken(record: Record, known: Table, made: Record) -> None:
    """Take fields out of a record into `made`, as a table says: the first of a field counts."""
    for _, field, cast, name in sorted(known[name] for name in known.keys() & record.keys()):
        found = record[name]
        if found is not None and field not in made and (value := cast(found)) is not None:
            made[field] = value
            del record[name]


def _holder(node: Any, path: str) -> tuple[Record, str] | None:
    """The object that has the last name of a path, and the name; the longest name with dots goes first."""
    if not isinstance(node, dict):
        return None
    if path in node:
        return node, path
    for name, below in _splits(path) if "." in path else ():
        if name in node and (found := _holder(node[name], below)):
            return found
    return None


@cache
def _splits(path: str) -> tuple[tuple[str, str], ...]:
    """A path as its first name and what is below it, longest name first. Paths are the formats' and the user's: few."""
    names = path.split(".")
    return tuple((".".join(names[:cut]), ".".join(names[cut:])) for cut in range(len(names) - 1, 0, -1))


def rest(value: Any) -> Any:
    """What is left of a record, without what is empty: null, "", [] and {}."""
    if isinstance(value, dict):
        made = {}
        for name, inner in value.items():
            kept = rest(inner) if inner and inner.__class__ in _NESTED else inner
            if kept or kept.__class__ in _NUMBERS:
                made[name] = kept
        return made
    if isinstance(value, list):
        return [rest(inner) for inner in value]
    return value


_NESTED, _NUMBERS = (dict, list), (int, float, bool)  # a number may be 0, and a flag false
