"""The lock of a lake: one holder at a time, however many want it and whatever becomes of them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from iolaus.errors import RunError
from iolaus.runtime import lock
from iolaus.runtime.lock import WHOLE, Lock, _live, _newest, hold
from iolaus.runtime.small_files import SmallFiles
from iolaus.runtime.spark.local_store import LocalStore
from iolaus.runtime.spark.store import open_store

TABLE = "silver.exchanges"


def ignored(_line: str) -> None:
    """Nobody listens."""


def on_disk(folder: Path) -> SmallFiles:
    return SmallFiles(LocalStore(str(folder)))


@pytest.mark.parametrize("store", [False, True])
def test_a_claim_is_made_once_and_read_whole(spark: SparkSession, tmp_path: Path, store: bool) -> None:
    """By the operating system, and through Hadoop as on an object store."""
    made = SmallFiles(open_store(spark, f"file://{tmp_path}/locks")) if store else on_disk(tmp_path / "locks")
    assert made.names() == []
    assert made.read("a/1.json") is None
    assert made.create("a/1.json", "first")
    assert not made.create("a/1.json", "second")
    assert made.read("a/1.json") == "first"
    made.write("a/1.json", "third ü")
    assert made.create("b/2.json", "x")
    assert (made.read("a/1.json"), made.names()) == ("third ü", ["a/1.json", "b/2.json"])
    made.delete("b/2.json")
    made.delete("b/2.json")
    assert made.names() == ["a/1.json"]


def test_one_of_many_holds_it(tmp_path: Path) -> None:
    """Five want it at once: each gets it, two never hold it together, and one claim is left."""
    inside, most, turns = [], [], []

    def work(number: int) -> None:
        lock = Lock(on_disk(tmp_path), WHOLE, stale=60)
        lock.acquire(ignored)
        inside.append(number)
        most.append(len(inside))
        time.sleep(0.01)
        lock.check()
        turns.append(number)
        inside.remove(number)
        lock.release()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(turns) == list(range(5))
    assert set(most) == {1}
    assert on_disk(tmp_path).names() == [f"{WHOLE}/{5:012}.json"], "numbers only grow, and old claims are removed"


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    """The claim of a process of this machine that is gone is over at once, not after two minutes."""
    program = f"""
import os
from iolaus.runtime.small_files import SmallFiles
from iolaus.runtime.spark.local_store import LocalStore
from iolaus.runtime.lock import Lock
Lock(SmallFiles(LocalStore({str(tmp_path)!r})), "run").acquire(print)
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert json.loads(on_disk(tmp_path).read(f"{WHOLE}/{1:012}.json") or "")["released"] is False
    began = time.monotonic()
    said: list[str] = []
    Lock(on_disk(tmp_path), WHOLE).acquire(said.append)
    assert time.monotonic() - began < 5
    assert said == []


SLEEPER = """
import os, signal, subprocess, sys
from iolaus.runtime.lock import Lock
from iolaus.runtime.small_files import SmallFiles
from iolaus.runtime.spark.local_store import LocalStore
from iolaus.runtime.spark import watchdog
java = subprocess.Popen(["sleep", "60"], stdout=-3, stderr=-3, start_new_session=True)  # stands for Java
print(java.pid, flush=True)
"""


def is_there(pid: int) -> bool:
    return lock._started(pid) is not None


def test_a_killed_driver_holds_the_lake_while_its_java_lives(tmp_path: Path) -> None:
    program = (
        SLEEPER + f"Lock(SmallFiles(LocalStore({str(tmp_path)!r})), 'run', java=java.pid).acquire(print); os._exit(9)"
    )
    made = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    java, got, said = int(made.stdout), threading.Event(), list[str]()
    next_one = Lock(on_disk(tmp_path), WHOLE)
    threading.Thread(target=lambda: (next_one.acquire(said.append), got.set()), daemon=True).start()
    try:
        assert not got.wait(2)
        assert said, "it is said for whom one waits"
    finally:
        os.kill(java, signal.SIGKILL)
    assert got.wait(10)


@pytest.mark.parametrize(
    ("end", "dies"), [("os.kill(os.getpid(), signal.SIGKILL)", True), ("os._exit(1)", True), ("", False)]
)
def test_java_dies_with_a_driver_that_is_killed(end: str, dies: bool) -> None:
    """Whatever ends the driver without its knowing: Java is gone before another could take the lake."""
    program = SLEEPER + f"watchdog._watch(java.pid)\n{end}"
    made = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    java = int(made.stdout)
    try:
        deadline = time.monotonic() + (10 if dies else 2)
        while is_there(java) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert is_there(java) != dies
    finally:
        if is_there(java):
            os.kill(java, signal.SIGKILL)


def test_a_claim_of_another_machine_is_dead_when_it_stands_still(tmp_path: Path) -> None:
    files = on_disk(tmp_path)
    claim = {
        "token": "t",
        "machine": "elsewhere/x/y",
        "pid": 1,
        "started": "1",
        "since": "2026-01-01T00:00:00+00:00",
        "released": False,
    }
    files.create(f"{WHOLE}/{7:012}.json", json.dumps(claim | {"beat": 0}))
    stop = threading.Event()

    def beat() -> None:
        for count in range(1, 6):
            time.sleep(0.3)
            files.write(f"{WHOLE}/{7:012}.json", json.dumps(claim | {"beat": count}))
        stop.set()

    threading.Thread(target=beat).start()
    said: list[str] = []
    lock = Lock(files, WHOLE, stale=1.0)
    lock.acquire(said.append)
    assert stop.is_set(), "while it beats, it is alive"
    assert len(said) == 1
    assert "another run works on this lake (process 1 on elsewhere, since 2026-01-01" in said[0]
    assert files.names() == [f"{WHOLE}/{8:012}.json"]


def test_a_claim_without_text_yet_is_waited_for(tmp_path: Path) -> None:
    """Between the making of a claim's file and the writing of its text others may read it.

    It is a holder like any other.
    """
    files = on_disk(tmp_path)
    files.create(f"{WHOLE}/{1:012}.json", "")
    said: list[str] = []
    lock = Lock(files, WHOLE, stale=0.3)
    lock.acquire(said.append)
    assert len(said) == 1
    assert files.names() == [f"{WHOLE}/{2:012}.json"], "it was taken for dead only when it stood still"


def test_a_holder_that_slept_writes_nothing_more(tmp_path: Path) -> None:
    files = on_disk(tmp_path)
    sleeper = Lock(files, WHOLE, beat=60, stale=0.4)
    sleeper.acquire(ignored)
    sleeper.check()
    other = Lock(files, WHOLE, beat=0.05, stale=0.4)
    other.acquire(ignored)  # the sleeper does not beat, so it is taken for dead
    with pytest.raises(RunError, match="another took the lake over"):
        sleeper.check()
    sleeper.release()
    other.check()
    assert len(_live(files, _newest(files), lambda _: True)) == 1, "the sleeper's end does not end the other's hold"


def test_a_number_that_was_used_and_removed_is_no_lock(tmp_path: Path) -> None:
    """Who looked, slept, and makes a number that others have meanwhile made, released and removed, does not hold it."""

    class Slept(SmallFiles):
        looked = False

        def names(self) -> list[str]:
            if not self.looked:
                self.looked = True
                return []
            return super().names()

    first = Lock(on_disk(tmp_path), WHOLE)
    first.acquire(ignored)
    first.release()
    second = Lock(on_disk(tmp_path), WHOLE, stale=0.3, beat=0.05)
    second.acquire(ignored)
    holder = on_disk(tmp_path).names()
    late, got = Lock(Slept(LocalStore(str(tmp_path))), WHOLE, stale=5), threading.Event()
    thread = threading.Thread(target=lambda: (late.acquire(ignored), got.set()), daemon=True)
    thread.start()
    assert not got.wait(1.0)
    assert holder[0] in on_disk(tmp_path).names()
    second.release()
    assert got.wait(10)


def test_a_run_excludes_tables_and_two_tables_go_together(spark: SparkSession, tmp_path: Path) -> None:
    order: list[str] = []

    def run() -> None:
        with hold(spark, str(tmp_path)):
            order.append("run")

    with hold(spark, str(tmp_path), TABLE), hold(spark, str(tmp_path), "silver.accounts"):
        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(0.6)
        order.append("tables")
    thread.join(20)
    assert order == ["tables", "run"]

    def job() -> None:
        with hold(spark, str(tmp_path), TABLE):
            order.append("job")

    with hold(spark, str(tmp_path)):
        thread = threading.Thread(target=job)
        thread.start()
        time.sleep(0.6)
        order.append("run again")
    thread.join(20)
    assert order[2:] == ["run again", "job"]
