"""Executors are killed; the object store answers 500, or does not answer. Needs what `make cluster-test` needs."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from tests.cluster.harness import Cluster, Processes, Store, submit_command
from tests.cluster.proxy import FaultyProxy
from tests.faults.conftest import GOLD, Command
from tests.test_run import KEY, digest
from tests.traffic import DAYS

STAGE = "gold.suspect_cluster_members"


def test_executors_are_killed(
    spark: SparkSession,
    processes: Processes,
    cluster: Cluster,
    python: Path,
    archive: Path,
    landing: Path,
    lake: Path,
    tmp_path: Path,
) -> None:
    """One while links are made and one while clusters are scored, with rows kept on them.

    The run ends in the same gold.
    """
    run = ("run", "--report", "none", "--landing", landing, "--lake", tmp_path / "lake", "--date", DAYS[0])
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"IOLAUS_HMAC_KEY": KEY, "PYSPARK_PYTHON": str(python), "PYSPARK_DRIVER_PYTHON": str(python)}
    command = submit_command(cluster, archive, {"spark.task.maxFailures": "6"}, [str(a) for a in run])
    # spark-submit passes on as its standard output what Python writes to either.
    process = subprocess.Popen(
        command, env=environment, cwd=processes.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    killed, said = [], []
    for line in process.stdout:
        said.append(line)
        if line.startswith(
            (
                f"{DAYS[0]} graph.communities begins",
                f"{DAYS[0]} graph.clusters begins",
                f"{DAYS[0]} scoring.evidence begins",
            )
        ):
            victim = cluster.executors()[0]
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)
    assert process.wait() == 0, "".join(said)[-4000:]
    assert len(set(killed)) == 3
    assert {name: digest(spark, tmp_path / "lake", name, DAYS[0]) for name in GOLD} == {
        name: digest(spark, lake, name, DAYS[0]) for name in GOLD
    }


@pytest.fixture
def on_store(store: Store, lake: Path, tmp_path: Path, iolaus: Callable[..., Command]):
    """A copy of the lake on the store; how to run a stage on it through a proxy.

    And the stage's rows as they are there.
    """
    bucket = f"b{uuid4().hex[:12]}"
    store.upload(lake, f"{bucket}/tables")

    def run(proxy: FaultyProxy) -> Command:
        conf = tmp_path / uuid4().hex
        conf.mkdir()
        settings = store.settings(proxy.endpoint) | {
            "spark.hadoop.fs.s3a.attempts.maximum": "2",
            "spark.hadoop.fs.s3a.retry.limit": "3",
            "spark.hadoop.fs.s3a.retry.interval": "100ms",
            "spark.hadoop.fs.s3a.connection.timeout": "2s",
            "spark.hadoop.fs.s3a.connection.establish.timeout": "2s",
            "spark.hadoop.fs.s3a.connection.request.timeout": "3s",
        }
        (conf / "spark-defaults.conf").write_text("".join(f"{k} {v}\n" for k, v in settings.items()))
        uri = f"s3a://{bucket}/tables"
        return iolaus("job", STAGE, "--date", DAYS[1], "--lake", uri, SPARK_CONF_DIR=str(conf), **store.environment)

    def rows() -> list[str]:
        options = store.environment | {"AWS_ENDPOINT_URL": store.endpoint, "AWS_ALLOW_HTTP": "true"}
        table = DeltaTable(f"s3://{bucket}/tables/{STAGE.replace('.', '/')}", storage_options=options)
        found = table.to_pyarrow_table().drop_columns("run_id")  # says by which run a row was made, and so differs
        return [str(table.version()), *sorted(map(repr, found.to_pylist()))]

    return run, rows


def test_the_store_fails_now_and_then(store: Store, on_store) -> None:
    """One answer in nine is 500: the client tries again, and the stage ends in the same rows, once each."""
    run, rows = on_store
    before = rows()
    with FaultyProxy(store.port) as proxy:
        proxy.fails, proxy.every = frozenset({"GET", "PUT", "HEAD"}), 9
        status, said = run(proxy).ends()
    assert status == 0, said
    assert proxy.failed > 5
    assert rows()[1:] == before[1:]
    assert int(rows()[0]) == int(before[0]) + 1


@pytest.mark.parametrize(("methods", "how"), [("PUT", "500"), ("GET", "500"), ("PUT", "silence"), ("GET", "silence")])
def test_the_store_fails_for_good(methods: str, how: str, store: Store, on_store) -> None:
    """The stage says that the store failed, and gold is as it was.

    When the store is back the same command ends in the same rows.
    """
    run, rows = on_store
    before = rows()
    with FaultyProxy(store.port) as proxy:
        proxy.fails, proxy.how = frozenset({methods}), how
        status, said = run(proxy).ends()
        assert status == 1, said
        assert "the store did not answer or failed" in said
        assert rows() == before
        proxy.fails = frozenset()
        status, said = run(proxy).ends()
        assert status == 0, said
    assert rows()[1:] == before[1:]
