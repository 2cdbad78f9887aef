"""Lines of JSON to typed columns, with every reason why a line is rejected, in batches of Arrow.

Lines are read one by one (`json_lines`) and typed column by column (`json_columns`). `accepted` and `rejected` both ask
`judge`, which says of each line what it is, whatever its neighbours are, so a line is in just one of the two. Two
functions, because Spark cannot leave out columns that Python made: bronze has no use for the text of the lines,
quarantine none for their fields.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StructField, StructType

from iolaus.schemas.table import BINARY, STRING, array_of, map_of
from iolaus.settings import Ingestion
from iolaus.text.bounds import NAME_BYTES, PROSE, lists, texts, unknown
from iolaus.text.json_columns import INSTANT, typed, where
from iolaus.text.json_lines import BROKEN_JSON, read, written

# Reasons why a line is rejected, beside those of `json_lines`.
MISSING = "missing: "  # then the field
WRONG_TYPE = "wrong_type: "  # then the field
IMPOSSIBLE_TIME = "impossible_time: "  # then the field
OVERSIZED_PROMPT = "oversized_prompt"
UNREADABLE_FILE = "unreadable_file: "  # then what is wrong with the file

MAY_BE_EMPTY = ("prompt",)  # required text that may be empty; any other must not

_FIRST_YEAR = 1970  # of what is no exchange: accounts may be older than any API
# Whole numbers that are optional are counts, which no client can make negative or so large that sums overflow.
_MOST = 10**9
_RANGES = {"http_status": (100, 599), "client_asn": (0, 2**31 - 1), "signup_asn": (0, 2**31 - 1)}
_UNKNOWN = (-1, 0)  # outside of their range, these stand for a number that is not known, and are none
_ANY_NUMBER = ("request_seed",)
# bytes of lines whose values are held at once: they take a multiple of it, and should fit the processor's cache
_PIECE = 512 << 10
_EXTRA = StructField("extra", map_of(STRING))


@dataclass(frozen=True)
class Judged:
    """What lines were found to be.

    `columns`: the fields and `extra`, of those lines that are objects; `places`: which lines these are. `reasons`: by
    place, everything wrong with a line, whose values are then not to be used.
    """

    columns: list[pa.Array]
    places: list[int]
    reasons: dict[int, list[str]]


@dataclass(frozen=True)
class _Objects:
    """Those lines that are objects: values by field, unknown fields, places; and what is wrong with lines as such."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    extra: list[dict[str, str] | None] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    reasons: dict[int, list[str]] = field(default_factory=dict)


def accepted(
    lines: DataFrame,
    fields: Sequence[StructField],
    limits: Ingestion,
    arrived_on: date | None = None,
    keep: Sequence[str] = (),
) -> DataFrame:
    """The valid lines of `lines` (columns `line` and `unreadable`, and others).

    The result has the fields, `extra`, and the columns `keep`: one row per line, typed, times in UTC, to the
    microsecond. `extra` is a map from the names of unknown fields to their values as JSON text, null if there are none.
    `arrived_on` bounds times from above; with None they have no such bound. Text over `prompt_bytes` is rejected only
    in a field named `prompt`.
    """
    sound = lines.where(F.col("unreadable").isNull())
    schema = StructType([*fields, _EXTRA, *(lines.schema[name] for name in keep)])

    def take(piece: pa.RecordBatch) -> list[pa.Array]:
        judged = judge(piece.column("line").to_pylist(), fields, limits, arrived_on)
        if not judged.reasons:
            return [*judged.columns, *map(piece.column, keep)]
        rows = [row for row, place in enumerate(judged.places) if place not in judged.reasons]
        columns = (column.take(pa.array(rows, pa.int64())) for column in judged.columns)
        places = pa.array([judged.places[row] for row in rows], pa.int64())
        return [*columns, *(piece.column(name).take(places) for name in keep)]

    return _mapped(sound.select(F.col("line").cast(BINARY).alias("line"), *keep), take, schema)


def rejected(
    lines: DataFrame,
    fields: Sequence[StructField],
    limits: Ingestion,
    arrived_on: date | None = None,
    keep: Sequence[str] = (),
) -> DataFrame:
    """Those of `lines` that `accepted` does not have: the bytes of `line`, `reasons`, and the columns `keep`.

    `reasons` names everything wrong with a line, in the order of the fields; or what is wrong with a file, whose `line`
    is null.
    """
    given = lines.select(F.col("line").cast(BINARY).alias("line"), "unreadable", *keep)
    schema = StructType(
        [given.schema["line"], StructField("reasons", array_of(STRING)), *(lines.schema[name] for name in keep)]
    )

    def take(piece: pa.RecordBatch) -> list[pa.Array]:
        reasons = judge([line or b"" for line in piece.column("line").to_pylist()], fields, limits, arrived_on).reasons
        marks = piece.column("unreadable")
        reasons |= {place: [UNREADABLE_FILE + marks[place].as_py()] for place in where(pc.is_valid(marks))}
        places = pa.array(sorted(reasons), pa.int64())
        why = pa.array([reasons[place] for place in sorted(reasons)], pa.list_(pa.string()))
        return [piece.column("line").take(places), why, *(piece.column(name).take(places) for name in keep)]

    return _mapped(given, take, schema)


def newest(parsed: DataFrame, key: Sequence[str]) -> DataFrame:
    """Of the parsed lines that share a key, the newest: the last line of the file whose path is greatest.

    Numbers in paths are compared as numbers: part-10 comes after part-9.
    """
    columns = [c for c in parsed.columns if c not in key]
    last = F.max_by(F.struct(*columns), F.struct(_in_order("source_file"), "source_file", "position"))
    return parsed.groupBy(*key).agg(last.alias("_last")).select(*key, "_last.*")


def _in_order(path: str) -> Column:
    """A path as text that sorts as its numbers do: each with as many digits, up to 20."""
    padded = F.regexp_replace(path, r"(\d+)", "0" * 20 + "$1")
    return F.regexp_replace(padded, r"\d*(\d{20})", "$1")


def judge(lines: Sequence[bytes], fields: Sequence[StructField], limits: Ingestion, arrived_on: date | None) -> Judged:
    """Each line by itself: what it holds, or why not.

    Required fields decide whether a line is accepted. An optional field that is of another type, or cannot be, costs
    itself alone: it is null, and what stood there is in `extra` under its name. Reasons are in the order of the fields,
    of times last, then of size.

        {"account_id": "a", "turn_index": 0.5}  ->  account_id "a", turn_index null, extra {"turn_index": "0.5"}
    """
    found = _objects(lines, tuple(f.name for f in fields))
    columns = []
    odd: dict[int, dict[str, Any]] = {}  # by row: the optional fields that cannot be read

    def reject(reason: str, rows: Iterable[int]) -> None:
        for row in rows:
            found.reasons.setdefault(found.places[row], []).append(reason)

    by_field: Iterable[tuple[Any, ...]] = zip(*found.rows, strict=True) if found.rows else [()] * len(fields)
    for known, values in zip(fields, by_field, strict=True):
        column, others = typed(values, known.dataType, days_are_times=arrived_on is None)
        if known.nullable:
            column, impossible = _possible(column, known.name, limits, arrived_on)
            for row in {*others, *impossible}:
                odd.setdefault(row, {})[known.name] = values[row]
        else:
            reject(WRONG_TYPE + known.name, others)
            reject(MISSING + known.name, _missing(values, known))
        columns.append(column)
    by_name = {known.name: column for known, column in zip(fields, columns, strict=True)}
    for known in fields:
        if by_name[known.name].type == INSTANT and not known.nullable:
            reject(IMPOSSIBLE_TIME + known.name, _impossible(by_name[known.name], limits, arrived_on))
    if "prompt" in by_name:
        reject(OVERSIZED_PROMPT, where(pc.greater(pc.binary_length(by_name["prompt"]), limits.prompt_bytes)))
    for row, values_of in odd.items():
        kept = written(values_of, lines[found.places[row]])
        if kept is None:
            reject(BROKEN_JSON, [row])
        else:
            found.extra[row] = (found.extra[row] or {}) | kept
    columns = [_bounded(column, known, limits.text_bytes) for known, column in zip(fields, columns, strict=True)]
    extra = [None if of is None else unknown(of, limits.text_bytes) for of in found.extra]
    return Judged([*columns, pa.array(extra, pa.map_(pa.string(), pa.string()))], found.places, found.reasons)


def _objects(lines: Sequence[bytes], names: tuple[str, ...]) -> _Objects:
    made, known = _Objects(), frozenset(names)
    for place, line in enumerate(lines):
        found, wrong = read(line)
        unknown = None
        if found is not None and not known.issuperset(found):
            unknown = written({name: value for name, value in found.items() if name not in known}, line)
            if unknown is None:
                found, wrong = None, [*wrong, BROKEN_JSON]
        if found is not None:
            made.rows.append(tuple(map(found.get, names)))
            made.extra.append(unknown)
            made.places.append(place)
        if wrong:
            made.reasons[place] = wrong
    return made


def _missing(values: Sequence[Any], known: StructField) -> Sequence[int]:
    """The rows of required values that are absent, null, or empty where they may not be."""
    if known.nullable:
        return ()
    empty = (None,) if known.name in MAY_BE_EMPTY else (None, "")
    return [row for row, value in enumerate(values) if value in empty] if any(v in values for v in empty) else ()


def _impossible(times: pa.Array, limits: Ingestion, arrived_on: date | None) -> Sequence[int]:
    """The rows of times that cannot be.

    Of an exchange those before the first API, or too long after the end (UTC) of its day of arrival; of anything else,
    which may be older than any API, those before computers counted time.
    """
    earliest = _FIRST_YEAR if arrived_on is None else limits.earliest_year
    impossible = pc.less(times, pa.scalar(datetime(earliest, 1, 1, tzinfo=UTC), INSTANT))
    if arrived_on is not None:
        end = datetime.combine(arrived_on, time(), UTC) + timedelta(days=1, hours=limits.clock_ahead_hours)
        impossible = pc.or_(impossible, pc.greater_equal(times, pa.scalar(end, INSTANT)))
    return where(impossible)


def _possible(
    column: pa.Array, name: str, limits: Ingestion, arrived_on: date | None
) -> tuple[pa.Array, Sequence[int]]:
    """An optional column without values that cannot be, and the rows that had them."""
    rows: Sequence[int] = ()
    if column.type == INSTANT:
        rows = _impossible(column, limits, arrived_on)
    elif pa.types.is_integer(column.type) and name not in _ANY_NUMBER:
        least, most = _RANGES.get(name, (0, _MOST))
        outside = pc.or_(pc.less(column, least), pc.greater(column, most))
        rows = where(pc.and_(outside, pc.invert(pc.is_in(column, pa.array(_UNKNOWN, column.type)))))
        return pc.if_else(outside, pa.scalar(None, column.type), column), rows
    if not rows:
        return column, rows
    mask = np.zeros(len(column), bool)
    mask[rows] = True
    return pc.if_else(pa.array(mask), pa.scalar(None, column.type), column), rows


def _bounded(column: pa.Array, known: StructField, most: int) -> pa.Array:
    """A column of which every value has a bounded size."""
    if known.dataType == STRING:
        return texts(column, most if known.name in PROSE else NAME_BYTES)
    return lists(column, most) if isinstance(known.dataType, ArrayType) else column


def _mapped(lines: DataFrame, take: Callable[[pa.RecordBatch], list[pa.Array]], schema: StructType) -> DataFrame:
    """What is made of each piece of the lines, a batch of Spark's at a time."""

    def each(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            made = [pa.RecordBatch.from_arrays(take(piece), names=schema.fieldNames()) for piece in _pieces(batch)]
            yield from pa.Table.from_batches(made).combine_chunks().to_batches() if made else ()

    return lines.mapInArrow(each, schema)


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The rows of a batch, in pieces of as many lines as begin in as many bytes."""
    ends = np.cumsum(
        pc.fill_null(pc.binary_length(batch.column("line")), 0).to_numpy(zero_copy_only=False), dtype=np.int64
    )
    starts = [0, *(np.flatnonzero(np.diff(ends // _PIECE)) + 1).tolist(), batch.num_rows]
    return (batch.slice(start, end - start) for start, end in pairwise(starts) if end > start)
