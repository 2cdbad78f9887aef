"""Fields of a log record, taken out by path and typed; what is not taken is left, and kept with the row."""

import ast
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from pyspark.sql.types import ArrayType, BooleanType, DataType, DoubleType, IntegerType, LongType, TimestampType

Record = dict[str, Any]
Cast = Callable[[Any], Any]

_INT32 = 2**31
# Addresses of a deployment's own network. Those of documentation (RFC 5737) are as good as public ones.
_OWN = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"))
) + tuple(map(ip_network, ("fc00::/7", "fe80::/10", "::1/128")))
_PORT = re.compile(r"\[(.+?)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+")
_FORWARDED = re.compile(r"\bfor=\"?([^\";,]+)", re.IGNORECASE)
# Names that stand where nobody is known: LiteLLM's proxy admin and master key, and what programs write for no value.
_NOBODY = frozenset({
    "default_user_id", "litellm_proxy_master_key", "litellm-internal-health-check", "master_key", "anonymous",
    "unknown", "default",
    "none", "null", "nil", "undefined", "nan", "n/a", "na", "-", "-1", "0", "{}", "[]", "(not set)", "[object object]",
})  # fmt: skip


def find(record: Any, path: str) -> Any:
    """The value at a path of names joined by dots; None if there is none.

    Names that have dots in them are found too.
    """
    holder = _holder(record, path)
    return None if holder is None else holder[0][holder[1]]


def has(record: Any, path: str) -> bool:
    """Whether a record has a path, be it null there."""
    return _holder(record, path) is not None


def take(record: Record, cast: Cast, *paths: str) -> Any:
    """The value at the first path whose value can be cast, taken out of the record; None if there is none.

    A value that cannot be cast stays, and is kept as it is with the fields that nobody knows.
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


def taken(record: Record, table: Sequence[tuple[str, Cast, str]], made: Record) -> None:
    """Take fields out of a record into `made`, as a table of (field, type, name in the record) says.

    The first of a field counts.
    """
    for field, cast, name in table:
        if name in record:
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


def anything(value: Any) -> Any:
    """The value as it is."""
    return value


def text(value: Any) -> str | None:
    """Text that is not empty; a number as its digits."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    """A whole number, also where it is written as text or with a fraction of 0; OTLP's JSON writes 64 bits as text."""
    if value.__class__ is int and -(2**63) <= value < 2**63:
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**63 else None
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def count(value: Any) -> int | None:
    """A whole number that is not negative: -1 stands for unknown."""
    found = whole(value)
    return found if found is not None and found >= 0 else None


def measure(value: Any) -> float | None:
    """A finite number that is not negative: -1 stands for unknown."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def identifier(value: Any) -> str | None:
    """An id: text, or the `id` of an object that has one."""
    return text(value.get("id")) if isinstance(value, dict) else text(value)


def owner(value: Any) -> str | None:
    """An id of somebody: not the placeholder that a program writes where nobody is known."""
    found = identifier(value)
    return None if found is None or found.strip().lower() in _NOBODY else found


def structure(value: Any) -> Any:
    """A structure, also where it was written as JSON text; any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def record_of(value: Any) -> Record:
    """An object, also where it was written as JSON text; an empty one for any other value."""
    found = structure(value)
    return found if isinstance(found, dict) else {}


@lru_cache(1 << 16)
def address(chain: str, own_proxies: int = 0) -> str | None:
    """The client's address of a list of hops, as X-Forwarded-For and Forwarded write it.

    Without port, None if there is none.

    Each proxy adds the hop before it at the end, and what stands first is the client's own word. So the last
    `own_proxies` hops are passed over, and after them the hops of private networks: the last one left is what the
    outermost proxy of one's own saw. If all are private, the first of them counts.
    """
    hops = _FORWARDED.findall(chain) or chain.split(",")
    found = [spelt for hop in hops if (spelt := _address(hop.strip().strip('"')))]
    found = found[: len(found) - own_proxies] if own_proxies < len(found) else found[:1]
    public = [hop for hop in found if not any(hop in network for network in _OWN if network.version == hop.version)]
    return str((public or found[::-1])[-1]) if found else None


def _address(spelt: str) -> IPv4Address | IPv6Address | None:
    if bare := _PORT.fullmatch(spelt):
        spelt = bare[1] or bare[2]
    try:
        found = ip_address(spelt)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def header_digest(headers: Any) -> str | None:
    """The digest of the names of headers in their order; None if there are none. Values have no part in it.

    Shapes: an object by name, or a list of objects with `name` or of pairs.
    """
    if isinstance(headers, Mapping):
        names = [str(name) for name in headers]
    elif isinstance(headers, list):
        names = [str(h.get("name", h.get("key", ""))) for h in headers if isinstance(h, dict)]
        names += [str(h[0]) for h in headers if isinstance(h, list) and h]
    else:
        names = []
    told = "\n".join(name.lower() for name in names if name)
    return sha256(told.encode()).hexdigest()[:32] if told else None


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
    """A list of text; one text is a list of one, unless it is a list written as text."""
    found = value
    if isinstance(value, str):
        found = structure(value)
        if isinstance(found, str) and found[:1] in ("[", "("):  # as Python writes a list or a tuple
            try:
                found = list(ast.literal_eval(found))
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                found = value
        found = [found] if isinstance(found, str) else found
    return [str(x) for x in found if text(x)] or None if isinstance(found, list) else None


def instant(value: Any) -> str | None:
    """A time as RFC 3339 in UTC.

    Of ISO 8601, where no zone is UTC, or of a count since 1970 in s, ms, us or ns, distinguished by its size.
    """
    if value.__class__ is float and 0 < value < 1e11:
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="microseconds")[:-6] + "Z"
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
        return (found if found.tzinfo is UTC else found.astimezone(UTC)).isoformat(timespec="microseconds")[:-6] + "Z"
    except OverflowError:
        return None


def cast_to(kind: DataType) -> Cast:
    """How a value becomes one of the landing's types."""
    if isinstance(kind, IntegerType):
        return lambda value: found if (found := whole(value)) is not None and -_INT32 <= found < _INT32 else None
    casts: dict[type[DataType], Cast] = {
        LongType: whole,
        DoubleType: number,
        BooleanType: flag,
        ArrayType: texts,
        TimestampType: instant,
    }
    return casts.get(type(kind), text)


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
