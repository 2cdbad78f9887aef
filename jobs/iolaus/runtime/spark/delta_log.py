"""What Delta's log says of a table: from Delta's copy in memory, else from its history, or from the table's files."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus.runtime.spark import hadoop
from iolaus.runtime.spark.delta import named
from iolaus.runtime.spark.store import open_store
from iolaus.runtime.spark.tricks import either

_OTHERS = 20  # commits of others that may come between a write and the look at it


@dataclass(frozen=True)
class Commit:
    """What one write put into a table: its Delta version, rows and bytes; None where Delta did not say."""

    version: int
    rows: int | None
    size: int | None


def committed(spark: SparkSession, path: str, user_metadata: str) -> Commit:
    """The latest commit of a writer, who has just written."""
    latest, infos = either(lambda: _from_log(spark, path), lambda: _from_history(spark, path))
    for version, info in infos:
        if (info.get("userMetadata") or "") == user_metadata:
            metrics = info.get("operationMetrics") or {}
            # Left out where nothing was written.
            rows, size = (int(metrics.get(key, 0)) for key in ("numOutputRows", "numOutputBytes"))
            return Commit(version, rows, size)
    return Commit(latest, 0, 0)  # Delta makes no commit where nothing was and nothing came


Infos = tuple[int, list[tuple[int, dict[str, Any]]]]


def _from_log(spark: SparkSession, path: str) -> Infos:
    """The latest version and what the last commits say, newest first, from the log just written. No Spark job."""
    latest = int(_snapshot(spark, path).version())
    versions = range(latest, max(latest - _OTHERS, -1), -1)
    return latest, [(version, _info(spark, path, version)) for version in versions]


def _from_history(spark: SparkSession, path: str) -> Infos:
    history = spark.sql(f"DESCRIBE HISTORY {named(path)} LIMIT {_OTHERS}")
    rows = history.select("version", "userMetadata", "operationMetrics").collect()
    infos = sorted(((row.version, row.asDict()) for row in rows), key=lambda of: -of[0])
    return infos[0][0], infos


def _snapshot(spark: SparkSession, path: str) -> Any:
    log = hadoop.jvm(spark).org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, path)  # noqa: SLF001
    return log.unsafeVolatileSnapshot()


def _info(spark: SparkSession, path: str, version: int) -> dict[str, Any]:
    text = open_store(spark, path).read(f"{path}/_delta_log/{version:020}.json") or ""
    line = next((line for line in text.splitlines() if line.startswith('{"commitInfo"')), None)
    found: dict[str, Any] = json.loads(line)["commitInfo"] if line else {}
    return found


def files(spark: SparkSession, path: str, by: str | None) -> list[tuple[date | None, int, int]]:
    """(day, files, bytes) for each day of a table, which is partitioned `by` a date; None for an undated one."""

    def listed() -> DataFrame:
        """From the log alone: no file is opened."""
        found = DataFrame(_snapshot(spark, path).allFiles().toDF(), spark)
        day = F.lit(None) if by is None else F.col("partitionValues")[by]
        return found.select(day.cast("date").alias("day"), "size")

    def opened() -> DataFrame:
        """From the rows' own files: each is opened."""
        day = F.lit(None).cast("date") if by is None else F.col(by)
        rows = spark.read.format("delta").load(path)
        return rows.select(
            day.alias("day"), "_metadata.file_path", F.col("_metadata.file_size").alias("size")
        ).distinct()

    each = (
        either(listed, opened)
        .groupBy("day")
        .agg(F.count("*").alias("files"), F.sum("size").alias("bytes"))
        .orderBy("day")
    )
    return [(row.day, row.files, row.bytes) for row in each.collect()]


def forget(spark: SparkSession) -> None:
    """Drop what Delta remembers of all tables: their folders were moved. Without it, it finds out at the next read."""

    def cleared() -> None:
        hadoop.jvm(spark).org.apache.spark.sql.delta.DeltaLog.clearCache()

    either(cleared, lambda: None)
