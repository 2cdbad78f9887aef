"""What a resumed run makes: what is missing, and what rests on something newer than itself.

A table's day is current if it has a receipt (`iolaus.runtime.receipts`), made by the same code, settings and key, from
a landing that has not changed and from tables none of which was made after it began. Whatever is not current is made
again, and with it all that the map says is made from it. Tables of gold of one date are made together or not at all.

A date whose ranking is published rests on the accounts, models, agreements and verdicts that were known then. Newer
ones do not make it stale; new exchanges of that date do.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from iolaus.errors import UsageError
from iolaus.pipeline import VERDICTS, Grain, Read, Span, Stage, is_given, is_landing, stage
from iolaus.runtime.receipts import UNDATED_TABLES, Made, Receipt, made
from iolaus.runtime.scheduler import GOLD, PUBLISHER

Planned = Sequence[tuple[date, Sequence[Stage]]]


@dataclass(frozen=True)
class Todo:
    """A stage to run for a day, and why."""

    day: date
    stage: Stage
    why: str


@dataclass(frozen=True)
class LakeState:
    """What a lake and a landing say of themselves before a run.

    `by` is what this run would make tables by, as `Receipt.by`. `versions` has the newest Delta version of each table
    that is there. `landing` says the state of a folder of the landing for a day, None where the landing has none.
    `verdicts` is when the newest verdict was given. `window` is in days.
    """

    by: tuple[str, str, str]
    receipts: Mapping[Made, Receipt]
    versions: Mapping[str, int]
    window: int
    landing: Callable[[str, date], str | None] = lambda _folder, _day: None
    verdicts: datetime | None = None


@dataclass
class _Plan:
    known: LakeState
    planned: Planned
    forced: frozenset[str] = frozenset()  # tables to make in any case
    trusts: bool = False  # what is not forced is taken as it is
    again: dict[Made, str] = field(default_factory=dict)  # what is made again, and why

    def todo(self) -> list[Todo]:
        found: list[Todo] = []
        for day, stages in self.planned:
            gold = [s for s in stages if s.layer == GOLD]
            others = [s for s in stages if s.layer != GOLD]
            for one in others:
                self._decide(one, day)
            reasons = {s.table: self._why(s, day) for s in gold}
            for name, why in reasons.items() if any(reasons.values()) else ():
                self.again[made(name, day)] = why or f"with the other gold tables of {day}"
            found += [Todo(day, s, self.again[key]) for s in stages if (key := made(s.table, day)) in self.again]
        return found if any(todo.stage.grain is not Grain.SNAPSHOT for todo in found) else []

    def _decide(self, one: Stage, day: date) -> None:
        if why := self._why(one, day):
            self.again[made(one.table, day)] = why

    def _why(self, one: Stage, day: date) -> str | None:
        """Why a stage is to be run for a day; None if its rows are current."""
        if one.table in self.forced:
            return "asked for"
        if source := next((f for f in self._sources(one, day) if f in self.again), None):
            return f"{_named(source)} is made again"
        if self.trusts:
            return None
        receipt = self.known.receipts.get(made(one.table, day))
        return "missing" if receipt is None else self._by_others(one, receipt) or self._newer(one, day, receipt)

    def _by_others(self, one: Stage, receipt: Receipt) -> str | None:
        """Whether a table is gone, or was not made by what this run would make it by."""
        if receipt.version > self.known.versions.get(one.table, -1):
            return "its table was removed"
        named = zip(("code", "settings", "key"), receipt.by, self.known.by, strict=True)
        return next((f"made by other {what}: {then}" for what, then, now in named if then != now), None)

    def _newer(self, one: Stage, day: date, receipt: Receipt) -> str | None:
        """What changed since a table's day was made, of what it is made from; None if nothing did."""
        published = one.grain is not Grain.SNAPSHOT and self._is_published(day)
        for read in one.reads:
            folder = read.table.partition(".")[2]
            if published and read.span is Span.ALL:
                continue
            if is_landing(read.table):
                now = self.known.landing(folder, day)
                if now is not None and receipt.landing.get(folder) != now:
                    return f"the landing's {folder} changed"
            elif read.table == VERDICTS and self.known.verdicts and self.known.verdicts > receipt.began:
                return "a verdict was given since"
        for source in self._sources(one, day):
            newer = self.known.receipts.get(source)
            if newer is not None and newer.ended > receipt.began:
                return f"{_named(source)} is newer"
        return None

    def _is_published(self, day: date) -> bool:
        ranking = self.known.receipts.get((PUBLISHER, day))
        return ranking is not None and ranking.by == self.known.by

    def _sources(self, one: Stage, day: date) -> Iterator[Made]:
        """The tables' days that a stage reads, or that must be whole before it, as far back as the window.

        Not the gold tables that the ranking is written after: those of a date are made together in any case.
        """
        passed = UNDATED_TABLES - self.forced if self._is_published(day) else frozenset()
        after = (Read(table) for table in one.after if stage(table).layer != GOLD)
        for read in (*one.reads, *after):
            if not is_given(read.table) and read.table not in passed:
                yield from self._read(read, day)

    def _read(self, read: Read, day: date) -> Iterator[Made]:
        if read.table in UNDATED_TABLES or read.span is Span.DAY:
            yield made(read.table, day)
        elif read.span is Span.PREVIOUS:
            days = {d for d, stages in self.planned if any(s.table == read.table for s in stages)}
            days |= {d for table, d in self.known.receipts if table == read.table and d is not None}
            if before := [d for d in days if d < day]:
                yield read.table, max(before)
        else:  # a day more than the window: a request may be ahead of its arrival
            ends = 0 if read.span is Span.WINDOW else 1
            for back in range(ends, self.known.window + 1):
                yield read.table, day - timedelta(days=back)


def everything(planned: Planned) -> list[Todo]:
    """All that is scheduled, as a run without `--resume` makes it."""
    return [Todo(day, one, "asked for") for day, stages in planned for one in stages]


def stale(planned: Planned, known: LakeState) -> list[Todo]:
    """What of a schedule is missing or stale, in its order; empty if all of it is current."""
    return _Plan(known, planned).todo()


def begun_at(planned: Planned, known: LakeState, first: str, *, resumes: bool = False) -> list[Todo]:
    """A stage of each scheduled day and all that is made from it. What lies before is taken as it is.

    With `resumes`, what is missing or stale before it is made, too. Raises UsageError if no stage of the schedule makes
    `first`.
    """
    if not any(s.table == first for _, stages in planned for s in stages):
        stages = dict.fromkeys(s.table for _, of_day in planned for s in of_day)
        raise UsageError(f"no stage of this run makes {first}; begin --from one of: {', '.join(stages)}")
    return _Plan(known, planned, frozenset({first}), trusts=not resumes).todo()


def lacking(todo: Sequence[Todo], known: LakeState, has: Callable[[str, date], bool]) -> tuple[Todo, str] | None:
    """The first stage, with a table that it reads of its day, which nothing makes and of which there are no rows.

    `has` says whether a table has rows of a day. A receipt says the same of a day that has none.
    """
    makes = {made(t.stage.table, t.day) for t in todo}
    for one in todo:
        for read in one.stage.reads:
            if is_given(read.table) or read.span is not Span.DAY or stage(read.table).grain is Grain.SNAPSHOT:
                continue
            source = made(read.table, one.day)
            if source not in makes and source not in known.receipts and not has(read.table, one.day):
                return one, read.table
    return None


def by_day(todo: Sequence[Todo]) -> list[tuple[date, list[Stage]]]:
    """The stages of each day, as `Runner.work` takes them."""
    days = dict.fromkeys(t.day for t in todo)
    return [(day, [t.stage for t in todo if t.day == day]) for day in days]


def days_read(planned: Planned, window: int) -> set[date]:
    """The days whose receipts a plan needs: those planned, and the window before the first."""
    days = {day for day, _ in planned}
    return {min(days) - timedelta(days=back) for back in range(1, window + 2)} | days if days else set()


def _named(source: Made) -> str:
    table, day = source
    return table if day is None else f"{table} of {day}"
