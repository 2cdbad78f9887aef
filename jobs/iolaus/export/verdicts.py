"""What an analyst decided, appended to `verdicts.given` without starting Spark."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import Schema

from iolaus.engine.scan import scanned
from iolaus.errors import UsageError
from iolaus.export import appended
from iolaus.export.cases import values_of_several
from iolaus.export.gold import Gold
from iolaus.pipeline import VERDICTS
from iolaus.schemas.verdicts import COLUMNS, GRAIN


@dataclass(frozen=True)
class Seen:
    """A cluster as a run left it, which is what a verdict is given on."""

    run_date: date
    members: list[str]
    score: float | None
    n_exchanges: int | None
    channels: list[str]
    shared_values: list[str] | None  # as channel:value_hash; None where the lake does not have them


def seen(gold: Gold, cluster_id: str, run_date: date | None = None) -> Seen:
    """The cluster in the run of a date, or in the last run that has it. Raises UsageError if there is none."""
    of = ds.field("cluster_id") == cluster_id
    clusters = _rows(gold, "graph.clusters", of, ["run_date", "account_id"])
    days = sorted(set(clusters["run_date"].to_pylist()))
    if not days or (run_date is not None and run_date not in days):
        had = (
            f"it is in the runs of {', '.join(map(str, days[-5:]))}"
            if days
            else "gold.suspect_clusters and gold.watchlist list those there are"
        )
        raise UsageError(
            f"no cluster {cluster_id!r}{f' in the run of {run_date}' if run_date else ''} in the lake {gold.lake}; "
            f"{had}"
        )
    day = run_date or days[-1]
    then = of & (ds.field("run_date") == pa.scalar(day))
    scored = _rows(gold, "scoring.clusters", then, ["score", "n_exchanges"]).to_pylist()
    evidence = _rows(gold, "scoring.evidence", then & (ds.field("kind") != "innocent"), ["channel"])
    members = clusters.filter(ds.field("run_date") == pa.scalar(day))["account_id"].to_pylist()
    known = scored[0] if scored else {"score": None, "n_exchanges": None}
    return Seen(
        day,
        sorted(members),
        known["score"],
        known["n_exchanges"],
        sorted(set(evidence["channel"].to_pylist())),
        _shared_values(gold, day, members),
    )


def _shared_values(gold: Gold, day: date, members: Sequence[str]) -> list[str] | None:
    """The values that two or more members had in the run of a day: what a later run does not take for new."""
    if gold.table("features.account_values") is None:
        return None
    rows = values_of_several(gold, day, members, ds.field("is_qualifying"))
    return sorted(f"{row['channel']}:{row['value_hash']}" for row in rows)


def give(
    lake: str,
    cluster_id: str,
    verdict: str,
    *,
    by: str,
    why: str,
    named: Sequence[str] = (),
    run_date: date | None = None,
    known_from: date | None = None,
) -> dict[str, Any]:
    """Append one verdict, and return its row. Raises UsageError for a cluster or account that the run does not have.

    A run of a date before `known_from` (by default, today) does not know the verdict: made again, it ends in the same
    rows.
    """
    by, why = appended.said("--by", by), appended.said("--why", why)
    gold = Gold(lake)
    looked_at = seen(gold, cluster_id, run_date)
    gold.must_be_of_one_run(looked_at.run_date)
    strangers = sorted(set(named) - set(looked_at.members))
    if strangers:
        raise UsageError(
            f"{strangers[0]!r} was no account of {cluster_id} in the run of {looked_at.run_date}; name its accounts, "
            "or none"
        )
    now = datetime.now(UTC)
    row = {
        "verdict_id": str(uuid4()),
        "given_at": now,
        "known_from": known_from or now.date(),
        "given_by": by,
        "verdict": verdict,
        "why": why,
        "cluster_id": cluster_id,
        "named": sorted(set(named)),
        **asdict(looked_at),
    }
    appended.append(gold, VERDICTS, COLUMNS, GRAIN, row, "verdict_id")
    return row


def schema() -> Schema:
    """The columns of `verdicts.given`, as Delta has them."""
    return appended.schema(COLUMNS)


def _rows(gold: Gold, name: str, of: ds.Expression, columns: list[str]) -> pa.Table:
    opened = gold.table(name)
    if opened is None:
        raise UsageError(
            f"the lake {gold.lake} has no table {name}; name with --lake a lake that `iolaus run` has written"
        )
    return scanned(opened.to_pyarrow_dataset(), columns, of)
