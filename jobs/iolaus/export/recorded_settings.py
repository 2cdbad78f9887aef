"""The settings that the runs of a lake had, from `quality.settings`, read without Spark."""

import json
from datetime import date

import pyarrow.dataset as ds

from iolaus.export.gold import Gold
from iolaus.pipeline import STAGES
from iolaus.schemas.codes import WRITTEN
from iolaus.settings import DEFAULT, Settings, restored

TABLE = "quality.settings"
PUBLISHER = STAGES[-1].table


def of_digest(gold: Gold, digest: str) -> Settings | None:
    """The settings that a digest names; None if no run of the lake recorded them."""
    rows = gold.find(TABLE, ds.field("digest") == digest, ("values",))
    return restored(json.loads(rows[0]["values"])) if rows else None


def of_day(gold: Gold, day: date) -> Settings:
    """The settings that a run date was last published with; the defaults where the lake does not say."""
    runs = gold.rows("quality.runs", day, ["table_name", "status", "began_at", "settings"])
    made = (
        [] if runs is None else [r for r in runs.to_pylist() if (r["table_name"], r["status"]) == (PUBLISHER, WRITTEN)]
    )
    last = max(made, key=lambda row: row["began_at"], default=None)
    return (of_digest(gold, last["settings"]) if last else None) or DEFAULT
