"""OTLP's JSON as plain objects: spans and log records, their attributes by name.

Source: "OpenTelemetry Protocol Specification", JSON Protobuf encoding (https://opentelemetry.io/docs/specs/otlp/).
"""

import base64
from collections.abc import Iterator
from typing import Any

from iolaus.adapters.casts import Record, anything, flag, number, text, whole

SIGNALS = ("resourceSpans", "resourceLogs", "resourceMetrics", "resourceProfiles")  # what an export may hold
_VALUES = {"stringValue": text, "intValue": whole, "doubleValue": number, "boolValue": flag, "bytesValue": anything}


def spans(export: Record) -> Iterator[Record]:
    """The spans of one export request, with decoded attributes. Each has its resource's attributes and `scope`."""
    for group in _list(export, "resourceSpans"):
        resource = attributes(group.get("resource"))
        for scoped in (*_list(group, "scopeSpans"), *_list(group, "instrumentationLibrarySpans")):
            scope = scoped.get("scope")
            for span in _list(scoped, "spans"):
                events = [{**event, "attributes": attributes(event)} for event in _list(span, "events")]
                told = {"events": events} if events else {}
                yield {**span, "attributes": attributes(span), **told, "resource": resource, "scope": scope}


def logs(export: Record) -> Iterator[Record]:
    """The log records of one export request that are events, each with its `name`, decoded `body` and attributes."""
    for group in _list(export, "resourceLogs"):
        resource = attributes(group.get("resource"))
        for scoped in _list(group, "scopeLogs"):
            for log in _list(scoped, "logRecords"):
                about = attributes(log)
                name = log.get("eventName") or about.pop("event.name", None)
                body = value(log.get("body"))
                yield {
                    **log,
                    "name": name,
                    "attributes": about,
                    "body": body,
                    "resource": resource,
                    "scope": scoped.get("scope"),
                }


def attributes(holder: Any) -> Record:
    """Attributes as a plain object, by name."""
    pairs = _list(holder, "attributes")
    return {str(p["key"]): value(p.get("value")) for p in pairs if "key" in p}


def indexed(attributes_: Record, prefix: str) -> list[Any]:
    """Objects from attributes called `prefix.N.rest`, in the order of N, taken out of them.

    `rest` may be numbered again.
    """
    tree: Record = {}
    for name in [n for n in attributes_ if n.startswith(prefix + ".")]:
        steps = name[len(prefix) + 1 :].split(".")
        if not steps[0].isdecimal():
            continue
        node = tree
        for step in steps[:-1]:
            inner = node.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            node = inner
        else:
            node[steps[-1]] = attributes_.pop(name)
    grown = _grown(tree)
    return grown if isinstance(grown, list) else []


def _grown(node: Any) -> Any:
    """A tree whose numbered branches are lists; the names that OpenInference puts around each member are left out."""
    if not isinstance(node, dict):
        return node
    if node and all(name.isdecimal() for name in node):
        return [_grown(node[name]) for name in sorted(node, key=int)]
    made = {name: _grown(inner) for name, inner in node.items()}
    for around in ("message", "message_content", "tool_call", "tool", "prompt", "completion"):
        if len(made) == 1 and isinstance(made.get(around), dict):
            made = made[around]
    if "contents" in made:
        made["content"] = made.pop("contents")
    return made


def value(held: Any) -> Any:
    """An AnyValue as what it holds."""
    if not isinstance(held, dict):
        return None
    if isinstance(inner := held.get("arrayValue"), dict):
        return [value(v) for v in _list(inner, "values")]
    if isinstance(inner := held.get("kvlistValue"), dict):
        return {str(p.get("key")): value(p.get("value")) for p in _list(inner, "values")}
    if isinstance(raw := held.get("bytesValue"), str):
        try:
            return base64.b64decode(raw, validate=True).decode()
        except ValueError:
            return raw
    return next((cast(held[name]) for name, cast in _VALUES.items() if name in held), None)


def _list(holder: Any, name: str) -> list[Record]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []
