"""What a Spark program costs: processor time and memory of this process and all that it started, from /proc (Linux)."""

import os
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGE_SIZE")
KINDS = ("java", "workers", "driver")  # the JVM, the Python workers, this process


class Process(NamedTuple):
    """One process.

    Its number, its parent's, its kind of `KINDS`, processor seconds (with those of ended children), its stack's
    address.
    """

    pid: int
    parent: int
    kind: str
    seconds: float
    stack: int


def tree() -> list[Process]:
    """The process itself and all below it."""
    found = {p.pid: p for entry in Path("/proc").iterdir() if entry.name.isdigit() and (p := _process(entry))}
    kept, new = set[int](), {os.getpid()}
    while new:
        kept |= new
        new = {p.pid for p in found.values() if p.parent in kept} - kept
    return [found[pid] for pid in sorted(kept) if pid in found]


def run(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a program to its end: seconds of the clock, and of the processors, its own and those of all below it.

    Looked at four times a second, so that what a process does in its last quarter of a second is not counted. A Java
    that nobody waits for is. Raises CalledProcessError if it fails.
    """
    began, spent = time.monotonic(), dict[int, float]()
    started = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while started.poll() is None:
        below = {started.pid}
        for each in sorted(tree()):  # a child's number is mostly greater than its parent's
            if each.pid in below or each.parent in below:
                below.add(each.pid)
                spent[each.pid] = each.seconds
        time.sleep(0.25)
    if started.returncode:
        raise subprocess.CalledProcessError(started.returncode, command)
    return time.monotonic() - began, sum(spent.values())


def _process(entry: Path) -> Process | None:
    try:
        head, _, rest = (entry / "stat").read_text().rpartition(")")
    except OSError:  # it has ended
        return None
    fields = rest.split()
    pid, name = int(entry.name), head.partition("(")[2]
    kind = "driver" if pid == os.getpid() else "java" if name == "java" else "workers"
    return Process(pid, int(fields[1]), kind, sum(map(int, fields[11:15])) / _TICK, int(fields[25]))


def _memory(pid: int, kind: str) -> int:
    """Bytes that a process holds, where a page that forked workers share counts in parts.

    Of Java, which shares none, its resident pages: to have the kernel look through gigabytes of them for who shares
    what takes it a tenth of a second, in which Java may wait.
    """
    try:
        if kind == "java":
            return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def memory() -> int:
    """Bytes that the process and all below it hold now.

    Java starts a program by a child that, until it is that program, has Java's own memory and not a copy: it is not
    counted.
    """
    processes = {p.pid: p for p in tree()}
    lent = {
        p.pid
        for p in processes.values()
        if p.kind == "java" and p.parent in processes and p.stack == processes[p.parent].stack
    }
    return sum(_memory(pid, processes[pid].kind) for pid in processes.keys() - lent)


def processor_seconds() -> dict[str, float]:
    """Processor time so far of the JVM, the Python workers and this process."""
    spent = dict.fromkeys(KINDS, 0.0)
    for process in tree():
        spent[process.kind] += process.seconds
    return spent


class Memory:
    """Samples the memory of the tree while a block runs: the peak of all, and of each name that was active."""

    def __init__(self, interval: float = 0.5):
        self._interval = interval
        self._active: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak = 0
        self.peaks: dict[str, int] = defaultdict(int)

    def begin(self, name: str) -> None:
        """A stage begins."""
        with self._lock:
            self._active[name] += 1

    def end(self, name: str) -> None:
        """A stage ends."""
        with self._lock:
            self._active[name] -= 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                active = [name for name, n in self._active.items() if n]
            total = memory()
            self.peak = max(self.peak, total)
            for name in active:
                self.peaks[name] = max(self.peaks[name], total)
            time.sleep(self._interval)
