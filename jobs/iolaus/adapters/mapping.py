"""A format that a file describes: `iolaus adapt map --mapping FILE`, for logs that no other format reads.

The file is TOML. Each field of the landing is taken from a path, or from the first of several that has a value:

    [fields]
    exchange_id = "id"
    account_id = ["tenant.id", "api_key.owner"]
    requested_at = { path = "ts", unit = "ms" }        # s, ms, us or ns; without one, the size of the number tells
    usage_input_tokens = { path = "kilotokens", scale = 1000 }
    provider_name = { value = "acme" }
    [bodies]                  # what is read by its own shape, also where it is JSON text
    request = "http.request.body"                      # a whole body: messages, model, parameters, tools
    response = "http.response.body"                    # a whole answer, or the events of one that was streamed
    messages = "conversation"                          # a list of messages alone, or one text
    system = "instructions"
    answers = "completions"                            # a list of messages that answer
    parameters = "options"
    headers = "http.request.headers"                   # names and order alone are kept, as a digest
    [only]                    # records of other kinds are left out; a path and the values it may have
    type = ["chat", "completion"]

A path is names joined by dots; a number is a place in a list, from 0, or from its end: -1 is the last. Text that is
JSON is opened on the way.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from iolaus.adapters import bodies, chat
from iolaus.adapters.casts import (
    OF_FIELD,
    Cast,
    Record,
    anything,
    cast_to,
    header_digest,
    instant,
    number,
    owner,
    record_of,
    structure,
)
from iolaus.adapters.fields import take
from iolaus.errors import UsageError
from iolaus.schemas.landing import EXCHANGE

OTHER_RECORD = "a record of a kind that the mapping leaves out"
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}  # of a time, in seconds
BODIES = ("request", "response", "messages", "system", "answers", "parameters", "headers")
_CASTS: dict[str, Cast] = {f.name: cast_to(f.dataType) for f in EXCHANGE} | OF_FIELD


@dataclass(frozen=True)
class Source:
    """Where a field comes from: paths (the first with a value counts) or a fixed `value`, and its unit."""

    paths: tuple[str, ...] = ()
    value: Any = None
    unit: str | None = None  # of a time
    scale: float | None = None  # what a number is multiplied by


@dataclass(frozen=True)
class Description:
    """A mapping file, checked."""

    fields: Mapping[str, Source]
    bodies: Mapping[str, Source] = field(default_factory=dict)
    only: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def parsed(said: str, file: str) -> Description:
    """The description in the text of a mapping file.

    Raises UsageError if it is no TOML, for a table, field or unit that there is not, and if it has no time.
    """

    def wrong(what: str) -> UsageError:
        return UsageError(f"the mapping {file}: {what}")

    try:
        whole = tomllib.loads(said)
    except tomllib.TOMLDecodeError as error:
        raise wrong(f"it cannot be read: {error}") from error

    if unknown := whole.keys() - {"fields", "bodies", "only"}:
        raise wrong(f"there is no table {', '.join(sorted(unknown))}; there are fields, bodies and only")
    tables = {name: whole.get(name, {}) for name in ("fields", "bodies", "only")}
    for name, known in (("fields", _CASTS.keys()), ("bodies", set(BODIES))):
        if unknown := tables[name].keys() - known:
            raise wrong(f"[{name}] has no {', '.join(sorted(unknown))}; it may have {', '.join(sorted(known))}")
    fields, held = (
        {key: _source(value, wrong) for key, value in tables[name].items()} for name in ("fields", "bodies")
    )
    if "requested_at" not in fields:
        raise wrong("[fields] needs requested_at, the time of the request: without it an exchange belongs to no day")
    return Description(
        fields,
        held,
        {path: values if isinstance(values, list) else [values] for path, values in tables["only"].items()},
    )


def _source(value: Any, wrong: Callable[[str], UsageError]) -> Source:
    said = value if isinstance(value, dict) else {"path": value}
    paths = said.get("path", [])
    paths = [paths] if isinstance(paths, str) else paths
    if (
        said.keys() - {"path", "value", "unit", "scale"}
        or not isinstance(paths, list)
        or not all(isinstance(p, str) for p in paths)
    ):
        raise wrong(f"{value!r} is no path; write a path, a list of them, or {{ path = …, unit = … }}, scale or value")
    if said.get("unit") not in (None, *UNITS):
        raise wrong(f"{said['unit']!r} is no unit of time; there are {', '.join(UNITS)}")
    return Source(tuple(paths), said.get("value"), said.get("unit"), said.get("scale"))


def read(record: Record, mapping: Description) -> Record | str:
    """The landing's fields of one record, as the mapping says, or the reason why it is not an exchange.

    Named fields win over those of bodies.
    """
    for path, values in mapping.only.items():
        if reach(record, path) not in values:
            return OTHER_RECORD
    held = {name: structure(_value(record, source, anything)) for name, source in mapping.bodies.items()}
    made = _of_bodies(held)
    for name, source in mapping.fields.items():
        if (value := _value(record, source, _CASTS[name])) is not None:
            made[name] = value
    for name in ("request", "response", "messages", "answers"):  # what was read is not kept a second time
        if name in held and ("prompt" in made if name in ("request", "messages") else made.get("response")):
            for path in mapping.bodies[name].paths:
                take(record, anything, path)
    whose = mapping.fields.get("account_id")
    return made | {"account_from": next((p for p in whose.paths if owner(reach(record, p))), None) if whose else None}


def _of_bodies(held: Record) -> Record:
    """The landing's fields of what was found under the names of `BODIES`."""
    made: Record = {}
    if isinstance(body := held.get("request"), dict):
        made |= bodies.request(dict(body))
    elif body is not None:
        made |= chat.request(chat.listed(body), held.get("system"))
    if "messages" in held or ("system" in held and "request" not in held):
        made |= chat.request(chat.listed(held.get("messages")), held.get("system"))
    made |= {k: v for k, v in bodies.parameters(dict(record_of(held.get("parameters")))).items() if v is not None}
    made |= {k: v for k, v in bodies.answer(held.get("response")).items() if v is not None}
    if (answers := held.get("answers")) is not None:
        said, called, reasons = chat.answers(answers)
        made |= {
            "response": said or None,
            "tool_call_count": called,
            "finish_reasons": reasons or made.get("finish_reasons"),
        }
    if digest := header_digest(held.get("headers")):
        made["header_digest"] = digest
    return made


def _value(record: Record, source: Source, cast: Cast) -> Any:
    """The first value of a source that can be typed."""
    if source.value is not None:
        return cast(source.value)
    for path in source.paths:
        found = reach(record, path)
        if source.unit is not None and (count := number(found)) is not None:
            found = count * UNITS[source.unit]
            value = instant(found) if found < 1e11 else None
        elif source.scale is not None and (count := number(found)) is not None:
            value = cast(round(count * source.scale, 9))
        else:
            value = cast(found)
        if value is not None:
            return value
    return None


def reach(node: Any, path: str) -> Any:
    """The value at a path of names and list places joined by dots; None if there is none.

    JSON text is opened on the way; names may contain dots.
    """
    if not path:
        return node
    node = structure(node)
    if isinstance(node, list):
        place, _, below = path.partition(".")
        there = place.removeprefix("-").isdecimal() and -len(node) <= int(place) < len(node)
        return reach(node[int(place)], below) if there else None
    if not isinstance(node, dict) or path in node:
        return node[path] if isinstance(node, dict) else None
    names = path.split(".")
    for cut in range(len(names) - 1, 0, -1):
        name = ".".join(names[:cut])
        if name in node and (found := reach(node[name], ".".join(names[cut:]))) is not None:
            return found
    return None
