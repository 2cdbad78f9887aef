"""What a run says to, and asks of, the Spark context of its session; on Spark Connect there is none."""

from pyspark.sql import SparkSession

from iolaus.runtime.spark.connect import is_connect

_CONNECT_TASKS = 8  # at a time, where a server does not say how many it has cores for


def is_local(spark: SparkSession) -> bool:
    """Whether Spark's tasks run in the process of its driver, so that what it caches is lost with that alone."""
    return not is_connect(spark) and str(spark.sparkContext.master).startswith("local")


def parallelism(spark: SparkSession) -> int:
    """About how many tasks run at a time."""
    return _CONNECT_TASKS if is_connect(spark) else int(spark.sparkContext.defaultParallelism)


def describe(spark: SparkSession, work: str) -> None:
    """Name this thread's jobs in Spark's UI and event log; on Spark Connect they have no names.

    The names are call sites, too: else Spark walks its stack for them.
    """
    if is_connect(spark):
        return
    context = spark.sparkContext
    context.setJobDescription(work)
    for form in ("short", "long"):
        context.setLocalProperty(f"callSite.{form}", work)
