"""A Spark standalone cluster and an S3 server, as processes of their own, for tests.

Nothing in them knows where this repository is.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError

import pyspark
from pyarrow import fs

REPOSITORY = Path(__file__).parents[2]
OUT = REPOSITORY / "out/cluster"
GATEWAY = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
USER, PASSWORD, REGION = "iolaus-test", "a-secret-for-tests-alone", "us-east-1"
SPARK = Path(pyspark.__file__).parent


def say(line: str) -> None:
    """Progress, past pytest's capture."""
    sys.__stdout__.write(f"  {line}\n") if sys.__stdout__ else None
    sys.__stdout__.flush() if sys.__stdout__ else None


def missing_tool() -> str | None:
    """Which tool is missing, with the mend, in one line; None if all are there."""
    java = Path(os.environ["JAVA_HOME"]) / "bin/java" if "JAVA_HOME" in os.environ else shutil.which("java")
    if not java or not Path(java).exists():
        return "no Java: the cluster needs Java 17 or 21 (Debian: apt-get install openjdk-17-jre-headless)"
    if not (OUT / "bin/versitygw").exists() and not shutil.which("go"):
        return "no go: the S3 server is built with it (https://go.dev/dl, or Debian: apt-get install golang)"
    return None


def build_gateway() -> Path:
    """The S3 server's program, built once."""
    program = OUT / "bin/versitygw"
    if not program.exists():
        say("building the S3 server (once, a minute or two)")
        (OUT / "bin").mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["go", "install", GATEWAY],
            env=os.environ | {"GOBIN": str(OUT / "bin"), "GOFLAGS": "-modcacherw"},
            check=True,
        )
    return program


def fetch_s3_jars() -> list[Path]:
    """Hadoop's jars for S3."""
    subprocess.run(
        [sys.executable, "deploy/fetch_jars.py", "--s3"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": "jobs"},
        check=True,
    )
    return sorted((Path(sys.prefix) / "jars-s3").glob("*.jar"))


def build_archive() -> Path:
    """The project's wheel, as it is shipped.

    Under the name of a zip, for Spark puts no `.whl` on the path of its executors.
    """
    folder = OUT / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        str(folder),
        ".",
    ]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    shutil.rmtree(REPOSITORY / "build", ignore_errors=True)
    wheel = next(folder.glob("*.whl"))
    return wheel.rename(wheel.with_suffix(".zip"))


def python_without_repository(folder: Path) -> Path:
    """A Python with this environment's packages, but without the editable install that points at the repository."""
    packages = next(p for p in sys.path if p.endswith("site-packages"))
    launcher = folder / "python"
    launcher.write_text(
        f'#!/bin/sh\nPYTHONPATH="{packages}${{PYTHONPATH:+:$PYTHONPATH}}" exec {sys.executable} -S "$@"\n'
    )
    launcher.chmod(0o755)
    return launcher


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(what: str, true: Callable[[], bool], seconds: float = 90) -> None:
    """Wait until something is true; fails with `what`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not after {seconds} s: {what}"
        time.sleep(0.2)


def answers(port: int) -> bool:
    """Whether somebody speaks HTTP there."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True


@dataclass
class Processes:
    """Processes of a test, which end with it: those that it started and no others."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, its output in `<name>.log`."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=environment, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.started.append(process)
        return process

    def end(self) -> None:
        """End them all, with what they started."""
        for process in reversed(self.started):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass(frozen=True)
class Store:
    """An S3 server over a folder."""

    port: int
    folder: Path

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def files(self) -> fs.S3FileSystem:
        """The store, without Spark."""
        return fs.S3FileSystem(
            access_key=USER,
            secret_key=PASSWORD,
            region=REGION,
            endpoint_override=self.endpoint,
            allow_bucket_creation=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Where S3A and others look for credentials."""
        return {"AWS_ACCESS_KEY_ID": USER, "AWS_SECRET_ACCESS_KEY": PASSWORD, "AWS_REGION": REGION}

    def settings(self, endpoint: str | None = None) -> dict[str, str]:
        """What Spark must know of it; credentials come from the environment."""
        jars = ":".join(map(str, fetch_s3_jars()))
        return {
            "spark.driver.extraClassPath": jars,
            "spark.executor.extraClassPath": jars,
            "spark.hadoop.fs.s3a.endpoint": endpoint or self.endpoint,
            "spark.hadoop.fs.s3a.endpoint.region": REGION,
            "spark.hadoop.fs.s3a.path.style.access": "true",
        }

    def upload(self, folder: Path, to: str) -> None:
        """Copy a local folder into a bucket, which is made."""
        self.files.create_dir(to.split("/", maxsplit=1)[0])
        fs.copy_files(str(folder), to, source_filesystem=fs.LocalFileSystem(), destination_filesystem=self.files)


def start_store(processes: Processes) -> Store:
    """An S3 server on this machine."""
    folder = processes.folder / "s3"
    folder.mkdir()
    store = Store(free_port(), folder)
    environment = {"ROOT_ACCESS_KEY": USER, "ROOT_SECRET_KEY": PASSWORD, "PATH": os.environ["PATH"]}
    processes.start(
        "s3", [str(build_gateway()), "--port", f"127.0.0.1:{store.port}", "posix", str(folder)], environment
    )
    wait_until("the S3 server answers", lambda: answers(store.port))
    return store


@dataclass(frozen=True)
class Cluster:
    """A standalone master with workers of one core each."""

    master: str
    web: int
    workers: tuple[subprocess.Popen[bytes], ...]

    def executors(self) -> list[int]:
        """Process ids of the executors that run now."""
        return [
            pid
            for worker in self.workers
            for pid in _descendants(worker.pid)
            if b"CoarseGrainedExecutorBackend" in _command(pid)
        ]


def start_cluster(
    processes: Processes, environment: dict[str, str], memory: str = "1g", number: int = 2, *, pinned: bool = False
) -> Cluster:
    """Start master and workers; their executors inherit `environment` and nothing of this process's Python path.

    With `pinned` each worker, and all that it starts, runs on one processor of its own (Linux's taskset): else Java's
    compiler and collector and the Python beside a task make two of what Spark counts as one core.
    """
    clean = {"PATH": os.environ["PATH"], "SPARK_HOME": str(SPARK), "SPARK_NO_DAEMONIZE": "1", **environment}
    if "JAVA_HOME" in os.environ:
        clean["JAVA_HOME"] = os.environ["JAVA_HOME"]
    port, web = free_port(), free_port()
    program, kind = str(SPARK / "bin/spark-class"), "org.apache.spark.deploy"
    processes.start(
        "master",
        [program, f"{kind}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(web)],
        clean,
    )
    wait_until("the master answers", lambda: answers(web))
    master = f"spark://127.0.0.1:{port}"
    workers = []
    for nth in range(1, number + 1):
        work = processes.folder / f"worker-{nth}"
        command = [
            program,
            f"{kind}.worker.Worker",
            "--host",
            "127.0.0.1",
            "--cores",
            "1",
            "--memory",
            memory,
            "--work-dir",
            str(work),
        ]
        on_one = ["taskset", "--cpu-list", str(nth - 1)] if pinned else []
        workers.append(
            processes.start(f"worker-{nth}", [*on_one, *command, "--webui-port", str(free_port()), master], clean)
        )
    cluster = Cluster(master, web, tuple(workers))
    wait_until(
        "all workers are with the master", lambda: _page(f"http://127.0.0.1:{web}/json/").count('"ALIVE"') > number
    )
    return cluster


def submit_command(cluster: Cluster, archive: Path, settings: dict[str, str], arguments: Sequence[str]) -> list[str]:
    """spark-submit with the project shipped to the executors."""
    jars = ",".join(map(str, sorted((Path(sys.prefix) / "jars").glob("*.jar"))))
    base = {
        "spark.executor.memory": "900m",
        "spark.driver.memory": "1500m",
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
    }
    given = [part for key, value in {**base, **settings}.items() for part in ("--conf", f"{key}={value}")]
    command = [str(SPARK / "bin/spark-submit"), "--master", cluster.master, "--jars", jars, "--py-files", str(archive)]
    return [*command, *given, str(REPOSITORY / "jobs/submit.py"), *arguments]


def _page(address: str) -> str:
    with suppress(OSError):
        return str(urllib.request.urlopen(address, timeout=5).read().decode())  # noqa: S310 - of this machine
    return ""


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _descendants(pid: int) -> list[int]:
    found = []
    for child in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split():
        found += [int(child), *_descendants(int(child))]
    return found
