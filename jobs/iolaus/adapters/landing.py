"""Records as rows of the landing: `exchanges` and `accounts` as JSON lines, and a `quarantine` of all others."""

import base64
import gc
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import orjson
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.adapters import documents
from iolaus.adapters.addresses import address
from iolaus.adapters.casts import OF_FIELD, Cast, Record, cast_to
from iolaus.adapters.documents import STRANGE
from iolaus.adapters.fields import find, has, rest
from iolaus.adapters.formats import IMPOSSIBLE_TIME, NO_TIME, Format
from iolaus.adapters.operations import NO_TEXT_MODEL, generates_text
from iolaus.schemas.landing import ACCOUNT, EXCHANGE
from iolaus.settings import DEFAULT
from iolaus.text.markers import is_redaction_marker

FIELDS = tuple(f.name for f in EXCHANGE)
# folder: `exchanges`, `quarantine`, or null for a record that is skipped; dt: day of arrival, null but for an exchange;
# value: the line; present: bit i is set where the row has field i of EXCHANGE; reason: why it is no exchange; matched:
# bit i is set where the record has path i of the choice; the others are for the summary.
ROWS = (
    "folder string, dt date, value string, present long, reason string, matched long, "
    "exchange_id string, account_id string, account_from string, content_from string, unread string"
)
_NAMES = tuple(column.split()[0] for column in ROWS.split(", "))
_KINDS = (pa.string(), pa.date32(), pa.string(), pa.int64(), pa.string(), pa.int64(), *[pa.string()] * 5)
_BITS = {name: 1 << i for i, name in enumerate(FIELDS)}
_ACCOUNT_OF_PATH = "account="  # a folder's name that says whose logs it holds
_OF_PROMPT = ("prompt", "prior_prompt", "turn_index", "image_count", "request_prefill")
_MODELS = ("request_model", "response_model")
_TEXTS = ("response", "system_instructions", "prior_response", "prior_prompt")
_EXCHANGE_CASTS = {f.name: cast_to(f.dataType) for f in EXCHANGE} | OF_FIELD
_ACCOUNT_CASTS = {f.name: cast_to(f.dataType) for f in ACCOUNT}
_SPEAKING = re.compile(r"prompt|messages?|input|contents?|query|question|text|body|request", re.IGNORECASE)


@dataclass(frozen=True)
class Choice:
    """What a deployment decides: fields of the landing taken from elsewhere (name: path), and the day of arrival.

    `accounts` are fields of an account. `arrived` None: an exchange arrived on the UTC day of its request. An exchange
    of a year before `earliest_year` cannot have happened. `own_proxies`: how many hops at the end of a list of
    forwarded addresses are one's own; those of private networks before them are passed over too.
    """

    exchanges: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    arrived: date | None = None
    earliest_year: int = DEFAULT.ingestion.earliest_year
    own_proxies: int = DEFAULT.ingestion.own_proxies

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths into the log, each once, in the order of the bits of `matched`."""
        return tuple(dict.fromkeys((*self.exchanges.values(), *self.accounts.values())))


def exchanges(gathered: DataFrame, known: Format, kind: str, choice: Choice) -> DataFrame:
    """One row per exchange, rejected line or skipped record. Shapes: `iolaus.adapters.records.RECORDS`; `ROWS`.

    An exchange without a field that the landing requires is a row all the same: the quarantine of the lake says what
    it lacks. Fields that nobody took stand in the row, in an object named after the format.
    """
    return gathered.mapInArrow(lambda batches: landed(batches, known, kind, choice), ROWS)


def landed(batches: Iterable[pa.RecordBatch], known: Format, kind: str, choice: Choice) -> Iterator[pa.RecordBatch]:
    """The rows (`ROWS`) of batches of records (`iolaus.adapters.records.RECORDS`), a few at a time."""
    with _uncollected():
        for several in documents.records(batches):
            made = [row for record, found in several for row in rows(record, found, kind, known, choice)]
            columns = list(zip(*made, strict=True)) or [()] * len(_KINDS)
            arrays = [pa.array(values, kind_) for values, kind_ in zip(columns, _KINDS, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, names=list(_NAMES))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: trees of JSON have none, and looking for them costs a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def accounts(gathered: DataFrame, known: Format, choice: Choice) -> DataFrame:
    """One row per account (`account_id`, `value`: its line), as its newest exchange with `created_at` has it."""

    def find_accounts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for several in documents.records(batches):
            found = []
            for record, objects in several:
                for one in [] if isinstance(objects, str) else objects:
                    about = _chosen(one, choice.accounts, _ACCOUNT_CASTS)
                    made, _ = _read(one, record["source_file"], known, choice)
                    if (
                        isinstance(made, dict)
                        and made.get("account_id")
                        and made.get("requested_at")
                        and about.get("created_at")
                    ):
                        row = {"account_id": made["account_id"], **about}
                        found.append((made["account_id"], made["requested_at"], _line(row)))
            columns = list(zip(*found, strict=True)) or [(), (), ()]
            yield pa.RecordBatch.from_arrays(
                [pa.array(c, pa.string()) for c in columns], names=["account_id", "at", "value"]
            )

    newest = gathered.mapInArrow(find_accounts, "account_id string, at string, value string")
    return newest.groupBy("account_id").agg(F.max_by("value", F.struct("at", "value")).alias("value"))


def rows(
    record: Record, found: list[Record] | str, kind: str, known: Format, choice: Choice
) -> Iterator[tuple[Any, ...]]:
    """The rows of one record, in the order of `ROWS`; a record of several objects is rejected once for each reason."""
    rejected = set()
    for one in [found] if isinstance(found, str) else found:
        made, matched = (one, 0) if isinstance(one, str) else _read(one, record["source_file"], known, choice)
        if isinstance(made, str) and made in known.skips:
            yield (None, None, None, 0, made, matched, *_NOTHING)
            continue
        try:
            row = made if isinstance(made, str) else _row(one, made, kind, known, choice, matched)  # type: ignore[arg-type]
        except RecursionError:
            row = STRANGE
        if isinstance(row, str):
            if row not in rejected:
                rejected.add(row)
                yield _rejected(record, row)
            continue
        yield row


_NOTHING = (None,) * 5


def _row(one: Record, made: Record, kind: str, known: Format, choice: Choice, matched: int) -> tuple[Any, ...] | str:
    """The row of an exchange; or why it can be placed in no day."""
    time = made.get("requested_at")
    if not isinstance(time, str):
        return NO_TIME
    if int(time[:4]) < choice.earliest_year:
        return IMPOSSIBLE_TIME
    left = rest(made.get("left", one))
    row = {name: value for name, value in made.items() if value is not None and name in _BITS}
    present = sum(map(_BITS.__getitem__, row))
    unread = made.get("unread") or (_unread(left) if "prompt" not in row else None)
    if left:
        row[kind.replace("-", "_")] = left
    arrived = choice.arrived or date.fromisoformat(time[:10])
    whose, account = made.get("account_from", known.account_from), row.get("account_id")
    said = (row.get("exchange_id"), account, whose if account else None, made.get("content_from"), unread)
    return ("exchanges", arrived, _line(row), present, None, matched, *said)


def _read(one: Record, source: str, known: Format, choice: Choice) -> tuple[Record | str, int]:
    """The landing's fields of an object, or why it has none; and which paths of the choice it has."""
    chosen, matched = {}, 0
    if choice.paths:
        chosen = _chosen(one, choice.exchanges, _EXCHANGE_CASTS)
        matched = sum(1 << i for i, path in enumerate(choice.paths) if has(one, path))
    if "account_id" in chosen:
        chosen["account_from"] = choice.exchanges["account_id"]
    elif _ACCOUNT_OF_PATH in source and "account_id" not in choice.exchanges:
        whose = [part.removeprefix(_ACCOUNT_OF_PATH) for part in source.split("/") if part.startswith(_ACCOUNT_OF_PATH)]
        chosen |= {"account_id": whose[-1], "account_from": "the folder account=…"} if whose else {}
    try:
        made = known.read(one)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return STRANGE, matched
    if isinstance(made, str):
        return made, matched
    if made.get("no_text") or any(
        isinstance(model := made.get(name), str) and not generates_text(model) for name in _MODELS
    ):
        return NO_TEXT_MODEL, matched
    if chosen:
        made |= chosen
    return _cleaned(made, choice), matched


def _cleaned(made: Record, choice: Choice) -> Record:
    """The fields without placeholders for what was left out, and with the client's address, not the proxies'."""
    prompt = made.get("prompt")
    if prompt and is_redaction_marker(prompt):
        made |= dict.fromkeys(_OF_PROMPT)
        made["unread"] = f"redacted: {prompt.strip()[:40]}"
    for name in _TEXTS:
        if (said := made.get(name)) and is_redaction_marker(said):
            made[name] = None
    if hops := made.get("client_ip"):
        made["client_ip"] = address(hops, choice.own_proxies)
    return made


def _unread(left: Any, name: str = "", depth: int = 0) -> str | None:
    """The path of the longest text that is left under a name that may hold a prompt; None if there is none."""
    found: list[tuple[int, str]] = []

    def look(node: Any, path: str, speaking: bool, depth: int) -> None:
        if isinstance(node, dict) and depth < 4:
            for key, value in node.items():
                look(
                    value,
                    f"{path}.{key}" if path else str(key),
                    speaking or bool(_SPEAKING.search(str(key))),
                    depth + 1,
                )
        elif speaking and ((isinstance(node, list) and node) or (isinstance(node, str) and " " in node)):
            found.append((len(node), path))

    look(left, name, speaking=False, depth=depth)
    return max(found)[1] if found else None


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
    value = _line({**said, "source_file": record["source_file"], "reason": reason})
    return ("quarantine", None, value, 0, reason, 0, *_NOTHING)


def _line(row: Record) -> str:
    """A row as a line of JSON; half a surrogate pair, which is no text, stays escaped."""
    try:
        return orjson.dumps(row).decode()
    except TypeError:  # half a pair, a number beyond 64 bits, nested over 254 levels deep
        line = json.dumps(row, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(row)
    return line
