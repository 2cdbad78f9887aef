"""The order of a run: days overlap, and each sees what it would see alone."""

from datetime import date

import pytest

from iolaus.pipeline import STAGES, Grain, Span, stage
from iolaus.runtime.scheduler import PUBLISHER, Task, order, schedule
from iolaus.settings import DEFAULT

DAYS = [date(2026, 3, d) for d in range(2, 9)]


@pytest.fixture(scope="module")
def waits() -> dict[Task, set[Task]]:
    return order(schedule(DAYS))


@pytest.fixture(scope="module")
def first_load() -> dict[Task, set[Task]]:
    return order(schedule(DAYS, last_only=True))


@pytest.fixture(params=["waits", "first_load"])
def either(request: pytest.FixtureRequest) -> dict[Task, set[Task]]:
    found: dict[Task, set[Task]] = request.getfixturevalue(request.param)
    return found


def behind(waits: dict[Task, set[Task]], task: Task) -> set[Task]:
    """All that is written when a task begins."""
    found, new = set[Task](), set(waits[task])
    while new:
        found |= new
        new = {t for w in new for t in waits[w]} - found
    return found


def test_nothing_waits_for_what_stands_behind_it(either: dict[Task, set[Task]]) -> None:
    place = {task: number for number, task in enumerate(either)}
    assert all(place[w] < place[task] for task, before in either.items() for w in before)


def test_days_begin_in_their_order(waits: dict[Task, set[Task]]) -> None:
    assert [day for day, _ in waits] == sorted(day for day, _ in waits), "the oldest first"


def test_a_stage_finds_what_it_reads(either: dict[Task, set[Task]]) -> None:
    for day, table in either:
        written = behind(either, (day, table))
        for read in stage(table).reads:
            expected = {
                (d, t)
                for d, t in either
                if t == read.table and (d < day or (d == day and read.span not in {Span.PREVIOUS, Span.EARLIER}))
            }
            assert expected <= written, (day, table, read.table)


def test_a_day_does_not_see_what_the_next_one_writes(waits: dict[Task, set[Task]]) -> None:
    """Arrivals of the next day may have happened on this one: whoever reads the window has ended by then."""
    for day, table in waits:
        for read in stage(table).reads:
            if read.table in LATE and read.span is Span.WINDOW:
                later = [(d, t) for d, t in waits if t == read.table and d > day]
                assert all((day, table) in behind(waits, task) for task in later), (day, table)


def test_a_day_begins_before_the_one_before_is_published(waits: dict[Task, set[Task]]) -> None:
    first, second, third = ((day, "silver.exchanges") for day in DAYS[:3])
    assert (DAYS[1], PUBLISHER) not in behind(waits, third)
    assert first in behind(waits, second)
    assert second in behind(waits, third)


LATE = {"silver.exchanges", "features.account_days", "features.hand_overs"}


def test_what_is_redone_of_later_arrivals_is_known_to_this_test() -> None:
    assert {s.table for s in STAGES if s.is_redone} == LATE


def test_a_first_load_searches_the_last_day_alone(first_load: dict[Task, set[Task]]) -> None:
    assert (DAYS[1], "features.account_days") not in behind(first_load, (DAYS[2], "silver.exchanges")), "days overlap"
    assert {day for day, table in first_load if stage(table).grain is Grain.RUN} == {DAYS[-1]}
    others = {task for task in first_load if not task[1].startswith("gold.")}
    assert all(others <= behind(first_load, task) for task in first_load if task not in others), (
        "gold waits for every gate"
    )


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_gold_of_a_short_first_load_waits_for_every_gate(number: int) -> None:
    short = order(schedule(DAYS[:number], last_only=True))
    others = {task for task in short if not task[1].startswith("gold.")}
    assert {task for task in short if task not in others and others <= behind(short, task)} == set(short) - others


def test_few_days_are_unfinished(waits: dict[Task, set[Task]]) -> None:
    for day, table in waits:
        written = behind(waits, (day, table))
        assert all(task in written for task in waits if (day - task[0]).days >= DEFAULT.execution.days_abreast)
