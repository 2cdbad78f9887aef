"""Lines of a log as records: one JSON object for each exchange, gathered from where its parts lie.

Columns of records (`RECORDS`): `record`, bytes of JSON; `source_file`; `reason`, why a line is no record, else null.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from iolaus.adapters import documents, otlp, otlp_content, telemetry
from iolaus.adapters.casts import Record, text
from iolaus.adapters.documents import OTHER_FILE, STRANGE, UNREADABLE_FILE

RECORDS = "record binary, source_file string, reason string"
NOT_AN_EXCHANGE = "no part of an exchange"
_PARTS = (
    "key string, part string, name string, text string, record binary, source_file string, position long, place "
    "int, reason string"
)
_ROLE = r"(?i)(^|[-_. ]+)(inputs?|in|requests?|outputs?|out|results?|responses?|errors?|batch)(?=$|[-_. ])"

# What a line gives: its part of an exchange, the key of the exchange, a name within it, and the object.
Parts = Callable[[Record], Iterator[tuple[str, str | None, Record]]]


def plain(lines: DataFrame) -> DataFrame:
    """Records of logs in which each line, or each document over several lines, is one record or more.

    Shapes: lines as `iolaus.runtime.logs` reads them; result as `RECORDS`.
    """
    other = F.when(F.startswith("unreadable", F.lit("not a ")), F.lit(OTHER_FILE)).otherwise(F.lit(UNREADABLE_FILE))
    return lines.select(
        F.col("line").cast("binary").alias("record"),
        "source_file",
        F.when(F.col("unreadable").isNotNull(), other).alias("reason"),
    )


def of_spans(lines: DataFrame) -> DataFrame:
    """Records of OTLP exports: one per call, with its log `events` and the first server span of its trace as `server`.

    Events without their span make a record of their own. One shuffle by trace.
    """

    def telemetry_of(line: Record) -> Iterator[tuple[str, str | None, Record]]:
        found = list(telemetry.spans(line))
        for span in found:
            part = (
                "call"
                if otlp.is_call(span) or otlp_content.has_content(span)
                else "server"
                if otlp.is_server(span)
                else "other"
            )
            yield part, text(span.get("traceId")), span if part != "other" else {"spanId": span.get("spanId")}
        for event in telemetry.logs(line):
            content = otlp_content.is_content(event)
            yield "event" if content else "other", text(event.get("traceId")), event if content else {"spanId": None}
            found.append(event)
        if not found and any(name in line for name in telemetry.SIGNALS):
            yield "other", None, {"spanId": None}  # an export of metrics alone

    parts = _exploded(lines, telemetry_of).withColumn(
        "begun", F.lpad(F.get_json_object("text", "$.startTimeUnixNano"), 20, "0")
    )
    of_trace, of_span = Window.partitionBy("key"), Window.partitionBy("key", "name")

    def where(part: str, value: str | Column) -> Column:
        return F.when(F.col("part") == part, F.col(value) if isinstance(value, str) else value)

    first = F.min_by(where("server", "text"), where("server", F.struct("begun", "text")))
    events = F.array_sort(F.collect_list(where("event", F.struct("position", "place", "text"))).over(of_span))
    parts = parts.withColumns({
        "server": first.over(of_trace),
        "events": F.transform(events, lambda event: event["text"]),
        "stands": F.count_if(F.col("part") == "call").over(of_span) == 0,
        "calls": F.collect_set(where("call", "name")).over(of_trace),
        "nth": F.row_number().over(of_span.orderBy(F.col("part") != "event", "position")),
    })  # fmt: skip
    rows = parts.where("part is null or part in ('call', 'other') or (part = 'event' and stands and nth = 1)")
    within = F.array_contains("calls", F.get_json_object("text", "$.parentSpanId"))
    inner = [
        F.concat(
            F.lit('{"within":'),
            F.coalesce(within.cast("string"), F.lit("false")),
            F.lit(',"server":'),
            F.coalesce("server", F.lit("null")),
        ),
        F.when(F.size("events") > 0, F.concat(F.lit('"events":['), F.concat_ws(",", "events"), F.lit("]"))),
        F.substring("text", 2, 2**31 - 1),
    ]
    # A span's own events, where it has both, stand after: the last of a name counts, so they are read from the logs
    # alone.
    whole = F.when(
        F.col("text").isNotNull(),
        F.concat_ws(",", inner[0], F.when(~F.contains("text", F.lit('"events": [')), inner[1]), inner[2]),
    )
    return rows.select(F.coalesce(whole.cast("binary"), "record").alias("record"), "source_file", "reason")


def of_batches(parts_of: Parts) -> Callable[[DataFrame], DataFrame]:
    """Records of batches: one a batch and `custom_id`, with its `request`, its `result` and the `batch`.

    A custom_id is unique within a batch alone, so a folder should hold one. Where it has several batch objects, a file
    belongs to the batch whose id, or id of its file, stands in its path, else to the one whose file's name is its own
    but for the part that says what it holds (`a_input.jsonl`, `a_batch.json`). Of a part that is there twice the last
    one of the file whose path is greatest counts. One shuffle by folder and custom_id.
    """

    def gather(lines: DataFrame) -> DataFrame:
        parts = _exploded(lines, parts_of).withColumns({
            "folder": F.regexp_replace("source_file", "[^/]*$", ""),
            "stem": F.regexp_replace(F.regexp_replace(F.regexp_extract("source_file", "([^/]*)$", 1), r"\.[A-Za-z.]+$",
            ""), _ROLE, ""),
        })  # fmt: skip
        parts = _with_batches(parts)
        order = F.struct(_answered().alias("answered"), "source_file", "position")

        def last(part: str) -> Any:
            there = F.col("part") == part
            return F.max_by(F.when(there, F.col("text")), F.when(there, order)).alias(part)

        sound = parts.where("reason is null and part <> 'batch'")
        joined = sound.groupBy("folder", "of", "key").agg(
            last("request"),
            last("result"),
            F.max("source_file").alias("source_file"),
            F.any_value("batch").alias("batch"),
        )
        names = ("request", "result", "batch")
        inner = [F.concat(F.lit(f'"{name}":'), F.coalesce(name, F.lit("null"))) for name in names]
        whole = F.concat(F.lit("{"), F.concat_ws(",", *inner), F.lit("}"))
        records = joined.select(
            whole.cast("binary").alias("record"), "source_file", F.lit(None).cast("string").alias("reason")
        )
        return records.unionByName(parts.where("reason is not null").select("record", "source_file", "reason"))

    return gather


def _answered() -> Column:
    """Whether a part is no error: of OpenAI's, Anthropic's and Bedrock's batches."""
    failed = [
        F.get_json_object("text", "$.error").isNotNull(),
        F.get_json_object("text", "$.response.status_code").cast("int") >= 400,
        F.get_json_object("text", "$.result.type") != "succeeded",
    ]
    return (
        ~F.coalesce(failed[0], F.lit(False))
        & ~F.coalesce(failed[1], F.lit(False))
        & ~F.coalesce(failed[2], F.lit(False))
    )


def of_groups(parts_of: Parts) -> Callable[[DataFrame], DataFrame]:
    """Records of logs in which several entries belong to one call: one per key, with a list for each part.

    Entries keep the order of lines. One shuffle by key. The entries of one call are held together; they are few.
    """

    def gather(lines: DataFrame) -> DataFrame:
        parts = _exploded(lines, parts_of)
        one = F.concat(F.lit('{"'), F.col("part"), F.lit('":'), F.col("text"), F.lit("}"))
        several = F.array_sort(F.collect_list(F.struct("source_file", "position", one.alias("one"))))
        calls = (
            parts.where("reason is null")
            .groupBy("key")
            .agg(several.alias("several"), F.max("source_file").alias("source_file"))
        )
        whole = F.concat(F.lit('{"parts":['), F.concat_ws(",", F.transform("several", lambda s: s["one"])), F.lit("]}"))
        records = calls.select(
            whole.cast("binary").alias("record"), "source_file", F.lit(None).cast("string").alias("reason")
        )
        return records.unionByName(parts.where("reason is not null").select("record", "source_file", "reason"))

    return gather


def _with_batches(parts: DataFrame) -> DataFrame:
    """The parts, each with its `batch` object and with `of`, which tells the batches of one folder apart.

    `of` is null if there is only one batch.
    """
    names = ("id", "input_file_id", "output_file_id", "error_file_id")
    found = parts.where("part = 'batch' and reason is null").select(
        "folder", F.get_json_object("text", "$.id").alias("id"), "stem", "source_file", "position", "text",
        F.array_compact(F.array(*(F.get_json_object("text", f"$.{name}") for name in names))).alias("ids"),
    )  # fmt: skip
    newest = found.groupBy("folder", "id").agg(
        F.max_by(F.struct("ids", "stem", "text"), F.struct("source_file", "position")).alias("one")
    )
    folders = newest.groupBy("folder").agg(F.array_sort(F.collect_list("one")).alias("batches"))
    joined = parts.join(folders, "folder", "left")
    named = F.filter("batches", lambda b: F.exists(b["ids"], lambda i: F.contains(F.col("source_file"), i)))
    alike = F.filter("batches", lambda b: b["stem"] == F.col("stem"))
    several = F.size("batches") > 1
    one = F.when(~several, F.get("batches", F.lit(0))).otherwise(
        F.coalesce(F.get(named, F.lit(0)), F.get(alike, F.lit(0)))
    )
    return joined.withColumn("one", one).select(
        *parts.columns,
        F.when(several, F.coalesce(F.get("one.ids", F.lit(0)), F.concat(F.lit("of "), "stem"))).alias("of"),
        F.col("one.text").alias("batch"),
    )


def _exploded(lines: DataFrame, parts_of: Parts) -> DataFrame:
    """One row per part of a line, or per line that has none.

    A part has `part`, `key`, `name` and `text` (the object as JSON). Any other line has `record` and `reason`.
    """

    def explode(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        columns = ("key", "part", "name", "text", "record", "source_file", "position", "place", "reason")
        kinds = (
            pa.string(),
            pa.string(),
            pa.string(),
            pa.string(),
            pa.binary(),
            pa.string(),
            pa.int64(),
            pa.int32(),
            pa.string(),
        )
        for several in documents.records(batches):
            found = [part for row, made in several for part in _parts_of_record(row, made, parts_of)]
            arrays = [
                pa.array([part.get(name) for part in found], kind) for name, kind in zip(columns, kinds, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

    with_bytes = plain(lines).select("record", "source_file", "reason")
    return with_bytes.withColumn("position", F.monotonically_increasing_id()).mapInArrow(explode, _PARTS)


def _parts_of_record(row: Record, made: list[Record] | str, parts_of: Parts) -> list[Record]:
    alone = f"{row['source_file']}#{row['position']}"  # the key of what belongs to nothing else
    if isinstance(made, str):
        return [{**row, "key": alone, "reason": made}]
    here = {"source_file": row["source_file"], "position": row["position"]}
    try:
        found = [
            {
                **here,
                "part": part,
                "key": key or alone,
                "name": text(value.get("spanId")) or alone,
                "text": json.dumps(value),
                "place": n,
            }
            for n, (part, key, value) in enumerate(part for one in made for part in parts_of(one))
        ]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return [{**row, "key": alone, "reason": STRANGE}]
    return found or [{**row, "key": alone, "reason": NOT_AN_EXCHANGE}] if made else []
