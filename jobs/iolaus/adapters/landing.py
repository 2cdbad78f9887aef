"""Records as rows of the landing: `exchanges` and `accounts` as JSON lines, and the `quarantine` of what can be neither."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.adapters import anthropic_batch, bedrock, litellm, openai_batch, otlp, records
from iolaus.adapters.fields import Cast, Record, cast_to, find, rest
from iolaus.schemas.landing import ACCOUNT, EXCHANGE
from iolaus.settings import DEFAULT

# folder: `exchanges`, `quarantine`, or null for a record that is skipped; dt: day of arrival, null but for an exchange;
# value: the line; present: bit i is set where the row has field i of EXCHANGE; reason: why it is no exchange.
ROWS = "folder string, dt date, value string, present long, reason string"
NO_TIME = "no time of the request"
IMPOSSIBLE_TIME = "a time before the first API"
STRANGE = "fields of a shape that the format does not have"
FIELDS = tuple(f.name for f in EXCHANGE)
_ACCOUNT_OF_PATH = "account="  # a folder's name that says whose logs it holds
_EXCHANGE_CASTS = {f.name: cast_to(f.dataType) for f in EXCHANGE}
_ACCOUNT_CASTS = {f.name: cast_to(f.dataType) for f in ACCOUNT}
_KINDS = (pa.string(), pa.date32(), pa.string(), pa.int64(), pa.string())


@dataclass(frozen=True)
class Format:
    """A format of logs: its name in words, how a record is read, and how lines become records."""

    title: str
    read: Callable[[Record], Record | str]
    gather: Callable[[DataFrame], DataFrame] = records.plain
    skips: tuple[str, ...] = ()  # why a sound record may be no exchange


FORMATS: dict[str, Format] = {
    "otlp": Format("OpenTelemetry spans of model calls, as OTLP JSON", otlp.read, records.of_spans, (otlp.OTHER_SPAN,)),
    "litellm": Format("LiteLLM's standard logging payload", litellm.read, skips=(litellm.OTHER_CALL,)),
    "bedrock": Format("AWS Bedrock model invocation logs", bedrock.read, skips=(bedrock.OTHER_OPERATION, bedrock.NO_LOG)),
    "openai-batch": Format("OpenAI-style batches", openai_batch.read, records.of_batches(openai_batch.parts), (openai_batch.OTHER_URL,)),
    "anthropic-batch": Format("Anthropic-style message batches", anthropic_batch.read, records.of_batches(anthropic_batch.parts)),
}
FAULTS = (records.NOT_JSON, records.NOT_AN_OBJECT, records.UNREADABLE_FILE, records.NOT_AN_EXCHANGE, STRANGE, NO_TIME, IMPOSSIBLE_TIME)


@dataclass(frozen=True)
class Choice:
    """What a deployment decides: fields of the landing taken from elsewhere (name: path), and the day of arrival.

    `accounts` are fields of an account. `arrived` None: an exchange arrived on the UTC day of its request. An exchange
    of a year before `earliest_year` cannot have happened.
    """

    exchanges: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    arrived: date | None = None
    earliest_year: int = DEFAULT.ingestion.earliest_year


def exchanges(gathered: DataFrame, kind: str, choice: Choice) -> DataFrame:
    """One row an exchange, rejected line or skipped record. Shapes: `iolaus.adapters.records.RECORDS`; `ROWS`.

    An exchange without a field that the landing requires is a row all the same: the quarantine of the lake says what
    it lacks. Fields that nobody took stand in the row, in an object named after the format.
    """
    known = FORMATS[kind]

    def land(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [row for record in batch.to_pylist() for row in _rows(record, kind, known, choice)]
            columns = list(zip(*rows, strict=True)) or [()] * len(_KINDS)
            arrays = [pa.array(values, kind_) for values, kind_ in zip(columns, _KINDS, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, names=["folder", "dt", "value", "present", "reason"])

    return gathered.mapInArrow(land, ROWS)


def accounts(gathered: DataFrame, kind: str, choice: Choice) -> DataFrame:
    """One row an account (`account_id`, `value`: its line), as its newest exchange has it, of those with `created_at`."""
    known = FORMATS[kind]

    def find_accounts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = []
            for record in batch.to_pylist():
                for _, made, about in _read(record, known, choice):
                    if isinstance(made, dict) and made.get("account_id") and made.get("requested_at") and about.get("created_at"):
                        row = {"account_id": made["account_id"], **about}
                        found.append((made["account_id"], made["requested_at"], _line(row)))
            columns = list(zip(*found, strict=True)) or [(), (), ()]
            yield pa.RecordBatch.from_arrays([pa.array(c, pa.string()) for c in columns], names=["account_id", "at", "value"])

    rows = gathered.mapInArrow(find_accounts, "account_id string, at string, value string")
    return rows.groupBy("account_id").agg(F.max_by("value", F.struct("at", "value")).alias("value"))


def _rows(record: Record, kind: str, known: Format, choice: Choice) -> Iterator[tuple[Any, ...]]:
    """The rows of one record, in the order of `ROWS`; a line of several objects is rejected once for each reason."""
    rejected = set()
    for one, made, _ in _read(record, known, choice):
        time = made.get("requested_at") if isinstance(made, dict) else None
        if isinstance(made, str) and made in known.skips:
            yield (None, None, None, 0, made)
            continue
        if isinstance(made, str) or not isinstance(time, str) or int(time[:4]) < choice.earliest_year:
            reason = made if isinstance(made, str) else IMPOSSIBLE_TIME if time else NO_TIME
            if reason not in rejected:
                rejected.add(reason)
                yield _rejected(record, reason)
            continue
        left = rest(made.get("left", one))
        row = {name: made[name] for name in FIELDS if made.get(name) is not None}
        present = sum(1 << i for i, name in enumerate(FIELDS) if name in row)
        arrived = choice.arrived or date.fromisoformat(time[:10])
        yield ("exchanges", arrived, _line(row | ({kind.replace("-", "_"): left} if left else {})), present, None)


def _read(record: Record, known: Format, choice: Choice) -> Iterator[tuple[Record, Record | str, Record]]:
    """Each object of a record: what is left of it, the landing's fields of it or why it has none, and those of its account."""
    if record["reason"] is not None:
        yield {}, record["reason"], {}
        return
    try:
        found = list(records.objects(record["record"]))
    except ValueError as error:
        yield {}, str(error), {}
        return
    for one in found:
        chosen, about = _chosen(one, choice.exchanges, _EXCHANGE_CASTS), _chosen(one, choice.accounts, _ACCOUNT_CASTS)
        whose = [part.removeprefix(_ACCOUNT_OF_PATH) for part in record["source_file"].split("/") if part.startswith(_ACCOUNT_OF_PATH)]
        if whose and "account_id" not in choice.exchanges:
            chosen["account_id"] = whose[-1]
        try:
            made = known.read(one)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            made = STRANGE
        yield one, made if isinstance(made, str) else made | chosen, about


def _chosen(record: Record, paths: Mapping[str, str], casts: Mapping[str, Cast]) -> Record:
    found = ((name, casts[name](find(record, path))) for name, path in paths.items())
    return {name: value for name, value in found if value is not None}


def _rejected(record: Record, reason: str) -> tuple[Any, ...]:
    """A row of the quarantine: the line as it was, where it came from and why it is there."""
    raw = record["record"]
    try:
        said = {} if raw is None else {"line": raw.decode()}
    except UnicodeDecodeError:
        said = {"line_base64": base64.b64encode(raw).decode()}
    return ("quarantine", None, _line({**said, "source_file": record["source_file"], "reason": reason}), 0, reason)


def _line(row: Record) -> str:
    """A row as a line of JSON; half a surrogate pair, which is no text, stays escaped."""
    line = json.dumps(row, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(row)
    return line
