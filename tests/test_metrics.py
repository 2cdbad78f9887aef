"""Metrics of a lake and of a run at work, as a monitor reads them; and the size of a lake by layer."""

import sys
import time
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from iolaus import cli
from iolaus.commands.metrics import of_progress, watched
from iolaus.errors import UsageError
from iolaus.export.gold import Gold
from iolaus.export.metrics import PUBLISHER, metrics
from iolaus.export.sizes import sizes
from tests.lakes import write, write_case
from tests.test_estimates import A, tracked

DAY = date(2026, 2, 11)
BEFORE = DAY - timedelta(days=1)
BEGAN = datetime(2026, 2, 12, 3, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Two rankings: on the second, one case has grown, one is new and one is gone; its run was stopped by no gate."""
    made = tmp_path / "lake"
    for day, cases in ((BEFORE, {"hc_1": 5, "hc_2": 4}), (DAY, {"hc_1": 6, "hc_3": 3})):
        for rank, (cluster, n) in enumerate(cases.items(), 1):
            write_case(made, day, cluster, [f"{cluster}-{i}" for i in range(n)], rank=rank)
    run = {"run_date": DAY, "made_date": DAY, "code_version": "v1", "settings": "abc", "key_id": "k", "run_id": "new"}
    tables = {"bronze.exchanges": (60.0, 900, 4_000), PUBLISHER: (2.0, 2, 300)}
    of_run = [
        run | {"table_name": name, "began_at": BEGAN, "seconds": s, "status": "written", "rows_out": n, "bytes_out": b}
        for name, (s, n, b) in tables.items()
    ]
    failed = of_run[0] | {"table_name": "graph.links", "status": "failed", "rows_out": None, "bytes_out": None}
    older = [row | {"run_id": "old", "run_date": BEFORE, "began_at": BEGAN - timedelta(days=1)} for row in of_run]
    write(made, "quality.runs", [*older, *of_run, failed])
    judged = {"run_date": DAY, "judged_at": BEGAN, "run_id": "new", "table_name": "bronze.exchanges"}
    results = [("critical", True), ("critical", False), ("warning", False), ("info", True)]
    write(made, "quality.results", [judged | {"severity": s, "success": ok, "metric": "rows"} for s, ok in results])
    arrived = {
        "bronze.exchanges": {"rows": 900.0, "too_late": 3.0, "late_share": 0.02, "hours_to_last": 0.5},
        "quality.quarantine": {"exchange_lines": 1_000.0, "rejected_exchanges": 100.0, "rows": 101.0},
        "silver.exchanges": {"rows": 880.0, "arrived": 900.0},
    }
    write(made, "quality.summaries", [judged | {"table_name": n, "metrics": m} for n, m in arrived.items()])
    return made


def test_what_a_lake_says_of_itself(lake: Path) -> None:
    now = datetime(2026, 2, 13, tzinfo=UTC).timestamp()
    found = {
        name: {tuple(labels.values()): value for labels, value in of} for name, _, _, of in metrics(str(lake), now)
    }
    assert found["iolaus_run_info"] == {("new", "v1", "abc"): 1.0}
    assert found["iolaus_run_failed_stages"] == {(): 1.0}
    assert found["iolaus_run_seconds"] == {(): 60.0}
    assert found["iolaus_stage_rows"] == {("bronze.exchanges",): 900.0, (PUBLISHER,): 2.0, ("graph.links",): 0.0}
    assert found["iolaus_stage_bytes"]["bronze.exchanges",] == 4_000.0
    assert found["iolaus_gate_failures"] == {("critical",): 1.0, ("warning",): 1.0, ("info",): 0.0}
    assert found["iolaus_gate_expectations"] == {("critical",): 2.0, ("warning",): 1.0, ("info",): 1.0}
    outcomes = {"arrived": 1_000.0, "rejected": 100.0, "accepted": 900.0, "too_late": 3.0, "kept": 880.0}
    assert found["iolaus_arrival_lines"] == {(name,): value for name, value in outcomes.items()}
    assert found["iolaus_arrival_late_share_ratio"] == {(): 0.02}
    assert found["iolaus_quarantine_rows"] == {(): 101.0}
    states = {"published": 2.0, "new": 1.0, "grown": 1.0, "gone": 1.0}
    assert found["iolaus_clusters"] == {(name,): value for name, value in states.items()}
    assert found["iolaus_suspect_accounts"] == {(): 9.0}
    assert found["iolaus_ranking_age_seconds"] == {(): 86_400.0}, "the day ended a day before"
    assert found["iolaus_lake_bytes"]["gold",] > 0


def test_a_lake_without_runs_says_little(tmp_path: Path) -> None:
    write(tmp_path / "lake", "silver.accounts", [{"run_date": DAY, "account_id": "a"}])
    assert [name for name, *_ in metrics(str(tmp_path / "lake"))] == ["iolaus_lake_bytes"]


def test_a_run_at_work_says_how_far_it_is() -> None:
    now = [0.0]
    run = tracked(now)
    run.begins(A[1], A[0])
    now[0] = 7.0
    found = {name: of for name, _, _, of in of_progress(run)}
    assert found["iolaus_progress_stages"] == [({"state": "done"}, 0.0), ({"state": "planned"}, 4.0)]
    assert found["iolaus_progress_stage_seconds"] == [({"table": A[1], "day": str(A[0])}, 7.0)]
    assert found["iolaus_progress_left_seconds"][0][1] == pytest.approx(45 * (1 - 7 / 65))


def test_a_file_is_open_metrics_and_is_written_also_when_the_run_fails(lake: Path, tmp_path: Path) -> None:
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    file = tmp_path / "iolaus.prom"
    with pytest.raises(RuntimeError, match="it fails"), watched(str(file), str(lake), tracked([0.0])):
        raise RuntimeError("it fails")
    text = file.read_text(encoding="utf-8")
    assert text.endswith("# EOF\n")
    families = {family.name: family for family in parser.text_string_to_metric_families(text)}
    assert families["iolaus_stage_seconds"].unit == "seconds"
    assert {s.labels["state"]: s.value for s in families["iolaus_clusters"].samples}["grown"] == 1.0
    assert families["iolaus_progress_stages"].samples[1].value == 4.0
    assert list(tmp_path.glob(".iolaus.prom*")) == [], "no half of it is left"
    assert cli.main(["metrics", "--lake", str(lake), "--out", str(file)]) == 0
    assert "iolaus_progress_stages" not in file.read_text(encoding="utf-8")


def test_an_endpoint_answers_while_the_run_works(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("prometheus_client")
    with watched(0, str(lake), tracked([0.0])):
        address = capsys.readouterr().err.split()[-1]
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - our own server
            text = answer.read().decode()
    assert 'iolaus_progress_stages{state="planned"} 4.0' in text
    assert 'iolaus_gate_failures{severity="critical"} 1.0' in text
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=5)  # noqa: S310


def test_a_lake_that_is_not_there_yet_leaves_the_run_its_own_metrics(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client")
    with watched(str(tmp_path / "m.prom"), str(tmp_path / "lake"), tracked([0.0])):
        pass
    assert "iolaus_progress_stages" in (tmp_path / "m.prom").read_text()


def test_a_port_that_is_taken(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("prometheus_client")
    with watched(0, str(lake), tracked([0.0])):
        port = int(capsys.readouterr().err.split(":")[-1].split("/")[0])
        assert cli.main(["metrics", "--lake", str(lake), "--port", str(port)]) == 2
    assert f"port {port} cannot be listened on" in capsys.readouterr().err


def test_without_the_extra_one_line_says_so(
    lake: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setenv("IOLAUS_HMAC_KEY", "k" * 64)
    for command in (["metrics"], ["run", "--landing", "nowhere", "--metrics", "9100"]):
        assert cli.main([*command, "--lake", str(lake)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.endswith("install it with: pip install 'iolaus[metrics]'")


def test_a_number_that_is_no_port(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["run", "--lake", "lake", "--metrics", "70000"])
    assert "'70000' is no port; give a number up to 65535" in capsys.readouterr().err


def test_the_size_of_a_lake_and_its_growth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = tmp_path / "lake"
    for back in range(10):
        day = DAY - timedelta(days=back)
        accounts = [{"run_date": day, "account_id": f"a{i}"} for i in range(5 if back < 7 else 1)]
        write(lake, "silver.accounts", accounts)
    write(lake, "bronze.models", [{"model": "atlas-3"}])
    bronze, silver = sizes(Gold(str(lake)))
    assert (bronze.layer, bronze.tables, bronze.files, bronze.first) == ("bronze", 1, 1, None)
    stored = sum(p.stat().st_size for p in (lake / "silver/accounts").rglob("*.parquet"))
    assert (silver.files, silver.size, silver.first, silver.last) == (10, stored, DAY - timedelta(days=9), DAY)
    week = [
        p.stat().st_size
        for d in range(7)
        for p in (lake / f"silver/accounts/run_date={DAY - timedelta(days=d)}").iterdir()
    ]
    assert silver.daily == pytest.approx(sum(week) / 7)
    assert silver.before == pytest.approx((stored - sum(week)) / 3)
    assert cli.main(["quality", "--lake", str(lake)]) == 0
    assert "Size of the lake" in capsys.readouterr().out


def test_a_lake_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no lake"):
        metrics(str(tmp_path / "none"), time.time())
