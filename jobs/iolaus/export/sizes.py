"""How large a lake is, by layer, and how fast it grows: from Delta's logs, without opening a file of rows."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from iolaus.export.gold import Gold
from iolaus.pipeline import RECORDS, STAGES, VERDICTS

WEEK = 7  # days of a table that its growth is taken from
STORED = (*(s.table for s in STAGES), *RECORDS, "quality.alerts", VERDICTS, "verdicts.cases")


@dataclass(frozen=True)
class Size:
    """What a layer holds now, without files that were replaced.

    `daily` are the bytes that a day adds: the mean of the newest seven days of each dated table, summed. `before` is
    the same for the seven days before those; None where no table has as many.
    """

    layer: str
    tables: int
    files: int
    size: int  # bytes
    daily: float
    before: float | None
    first: date | None
    last: date | None


def sizes(gold: Gold) -> list[Size]:
    """The size of each layer of a lake, in the order of the pipeline; layers without a table are left out."""
    layers: dict[str, list[tuple[int, dict[date | None, int]]]] = defaultdict(list)
    for name in dict.fromkeys(STORED):
        opened = gold.table(name)
        if opened is not None:
            found = pa.table(opened.get_add_actions(flatten=True))
            days = next((found[c] for c in found.column_names if c.startswith("partition.")), None)
            of = [None] * len(found) if days is None else days.to_pylist()
            by_day: dict[date | None, int] = defaultdict(int)
            for day, size in zip(of, found["size_bytes"].to_pylist(), strict=True):
                by_day[day] += size
            layers[name.partition(".")[0]].append((len(found), by_day))
    return [_size(layer, tables) for layer, tables in layers.items()]


def _size(layer: str, tables: list[tuple[int, dict[date | None, int]]]) -> Size:
    days = sorted({day for _, by_day in tables for day in by_day if day is not None})
    daily, before = _growth(tables, 0), _growth(tables, WEEK)
    return Size(
        layer,
        len(tables),
        sum(files for files, _ in tables),
        sum(sum(by_day.values()) for _, by_day in tables),
        daily or 0.0,
        before,
        days[0] if days else None,
        days[-1] if days else None,
    )


def _growth(tables: Iterable[tuple[int, dict[date | None, int]]], skip: int) -> float | None:
    """Bytes a day of the tables together, over a week of days from the newest but `skip`; None if there is no such."""
    found = []
    for _, by_day in tables:
        days = sorted((day for day in by_day if day is not None), reverse=True)[skip : skip + WEEK]
        if days:
            found.append(sum(by_day[day] for day in days) / len(days))
    return sum(found) if found else None
