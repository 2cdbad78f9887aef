"""A Spark Connect server of PySpark's own, with Delta: a process beside the tests, as others would run it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest

WAIT = 600  # seconds for the server to answer: Java's start on a busy machine


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address. The server's Python knows nothing of this checkout: what tasks need has to be sent there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home, jars = Path(pyspark.__file__).parent, sorted((Path(sys.prefix) / "jars").glob("*.jar"))
    settings = {
        "spark.driver.extraClassPath": os.pathsep.join(map(str, jars)),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.shuffle.partitions": "1",
        "spark.ui.enabled": "false",
    }
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and not k.startswith("IOLAUS_")}
    surroundings |= {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "SPARK_HOME": str(home)}
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as told:
        running = subprocess.Popen(
            [
                *(str(home / "bin" / "spark-submit"), "--master", "local[2]", "--driver-memory", "3g"),
                *(part for pair in settings.items() for part in ("--conf", "=".join(pair))),
                *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"),
            ],
            env=surroundings,
            stdout=told,
            stderr=told,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + WAIT
        while not _answers(port):
            assert running.poll() is None, log.read_text()[-2_000:]
            assert time.monotonic() < until, log.read_text()[-2_000:]
            time.sleep(1)
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait()


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
