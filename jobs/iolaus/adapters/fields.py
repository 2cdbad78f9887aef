"""Fields of a log record, taken out by path and typed; what is not taken is left, and kept with the row."""

import ast
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from pyspark.sql.types import ArrayType, BooleanType, DataType, DoubleType, IntegerType, LongType, TimestampType

from iolaus.adapters.statuses import status

Record = dict[str, Any]
Cast = Callable[[Any], Any]

_INT32 = 2**31
# Addresses of a deployment's own network. Those of documentation (RFC 5737) are as good as public ones.
_OWN = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"))
) + tuple(map(ip_network, ("fc00::/7", "fe80::/10", "::1/128")))
# A hop: an address in brackets, or of IPv4, or any other, with or without scheme, zone, prefix length and port.
_HOP = re.compile(
    r"(?:[a-z]\w*:(?:/{2})?)?(?:\[([0-9a-f:.]+)(?:%[^\]]*)?\]|(\d+\.\d+\.\d+\.\d+))(?::\d+|/\d+)?|([0-9a-f:.]+)(?:%\w+)?(?:/\d+)?",
    re.IGNORECASE,
)
_FULL_WITH_PORT = re.compile(r"((?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}):\d+", re.IGNORECASE)
_FORWARDED = re.compile(r"\bfor=\"?([^\";,]+)", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;\"']+")
# Names that stand where nobody is known, without brackets around them, as LiteLLM's proxy admin, its master key,
# its own
# health checks and dashboard, and what programs write for no value.
_NOBODY = frozenset({
    "default_user_id", "default_user", "default_litellm_user", "litellm_proxy_master_key", "litellm_proxy_admin",
    "proxy_admin", "litellm_internal_health_check", "litellm_internal_jobs", "litellm_dashboard", "litellm_cli",
    "master_key", "sk_master", "anonymous", "anonymous_user", "anonymoususer", "anon", "guest", "nobody", "no_user",
    "no_user_id", "unknown", "unknown_user", "default", "unauthenticated", "user_id", "userid", "none", "null",
    "nil", "undefined", "nan", "n/a", "n.a.", "na", "not_set", "unset", "not_available", "_1", "0", "object_object",
    "none/none",
})  # fmt: skip
_AROUND = " \t\n<>()[]{}\"'"


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


Table = Mapping[
    str, tuple[int, str, Cast, str]
]  # by name in the record: its place, the field, its type, and the name again


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


def seed(value: Any) -> int | None:
    """A whole number; -1 stands for a seed that was drawn."""
    found = whole(value)
    return None if found == -1 else found


def measure(value: Any) -> float | None:
    """A finite number that is not negative: -1 stands for unknown."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def owner(value: Any) -> str | None:
    """An id of somebody or something.

    Text, or the `id` of an object, written as JSON text or not; None for a placeholder.

    A placeholder is what a program writes where nobody is known: see `_NOBODY`.
    """
    found = structure(value) if value.__class__ is str and value[:1] == "{" else value
    found = text(found.get("id")) if isinstance(found, dict) else text(found)
    return None if found is None or _is_nobody(found) else found


@lru_cache(1 << 16)
def _is_nobody(name: str) -> bool:
    plain = name.strip(_AROUND).lower().replace("-", "_").replace(" ", "_")
    return plain in _NOBODY or not any(letter.isalnum() and letter != "0" for letter in plain)


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


def hops(value: Any) -> str | None:
    """A list of forwarded addresses as one text, also where it is a list."""
    return ", ".join(filter(None, map(text, value))) or None if isinstance(value, list) else text(value)


@lru_cache(1 << 16)
def address(chain: str, own_proxies: int = 0) -> str | None:
    """The client's address of a list of hops, as X-Forwarded-For and Forwarded write it.

    Without port, None if there is none.

    Each proxy adds the hop before it at the end, and what stands first is the client's own word. So the last
    `own_proxies` hops, whatever they are, are passed over, and after them the hops of private networks: the last one
    left is what the outermost proxy of one's own saw. If all are private, the first of them counts.
    """
    several = _FORWARDED.findall(chain) or _BETWEEN.split(
        chain.replace("%5B", "[").replace("%5D", "]").removeprefix('["')
    )
    found = [spelt for hop in several if (spelt := _address(hop.strip()))]
    found = found[: len(found) - own_proxies] if own_proxies < len(found) else found[:1]
    public = [hop for hop in found if not any(hop in network for network in _OWN if network.version == hop.version)]
    return str((public or found[::-1])[-1]) if found else None


def _address(spelt: str) -> IPv4Address | IPv6Address | None:
    """The address of a hop; None for a name, a word as `unknown`, and the address of nothing."""
    if full := _FULL_WITH_PORT.fullmatch(spelt):
        spelt = full[1]
    bare = _HOP.fullmatch(spelt)
    try:
        found = ip_address(bare[1] or bare[2] or bare[3]) if bare else None
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    return None if found is None or found.is_unspecified else found


def header_digest(headers: Any) -> str | None:
    """The digest of the headers' names in their order; None if there are none. Values are not part of it.

    Shapes: an object by name, or a list of objects with `name`, or a list of pairs.
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
    """A list of texts. One text becomes a list of one, unless it is a list written as text. Objects give names."""
    found = value
    if isinstance(value, str):
        found = structure(value)
        if isinstance(found, str) and (
            found[:1] in ("[", "(") or found[:2] in ("{'", '{"')
        ):  # as Python writes a list, tuple or set
            try:
                found = list(ast.literal_eval(found))
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                found = value
        found = [found] if isinstance(found, str) else found
    if isinstance(found, dict):  # by place, or by name
        found = list(found.values() if all(name.isdecimal() for name in found) else found)
    if isinstance(found, list) and len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    several = [one.get("name") if isinstance(one, dict) else one for one in found] if isinstance(found, list) else []
    return [str(one) for one in several if text(one)] or None


def reasons(value: Any) -> list[str] | None:
    """The reasons why an answer ended, as a list. Some programs write `[stop, length]`, `stop,length`, or `None`."""
    several = texts(value) or []
    split = [word for one in several for word in (one.strip("[] ").split(",") if _WORDS.fullmatch(one) else [one])]
    return [word.strip() for word in split if word.strip() and not _is_nobody(word)] or None


_WORDS = re.compile(r"\[?[\w -]+(?:,[\w -]+)*\]?")


def instant(value: Any) -> str | None:
    """A time as RFC 3339 in UTC, from ISO 8601 (no zone means UTC) or from a count since 1970.

    The size of a count tells whether it is in s, ms, us or ns.
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
    """How a value becomes one of the landing's types. No number of the landing is negative: -1 stands for unknown."""
    if isinstance(kind, IntegerType):
        return lambda value: found if (found := count(value)) is not None and found < _INT32 else None
    casts: dict[type[DataType], Cast] = {
        LongType: count,
        DoubleType: measure,
        BooleanType: flag,
        ArrayType: texts,
        TimestampType: instant,
    }
    return casts.get(type(kind), text)


# Fields whose value needs more than its type: casts for paths that a deployment names.
OF_FIELD: dict[str, Cast] = {
    "account_id": owner, "api_key_id": owner, "conversation_id": owner, "client_session_id": owner, "client_ip": hops,
    "finish_reasons": reasons, "http_status": status,
}  # fmt: skip


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
