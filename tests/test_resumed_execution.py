"""A resumed run, stage by stage, with transforms that do nothing: what is made, in which order, and what is remembered.

The lake is a dictionary. `tests/test_resume.py` does the same with Spark and rows, for one failure.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from iolaus.errors import GateError
from iolaus.pipeline import STAGES
from iolaus.runtime import execution, resume
from iolaus.runtime.context import Context, Event
from iolaus.runtime.execution import WholeRun
from iolaus.runtime.receipts import Made, Receipt, made
from iolaus.runtime.resume import LakeState
from iolaus.runtime.scheduler import PUBLISHER, order, schedule, work_off
from iolaus.runtime.spark.delta_log import Commit
from iolaus.settings import DEFAULT, Key
from tests.traffic import DAYS

BY = ("code", "settings", "key")
ALL = [s.table for s in STAGES]
GOLD = [s.table for s in STAGES if s.layer == "gold"]


class Rows:
    """Rows of no content."""

    def persist(self) -> "Rows":
        return self

    def unpersist(self) -> None:
        pass


class FakeLake:
    """A lake that remembers which table was written for which day, in order, and its receipts."""

    def __init__(self) -> None:
        self.written: list[tuple[str, date]] = []
        self.kept: dict[Made, Receipt] = {}
        self.receipts = SimpleNamespace(put=self.kept.__setitem__, one=self.kept.get)

    def write(self, name: str, _rows: Rows, day: date) -> Commit:
        self.kept.pop(made(name, day), None)
        self.written.append((name, day))
        return Commit(len(self.written), 7, 900)

    def later_arrivals(self, _day: date) -> list[date]:
        return []


class FakeContext(Context):
    """A context without Spark. Gates pass, except of the tables in `broken`."""

    broken: frozenset[str] = frozenset()

    def check(self, stage: Any, day: date, *_: Any, **__: Any) -> None:  # type: ignore[override]
        if stage.table in self.broken:
            raise GateError(f"{stage.table} of {day}: …")

    def describe(self, work: str) -> None:
        pass

    def pool(self, threads: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(threads)


@pytest.fixture(autouse=True)
def transforms(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """No transform does anything, but those named in the set, which fail."""
    failing: set[str] = set()

    def transform_of(name: str) -> Any:
        def transform(**_: Any) -> Rows:
            if name in failing:
                raise RuntimeError(f"{name}: as if the power went")
            return Rows()

        return transform

    for name in ALL:
        monkeypatch.setattr(import_module(f"iolaus.{name}"), "transform", transform_of(name))
    monkeypatch.setattr(execution, "reported", lambda _rows: {})
    return failing


INPUTS: Any = SimpleNamespace(
    read=lambda _read, _day, **_more: Rows(),
    landing_states=lambda stage, _day: {r.table.split(".")[1]: "files" for r in stage.reads if "landing" in r.table},
    cached=lambda *_: None,
    keep=lambda *_: Rows(),
    find_passed_over=lambda *_: False,
    forget=lambda _day=None: None,
)


def context(lake: FakeLake, events: list[Event], broken: tuple[str, ...] = ()) -> FakeContext:
    """What stages of a fake lake work with."""
    nothing: Any = SimpleNamespace(add=lambda *_: None, write=lambda *_a, **_m: None, check=lambda *_: None)
    held: Any = lake
    made = FakeContext(held, DEFAULT, Key(b"key"), "run", nothing, True, nothing, nothing, events.append, BY)
    object.__setattr__(made, "broken", frozenset(broken))  # a frozen class's own field
    return made


def run(lake: FakeLake, todo: list[resume.Todo], broken: tuple[str, ...] = ()) -> list[Event]:
    """Run what is to be made, as `Runner.work` does; raises what it raises. The events, in order."""
    events: list[Event] = []
    of = context(lake, events, broken)
    planned = resume.by_day(todo)
    whole = WholeRun(of, INPUTS, {(day, s.table) for day, stages in planned for s in stages}, 3)
    with ThreadPoolExecutor(3) as pool:
        work_off(order(planned), pool, 3, whole.run, whole.forget)
    return events


def left(lake: FakeLake, **more: Any) -> list[resume.Todo]:
    versions = dict.fromkeys(ALL, 10_000)
    state = LakeState(BY, lake.kept, versions, DEFAULT.window_days, lambda _folder, _day: "files")
    return resume.stale(schedule(DAYS), LakeState(**vars(state) | more))


def test_a_whole_run_leaves_nothing_to_do() -> None:
    lake = FakeLake()
    events = run(lake, resume.everything(schedule(DAYS)))
    assert left(lake) == []
    assert len(lake.written) == len(set(lake.written)) == len(lake.kept) == len(events) / 2
    for day in DAYS:
        assert [name for name, of in lake.written if of == day][-1] == PUBLISHER, "the ranking is written last"
    ends = {e.stage: e for e in events if e.done}
    assert (ends["graph.links"].rows, ends["graph.links"].size, ends["graph.links"].error) == (7, 900, None)
    assert lake.kept["bronze.exchanges", DAYS[0]].landing == {"exchanges": "files"}


@pytest.mark.parametrize("failed", [*ALL])
def test_after_a_failure_in_any_stage_the_rest_is_made_and_no_more(failed: str, transforms: set[str]) -> None:
    lake = FakeLake()
    transforms.add(failed)
    with pytest.raises(RuntimeError, match="as if the power went"):
        run(lake, resume.everything(schedule(DAYS)))
    transforms.clear()
    first = set(lake.written)
    assert (
        not {of for of in first if of[0] in GOLD and of[1] == DAYS[0]}
        or failed in GOLD
        or first >= {(name, DAYS[0]) for name in GOLD}
    ), "gold of a date is whole or not there"
    todo = left(lake)
    tasks = {(t.stage.table, t.day) for t in todo}
    lake.written.clear()
    run(lake, todo)
    assert set(lake.written) == tasks
    assert not tasks & first, "what was whole is not made again"
    assert left(lake) == []


def test_a_red_gate_keeps_what_passed_and_stops_gold(transforms: set[str]) -> None:
    lake = FakeLake()
    with pytest.raises(GateError):
        run(lake, resume.everything(schedule(DAYS)), broken=("graph.clusters",))
    assert ("graph.clusters", DAYS[0]) in lake.written, "written, and then judged"
    assert ("graph.clusters", DAYS[0]) not in lake.kept, "it has not passed"
    assert not [name for name, _ in lake.written if name in GOLD]
    todo = [(t.stage.table, t.why) for t in left(lake) if t.day == DAYS[0]]
    assert todo[0] == ("graph.clusters", "missing")
    assert {name for name, _ in todo} >= {"scoring.evidence", PUBLISHER}
    assert "graph.communities" not in {name for name, _ in todo}
    run(lake, left(lake))
    assert left(lake) == []


def test_a_failure_is_told_to_who_watches(transforms: set[str]) -> None:
    lake, events = FakeLake(), list[Event]()
    transforms.add("bronze.models")
    todo = [t for t in resume.everything(schedule(DAYS)) if t.stage.table == "bronze.models"]
    of = context(lake, events)
    with pytest.raises(RuntimeError):
        WholeRun(of, INPUTS, set(), 1).run(todo[0].stage, todo[0].day)
    assert [(e.done, e.error) for e in events] == [
        (False, None),
        (True, "RuntimeError: bronze.models: as if the power went"),
    ]
