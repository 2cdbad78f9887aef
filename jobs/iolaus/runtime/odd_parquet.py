"""Sound Parquet that Spark does not read: a column is of a type that it has not, or two names differ in case alone.

Arrow reads it, on the executors, so that such a column costs itself and not its file. A file is held whole in memory,
so only files of a bounded size are read like this.
"""

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from iolaus.runtime.lines import keys, times_of
from iolaus.runtime.long_lines import File
from iolaus.schemas.landing import FIELDS
from iolaus.schemas.table import STRING

WHOLE = 128 << 20  # bytes of a file; the JVM, Arrow and Python each hold it once
_ROWS = 64  # that are held at once as Python's values: each may have a prompt of megabytes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BROKEN = "corrupt Parquet"
_READ = StructType([StructField(name, STRING) for name in ("line", "path", "unreadable")])


def groups(files: Iterable[File]) -> Iterator[list[File]]:
    """The files, in order, in groups no larger than one file may be: Spark may give a task a whole group."""
    group: list[File] = []
    for file in files:
        if group and sum(f.size for f in group) + file.size > WHOLE:
            yield group
            group = []
        group.append(file)
    if group:
        yield group


def read(files: DataFrame, folder: str) -> DataFrame:
    """The rows of files as lines of JSON, as `lines.as_json` writes those that Spark reads.

    `files` has one row a file, with its `content`, as Spark's source `binaryFile` gives it. The result has `line`,
    `path` and `unreadable`: a file that Arrow cannot read to its end has a last row of its own with the reason.
    """
    known, times = frozenset(f.name for f in FIELDS.get(f"landing.{folder}", ())), times_of(folder)

    def each(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for path, content in zip(batch.column("path").to_pylist(), batch.column("content"), strict=True):
                for lines, reason in _pieces(content.as_buffer(), known, times):
                    n = len(lines)
                    columns = [pa.array(c, pa.string()) for c in (lines, [path] * n, [reason] * n)]
                    yield pa.RecordBatch.from_arrays(columns, names=_READ.fieldNames())

    return files.select(F.col("_metadata.file_path").alias("path"), "content").mapInArrow(each, _READ)


def _pieces(
    content: pa.Buffer, known: Collection[str], times: Collection[str]
) -> Iterator[tuple[list[str | None], str | None]]:
    """The lines of a file, some at a time; last, if the file is broken, one of null with the reason."""
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            for batch in file.iter_batches(batch_size=_ROWS, use_threads=False):
                yield list(lines(batch, known, times)), None
    except Exception:  # noqa: BLE001 - whatever is odd in it, a file costs itself, and not the day
        yield [None], _BROKEN


def lines(rows: pa.RecordBatch, known: Collection[str] = (), times: Collection[str] = ()) -> Iterator[str]:
    """Each row as a line of JSON, without its null fields.

    rows:
    | exchange_id (uuid)                   | Account_ID | at (time) |
    |--------------------------------------|------------|-----------|
    | 2a622467-8eda-4b3a-8217-fc8a4e010f05 | a          | 10:00:00  |

    result:
    {"exchange_id": "2a622467-8eda-4b3a-8217-fc8a4e010f05", "account_id": "a", "at": "10:00:00"}
    """
    names = keys(rows.schema.names, known)
    columns = [_values(_whole(column), name in times) for name, column in zip(names, rows.columns, strict=True)]
    for values in zip(*columns, strict=True):
        yield json.dumps({name: v for name, v in zip(names, values, strict=True) if v is not None})


def _whole(column: pa.Array) -> pa.Array:
    """Times in microseconds, which Python's have, and durations as their number, as Spark gives them."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", kind.tz and "UTC"), safe=False)
    if pa.types.is_time64(kind):
        return column.cast(pa.time64("us"), safe=False)
    return column.cast(pa.int64()) if pa.types.is_duration(kind) else column


def _values(column: pa.Array, is_time: bool) -> list[Any]:
    """The values as JSON's."""
    if pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
        return [_value(scalar) for scalar in column]
    try:
        values = cast(list[Any], column.to_pylist())
    except (ValueError, OverflowError, LookupError):
        values = [_leaf(scalar) for scalar in column]
    return [_plain(v) for v in _instants(values, is_time)]


def _value(scalar: pa.Scalar) -> Any:
    """A value as JSON's. Of a struct, null fields are left out; of a map, none are."""
    kind = scalar.type
    if not scalar.is_valid:
        return None
    if pa.types.is_dictionary(kind):
        return _value(scalar.value)
    if pa.types.is_map(kind):
        return {str(_value(entry[0])): _value(entry[1]) for entry in scalar.values}
    if pa.types.is_struct(kind):
        names = keys([kind.field(i).name for i in range(kind.num_fields)], ())
        fields = {name: _value(scalar[i]) for i, name in enumerate(names)}
        return {name: v for name, v in fields.items() if v is not None}
    if pa.types.is_nested(kind) and hasattr(scalar, "values"):
        return [_value(item) for item in scalar.values]
    return _plain(_leaf(scalar))


def _leaf(scalar: pa.Scalar) -> Any:
    """A value that holds no other; as text what Python has no value for, as times after the year 9999."""
    try:
        if pa.types.is_timestamp(scalar.type) and scalar.type.tz:
            return scalar.cast(pa.timestamp(scalar.type.unit, "UTC")).as_py()
        return scalar.as_py()
    except UnicodeDecodeError:
        return scalar.as_buffer().to_pybytes().decode(errors="replace")
    except (ValueError, OverflowError):
        return str(scalar.value) if hasattr(scalar, "value") else str(scalar)


def _instants(values: list[Any], is_time: bool) -> list[Any]:
    """Of a field that is a time, whole numbers as nanoseconds since 1970, as `lines.as_json` takes them."""
    return [_instant(v) if type(v) is int else v for v in values] if is_time else values


def _instant(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)  # 64 bits of nanoseconds are 292 years


def _plain(value: Any) -> Any:
    """A value of Arrow's as one of JSON's."""
    for kind, told in _TOLD:
        if isinstance(value, kind):
            return told(value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _of_bytes(value: bytes) -> str:
    """Text that its writer did not mark as text, or else the bytes in hexadecimal."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return value.hex() if "\0" in text else text


def _of_datetime(value: datetime) -> str:
    """A time without a zone is UTC."""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


_TOLD: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (bytes, _of_bytes),
    (float, lambda v: v if math.isfinite(v) else str(v)),
    (Decimal, lambda v: int(v) if v == v.to_integral_value() else float(v)),
    (datetime, _of_datetime),
    ((date, time), lambda v: v.isoformat()),
)
