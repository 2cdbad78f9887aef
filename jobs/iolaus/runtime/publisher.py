"""Gold of a run: held back until all of a day has passed its gates, then written, the ranking last."""

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import date
from threading import Lock

from pyspark.sql import DataFrame

from iolaus.pipeline import STAGES
from iolaus.runtime.gates.records import Made


class Publisher:
    """Holds rows of gold that have passed; `write` puts those of one table into the lake."""

    def __init__(self, write: Callable[[Made, DataFrame], None]):
        self._write = write
        self._held: dict[date, dict[str, Made]] = {}
        self._lock = Lock()

    def hold(self, made: Made) -> None:
        """Keep the rows of a table that has passed, until the day is published or forgotten."""
        with self._lock:
            self._held.setdefault(made.day, {})[made.stage.table] = made

    def publish(self, day: date, pool: Executor) -> None:
        """Write the day's gold, after all of it has passed: one commit per table, the ranking last."""
        with self._lock:
            held = self._held.pop(day)
        *beside, last = (held[s.table] for s in STAGES if s.table in held)
        list(pool.map(self._publish, beside))
        self._publish(last)

    def forget(self, day: date | None = None) -> None:
        """Free what is held of a day that will not be published, or of all."""
        with self._lock:
            dropped = [self._held.pop(of) for of in list(self._held) if day in (None, of)]
        for made in (made for held in dropped for made in held.values()):
            made.drop_frame()

    def _publish(self, made: Made) -> None:
        assert made.frame is not None
        self._write(made, made.frame)
        made.drop_frame()
