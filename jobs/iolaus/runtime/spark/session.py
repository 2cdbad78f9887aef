"""The Spark session: local for a laptop and CI, or on the master that is named."""

import logging
import os
import re
import shutil
import subprocess
import sys
from itertools import accumulate
from pathlib import Path

from pyspark.sql import SparkSession

from iolaus.errors import UsageError
from iolaus.runtime.spark import tricks
from iolaus.runtime.spark.class_loader import share
from iolaus.runtime.spark.connect import SCHEME, connected
from iolaus.runtime.spark.jvm_names import remember
from iolaus.runtime.spark.log_file import log_file, stderr_to
from iolaus.runtime.spark.shipped import archive
from iolaus.runtime.spark.watchdog import watch

DELTA_PACKAGE = "io.delta:delta-spark_4.1_2.13:4.4.0"
JAVA_VERSIONS = (17, 21)

_DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # A table here has few files a day; Delta's default of 50 tasks to read its log costs seconds a table.
    "spark.databricks.delta.snapshotPartitions": "1",
    # Compaction sorts by columns of which the log stores no least and greatest value: a file's own row groups do.
    "spark.databricks.delta.optimize.zorder.checkStatsCollection.enabled": "false",
}
_REQUIRED = {"spark.sql.session.timeZone": "UTC"}  # a day is a UTC day, on every machine
_COMMON = {
    **_REQUIRED,
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(16 << 20),  # the joins move vectors in values of 10 MB
    # A table is written a date at a time: with a writer a date, rows are not sorted by date first.
    "spark.sql.maxConcurrentOutputFileWriters": "4",
    "spark.sql.parquet.compression.codec": "zstd",  # a third smaller than snappy at the same speed of reading
    "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",  # one task, one core: BLAS must not start threads of its own
    "spark.executorEnv.PYTHONHASHSEED": "0",
    # Days run the same queries: with Spark's 100 entries their compiled code is thrown away before the next day needs
    # it.
    "spark.sql.codegen.cache.maxEntries": "10000",
    # A class named by its place in a plan would be compiled again for the same code at another place.
    "spark.sql.codegen.useIdInClassName": "false",
    # A stack trace taken for every column of every plan doubles the time to build one; errors name their columns
    # without.
    "spark.sql.dataFrameQueryContext.enabled": "false",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A day is some 340 jobs. What Spark keeps of ended ones, and each plan in words, costs heap and is shown nowhere
    # here.
    "spark.ui.retainedJobs": "100",
    "spark.ui.retainedStages": "200",
    "spark.ui.retainedTasks": "2000",
    "spark.sql.ui.retainedExecutions": "50",
    "spark.sql.maxPlanStringLength": "2000",
    "spark.sql.ui.explainMode": "simple",
}


# Compiled code pays from some hundred thousand rows on: below, making it costs more than it saves. Measured on the
# demo of 8,000 exchanges: 75 s instead of 102 s; on a window of 225,000 exchanges: 128 s instead of 65 s.
INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
_LIGHT_BYTES = 5_000_000  # of a landing folder: some 25,000 exchanges, compressed
# The second compiler spends a tenth of a run's processor time on code that runs for a few seconds: let it wait.
_JIT = (
    "-XX:Tier4InvocationThreshold=30000 -XX:Tier4MinInvocationThreshold=6000"
    " -XX:Tier4CompileThreshold=60000 -XX:Tier4BackEdgeThreshold=200000"
)
# Metaspace grows to 300 MB in a run; from its default of 21 MB each step up is a full collection.
_JAVA = "-XX:+UseParallelGC -XX:MetaspaceSize=320m -XX:ReservedCodeCacheSize=512m -Dderby.system.home=/tmp/iolaus-derby"
_LIGHT_JIT = "-XX:TieredStopAtLevel=1"
_CLASS_PATH = "spark.driver.extraClassPath"
# Variables of a process that Java was started for: by spark-submit, or by Databricks, whose session has its own Delta.
_GATEWAY, _DATABRICKS = "PYSPARK_GATEWAY_PORT", "DATABRICKS_RUNTIME_VERSION"
_SUBMITTED = ("SPARK_ENV_LOADED", _GATEWAY, _DATABRICKS)


def is_light(landing: str) -> bool:
    """Whether a landing is so small that queries are better interpreted than compiled.

    False unless it is a local folder.
    """
    folder = Path(landing.removeprefix("file://"))
    # of a large landing, a few files are looked at
    sizes = accumulate(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    return folder.is_dir() and all(size <= _LIGHT_BYTES for size in sizes)


def check_java() -> None:
    """Raise UsageError, which says what to do, unless a Java that Spark runs on can be started."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    fix = "install Java 17 (Debian: apt-get install openjdk-17-jre-headless) or point JAVA_HOME at one"
    if not java or not Path(java).exists():
        raise UsageError(f"no Java found; {fix}")
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', answer)
    if not found or int(found[1]) not in JAVA_VERSIONS:
        raise UsageError(f"Java {found[1] if found else 'unknown'} at {java} is not one Spark 4.1 runs on; {fix}")


def session(
    master: str | None = None,
    *,
    name: str = "iolaus",
    memory: str = "4g",
    light: bool = False,
    config: dict[str, str] | None = None,
) -> SparkSession:
    """The Spark session with Delta.

    `master` None means all cores of this machine, unless spark-submit already named one. `memory` is the
    driver's heap, which in local mode is Spark's whole. `light` (local mode alone) is for inputs so small
    that compiling queries costs more than running them: see `is_light`. Jars come from the folder `jars` of the Python
    environment where `make env` put them, else from the image's class path, else by package name.
    Its Java process ends with this one, even if this one is killed. Raises UsageError if there is no usable Java.
    A master `sc://…` is a Spark Connect server, for which this machine needs no Java: see `connect`. On Databricks the
    session is the one that is there.
    """
    if master is not None and master.startswith(SCHEME):
        return connected(master, {**_COMMON, **(config or {})}, {**_REQUIRED, **(config or {})}, archive())
    if not os.environ.keys() & {_GATEWAY, _DATABRICKS}:
        check_java()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1") if _is_local(master) else None
    logging.getLogger("py4j").setLevel(logging.ERROR)
    builder = SparkSession.builder.appName(name)
    settings = {**_COMMON, **({} if _DATABRICKS in os.environ else {**_DELTA, **_jars()})}
    submitted = any(name in os.environ for name in _SUBMITTED)
    if master or not submitted:
        builder = builder.master(master or "local[*]")
    if _is_local(master) and not submitted:
        cores = os.cpu_count() or 1
        settings |= {
            "spark.driver.memory": memory,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            # Of rows so few that queries are interpreted, a second task of a shuffle costs as much as its rows.
            "spark.sql.shuffle.partitions": "1" if light else str(cores),
            # Re-planning between stages cuts small queries into more jobs, and small days are mostly planning.
            "spark.sql.adaptive.enabled": "false",
            "spark.default.parallelism": str(cores),
            # Each hash table, sort and broadcast takes a page at once. With Spark's own choice, 32 MB here, a small day
            # allocates 400 MB a second and half of the collector's work is on empty pages.
            "spark.buffer.pageSize": "2m",
            # A fifth of the time to plan a query of many columns goes into filters that it infers; small days gain
            # nothing by them.
            "spark.sql.constraintPropagation.enabled": "false",
            **({} if tricks.off() else {"spark.python.daemon.module": "iolaus.runtime.spark.daemon"}),
            "spark.driver.extraJavaOptions": f"{_LIGHT_JIT if light else _JIT} {_JAVA}{_shared_classes()}",
            **(INTERPRETED if light else {}),
        }
        # on Java's own class path, before what is given, so that their classes are archived too
        if "spark.jars" in settings:
            paths = [*settings.pop("spark.jars").split(","), (config or {}).get(_CLASS_PATH) or _class_path()]
            config = {**(config or {}), _CLASS_PATH: os.pathsep.join(filter(None, paths))}
    for key, value in {**settings, **(config or {})}.items():
        builder = builder.config(key, value)
    if submitted or not _is_local(master):
        made = builder.getOrCreate()
    else:
        with stderr_to(log_file()):
            made = builder.getOrCreate()
    # spark-submit ships what --py-files names, or the image has it
    if not submitted and not _is_local(master):
        made.sparkContext.addPyFile(str(archive()))
    remember(made)
    share(made)
    # A platform's Java process outlives this one, and is not ours to end.
    if _DATABRICKS not in os.environ:
        watch(made)
    return made


def _is_local(master: str | None) -> bool:
    return master is None or master.startswith("local")


def _class_path() -> str:
    """What `spark-defaults.conf` puts on Java's class path, such as jars of an object store.

    A value set here would hide it.
    """
    folder = os.environ.get("SPARK_CONF_DIR") or f"{os.environ.get('SPARK_HOME', os.devnull)}/conf"
    defaults = Path(folder) / "spark-defaults.conf"
    lines = defaults.read_text(encoding="utf-8").splitlines() if defaults.is_file() else []
    return next(
        (found[1] for line in lines if (found := re.match(rf"\s*{re.escape(_CLASS_PATH)}[\s=:]+(\S.*?)\s*$", line))), ""
    )


def class_archive() -> Path:
    """Where `make env` archives Java's classes (deploy/archive_classes.py), for local mode; there may be none."""
    return Path(sys.prefix) / "classes.jsa"


def _shared_classes() -> str:
    """Java's options to start from the archive. If it does not fit this Java, nothing is said and nothing is used."""
    archive = class_archive()
    return f" -XX:SharedArchiveFile={archive} -Xlog:disable" if archive.is_file() and " " not in str(archive) else ""


def _jars() -> dict[str, str]:
    folder = Path(sys.prefix) / "jars"
    jars = sorted(str(p) for p in folder.glob("*.jar"))
    if jars:
        return {"spark.jars": ",".join(jars)}
    if os.environ.get("IOLAUS_JARS_BAKED"):
        return {}
    return {"spark.jars.packages": DELTA_PACKAGE}
