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
# Where neither of these tables is there, nothing is of an older format but what stays valid.
TELLING = ("silver.exchanges", "gold.suspect_clusters")


def marker(code: str) -> str:
    """What stands in the marker of a lake that this code makes."""
    return json.dumps({"format": FORMAT, "code": code}) + "\n"


def check(lake: str, marked: str | None, has_tables: Callable[[], bool]) -> None:
    """Raise UsageError, with the way forward, if another version's tables lie in a lake.

    `marked` is the text of its marker, None if it has none; `has_tables` says whether any table of `TELLING` is there;
    it is asked only where that matters.
    """
    try:
        found = UNMARKED if marked is None else int(json.loads(marked)["format"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{lake}/{MARKER} cannot be understood; restore it, or make the lake again") from error
    if found > FORMAT:
        raise UsageError(
            f"the lake {lake} has format {found}, and this version knows {FORMAT}; use a newer version of iolaus"
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
    return (
        f"move its folders {', '.join(REMADE)} away, and make them again from bronze, for each day whose prompts it "
        f"still has: iolaus run --lake {lake} --from D --to D"
    )
