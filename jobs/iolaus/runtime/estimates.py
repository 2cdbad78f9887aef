"""How long a run takes, judged by earlier runs of the same lake: before it begins, and while it works."""

import heapq
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, median
from threading import Lock

from pyspark.sql import functions as F

from iolaus.pipeline import Span
from iolaus.runtime.lake import Lake
from iolaus.runtime.scheduler import Task
from iolaus.schemas.codes import WRITTEN

LAST = 5  # runs of a table that its usual seconds are the median of
_SURE = 0.2  # of the estimated work must be done before the pace of this run counts
_PACE = (0.25, 4.0)  # bounds of the pace: beyond them an earlier run says nothing of this one


def usual_seconds(lake: Lake) -> dict[str, float]:
    """The seconds that each table usually takes: the median of its last five written days, by `quality.runs`.

    A table that no run of this lake has written is not in it. One row a table comes to the driver.
    """
    if not lake.exists("quality.runs"):
        return {}
    written = lake.read("quality.runs", Span.ALL, date.max).where(F.col("status") == WRITTEN)
    newest = F.slice(F.sort_array(F.collect_list(F.struct("began_at", "seconds")), asc=False), 1, LAST)
    rows = written.groupBy("table_name").agg(newest.getField("seconds").alias("seconds")).collect()
    return {row["table_name"]: median(row["seconds"]) for row in rows}


def seconds_of(table: str, usual: Mapping[str, float]) -> float | None:
    """The usual seconds of a table; of one without any, the mean of the others. None if nothing is known.

    >>> seconds_of("graph.links", {"pairs.content": 4.0, "pairs.cohort": 2.0})
    3.0
    """
    return usual.get(table, fmean(usual.values())) if usual else None


def makespan(waits: Mapping[Task, set[Task]], usual: Mapping[str, float], threads: int) -> float | None:
    """Seconds from the first stage to the last, with `threads` stages at a time and each as long as usual.

    Stages start as `iolaus.runtime.scheduler.work_off` starts them: as soon as what they wait for is written, the
    oldest first. None if nothing is known of any.
    """
    if not usual:
        return None
    tasks = list(waits)
    place = {task: number for number, task in enumerate(tasks)}
    left = [len(waits[task]) for task in tasks]
    after: dict[int, list[int]] = defaultdict(list)
    for task, before in waits.items():
        for one in before:
            after[place[one]].append(place[task])
    ready = [number for number, n in enumerate(left) if not n]
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < threads:
            number = heapq.heappop(ready)
            heapq.heappush(running, (now + (seconds_of(tasks[number][1], usual) or 0.0), number))
        now, ended = heapq.heappop(running)
        for number in after[ended]:
            left[number] -= 1
            if not left[number]:
                heapq.heappush(ready, number)
    return now


@dataclass(frozen=True)
class Running:
    """A stage at work: since how many seconds, and how many it usually takes (None: not known)."""

    table: str
    day: date
    seconds: float
    usual: float | None


@dataclass(frozen=True)
class State:
    """How far a run is. `left` is in seconds, None if no earlier run says; `running` has the longest at work first."""

    done: int
    total: int
    seconds: float
    left: float | None
    running: Sequence[Running]


class Tracker:
    """Follows the stages of a run, from any thread. `waits` is the run's order, `usual` the seconds of its tables."""

    def __init__(
        self,
        waits: Mapping[Task, set[Task]],
        usual: Mapping[str, float],
        threads: int,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._tasks, self._usual, self._clock = list(waits), usual, clock
        self._whole = makespan(waits, usual, threads)
        self._work = sum(self._seconds(task) for task in self._tasks)
        self._began, self._running, self._done = clock(), dict[Task, float](), set[Task]()
        self._lock = Lock()

    def _seconds(self, task: Task) -> float:
        return seconds_of(task[1], self._usual) or 0.0

    def begins(self, table: str, day: date) -> None:
        """A stage has begun."""
        with self._lock:
            self._running[day, table] = self._clock()

    def ends(self, table: str, day: date, *, failed: bool = False) -> None:
        """A stage has ended; one that failed is not done."""
        with self._lock:
            self._running.pop((day, table), None)
            if not failed:
                self._done.add((day, table))

    def state(self) -> State:
        """How far the run is now."""
        with self._lock:
            now, done, begun = self._clock(), set(self._done), dict(self._running)
        running = [Running(t, day, now - at, self._usual.get(t)) for (day, t), at in begun.items()]
        running.sort(key=lambda r: -r.seconds)
        worked = sum(self._seconds(task) for task in done)
        worked += sum(min(now - at, self._seconds(task)) for task, at in begun.items())
        return State(len(done), len(self._tasks), now - self._began, self._left(worked, now - self._began), running)

    def _left(self, worked: float, elapsed: float) -> float | None:
        """Seconds left: the share of the work that is not done, at the pace of this run once enough is done to tell."""
        if self._whole is None or not self._work:
            return None
        share = min(1.0, worked / self._work)
        least, most = _PACE
        pace = min(most, max(least, elapsed / (self._whole * share))) if share >= _SURE else 1.0
        return self._whole * (1 - share) * pace


def in_words(seconds: float | None) -> str:
    """A time as a person says it.

    >>> [in_words(s) for s in (None, 12, 75, 3700)]
    ['unknown', '12 s', '1 min 15 s', '1 h 1 min']
    """
    if seconds is None:
        return "unknown"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
