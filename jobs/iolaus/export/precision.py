"""How often analysts confirm what was listed: precision by confidence, kind of case and channel, from verdicts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.export.decisions import of_clusters
from iolaus.export.gold import LISTS, Gold
from iolaus.model.calibration import interval
from iolaus.model.signals import SIGNALS
from iolaus.pipeline import VERDICTS
from iolaus.schemas.verdicts import CONFIRMED, INNOCENT, UNSURE

CONFIDENCE, KIND, CHANNEL = "confidence", "kind of case", "channel"
LOW = "low"


@dataclass(frozen=True)
class Precision:
    """The clusters of one class that analysts judged, each once, by its latest verdict.

    by: CONFIDENCE, KIND or CHANNEL; share: confirmed of those that are confirmed or innocent, None if there are none;
    low, high: the interval of that share at 95% (Wilson).
    """

    by: str
    value: str
    confirmed: int
    innocent: int
    unsure: int
    share: float | None
    low: float
    high: float


def precision(gold: Gold) -> list[Precision]:
    """Precision of the clusters that have a verdict of their own; most judged first within each of the three divisions.

    A cluster counts as it was listed in the run that the analyst looked at. The watchlist is the confidence `low`; by
    kind and channel only published clusters count. A cluster is in each channel of which it had evidence, so channels
    overlap. A verdict on some accounts of a cluster is none on the cluster. Analysts choose what they judge: of what
    nobody judged, nothing is known.

    | by         | value        | confirmed | innocent | unsure | share | low  | high |
    |------------|--------------|-----------|----------|--------|-------|------|------|
    | confidence | high         | 9         | 1        | 0      | 0.9   | 0.60 | 0.98 |
    | channel    | card         | 4         | 0        | 1      | 1.0   | 0.51 | 1.00 |
    """
    listed = gold.rows(VERDICTS)
    latest = of_clusters(listed.to_pylist() if listed is not None else ())
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys((CONFIRMED, INNOCENT, UNSURE), 0))
    by_day: dict[date, list[Mapping[str, Any]]] = defaultdict(list)
    for verdict in latest.values():
        by_day[verdict["run_date"]].append(verdict)
    for day, of in by_day.items():
        classes = _classes(gold, day, [v["cluster_id"] for v in of])
        for verdict in of:
            for each in classes[verdict["cluster_id"]]:
                counts[each][verdict["verdict"]] += 1
    order = {CONFIDENCE: 0, KIND: 1, CHANNEL: 2}
    made = [_counted(by, value, n) for (by, value), n in counts.items()]
    return sorted(made, key=lambda p: (order[p.by], -(p.confirmed + p.innocent), -p.unsure, p.value))


def _classes(gold: Gold, day: date, clusters: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
    """What each cluster of a run is counted as; nothing for one that the run did not list."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    of = (ds.field("run_date") == pa.scalar(day)) & ds.field("cluster_id").isin(sorted(clusters))
    for name in LISTS:
        for row in gold.find(name, of, ("cluster_id", "confidence", "case_kind")):
            found[row["cluster_id"]].add((CONFIDENCE, row["confidence"]))
            if row["confidence"] != LOW and row.get("case_kind"):
                found[row["cluster_id"]].add((KIND, row["case_kind"].replace("_", " ")))
    counted = of & (ds.field("bits") > 0)
    for row in gold.find("gold.cluster_evidence", counted, ("cluster_id", "channel")):
        name = row["channel"].split(":")[0]
        if name in SIGNALS and any(by == KIND for by, _ in found[row["cluster_id"]]):
            found[row["cluster_id"]].add((CHANNEL, name.replace("_", " ")))
    return found


def _counted(by: str, value: str, n: Mapping[str, int]) -> Precision:
    confirmed, innocent = n[CONFIRMED], n[INNOCENT]
    judged = confirmed + innocent
    share = confirmed / judged if judged else None
    return Precision(by, value, confirmed, innocent, n[UNSURE], share, *interval(confirmed, judged))
