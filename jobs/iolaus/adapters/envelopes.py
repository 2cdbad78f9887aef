"""The JSON objects of a line: itself, those of an array, those one after another; out of their envelopes.

Envelopes are what delivery services put around log entries.

Sources: AWS, "Log group-level subscription filters", `logEvents`
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html), "Export log data to Amazon S3"
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html), and Firehose, "Amazon S3 object delivery",
which puts records one after another (https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html); Microsoft,
"Stream logs to event hubs", `records` (https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs); Google,
"LogEntry", `jsonPayload` (https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry); Microsoft, "Azure
Monitor Log Analytics API response format", `tables`
(https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format); AWS, "GetQueryResults", `results`
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html), "Using Lambda with
Amazon SQS", "… with Amazon SNS", "… with Kinesis", `Records`
(https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html), "Amazon EventBridge event structure", `detail`
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html); Splunk, "Format events for HTTP
Event Collector", `event`; Docker, "JSON File logging driver", `log`
(https://docs.docker.com/engine/logging/drivers/json-file/).
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from iolaus.adapters.casts import Record, structure

NOT_JSON = "not JSON"
NOT_AN_OBJECT = "not a JSON object"
PACKED = "gzip under a name without .gz: rename it"
# What stands before each line: the time, of an export of CloudWatch, a container's log and syslog; the field of an
# event.
_BEFORE = re.compile(
    rb"\s*(?:data:\s*|(?:<\d+>)?(?:\d\s)?(?:\d{4}-\d\d-\d\dT|[A-Z][a-z]{2} [ \d]\d )[^{\[\"]{0,200})(?=[{\[])"
)
MARKS = b"\xef\xbb\xbf\x1e"  # of the order of bytes, and between the texts of RFC 7464


def objects(line: bytes) -> list[Record]:
    """The objects of a line: itself, those of an array, those that follow one another; out of their envelopes.

    Raises ValueError (`NOT_JSON`, `NOT_AN_OBJECT`, `PACKED`) for any other line.
    """
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        found = _values(line)
    if found.__class__ is dict and _ENVELOPES.isdisjoint(found):
        return [found]
    return [inner for one in _flat(found) for inner in opened(one)]


def _flat(value: Any) -> list[Record]:
    """The objects of arrays within one another, also where each is JSON text."""
    found = structure(value)
    several = [one for inner in found for one in _flat(inner)] if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in several):
        raise ValueError(NOT_AN_OBJECT)
    return several


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _values(line: bytes) -> Any:
    """The values of a line that orjson refuses: half surrogate pairs, too large numbers, several values in a line."""
    if line[:2] == b"\x1f\x8b":
        raise ValueError(PACKED)
    line = line.lstrip(MARKS)
    if before := _BEFORE.match(line):
        line = line[before.end() :]
    found, at = [], 0
    try:
        said = line.decode()
        while at < len(said):
            value, at = _DECODER.raw_decode(said, at)
            found.append(value)
            at = _blank(said, at)
    except (ValueError, RecursionError) as error:
        raise ValueError(NOT_JSON) from error
    if not found:
        raise ValueError(NOT_JSON)
    return (
        found[0]
        if len(found) == 1
        else [one for value in found for one in (value if isinstance(value, list) else [value])]
    )


def _blank(said: str, at: int) -> int:
    while at < len(said) and said[at] in " \t\r\n,\x1e":
        at += 1
    return at


# The names under which envelopes hold log entries. If names follow, the object is an envelope only with one of them
# beside it. Where an entry is text, the text is JSON.
_LISTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("logEvents", ()), ("events", ()), ("records", ()), ("Records", ()), ("hits", ()), ("tables", ()),
    ("results", ("statistics", "status", "queryLanguage")),
    ("value", ("@odata.context", "@odata.nextLink", "nextLink", "@nextLink")),
    ("data", ("object", "meta", "has_more", "next_page", "nextCursor")),
)  # fmt: skip
_ENTRIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("jsonPayload", ()), ("textPayload", ()), ("@message", ()), ("_source", ("_index", "_id")),
    ("detail", ("detail-type",)),
    ("event", ("sourcetype", "source", "host", "index")), ("Message", ("Type", "MessageId", "TopicArn")),
    ("Sns", ("EventSource",)),
    ("body", ("messageId", "receiptHandle", "eventSource", "MessageId")), ("kinesis", ("eventSource", "eventID")),
    ("data", ("partitionKey", "recordId")),
    ("message", (
        "@timestamp", "@version", "timestamp", "ingestionTime", "logGroup", "logStreamName", "host", "hostname",
        "stream", "kubernetes", "source_type", "level", "severity",
    )),
    ("log", ("stream", "time", "timestamp", "kubernetes", "@timestamp", "date")),
)  # fmt: skip
_ENVELOPES = frozenset(name for table in (_LISTS, _ENTRIES) for name, _ in table) | {"messageType"}
_DEEP = 5  # envelopes within one another


def opened(one: Record, depth: int = 0) -> Iterator[Record]:
    """The log entries in an envelope, each with the envelope's own fields under `envelope`; else the object itself."""
    if depth > _DEEP or _ENVELOPES.isdisjoint(one):
        yield one
        return
    if one.get("messageType") == "CONTROL_MESSAGE":
        return
    for name, beside in _LISTS:
        if _stands(one, name, beside) and (entries := _entries(name, one[name])) is not None:
            about = {k: v for k, v in one.items() if k != name} if name in ("logEvents", "events") else {}
            yield from (_with(inner, about) for entry in entries for inner in opened(entry, depth + 1))
            return
    for name, beside in _ENTRIES:
        if _stands(one, name, beside if depth == 0 or name not in ("message", "log", "Message") else ()) and (
            held := _held(one[name])
        ):
            about = {k: v for k, v in one.items() if k != name}
            yield from (_with(inner, about) for entry in held for inner in opened(entry, depth + 1))
            return
    yield one


def _stands(one: Record, name: str, beside: tuple[str, ...]) -> bool:
    """Whether an object is an envelope with its entries under a name, beside the names that it needs."""
    return name in one and (not beside or len(one) == 1 or any(other in one for other in beside))


def _with(inner: Record, about: Record) -> Record:
    """An entry with what its envelope says of it; of envelopes within one another the outer stands around the inner."""
    return {**inner, "envelope": {**about, **inner.get("envelope", {})}} if about else inner


def _entries(name: str, held: Any) -> list[Record] | None:
    """The entries of a list, where it is one of an envelope: rows of a table as objects by column."""
    held = held.get("hits") if name == "hits" and isinstance(held, dict) else held
    if not isinstance(held, list) or not held:
        return None
    if name == "tables":
        return [row for table in held if isinstance(table, dict) for row in _rows(table)] or None
    if name == "results":  # of CloudWatch's Insights: each row is a list of fields
        held = [
            {f["field"]: f.get("value") for f in row if isinstance(f, dict) and "field" in f}
            if isinstance(row, list)
            else row
            for row in held
        ]
    entries = [entry for entry in held if isinstance(entry, dict)]
    if len(entries) < len(held):
        return None
    if name in ("logEvents", "events") and not all(isinstance(entry.get("message"), str | dict) for entry in entries):
        return None
    return entries


def _rows(table: Record) -> Iterator[Record]:
    columns = [c.get("name") if isinstance(c, dict) else c for c in table.get("columns") or ()]
    for row in table.get("rows") or ():
        if isinstance(row, list) and len(row) == len(columns):
            yield {str(name): value for name, value in zip(columns, row, strict=True) if value not in (None, "")}


def _held(held: Any) -> list[Record]:
    """The objects that an envelope holds under a name: as they are, as JSON text, or as base64 of it."""
    if isinstance(held, dict) and isinstance(raw := held.get("data"), str):  # a record of Kinesis
        held = raw
    if isinstance(held, str) and held.lstrip()[:1] not in ("{", "["):
        try:
            held = base64.b64decode(held, validate=True).decode()
        except ValueError:
            return []
    if isinstance(held, str):
        try:
            return _flat(_values(held.encode()))
        except (ValueError, RecursionError):
            return []
    return [held] if isinstance(held, dict) and held else []
