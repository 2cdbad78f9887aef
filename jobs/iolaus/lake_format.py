"""The format of a lake: which version's tables it holds.

A change of columns, or of what they mean, in any table is a new format.
"""

import json
from collections.abc import Callable

from iolaus.errors import UsageError
from iolaus.pipeline import STAGES

FORMAT = 3
MARKER = "_iolaus.json"  # beside the layers; lakes of format 1 have none
UNMARKED = 1
# Layers that are made from bronze alone.
REMADE = tuple(dict.fromkeys(s.layer for s in STAGES if s.layer not in ("bronze", "quality")))
# Columns of tables that are not made again, by the names that older formats have for them: `{table: {old: new}}`.
RENAMED = {"quality.results": {"figure": "metric"}, "quality.summaries": {"figures": "metrics"}}
UPGRADING = "upgrading_from"  # in the marker: a format whose upgrade was not finished
# Where neither of these tables is there, nothing is of an older format but what stays valid.
TELLING = ("silver.exchanges", "gold.suspect_clusters")


def marker(code: str, upgrading_from: int | None = None) -> str:
    """What stands in the marker of a lake that this code makes, or is upgrading from another format."""
    unfinished = {} if upgrading_from is None else {UPGRADING: upgrading_from}
    return json.dumps({"format": FORMAT, "code": code, **unfinished}) + "\n"


def read(lake: str, marked: str | None) -> tuple[int, int | None]:
    """The format of a lake by the text of its marker (None: it has none), and the one that it is being upgraded from.

    Raises UsageError for a marker that cannot be understood, and for a newer format: this code would spoil it.
    """
    try:
        values = {"format": UNMARKED} if marked is None else json.loads(marked)
        found, unfinished = int(values["format"]), values.get(UPGRADING)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{lake}/{MARKER} cannot be understood; restore it, or make the lake again") from error
    if found > FORMAT:
        raise UsageError(
            f"the lake {lake} has format {found}, and this version knows {FORMAT}; use a newer version of iolaus"
        )
    return found, unfinished


def check(lake: str, marked: str | None, has_tables: Callable[[], bool]) -> None:
    """Raise UsageError, with the way forward, if another version's tables lie in a lake.

    `marked` is the text of its marker, None if it has none; `has_tables` says whether any table of `TELLING` is there;
    it is asked only where that matters.
    """
    found, unfinished = read(lake, marked)
    if unfinished is not None:
        raise UsageError(
            f"the upgrade of the lake {lake} from format {unfinished} was not finished; go on with: iolaus upgrade "
            f"--lake {lake}"
        )
    if found < FORMAT and has_tables():
        unmarked = f" (a copy needs the file {MARKER} of its lake)" if marked is None else ""
        made = (
            f"the lake {lake} was made by an older version, in format {found}, and this version needs "
            f"{FORMAT}{unmarked}"
        )
        raise UsageError(f"{made}; {way_forward(lake)}")


def way_forward(lake: str) -> str:
    """How to bring a lake of an older format up to date."""
    return f"bring it up to date with: iolaus upgrade --lake {lake} (with --dry-run it only says what that does)"
