"""Lines of a log as records: one JSON object for each exchange, gathered from where its parts lie.

Columns of records (`RECORDS`): `record`, bytes of JSON; `source_file`; `reason`, why a line is no record, else null.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.adapters import otlp
from iolaus.adapters.fields import Record, text

RECORDS = "record binary, source_file string, reason string"
NOT_JSON = "not JSON"
NOT_AN_OBJECT = "not a JSON object"
NOT_AN_EXCHANGE = "no part of an exchange"
UNREADABLE_FILE = "file not readable to its end"
_PARTS = "key string, part string, text string, record binary, source_file string, position long, reason string"

Parts = Callable[[Record], Iterator[tuple[str, str | None, Record]]]


def objects(line: bytes) -> Iterator[Record]:
    """The objects of a line: itself, or those of an array. Raises ValueError (`NOT_JSON`, `NOT_AN_OBJECT`) for any other line."""
    try:
        found = json.loads(line.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError(NOT_JSON) from error
    several = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in several):
        raise ValueError(NOT_AN_OBJECT)
    yield from several


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def plain(lines: DataFrame) -> DataFrame:
    """Records where each line is one, or an array of them. Shapes: as `iolaus.runtime.logs` reads lines; `RECORDS`."""
    return lines.select(
        F.col("line").cast("binary").alias("record"),
        "source_file",
        F.when(F.col("unreadable").isNotNull(), F.lit(UNREADABLE_FILE)).alias("reason"),
    )


def of_spans(lines: DataFrame) -> DataFrame:
    """Records of OTLP exports: one a span, with the first server span of its trace as `server`. One shuffle by trace."""

    def spans(line: Record) -> Iterator[tuple[str, str | None, Record]]:
        found = list(otlp.spans(line))
        for span in found:
            part = "call" if otlp.is_call(span) else "server" if otlp.is_server(span) else "other"
            yield part, text(span.get("traceId")), span if part != "other" else {"spanId": span.get("spanId")}
        if not found and any(name in line for name in otlp.SIGNALS):
            yield "other", None, {"spanId": None}  # an export of logs or metrics alone

    parts = _exploded(lines, spans).withColumn("begun", F.lpad(F.get_json_object("text", "$.startTimeUnixNano"), 20, "0"))
    first = F.min_by(F.when(F.col("part") == "server", F.col("text")), F.when(F.col("part") == "server", F.struct("begun", "text")))
    parts = parts.withColumn("server", first.over(Window.partitionBy("key")))
    whole = F.concat(F.lit('{"server":'), F.coalesce("server", F.lit("null")), F.lit(","), F.substring("text", 2, 2**31 - 1))
    rows = parts.where("part is null or part <> 'server'")
    return rows.select(F.coalesce(whole.cast("binary"), "record").alias("record"), "source_file", "reason")


def of_batches(parts_of: Parts) -> Callable[[DataFrame], DataFrame]:
    """Records of batches: one a `custom_id` and folder, with its `request`, its `result` and the folder's `batch`.

    A folder holds the files of one batch, for a custom_id is unique within a batch alone. Of a part that is there
    twice the last one of the file whose path is greatest counts. One shuffle by folder and custom_id.
    """

    def gather(lines: DataFrame) -> DataFrame:
        parts = _exploded(lines, parts_of).withColumn("folder", F.regexp_replace("source_file", "[^/]*$", ""))
        order = F.struct("source_file", "position")

        def last(part: str) -> Any:
            there = F.col("part") == part
            return F.max_by(F.when(there, F.col("text")), F.when(there, order)).alias(part)

        sound = parts.where("reason is null")
        batches = sound.where("part = 'batch'").groupBy("folder").agg(last("batch"))
        exchanges = (
            sound.where("part <> 'batch'")
            .groupBy("folder", "key")
            .agg(last("request"), last("result"), F.max("source_file").alias("source_file"))
        )
        joined = exchanges.join(batches, "folder", "left")
        names = ("request", "result", "batch")
        inner = [F.concat(F.lit(f'"{name}":'), F.coalesce(name, F.lit("null"))) for name in names]
        whole = F.concat(F.lit("{"), F.concat_ws(",", *inner), F.lit("}"))
        records = joined.select(whole.cast("binary").alias("record"), "source_file", F.lit(None).cast("string").alias("reason"))
        return records.unionByName(parts.where("reason is not null").select("record", "source_file", "reason"))

    return gather


def _exploded(lines: DataFrame, parts_of: Parts) -> DataFrame:
    """One row a part of a line (`part`, `key`, `text`: the object as JSON), or a line that is none (`record`, `reason`)."""
    schema = _PARTS

    def explode(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = [part for row in batch.to_pylist() for part in _parts_of_line(row, parts_of)]
            columns = ("key", "part", "text", "record", "source_file", "position", "reason")
            kinds = (pa.string(), pa.string(), pa.string(), pa.binary(), pa.string(), pa.int64(), pa.string())
            arrays = [pa.array([part.get(name) for part in found], kind) for name, kind in zip(columns, kinds, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

    with_bytes = plain(lines).select("record", "source_file", "reason")
    return with_bytes.withColumn("position", F.monotonically_increasing_id()).mapInArrow(explode, schema)


def _parts_of_line(row: Record, parts_of: Parts) -> list[Record]:
    alone = f"{row['source_file']}#{row['position']}"  # the key of what belongs to nothing else
    if row["reason"] is not None:
        return [{**row, "key": alone}]
    here = {"source_file": row["source_file"], "position": row["position"]}
    try:
        found = [
            {**here, "part": part, "key": key or alone, "text": json.dumps(value)}
            for one in objects(row["record"])
            for part, key, value in parts_of(one)
        ]
    except ValueError as error:
        return [{**row, "key": alone, "reason": str(error)}]
    return found or [{**row, "key": alone, "reason": NOT_AN_EXCHANGE}]
