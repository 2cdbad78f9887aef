"""The same first load on a standalone cluster of one, and of two, workers with one core each: the result and the time.

python benchmarks/workers.py --landing FOLDER [--work FOLDER]
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path

import pyspark
from deltalake import DeltaTable

KEY = "a public key that protects nothing, for benchmarks"
COMPARED = ("graph.links", "graph.clusters", "scoring.evidence", "gold.suspect_clusters", "gold.suspect_cluster_members")
SPARK = Path(pyspark.__file__).parent


def main() -> int:
    """Measure, and print the two times; 1 if the results differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--landing", type=Path, required=True, help="a landing folder")
    parser.add_argument("--work", type=Path, help="folder for the lakes, which are removed; default: a temporary one")
    given = parser.parse_args()
    work = Path(tempfile.mkdtemp(dir=given.work, prefix="workers-"))
    try:
        return 0 if speed_up(given.landing, work)["workers_same_result"] else 1
    finally:
        shutil.rmtree(work, ignore_errors=True)


def speed_up(landing: Path, work: Path) -> dict[str, float]:
    """How many times faster two workers are than one, and whether (1) or not (0) the results are the same."""
    took, found = {}, {}
    for count in (1, 2):
        lake = work / f"lake-{count}"
        with ExitStack() as stack:
            master = _cluster(stack, count, work)
            began = time.monotonic()
            _load(landing, lake, master)
            took[count] = time.monotonic() - began
        found[count] = {name: rows(lake, name) for name in COMPARED}
        print(f"{count} worker(s) of one core: {took[count]:.1f} s, {len(found[count]['graph.links'])} links", flush=True)
    same = found[1] == found[2]
    print(f"speed-up {took[1] / took[2]:.2f}; the results are {'the same' if same else 'NOT the same'}", flush=True)
    return {"workers_speed_up": round(took[1] / took[2], 2), "workers_same_result": int(same)}


def rows(lake: Path, name: str) -> list[str]:
    """The rows of a table, in an order of their own."""
    return sorted(map(repr, DeltaTable(str(lake / name.replace(".", "/"))).to_pyarrow_table().to_pylist()))


def _load(landing: Path, lake: Path, master: str) -> None:
    memory = "--driver-memory 2g --conf spark.executor.memory=2g --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=4"
    environment = os.environ | {"IOLAUS_HMAC_KEY": KEY, "PYSPARK_SUBMIT_ARGS": f"{memory} pyspark-shell", "PYSPARK_PYTHON": sys.executable}
    command = [sys.executable, "-m", "jobs", "run", "--landing", landing, "--lake", lake, "--last-only", "--master", master]
    with (lake.parent / f"{lake.name}.log").open("wb") as log:
        subprocess.run(list(map(str, command)), env=environment, check=True, stdout=log, stderr=log)


def _cluster(stack: ExitStack, workers: int, work: Path) -> str:
    """A master and its workers, until the stack is left. Workers inherit this process's Python path."""
    port, web = _free_port(), _free_port()
    log = stack.enter_context((work / "cluster.log").open("ab"))

    def start(kind: str, *arguments: str) -> None:
        command = [str(SPARK / "bin/spark-class"), f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1", *arguments]
        environment = os.environ | {"SPARK_HOME": str(SPARK), "SPARK_NO_DAEMONIZE": "1"}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        stack.callback(process.wait)
        stack.callback(process.terminate)

    start("master.Master", "--port", str(port), "--webui-port", str(web))
    _wait_for(web, 1)
    for number in range(workers):
        start(
            "worker.Worker",
            *("--cores", "1", "--memory", "2200m", "--work-dir", str(work / f"worker-{number}"), "--webui-port", str(_free_port())),
            f"spark://127.0.0.1:{port}",
        )
    _wait_for(web, 1 + workers)
    return f"spark://127.0.0.1:{port}"


def _wait_for(web: int, alive: int) -> None:
    """Until so many are alive, the master among them. Raises TimeoutError after a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError):
            page = urllib.request.urlopen(f"http://127.0.0.1:{web}/json/", timeout=5).read().decode()
            if page.count('"ALIVE"') >= alive:
                return
        time.sleep(0.2)
    raise TimeoutError(f"{alive} parts of the cluster did not come up in a minute")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
