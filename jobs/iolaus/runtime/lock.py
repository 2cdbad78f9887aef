"""One run at a time on a lake, and one process at a time on a table, on any file system.

Delta's own check of concurrent commits does not suffice: it guards one table, not the thirty of a run; and on S3, where
Delta's log is written by one driver, two drivers could both commit a version and one would be lost.

A lock is a row of numbered claims, `LAKE/_locks/<name>/<number>.json`. Whoever makes the next number holds the lock,
once the claim before it was released or its holder is dead. A holder writes its claim again every `BEAT` seconds. A
claim that stands still for `STALE` seconds by the clock of the one who waits (clocks are never compared) is dead, and
so is one whose processes are gone from this machine: the driver's, and Spark's Java process, which could commit a
little longer. Numbers only grow, so a holder that slept too long sees a higher number than its own, and writes nothing
more (`Lock.check`, before every commit).
"""

import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pyspark.sql import SparkSession

from iolaus.errors import RunError
from iolaus.runtime.small_files import SmallFiles, small_files
from iolaus.runtime.spark.watchdog import java_process

BEAT, STALE = 15.0, 120.0  # seconds
WHOLE = "run"  # the lock of the whole lake; any other is a table's


class Lock:
    """The lock `name` of a lake, for this process."""

    def __init__(self, files: SmallFiles, name: str, *, beat: float = BEAT, stale: float = STALE, java: int = 0):
        self._files, self._name, self._beat, self._stale = files, name, beat, stale
        self._java = {"java": java, "java_started": _started(java)} if java else {}
        self._token, self._number, self._count = uuid4().hex, 0, 0
        self._since = datetime.now(UTC).isoformat(timespec="seconds")
        self._ended, self._seen = threading.Event(), 0.0
        self._changing = threading.Lock()  # the beating thread and the one that commits
        self._lost = False

    def acquire(self, said: Callable[[str], None]) -> None:
        """Wait until the lock is free, and take it. `said` is told, once for each holder, who is waited for."""
        while True:
            # The number after the one that was seen to be over: if others were faster, it is made, and this one waits
            # again.
            self._number = (
                _wait_for(self._files, lambda name: name == self._name, self._stale, said).get(self._name, 0) + 1
            )
            # Who slept since it looked may make a number that others have made, released and removed: it finds a higher
            # one.
            if self._files.create(self._file, self._claim()) and max(_numbers(self._files, self._name)) == self._number:
                break
        for older in _numbers(self._files, self._name):
            if older < self._number:
                self._files.delete(f"{self._name}/{older:012}.json")
        self._seen = time.monotonic()
        threading.Thread(target=self._keep_alive, name=f"lock {self._name}", daemon=True).start()

    def release(self) -> None:
        """Let the next one have it. What a later holder wrote stays."""
        self._ended.set()
        with self._changing:
            if self._is_mine():
                self._files.write(self._file, self._claim(released=True))

    def check(self) -> None:
        """Raise RunError if another process has taken the lock over."""
        if not self._lost and time.monotonic() - self._seen > self._stale / 2:
            self._renew()
        if self._lost:
            raise RunError(
                f"this process stood still for over {self._stale:.0f} s and another took the lake over; what is "
                "written is whole: let the other end, then run the days again"
            )

    @property
    def _file(self) -> str:
        return f"{self._name}/{self._number:012}.json"

    def _claim(self, *, released: bool = False) -> str:
        process = {"machine": _machine(), "pid": os.getpid(), "started": _started(os.getpid())}
        return json.dumps(
            {
                "token": self._token,
                "since": self._since,
                "beat": self._count,
                "released": released,
                **process,
                **self._java,
            }
        )

    def _is_mine(self) -> bool:
        if max(_numbers(self._files, self._name), default=0) != self._number:
            return False
        text = self._files.read(self._file)
        return text is not None and bool(_parsed(text).get("token") == self._token)

    def _renew(self) -> None:
        with self._changing:
            if self._ended.is_set():
                return
            self._lost = self._lost or not self._is_mine()
            if not self._lost:
                self._count += 1
                self._files.write(self._file, self._claim())
                self._seen = time.monotonic()

    def _keep_alive(self) -> None:
        while not self._lost and not self._ended.wait(self._beat):
            try:
                self._renew()
            except Exception as error:  # noqa: BLE001 - a store that fails now may answer at the next beat; `check` looks again
                print(f"iolaus: the lock of the lake was not renewed: {type(error).__name__}", file=sys.stderr)  # noqa: T201


@contextmanager
def hold(
    spark: SparkSession, lake: str, name: str = WHOLE, *, beat: float = BEAT, stale: float = STALE
) -> Iterator[Lock]:
    """Hold the lock of a lake, or of one of its tables. A run excludes all; two tables do not exclude each other.

    A table's holder steps back while a run holds the lake; a run, once it holds the lake, waits for tables to be done.
    """
    files = small_files(spark, f"{lake.rstrip('/')}/_locks")

    def others(held: str) -> bool:
        return held != WHOLE if name == WHOLE else held == WHOLE

    while True:
        lock = Lock(files, name, beat=beat, stale=stale, java=java_process(spark))
        lock.acquire(_say)
        if name == WHOLE or not _live(files, _newest(files), others):
            break
        lock.release()
        _wait_for(files, others, stale, _say)
    try:
        if name == WHOLE:
            _wait_for(files, others, stale, _say)
        yield lock
    finally:
        lock.release()


def _say(line: str) -> None:
    print(f"iolaus: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _wait_for(
    files: SmallFiles, concerned: Callable[[str], bool], stale: float, said: Callable[[str], None]
) -> dict[str, int]:
    """Wait until no claim of the locks that are `concerned` is live; the newest number of each lock, as it was then."""
    seen: dict[str, tuple[str, float]] = {}
    told: set[str] = set()
    while True:
        waiting, newest = False, _newest(files)
        for name, text in _live(files, newest, concerned).items():
            if name not in seen or seen[name][0] != text:  # a claim that is only being made has no text yet
                seen[name] = text, time.monotonic()
            if time.monotonic() - seen[name][1] < stale:
                waiting = True
                if name not in told:
                    told.add(name)
                    said(
                        f"waiting: {_who(name, text)}; it is taken over when its process is gone or says nothing for "
                        f"{stale:.0f} s"
                    )
        if not waiting:
            return {name: int(file.rpartition("/")[2].removesuffix(".json")) for name, file in newest.items()}
        time.sleep(min(1.0, stale / 10))


def _newest(files: SmallFiles) -> dict[str, str]:
    """The newest claim of each lock."""
    return {n.rpartition("/")[0]: n for n in files.names()}  # in order, so the highest number stays


def _live(files: SmallFiles, newest: dict[str, str], concerned: Callable[[str], bool]) -> dict[str, str]:
    """The claims that are neither released nor of a process that is gone, with their text."""
    found = {file: files.read(file) for name, file in newest.items() if concerned(name)}
    return {file: text for file, text in found.items() if text is not None and not _is_over(_parsed(text))}


def _is_over(claim: dict[str, object]) -> bool:
    if claim.get("released"):
        return True
    return claim.get("machine") == _machine() and all(
        isinstance(pid := claim.get(name), int) and _started(pid) != claim.get(started)
        for name, started in (("pid", "started"), ("java", "java_started"))
        if name == "pid" or name in claim
    )


def _numbers(files: SmallFiles, name: str) -> list[int]:
    return [int(n.removeprefix(f"{name}/").removesuffix(".json")) for n in files.names() if n.startswith(f"{name}/")]


def _parsed(text: str) -> dict[str, object]:
    """A claim; nothing of one that was not yet written to its end."""
    try:
        claim = json.loads(text)
    except ValueError:
        return {}
    return claim if isinstance(claim, dict) else {}


def _who(name: str, text: str) -> str:
    claim = _parsed(text)
    held = name.rpartition("/")[0]
    return (
        f"{'another run works on this lake' if held == WHOLE else f'another process makes {held}'} (process "
        f"{claim.get('pid', '?')} on {str(claim.get('machine', '?')).split('/')[0]}, since {claim.get('since', '?')})"
    )


def _machine() -> str:
    """The machine since it was started, and this space of process numbers.

    Empty parts where the system does not say.
    """
    boot, space = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    since_boot = boot.read_text().strip() if boot.exists() else ""
    return f"{platform.node()}/{since_boot}/{space.readlink() if space.is_symlink() else ''}"


def _started(pid: int) -> str | None:
    """When a process of this machine started, in the kernel's ticks; None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in ("Z", "X") else fields[19]
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "unknown"
