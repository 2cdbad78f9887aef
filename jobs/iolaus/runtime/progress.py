"""How far a run is: a bar on a terminal, a line an event in a log, or JSON lines for a program."""

import json
import sys
from datetime import UTC, datetime
from threading import Event as Flag
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from iolaus.runtime.estimates import Running, State, Tracker, in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from iolaus.runtime.context import Event

BEAT = 60.0  # seconds after which a run says that it still works


class Progress:
    """Shows the stages of a run on standard error: as bar, lines, json or none. auto: a bar on a terminal, else lines.

    Each line says which stage began or ended, stages done of all, the one that has been at work longest, and the time
    left by the last runs. While nothing ends, a line says so every `BEAT` seconds. Lines of JSON have the fields `at`,
    `event` (stage_begins, stage_ends, stage_fails or working), `table`, `day`, `seconds`, `rows`, `bytes`, `error`,
    `done`, `total`, `seconds_left` and `running`.
    """

    def __init__(self, tracker: Tracker, form: str = "auto", *, beat: float = BEAT):
        console = Console(stderr=True)
        self._form = form if form != "auto" else "bar" if console.is_terminal else "lines"
        self._tracker, self._beat, self._ended = tracker, beat, Flag()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=console, transient=True, disable=self._form != "bar")
        self._task = self._bar.add_task("starting", total=tracker.state().total)
        self._thread = Thread(target=self._beats, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._bar.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._bar.stop()

    def on_event(self, event: "Event") -> None:
        """Show that a stage began or ended."""
        if event.done:
            self._tracker.ends(event.stage, event.day, failed=event.error is not None)
        else:
            self._tracker.begins(event.stage, event.day)
        self._show(self._tracker.state(), event)

    def _beats(self) -> None:
        while not self._ended.wait(self._beat if self._form != "bar" else 1.0):
            if (state := self._tracker.state()).running:
                self._show(state, None)

    def _show(self, state: State, event: "Event | None") -> None:
        if self._form == "bar":
            self._bar.update(self._task, completed=state.done, description=_standing(state, short=True))
        elif self._form == "json":
            sys.stderr.write(json.dumps(as_json(state, event)) + "\n")
        elif self._form == "lines":
            sys.stderr.write(f"{_happened(event)}; {_standing(state)}\n")


def both(one: "Callable[[Event], None]", other: "Callable[[Event], None]") -> "Callable[[Event], None]":
    """Tell two listeners of each event of a run."""

    def told(event: "Event") -> None:
        one(event)
        other(event)

    return told


def as_json(state: State, event: "Event | None") -> dict[str, Any]:
    """An event of a run and how far the run is, as values for JSON. Times are in seconds."""
    ended = event is not None and event.done
    what = (
        "working" if event is None else "stage_begins" if not ended else "stage_fails" if event.error else "stage_ends"
    )
    of: dict[str, Any] = {} if event is None else {"table": event.stage, "day": str(event.day)}
    if event is not None and event.done:
        told = {"seconds": round(event.seconds, 3), "rows": event.rows, "bytes": event.size, "error": event.error}
        of |= {name: value for name, value in told.items() if value is not None}
    running = [
        {"table": r.table, "day": str(r.day), "seconds": round(r.seconds, 1), "usual_seconds": r.usual}
        for r in state.running
    ]
    left = None if state.left is None else round(state.left, 1)
    at = datetime.now(UTC).isoformat()
    return (
        {"at": at, "event": what}
        | of
        | {"done": state.done, "total": state.total, "seconds_left": left, "running": running}
    )


def _happened(event: "Event | None") -> str:
    if event is None:
        return "working"
    how = "failed after" if event.error else "done in"
    return f"{event.day} {event.stage} " + (f"{how} {event.seconds:.1f} s" if event.done else "begins")


def _standing(state: State, *, short: bool = False) -> str:
    """How far a run is, in words."""
    longest = _longest(state.running[0]) if state.running else ""
    left = "" if state.left is None else f"about {in_words(state.left)} left"
    done = "" if short else f"{state.done} of {state.total} stages done"
    return "; ".join(part for part in (done, longest, left) if part) or "starting"


def _longest(running: Running) -> str:
    usual = "" if running.usual is None else f" (usually {in_words(running.usual)})"
    return f"longest at work: {running.table} of {running.day}, {in_words(running.seconds)}{usual}"
