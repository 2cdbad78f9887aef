"""The same job on a Spark standalone cluster and an object store: every gold row is the local run's.

The driver and the executors have the project's wheel and no way to this repository; landing and lake are on `s3a://`.
`make cluster-test` runs it.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from deltalake import DeltaTable

from iolaus.pipeline import STAGES
from tests.cluster.conftest import KEY
from tests.cluster.harness import Cluster, Processes, Store, say, submit_command
from tests.traffic import DAYS

GOLD = tuple(s.table for s in STAGES if s.layer == "gold")
SEEN = re.compile(r"^\S+ (\S+) done in", re.MULTILINE)


def test_a_run_on_a_cluster_and_an_object_store_equals_a_local_run(
    processes: Processes, store: Store, cluster: Cluster, python: Path, archive: Path, landing: Path
) -> None:
    day = ("--date", str(DAYS[0]))
    secret = {"IOLAUS_HMAC_KEY": KEY}
    say("the local run")
    began = time.monotonic()
    local = [
        sys.executable,
        "-m",
        "iolaus",
        "run",
        "--report",
        "none",
        "--landing",
        str(landing),
        "--lake",
        str(processes.folder / "lake"),
        *day,
    ]
    subprocess.run(local, env=os.environ | secret, check=True, capture_output=True)
    say(f"the local run took {time.monotonic() - began:.0f} s; now the cluster's")
    store.upload(landing, "lake/landing")
    began = time.monotonic()
    run = ("run", "--report", "none", "--landing", "s3a://lake/landing", "--lake", "s3a://lake/tables", *day)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | store.environment | secret
    environment |= {"PYSPARK_PYTHON": str(python), "PYSPARK_DRIVER_PYTHON": str(python)}
    process = subprocess.Popen(
        submit_command(cluster, archive, store.settings(), run),
        env=environment,
        cwd=processes.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if SEEN.match(line):
            say(line.strip())
    output = "".join(lines)
    (processes.folder / "submit.log").write_text(output)
    assert process.wait() == 0, output[-4000:]
    say(f"the cluster's run took {time.monotonic() - began:.0f} s")
    assert len(cluster.workers) == 2
    assert len(SEEN.findall(output)) >= len(STAGES)
    assert "hc_" in output, "the ranking is printed"
    for secret_text in (KEY, *store.environment.values()):
        if secret_text != store.environment["AWS_REGION"]:
            assert secret_text not in output
    options = store.environment | {"AWS_ENDPOINT_URL": store.endpoint, "AWS_ALLOW_HTTP": "true"}
    compared = {}
    for name in GOLD:
        path = name.replace(".", "/")
        here = DeltaTable(str(processes.folder / "lake" / path)).to_pyarrow_table()
        there = DeltaTable(f"s3://lake/tables/{path}", storage_options=options).to_pyarrow_table()
        if "run_id" in here.column_names:  # says by which run a row was made, and so differs
            here, there = here.drop_columns("run_id"), there.drop_columns("run_id")
        here, there = here.to_pylist(), there.to_pylist()
        assert sorted(map(repr, there)) == sorted(map(repr, here)), name
        compared[name] = len(here)
    assert compared["gold.suspect_clusters"] == 1
    assert compared["gold.cluster_links"] > 0
    say(f"equal rows: {', '.join(f'{n} {c}' for n, c in compared.items())}")


def test_nothing_comes_from_the_repository(
    processes: Processes, store: Store, cluster: Cluster, python: Path, archive: Path, tmp_path: Path
) -> None:
    """Where `iolaus` is imported from, on every executor and on the driver."""
    asked = tmp_path / "where.py"
    asked.write_text(
        "import iolaus\nfrom pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "def where(_):\n    import os, iolaus\n    yield os.getpid(), iolaus.__file__\n"
        "print('driver', iolaus.__file__)\n"
        "[print('executors', file) for _, file in spark.sparkContext.parallelize(range(8), "
        "8).mapPartitions(where).collect()]\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | store.environment
    environment |= {"PYSPARK_PYTHON": str(python), "PYSPARK_DRIVER_PYTHON": str(python)}
    command = [*submit_command(cluster, archive, store.settings(), ())[:-1], str(asked)]
    answer = subprocess.run(command, env=environment, cwd=processes.folder, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-3000:]
    said = [line.split(maxsplit=1) for line in answer.stdout.splitlines()]
    assert [who for who, _ in said] == ["driver", *["executors"] * 8]
    assert all(archive.name in file for _, file in said), said
