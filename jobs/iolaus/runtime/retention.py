"""How long each table's rows stay, and the deletion of those that are older."""

from collections.abc import Iterator
from datetime import date, timedelta

from iolaus.errors import UsageError
from iolaus.pipeline import RECORDS, STAGES, Grain, Span
from iolaus.runtime.lake import AHEAD, Lake
from iolaus.runtime.maintenance import Done, files
from iolaus.runtime.spark import delta
from iolaus.schemas.table import table
from iolaus.settings import Settings

TEXT = ("bronze.exchanges", "quality.quarantine")  # the only tables with prompts, both dated by day of arrival
GATES = ("quality.results", "quality.summaries")  # no published row leads to them
# Tables of which a run reads days before its own.
HISTORY = tuple(dict.fromkeys(r.table for s in STAGES for r in s.reads if r.span in (Span.WINDOW, Span.EARLIER)))


def policy(settings: Settings) -> dict[str, int]:
    """Days that rows of each dated table stay, by table: those of its kind in `retention`, or its own in `keep_days`.

    Undated tables, verdicts, cases and alerts are not in it: they stay. Raises UsageError where a run would miss rows.
    """
    keep = settings.retention
    found = {s.table: keep.working_days for s in reversed(STAGES) if s.grain is not Grain.SNAPSHOT}
    found |= {name: keep.published_days for name in (*found, *RECORDS) if name.startswith(("gold.", "quality."))}
    found |= dict.fromkeys(HISTORY, keep.history_days) | dict.fromkeys(TEXT, keep.text_days)
    found |= dict.fromkeys(GATES, keep.records_days)
    found = {name: int(settings.keep_days.get(name, days)) for name, days in found.items() if table(name).date}
    for name, days in found.items():
        if days < (least := fewest(name, settings)):
            raise UsageError(
                f"{days} days of {name} are fewer than a run needs: keep {least} days or more, by keep_days.{name} or "
                "the setting of retention for its kind (iolaus settings)"
            )
    return found


def fewest(name: str, settings: Settings) -> int:
    """The fewest days that rows of a table may stay: those that a run, or a gate, reads before its own day.

    An arrival that is loaded again is made from bronze with the arrivals after it. One that had lost some of its rows
    would be replaced by what is left.
    """
    if name in TEXT:
        return settings.window_days + AHEAD.days
    if name in HISTORY:
        return settings.window_days + 2 * AHEAD.days
    return settings.quality.trailing_days + 1 if name in GATES else 1


def retain(lake: Lake, day: date, settings: Settings) -> Iterator[Done]:
    """Delete the rows of each table that are older than its policy allows, counted back from `day`.

    The ranking of a date goes before what lies beside it. The newest day of a table stays, however old: the next run
    takes ids from it. Whole partitions are deleted, so that no file is read or rewritten; files go with `vacuum`.
    Raises UsageError as `policy` does.
    """
    for name, days in policy(settings).items():
        if not lake.exists(name):
            continue
        spec, oldest = table(name), day - timedelta(days=days - 1)
        there = sorted(one for one, _, _ in files(lake, spec) if one is not None)
        gone = [one for one in there[:-1] if one < oldest] if name not in TEXT else [o for o in there if o < oldest]
        if gone:
            lake.guard()
            lake.receipts.drop_before(name, max(gone) + timedelta(days=1))
            delta.delete(lake.spark, lake.path(name), f"{spec.date} <= DATE'{max(gone)}'")
            yield Done(name, f"{len(gone)} days before {oldest} are deleted ({days} days stay)")
