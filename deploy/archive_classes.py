"""Archive the Java classes that local runs load, so that each Java process starts in half the time.

`make env` runs this.

Java reads and checks 20,000 classes in a run of Spark; from the archive (application class-data sharing, `classes.jsa`
in this environment, 180 MB) it maps them. An archive fits one build of Java and one class path: with another, Java
starts without.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

from iolaus.runtime.spark.session import class_archive, session


def main() -> int:
    """Make the archive again and say where; returns the exit status, 1 if Java made none."""
    archive = class_archive()
    archive.unlink(missing_ok=True)
    print(f"Archiving Java's classes in {archive}", flush=True)
    spark = session(config={"spark.driver.extraJavaOptions": f"-XX:ArchiveClassesAtExit={archive} -Xlog:disable"})
    folder = tempfile.mkdtemp(prefix="iolaus-classes-")
    try:
        exercise(spark, folder)
    finally:
        end(spark)
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if archive.is_file() else 1


def exercise(spark: SparkSession, folder: str) -> None:
    """What any stage does: a table is written, appended to, replaced in part and read.

    Rows go through Python, windows and joins.
    """
    rows = spark.range(1000).select(
        "id", (F.col("id") % 7).alias("k"), F.lit("2026-01-01").cast("date").alias("d"), F.array("id").alias("many")
    )
    for day, mode in (("2026-01-01", "append"), ("2026-01-02", "append"), ("2026-01-02", "overwrite")):
        writer = rows.withColumn("d", F.lit(day).cast("date")).write.format("delta").mode(mode).partitionBy("d")
        (writer.option("replaceWhere", f"d = DATE'{day}'") if mode == "overwrite" else writer).save(folder)
    read = spark.read.format("delta").load(folder).where("d = DATE'2026-01-02'")
    kept = read.localCheckpoint(eager=False)
    numbered = kept.withColumn("n", F.row_number().over(Window.partitionBy("k").orderBy("id"))).where("n < 9").persist()
    sums = numbered.groupBy("k").agg(F.sum("id").alias("s"), F.collect_set("n"), F.max(F.struct("id", "n")))
    joined = numbered.join(F.broadcast(sums), "k").select("id", "k", F.explode("many").alias("x"), "s").repartition("k")
    joined.mapInArrow(lambda batches: batches, joined.schema).join(kept.select("id"), "id", "left").toArrow()
    spark.read.text(str(Path(folder) / "_delta_log")).unionByName(
        spark.createDataFrame([("{}",)], "value string")
    ).count()


def end(spark: SparkSession) -> None:
    """Stop Spark, and wait until its Java process has ended, which is when it writes the archive."""
    gateway = spark.sparkContext._gateway  # noqa: SLF001 - the process is only known there
    spark.stop()
    process = gateway.proc
    gateway.shutdown()
    process.stdin.close()
    process.wait(300)


if __name__ == "__main__":
    sys.exit(main())
