"""A line of JSON to Python's values, and a value back to JSON: orjson, and Python's own parser where that refuses.

orjson is strict (RFC 8259, UTF-8) and refuses what JSON producers do write: half of a surrogate pair, as where a text
was cut, and numbers beyond a double. It reads whole numbers beyond 64 bits as doubles. Lines with these, few as they
are, are read once more by `json`, which is ten times slower, with U+FFFD for half a pair and such numbers kept as text.
"""

import json
import re
from math import isfinite
from typing import Any, NoReturn, Self

import orjson

BROKEN_JSON = "broken_json"
NOT_AN_OBJECT = "not_an_object"
INVALID_UTF8 = "invalid_utf8"

# A value costs a hundred bytes, even the two characters of an empty list: with this bound a line costs half a gigabyte.
_VALUES = 1 << 22
_HEX = "[0-9a-fA-F]{2}"
# the escape of half a surrogate pair; whole pairs and other escapes, which are passed over, are its group
_HALF = re.compile(rf"(\\u[dD][89abAB]{_HEX}\\u[dD][c-fC-F]{_HEX}|\\[^u])|\\u[dD][89a-fA-F]{_HEX}")
_WIDE = re.compile(rb"\de\+")  # so orjson writes doubles from 1e16 on, and hence what were whole numbers beyond 64 bits

Read = tuple[dict[str, Any] | None, list[str]]  # an object, or none; what is wrong with the line


class Number(float):
    """A number beyond 64 bits or beyond a double, which is written as it was read."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """The nearest double, be it infinite, and the text."""
        made = super().__new__(cls, text)
        made.text = text
        return made


def read(line: bytes) -> Read:
    """The object of a line (the last value of a key counts), BROKEN_JSON or NOT_AN_OBJECT, and INVALID_UTF8.

    Bytes that are not UTF-8 are read as U+FFFD. A line is broken if it is nested deeper than some hundred levels, or
    has over four million values.
    """
    if len(line) > 2 * _VALUES and sum(map(line.count, (b",", b"[", b"{"))) > _VALUES:
        return None, [BROKEN_JSON]
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return read_exactly(line)
    return (found, []) if type(found) is dict else (None, [NOT_AN_OBJECT])


def read_exactly(line: bytes) -> Read:
    """The same by Python's parser: numbers of any size keep their digits, as `Number`."""
    wrong = []
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text, wrong = line.decode(errors="replace"), [INVALID_UTF8]
    try:
        found = json.loads(
            _HALF.sub(lambda half: half[1] or r"\ufffd", text),
            parse_int=_integer,
            parse_float=_double,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return None, [*wrong, BROKEN_JSON]
    return (found, wrong) if type(found) is dict else (None, [*wrong, NOT_AN_OBJECT])


def written(values: dict[str, Any], line: bytes) -> dict[str, str] | None:
    """Each value, of the object in `line`, as compact JSON text; None if one is nested deeper than 254 levels.

    Numbers with a fraction or an exponent are written as the shortest text of that double, whole ones with all digits.
    """
    try:
        made = {name: orjson.dumps(value, default=_verbatim) for name, value in values.items()}
        if any(_WIDE.search(text) for text in made.values()):
            exact = read_exactly(line)[0] or {}  # none, if another field is nested too deep for `json`
            made = {name: orjson.dumps(exact[name], default=_verbatim) for name in values}
    except (TypeError, KeyError):
        return None
    return {name: text.decode() for name, text in made.items()}


def _integer(text: str) -> int | Number:
    value = int(text) if len(text) <= 20 else 2**64  # Python refuses to read thousands of digits
    return value if -(2**63) <= value < 2**64 else Number(text)


def _double(text: str) -> float:
    return value if isfinite(value := float(text)) else Number(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _verbatim(number: Number) -> orjson.Fragment:
    return orjson.Fragment(number.text)
