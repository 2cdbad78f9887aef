"""How much of a field is kept: texts, lists and unknown fields beyond a bound are cut, and say so themselves.

Whoever sends a request chooses the length of what it holds, and every later stage pays for it. What is cut off is
replaced, within the value, by its length and a hash of the whole, so that two values are still the same only if they
were; nothing else need know that a value was cut.
"""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
from orjson import dumps

# Long by their nature: a prompt, an answer. Any other text is a name of something.
PROSE = ("prompt", "system_instructions", "response", "prior_response", "prior_prompt")
NAME_BYTES = 1_024  # no id, model or user agent is longer
MOST_ITEMS = 1_000  # of a list, and unknown fields of a row: tools that are offered, stop sequences
MORE = "[more]"  # the name under which unknown fields that were too many are counted


def cut(text: str, most: int) -> str:
    """The text, of at most so many bytes; of a longer one its beginning and end, with its length and hash between.

    cut("abc… (5,000 bytes)", 1024) is "abc…[5000 bytes, sha256 0f3a…]…xyz": later stages hash beginnings and ends.
    """
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= most:
        return text
    said = f"[{len(raw)} bytes, sha256 {sha256(raw).hexdigest()[:32]}]"
    half = max((most - len(said)) // 2, 0)
    return raw[:half].decode(errors="ignore") + said + raw[len(raw) - half :].decode(errors="ignore")


def texts(column: pa.Array, most: int) -> pa.Array:
    """A column of texts, each of at most so many bytes."""
    longest = pc.max(pc.binary_length(column)).as_py() or 0
    if longest <= most:
        return column
    return pa.array([None if text is None else cut(text, most) for text in column.to_pylist()], column.type)


def lists(column: pa.Array, most: int) -> pa.Array:
    """A column of lists of texts: items of at most `NAME_BYTES`, `MOST_ITEMS` of them, of at most `most` bytes in all.

    A last item says how many there were, and has their hash, where not all are kept.
    """
    items = column.flatten()
    if len(items) <= MOST_ITEMS and (pc.sum(pc.binary_length(items)).as_py() or 0) <= min(NAME_BYTES, most):
        return column  # all of them together
    return pa.array([None if of is None else _items(of, most) for of in column.to_pylist()], column.type)


def unknown(fields: Mapping[str, str], most: int) -> Mapping[str, str]:
    """Unknown fields, each as JSON text: as many, and in all as long, as the items of a list.

    `MORE` says how many there were, and has their hash, where not all are kept.
    """
    if len(fields) <= MOST_ITEMS and 4 * sum(len(n) + len(v) for n, v in fields.items()) <= min(NAME_BYTES, most):
        return fields  # a character has at most four bytes
    kept: dict[str, str] = {}
    left = most
    for name, value in list(fields.items())[:MOST_ITEMS]:
        key = cut(name, NAME_BYTES)
        short = value if len(key) + len(value.encode()) <= left else dumps(cut(value, NAME_BYTES)).decode()
        left -= len(key.encode()) + len(short.encode())
        if left < 0:
            break
        kept[key] = short
    return kept if len(kept) == len(fields) else kept | {MORE: dumps(_rest(fields.items())).decode()}


def _items(items: Sequence[str], most: int) -> list[str]:
    kept, left = [], most
    for item in items[:MOST_ITEMS]:
        short = cut(item, NAME_BYTES)
        left -= len(short.encode("utf-8", "surrogatepass"))
        if left < 0:
            break
        kept.append(short)
    return kept if len(kept) == len(items) else [*kept, _rest(items)]


def _rest(items: Collection[object]) -> str:
    """What is said of items of which not all are kept."""
    whole = sha256("\0".join(map(str, items)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"[{len(items)} in all, sha256 {whole}]"
