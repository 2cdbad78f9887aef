"""Spark Connect: a session on a server that others run. There is no JVM, Spark context or RDD on this side.

What the server must have: Delta Lake, and a Python like this one with the packages of the extra `spark`. The project
itself is sent there as an artifact of the session.
"""

import os
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from iolaus.errors import UsageError
from iolaus.runtime.spark.errors import first_line

SCHEME = "sc://"
ANSWER = 30  # seconds that a server has to take a connection


def is_connect(spark: SparkSession) -> bool:
    """Whether a session is one of Spark Connect."""
    return type(spark).__module__.startswith("pyspark.sql.connect")


def connected(url: str, config: dict[str, str], required: dict[str, str], project: Path) -> SparkSession:
    """A session on the server at `url`, with the `project` (a zip) on the path of its Python workers.

    Of `config` it has what a session can set, for the rest is the server's. Raises UsageError if the server does not
    answer, or a session cannot set one of `required`.
    """
    try:
        import grpc  # noqa: PLC0415 - of the extra `connect`
    except ImportError as error:
        raise UsageError('Spark Connect needs the extra connect; install it: pip install "iolaus[connect]"') from error
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"  # PySpark's functions, too, make columns without a JVM
    try:
        _must_answer(url)
        spark = SparkSession.builder.remote(url).getOrCreate()
        version = str(getattr(spark, "version"))  # noqa: B009 - a property of a session, a method of its class
    except grpc.FutureTimeoutError as error:
        raise UsageError(
            f"no Spark Connect server answers at {url} within {ANSWER} s; check the address, and start one with "
            "sbin/start-connect-server.sh of its Spark"
        ) from error
    except (grpc.RpcError, PySparkException, OSError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"no Spark Connect server answers at {url}: {_reason(error)}; check the address, and start one with "
            "sbin/start-connect-server.sh of its Spark"
        ) from error
    if not version.startswith("4."):
        raise UsageError(f"the server at {url} runs Spark {version}; connect to one that runs Spark 4")
    for key, value in {**config, **required}.items():
        if spark.conf.isModifiable(key):
            spark.conf.set(key, value)
        elif key in required and spark.conf.get(key, None) != value:
            raise UsageError(
                f"the server at {url} does not let a session set {key}; set it on the server, and leave it out here"
            )
    spark.addArtifacts(str(project), pyfile=True)
    return spark


def _must_answer(url: str) -> None:
    """Raise grpc.FutureTimeoutError if nobody does; PySpark itself would ask a wrong address for ten minutes."""
    import grpc  # noqa: PLC0415 - of the extra `connect`
    from pyspark.sql.connect.client import DefaultChannelBuilder  # noqa: PLC0415 - it needs the extra `connect`

    with DefaultChannelBuilder(url).toChannel() as channel:
        grpc.channel_ready_future(channel).result(timeout=ANSWER)


def _reason(error: BaseException) -> str:
    """What gRPC, or PySpark, says of a failure."""
    details = getattr(error, "details", None)
    return first_line(RuntimeError(details()) if callable(details) else error)
