"""How a value of a log becomes one of the landing's types; None for a value that is none, as placeholders are."""

import ast
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from pyspark.sql.types import ArrayType, BooleanType, DataType, DoubleType, IntegerType, LongType, TimestampType

from iolaus.adapters.statuses import status

Record = dict[str, Any]
Cast = Callable[[Any], Any]
_INT32 = 2**31
# Names that stand where nobody is known, without brackets around them: LiteLLM's proxy admin, its master key, its own
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
