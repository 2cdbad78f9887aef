"""`iolaus whatif` and `iolaus compare`: on small lakes written without Spark, and with a graph made anew."""

import inspect
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from lakes import case, write, write_case
from pyspark.sql import SparkSession
from runs import partitions
from traffic import RING

import iolaus
from iolaus.cli import main
from iolaus.commands import whatif as command
from iolaus.errors import UsageError
from iolaus.export.compare import compare
from iolaus.export.gold import Gold
from iolaus.model.behaviour import _unsupported, talks
from iolaus.model.templates import lived_by
from iolaus.runtime.shadow import FROM_FEATURES, FROM_LINKS, READ_BY_FEATURES, first_stage, stages

TODAY = date(2026, 2, 11)


def judged(lake: Path, cluster: str, margin: float, accounts: list[str], *, low: bool, rank: int = 1) -> None:
    """A cluster with two families of facts, each worth half of its margin."""
    rows = case(TODAY, cluster, accounts, low=low, rank=rank)
    confidence = "low" if low else "high" if margin >= 5 else "medium"
    figures = {"margin_bits": margin, "confidence": confidence, "rival": "one_trade"}
    name = "gold.watchlist" if low else "gold.suspect_clusters"
    rows[name] = [rows[name][0] | figures]
    same: dict[str, Any] = {"run_date": TODAY, "cluster_id": cluster, "kind": "judgement"}
    rows["gold.cluster_evidence"] = [
        same
        | {"channel": f"judgement:{part}", "part": part, "log_likelihoods": {"distillation": 0.0, "strangers": -bits}}
        for part, bits in (("prior", 9.0), ("content", margin / 2), ("timing", margin / 2))
    ]
    rows["graph.clusters"] = [{"run_date": TODAY, "cluster_id": cluster, "account_id": a} for a in accounts]
    for table, of in rows.items():
        write(lake, table, of)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("whatif") / "lake"
    judged(made, "hc_high", 9.0, [f"a{i}" for i in range(6)], low=False)
    judged(made, "hc_medium", 3.0, [f"b{i}" for i in range(6)], low=False, rank=2)
    judged(made, "hc_near", 1.6, [f"c{i}" for i in range(6)], low=True)
    judged(made, "hc_few", 9.0, [f"d{i}" for i in range(4)], low=True, rank=2)
    judged(made, "hc_class", 1.6, [f"e{i}" for i in range(6)], low=True, rank=3)
    cleared = {"cluster_id": "hc_class", "run_date": TODAY, "verdict": "innocent", "given_by": "ana", "why": "a class"}
    write(made, "verdicts.given", [cleared | {"members": [f"e{i}" for i in range(6)]}])
    return made


def tried(lake: Path, capsys: pytest.CaptureFixture[str], *sets: str) -> dict[str, str]:
    options = [part for each in sets for part in ("--set", each)]
    assert main(["whatif", "--lake", str(lake), "--format", "json", *options]) == 0
    return {row["cluster_id"]: row["change"] for row in json.loads(capsys.readouterr().out)}


def test_the_defaults_change_nothing(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tried(small, capsys) == {}


@pytest.mark.parametrize(
    ("sets", "changes"),
    [
        (("scoring.margin=1.5", "scoring.family_speaks=0.5"), {"hc_near": "appears"}),
        (("scoring.margin=1.5",), {}),  # its families give 0.8 bits each
        (("scoring.margin=4",), {"hc_medium": "vanishes"}),
        (("scoring.high_margin=2.5",), {"hc_medium": "medium to high"}),
        (("scoring.fewest_accounts=4",), {"hc_few": "appears"}),
        (("scoring.families=3",), {"hc_high": "vanishes", "hc_medium": "vanishes"}),
    ],
)
def test_another_rule_lists_what_differs(
    small: Path, capsys: pytest.CaptureFixture[str], sets: tuple[str, ...], changes: dict[str, str]
) -> None:
    assert tried(small, capsys, *sets) == changes


def test_what_stored_evidence_cannot_tell_is_refused(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["whatif", "--lake", str(small), "--set", "ingestion.text_bytes=100000"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "ingestion.text_bytes cannot be tried on stored evidence" in err
    assert "iolaus compare" in err
    assert main(["whatif", "--lake", str(small), "--date", "2026-01-01"]) == 2
    assert "the newest is of 2026-02-11" in capsys.readouterr().err
    shared = ["--set", "graph.families=3", "--master", "spark://host:7077"]
    assert main(["whatif", "--lake", str(small), *shared]) == 2
    assert "with --scratch" in capsys.readouterr().err


def test_what_is_made_anew_begins_where_a_setting_is_first_read() -> None:
    assert first_stage(["graph.families", "profile.posterior", "scoring.effect"]) == FROM_LINKS
    assert first_stage(["graph.families", "graph.driver_edges"]) == FROM_FEATURES
    assert first_stage(["channels.card.cap"]) == FROM_FEATURES
    with pytest.raises(UsageError, match=r"pairs\.answer_accounts"):
        first_stage(["graph.families", "pairs.answer_accounts"])
    anew = [s.table for s in stages(FROM_LINKS)]
    assert (anew[0], anew[-1]) == ("graph.links", "gold.suspect_clusters")
    assert not [name for name in anew if name.startswith(("pairs.", "features."))]
    assert {"pairs.cohort", *anew} < {s.table for s in stages(FROM_FEATURES)}


def test_the_settings_that_features_and_pairs_read_are_known() -> None:
    """Else a remaking would begin too late, and say that a setting changes nothing."""
    package = Path(iolaus.__file__).parent
    read = {
        f"{section}.{name}"
        for layer in ("features", "pairs")
        for path in (package / layer).glob("*.py")
        for section, name in re.findall(r"settings\.(graph|profile|scoring)\.(\w+)", path.read_text(encoding="utf-8"))
    }
    # These are given a whole section: what they read of it.
    for of in (lived_by, talks):
        read |= {f"graph.{name}" for name in re.findall(r"settings\.(\w+)", inspect.getsource(of))}
    read |= {f"scoring.{name}" for name in re.findall(r"settings\.(\w+)", inspect.getsource(_unsupported))}
    assert read
    assert read <= READ_BY_FEATURES


def test_a_graph_is_made_anew_and_compared(
    spark: SparkSession,
    lake: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command, "started", lambda _given: spark)
    before = {p: p.stat().st_mtime_ns for p in lake.rglob("*") if p.is_file()}
    scratch = tmp_path / "scratch"
    with partitions(spark, 1):
        # As it was, but for a seed that nothing here depends on.
        assert tried(lake, capsys, "graph.seed=8") == {}
        sets = ["graph.triangles=1000", "graph.content_triangles=1000", "scoring.fewest_accounts=1000"]
        options = [part for each in sets for part in ("--set", each)] + ["--scratch", str(scratch)]
        assert main(["whatif", "--lake", str(lake), "--format", "json", *options]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["change"], found["other_id"]) == ("vanishes", None)
    assert len(found["left"]) == RING
    (anew, stored) = (DeltaTable(str(of / "graph/links")).to_pyarrow_table().num_rows for of in (scratch, lake))
    assert anew < stored / 2, "few links close so many triangles"
    assert {p: p.stat().st_mtime_ns for p in lake.rglob("*") if p.is_file()} == before, "nothing is written there"


def test_two_lakes(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "shadow"
    judged(other, "hc_renamed", 9.0, [f"a{i}" for i in range(1, 7)], low=False)
    judged(other, "hc_new", 9.0, ["e0", "e1", "x", "y", "z"], low=False, rank=2)
    found = compare(Gold(str(small)), Gold(str(other)), TODAY)
    assert [(d.change, d.cluster_id, d.other_id, d.joined, d.left) for d in found] == [
        ("appears", "hc_new", None, ["e0", "e1", "x", "y", "z"], []),
        ("vanishes", "hc_medium", None, [], [f"b{i}" for i in range(6)]),
        ("other accounts", "hc_high", "hc_renamed", ["a6"], ["a0"]),
    ]
    assert found[0].verdicts == {"innocent": 2}, "two of them were cleared"
    assert compare(Gold(str(small)), Gold(str(small)), TODAY) == []
    assert main(["compare", str(small), str(other)]) == 0
    assert "hc_renamed" in capsys.readouterr().out
    write_case(tmp_path / "third", date(2026, 1, 1), "hc_1", ["a"])
    assert main(["compare", str(small), str(tmp_path / "third")]) == 2
    assert "no run date both" in capsys.readouterr().err
