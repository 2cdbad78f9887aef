"""What files hold as JSON objects: lines, arrays, documents over many lines, objects one after another, and envelopes.

Envelopes are what delivery services put around log entries.

Sources: AWS, "Log group-level subscription filters", `logEvents` (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/
SubscriptionFilters.html), "Export log data to Amazon S3" (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html),
and Firehose, "Amazon S3 object delivery", which puts records one after another
(https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html); Microsoft, "Stream logs to event hubs", `records`
(https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs); Google, "LogEntry", `jsonPayload`
(https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry).
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import pyarrow as pa

from iolaus.adapters.fields import Record, record_of

NOT_JSON = "not JSON"
NOT_AN_OBJECT = "not a JSON object"
UNREADABLE_FILE = "file not readable to its end"
OTHER_FILE = "a file of another kind"
STRANGE = "fields of a shape that the format does not have"
PACKED = "gzip under a name without .gz: rename it"
MOST = 256 << 20  # bytes of one document over many lines: it is held in memory, ten times as large when it is read

_TOKEN = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|[\[\]{}\"]")
_STAMP = re.compile(rb"\s*\d{4}-\d\d-\d\dT[\d:.]+Z?\s+(?=[{\[])")  # what an export of CloudWatch puts before each line


def objects(line: bytes) -> list[Record]:
    """The objects of a line: itself, those of an array, those that follow one another; out of their envelopes.

    Raises ValueError (`NOT_JSON`, `NOT_AN_OBJECT`, `PACKED`) for any other line.
    """
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        found = _values(line)
    several = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in several):
        raise ValueError(NOT_AN_OBJECT)
    if len(several) == 1 and _ENVELOPES.isdisjoint(several[0]):
        return several
    return [inner for one in several for inner in opened(one)]


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _values(line: bytes) -> Any:
    """The same where orjson refuses.

    Halves of surrogate pairs, numbers beyond a double, and several values in a line.
    """
    if line[:2] == b"\x1f\x8b":
        raise ValueError(PACKED)
    if stamp := _STAMP.match(line):
        line = line[stamp.end() :]
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
    while at < len(said) and said[at] in " \t\r\n,":
        at += 1
    return at


def opened(one: Record) -> Iterator[Record]:
    """The log entries in an envelope, each with what the envelope says of it under `envelope`.

    Else the object itself.
    """
    events = one.get("logEvents") or one.get("events")
    if (
        isinstance(events, list)
        and events
        and all(isinstance(e, dict) and isinstance(e.get("message"), str | dict) for e in events)
    ):
        about = {k: v for k, v in one.items() if k not in ("logEvents", "events")}
        for event in events:
            if isinstance(event, dict) and (inner := record_of(event.get("message"))):
                yield {**inner, "envelope": {**about, **{k: v for k, v in event.items() if k != "message"}}}
    elif one.get("messageType") == "CONTROL_MESSAGE":
        return
    elif isinstance(records := one.get("records"), list) and all(isinstance(r, dict) for r in records):
        yield from records
    elif isinstance(payload := one.get("jsonPayload"), dict):
        yield {**payload, "envelope": {k: v for k, v in one.items() if k != "jsonPayload"}}
    elif inner := record_of(one.get("@message")):
        yield {**inner, "envelope": {k: v for k, v in one.items() if k != "@message"}}
    else:
        yield one


_ENVELOPES = frozenset(("logEvents", "events", "records", "jsonPayload", "@message", "messageType"))


def records(batches: Iterable[pa.RecordBatch]) -> Iterator[list[tuple[Record, list[Record] | str]]]:
    """For each batch of lines (`RECORDS`, and other columns): each record with its objects, or with why it has none.

    A document over many lines is one record, with all its bytes. Lines of one file follow one another. A line that
    cannot begin or continue a document, or one that is never finished, is a record by itself, whose neighbours are
    read.
    """
    open_ = _Open()
    for batch in batches:
        yield [made for row in batch.to_pylist() for made in open_.take(row)]
    yield open_.given_up()


class _Open:
    """A document of which some lines are read."""

    def __init__(self) -> None:
        self._rows: list[Record] = []
        self._stack: list[int] = []  # brackets that are open
        self._size = 0

    def take(self, row: Record) -> Iterator[tuple[Record, list[Record] | str]]:
        """What is known with one line more."""
        if self._rows and (row["reason"] is not None or row["source_file"] != self._rows[0]["source_file"]):
            yield from self.given_up()
        if row["reason"] is not None:
            yield row, row["reason"]
            return
        line = row["record"]
        if not self._rows:
            made = _alone(line)
            if isinstance(made, str) and line.lstrip()[:1] in (b"{", b"[") and self._continue(line):
                self._rows, self._size = [row], len(line)
            else:
                self._stack = []
                yield row, made
            return
        if self._begins_anew(line) or self._size + len(line) > MOST or not self._continue(line):
            yield from self.given_up()
            yield from self.take(row)
            return
        self._rows.append(row)
        self._size += len(line)
        if not self._stack:
            document = {**self._rows[0], "record": b"\n".join(r["record"] for r in self._rows)}
            made = _alone(document["record"])
            if isinstance(made, str):
                yield from self.given_up()
            else:
                self._rows = []
                yield document, made

    def given_up(self) -> list[tuple[Record, list[Record] | str]]:
        """The lines that made no document, each by itself."""
        rows, self._rows, self._stack, self._size = self._rows, [], [], 0
        return [(row, _alone(row["record"])) for row in rows]

    def _begins_anew(self, line: bytes) -> bool:
        """Whether a line is a whole object where, within the document, none can stand: the document broke off."""
        begun = self._rows[-1]["record"].rstrip()[-1:]
        if line[:1] != b"{" or (self._stack[-1] == ord("[") and begun in (b",", b"[")):
            return False
        return not isinstance(_alone(line), str)

    def _continue(self, line: bytes) -> bool:
        """Whether the brackets of a line can follow those that are open.

        A text that is not closed in its line cannot.
        """
        for token in _TOKEN.findall(line):
            if len(token) > 1:
                continue
            if token in (b"{", b"["):
                self._stack.append(token[0])
            elif token == b'"' or not self._stack or self._stack.pop() + 2 != token[0]:
                return False
        return True


def _alone(line: bytes) -> list[Record] | str:
    try:
        return objects(line)
    except ValueError as error:
        return str(error)
