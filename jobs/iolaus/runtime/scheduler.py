"""The order of a run: which stage of which day waits for which, and what runs at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from datetime import date

from iolaus.errors import GateError
from iolaus.pipeline import STAGES, Grain, Span, Stage, is_landing, stage
from iolaus.settings import DEFAULT

GOLD = "gold"
PUBLISHER = STAGES[-1].table  # made after all other tables of a day: a run publishes the day's gold with it
Task = tuple[date, str]  # a day and the table that is made for it


def schedule(
    days: Sequence[date], *, last_only: bool = False, from_bronze: bool = False
) -> list[tuple[date, list[Stage]]]:
    """The stages that `Runner.run` runs for each day; undated snapshots are taken once.

    `from_bronze` leaves out what reads the landing. With `last_only`, every arrival is loaded and sketched, and
    the last day alone is searched.
    """
    stages = [s for s in STAGES if not (from_bronze and any(is_landing(r.table) for r in s.reads))]
    every = [
        (day, [s for s in stages if not number or s.grain is not Grain.SNAPSHOT]) for number, day in enumerate(days)
    ]
    if not last_only:
        return every

    def only(*grains: Grain) -> list[tuple[date, list[Stage]]]:
        return [(day, [s for s in stages if s.grain in grains]) for day, stages in every]

    return [*only(Grain.SNAPSHOT, Grain.ARRIVAL), *only(Grain.RUN)[-1:]]


def order(
    planned: Sequence[tuple[date, Sequence[Stage]]], abreast: int = DEFAULT.execution.days_abreast
) -> dict[Task, set[Task]]:
    """What each stage of each day waits for, oldest first, so that days overlap and each sees what it would see alone.

    A stage waits for what it reads; for its own table of the day before; where it may change rows that the day before
    reads, for those readers; and for all that is older than `abreast` days, so that a crash leaves few unfinished. Gold
    waits for every other table of the day, each with its gate, and for the day before to be published.
    """
    waits: dict[Task, set[Task]] = {}
    made_on: list[dict[str, date]] = []  # of the days abreast, the oldest first
    older: dict[str, date] = {}  # the last day before those for which each table was made
    for day, stages in planned:
        latest = {table: of for tables in made_on for table, of in tables.items()}
        ours = {s.table for s in stages}
        for made in stages:
            wanted = {
                made.table,
                *(r.table for r in made.reads),
                *(t for t in latest if _disturbs(made, stage(t))),
            }
            wanted |= {PUBLISHER} if made.layer == GOLD else set()
            waits[day, made.table] = {(d, t) for t, d in older.items()} | {
                (d, t) for t, d in latest.items() if t in wanted
            }
            waits[day, made.table] |= {(day, t) for t in made.upstream if t in ours}
            if made.layer == GOLD:
                begun = [(d, t) for tables in [*made_on, dict.fromkeys(ours, day)] for t, d in tables.items()]
                waits[day, made.table] |= {(d, t) for d, t in begun if stage(t).layer != GOLD}
        made_on.append({s.table: day for s in stages})
        if len(made_on) >= abreast or not older:  # the first day runs alone: what it compiles, the others run
            older |= made_on.pop(0)
    return waits


# The spans of a reader that a stage changes for it when it makes a later day: what arrives may have happened before.
_DISTURBED = {
    Grain.SNAPSHOT: {Span.ALL},
    Grain.ARRIVAL: {Span.ALL, Span.WINDOW},
    Grain.RUN: {Span.ALL},
}


def _disturbs(made: Stage, reader: Stage) -> bool:
    """Whether making a table for a day changes what a stage of an earlier day reads."""
    return any(r.table == made.table and r.span in _DISTURBED[made.grain] for r in reader.reads)


def work_off(
    waits: dict[Task, set[Task]],
    pool: Executor,
    abreast: int,
    do: Callable[[Stage, date], None],
    day_ends: Callable[[date], None],
) -> None:
    """Run all stages, so many `abreast` in a pool of as many threads; `day_ends` is called when a day has none left.

    A stage begins as soon as what it waits for is written, the oldest first: most of a small stage's time is planning
    and committing on the driver, during which cores are idle. After a failure nothing new begins; what runs is waited
    for. A gate that stops a day lets earlier days end. Raises the failure, or the GateError of the earliest day that
    was stopped.
    """
    waiting, written, running = list(waits), set[Task](), dict[Future[None], Task]()
    stopped: dict[date, GateError] = {}
    while waiting or running:
        ready = [task for task in waiting if waits[task] <= written]
        for day, table in ready[: abreast - len(running)]:
            waiting.remove((day, table))
            running[pool.submit(do, stage(table), day)] = day, table
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            day, table = running.pop(future)
            error = future.exception()
            if isinstance(error, GateError):
                stopped.setdefault(day, error)
                waiting = [task for task in waiting if task[0] < min(stopped)]
            elif error is not None:
                waiting.clear()
                wait(running)
                raise error
            else:
                written.add((day, table))
            if all(d != day for d, _ in [*waiting, *running.values()]):
                day_ends(day)
    if stopped:
        raise stopped[min(stopped)]
