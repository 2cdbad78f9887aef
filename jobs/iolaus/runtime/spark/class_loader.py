"""One class loader for the threads that plan and those that run, so that generated code is compiled once and not twice.

Spark keeps compiled code by text and class loader. In local mode a task's thread has the executor's class loader and a
planning thread another, so each class of a query was compiled for both: half of the compiler's work of a run.
"""

from typing import Any, cast

from pyspark.sql import SparkSession

from iolaus.runtime.spark.connect import is_connect
from iolaus.runtime.spark.tricks import either


def share(spark: SparkSession) -> None:
    """Give this thread's twin in the JVM the class loader of Spark's local tasks, if there are such tasks."""
    if not is_connect(spark):
        either(lambda: _share(spark), lambda: None)


def _share(spark: SparkSession) -> None:
    jvm = cast(Any, spark._jvm)  # noqa: SLF001 - class loaders are Java's
    if not str(spark.sparkContext.master).startswith("local"):
        return
    loader = _of_tasks(jvm)
    if loader is None:
        spark._jsc.parallelize(jvm.java.util.ArrayList(), 1).count()  # noqa: SLF001 - a task, so that there is a thread that ran one
        loader = _of_tasks(jvm)
    if loader is not None:
        jvm.java.lang.Thread.currentThread().setContextClassLoader(loader)


def _of_tasks(jvm: Any) -> Any:
    """The class loader of a thread that ran a task of late; None if there is no such thread."""
    threads = jvm.java.lang.Thread.getAllStackTraces().keySet().toArray()
    return next(
        (t.getContextClassLoader() for t in threads if t.getName().startswith("Executor task launch worker")), None
    )
