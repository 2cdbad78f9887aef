"""Precision from verdicts, on a small lake written without Spark."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lakes import case, write

from iolaus.export.gold import Gold
from iolaus.export.precision import precision
from iolaus.model.calibration import interval

DAY = date(2026, 2, 11)


@pytest.mark.parametrize(
    ("seen", "of", "low", "high"),
    [(9, 10, 0.5958, 0.9821), (0, 20, 0.0, 0.1611), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],  # of published tables
)
def test_the_interval_of_a_share(seen: int, of: int, low: float, high: float) -> None:
    assert interval(seen, of) == pytest.approx((low, high), abs=1e-4)


def judged(lake: Path, cluster: str, verdict: str, *, hour: int = 1, low: bool = False, **more: Any) -> None:
    """A listed cluster with evidence of cards, and a verdict on it."""
    rows = case(DAY, cluster, ["a", "b", "c"], low=low)
    kind = more.pop("case_kind", "distillation")
    name = "gold.watchlist" if low else "gold.suspect_clusters"
    rows[name] = [rows[name][0] | {"case_kind": kind}]
    for table in (name, "gold.cluster_evidence"):
        write(lake, table, rows[table])
    given(lake, cluster, verdict, hour=hour, **more)


def given(lake: Path, cluster: str, verdict: str, *, hour: int, **more: Any) -> None:
    row = {"verdict_id": f"{cluster}{hour}", "given_at": datetime(2026, 2, 12, hour, tzinfo=UTC), "verdict": verdict}
    write(lake, "verdicts.given", [row | {"cluster_id": cluster, "run_date": DAY, "members": ["a", "b", "c"]} | more])


def test_each_cluster_counts_once_as_it_was_listed(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    judged(lake, "hc_1", "innocent")
    given(lake, "hc_1", "confirmed", hour=3)  # the later one counts
    given(lake, "hc_1", "innocent", hour=4, named=["a"])  # that is no verdict on the cluster
    judged(lake, "hc_2", "confirmed", case_kind="resold_access")
    judged(lake, "hc_3", "innocent")
    judged(lake, "hc_4", "unsure")
    judged(lake, "hc_5", "innocent", low=True)
    given(lake, "hc_gone", "confirmed", hour=1)  # the run did not list it
    found = {(p.by, p.value): (p.confirmed, p.innocent, p.unsure) for p in precision(Gold(str(lake)))}
    assert found == {
        ("confidence", "high"): (2, 1, 1),
        ("confidence", "low"): (0, 1, 0),
        ("kind of case", "distillation"): (1, 1, 1),
        ("kind of case", "resold access"): (1, 0, 0),
        ("channel", "card"): (2, 1, 1),
        ("channel", "pool card"): (2, 1, 1),
    }
    high = precision(Gold(str(lake)))[0]
    assert (high.by, high.share) == ("confidence", pytest.approx(2 / 3))
    assert (high.low, high.high) == pytest.approx((0.2077, 0.9385), abs=1e-4)


def test_without_verdicts_nothing_is_told(tmp_path: Path) -> None:
    write(tmp_path / "lake", "gold.suspect_clusters", case(DAY, "hc_1", ["a"])["gold.suspect_clusters"])
    assert precision(Gold(str(tmp_path / "lake"))) == []
