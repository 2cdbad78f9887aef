"""Airflow itself, started on this machine, with Spark started by it.

Schedule, backfill, a killed task, a gate, maintenance.

The landing of `tests/traffic.py`, moved to the last two days, so that the schedule's own first run is one of them. The
tests are the chapters of one story, told in order by one Airflow, which starts Spark some thirty times: allow half an
hour on two cores. Progress goes to standard output. `make airflow-test` runs it; IOLAUS_KEEP=FOLDER keeps what it made.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from iolaus.pipeline import STAGES
from tests import traffic

pytest.importorskip("deltalake", reason="runs in .venv: make airflow-test")
from deltalake import DeltaTable

ROOT = Path(__file__).parents[2]
KEY = "a key for tests alone"
TODAY = datetime.now(UTC).date()
DAYS = (TODAY - timedelta(days=2), TODAY - timedelta(days=1))
GOLD = tuple(s.table.removeprefix("gold.") for s in STAGES if s.layer == "gold")
DROPPED = "ring003"  # the account of a request for deletion


def say(text: str) -> None:
    print(f"[{datetime.now(UTC):%H:%M:%S}] {text}", flush=True)


def moved(rows: Any, *names: str) -> Iterator[dict[str, Any]]:
    """The rows with the times in these fields moved from the traffic's own days to ours."""
    by = DAYS[0] - traffic.FIRST
    for row in rows:
        yield {**row, **{name: (datetime.fromisoformat(row[name]) + by).isoformat() for name in names}}


def deliver(landing: Path, day: date, *, broken: bool) -> None:
    """The exchanges that arrived on a day; broken, they are what a gateway writes that has changed its format."""
    theirs = traffic.DAYS[DAYS.index(day)]
    rows = [row for row in traffic.exchanges() if traffic.arrival(row) == theirs]
    made = list(moved(rows, "requested_at"))
    path = landing / "exchanges" / f"dt={day}" / "part-0.jsonl.gz"
    traffic.write_lines(path, [{"v2": {"body": row["prompt"]}} for row in made] if broken else made)


class Airflow:
    """The running Airflow, by its public API."""

    def __init__(self, url: str, user: str, password: str):
        self.url = url
        self.token = self.ask("POST", "/auth/token", {"username": user, "password": password})["access_token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request; raises AssertionError with what the server said if it refuses."""
        headers = {"Content-Type": "application/json"}
        if hasattr(self, "token"):
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:500]}") from error

    def turn_on(self, *dags: str) -> None:
        for dag in dags:
            self.ask("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})

    def runs(self, dag: str, day: date | None = None) -> list[dict[str, Any]]:
        """The runs of a DAG (of a day), oldest first."""
        found = self.ask("GET", f"/api/v2/dags/{dag}/dagRuns?limit=100&order_by=id")["dag_runs"]
        return [r for r in found if day is None or r["partition_key"] == str(day)]

    def tasks(self, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
        path = f"/api/v2/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}/taskInstances?limit=200"
        return {t["task_id"]: t for t in self.ask("GET", path)["task_instances"]}

    def finished(
        self, dag: str, day: date | None, number: int, minutes: float, watch: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Wait for the end of the `number`-th run of a DAG for a day.

        Says how far it is, and lets `watch` see its tasks.
        """
        shown, ends = "", time.monotonic() + 60 * minutes
        while time.monotonic() < ends:
            runs = self.runs(dag, day)
            if len(runs) >= number:
                run = runs[number - 1]
                tasks = self.tasks(run)
                watch(tasks)
                at = [
                    f"{i} {t['state']}" for i, t in tasks.items() if t["state"] in ("running", "failed", "up_for_retry")
                ]
                line = (
                    f"{dag} {day or ''} {run['state']}: "
                    f"{sum(t['state'] == 'success' for t in tasks.values())}/{len(tasks)} {', '.join(at)}"
                )
                if line != shown:
                    say(line)
                    shown = line
                if run["state"] in ("success", "failed"):
                    return run
            time.sleep(1)
        raise AssertionError(
            f"{dag} {day}: no end of run {number} in {minutes} minutes; the last seen: {shown or 'none'}"
        )


def unwatched(_tasks: dict[str, Any]) -> None:
    """Nothing is done while a run goes on."""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where all of it lies; kept if IOLAUS_KEEP names a folder.

    PostgreSQL's own user can pass through it, as through no `tmp_path`.
    """
    if named := os.environ.get("IOLAUS_KEEP"):
        Path(named).mkdir(parents=True, exist_ok=True)
        yield Path(named)
        return
    made = Path(tempfile.mkdtemp(prefix="iolaus-airflow-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def landing(place: Path) -> Path:
    """Two days and the accounts; the second day is delivered broken at first."""
    folder = place / "landing"
    deliver(folder, DAYS[0], broken=False)
    deliver(folder, DAYS[1], broken=True)
    traffic.write_lines(folder / "accounts.jsonl", moved(traffic.accounts(), "created_at"))
    traffic.write_lines(folder / "models.jsonl", [{"model": "atlas-3", "released_at": "2025-11-01T00:00:00Z"}])
    (place / "deletions").mkdir()
    (place / "deletions" / "requests.txt").write_text(f"{DROPPED}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def alerts() -> Iterator[tuple[str, list[str]]]:
    """Somebody who is told of failures: an address, and what was said."""
    said: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing of requests."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", said
    server.shutdown()


@pytest.fixture(scope="module")
def airflow(place: Path, landing: Path, alerts: tuple[str, list[str]]) -> Iterator[Airflow]:
    say("starting Airflow")
    command = [sys.executable, str(ROOT / "deploy/airflow_local.py"), "--home", str(place / "home"), "--port", "0"]
    command += [
        "--landing",
        str(landing),
        "--lake",
        str(place / "lake"),
        "--alert-url",
        alerts[0],
        "--deletions",
        str(place / "deletions"),
    ]
    command += ["--reports", str(place / "reports"), "--producer", "The lab of the tests"]
    started = subprocess.Popen(command, env={**os.environ, "IOLAUS_HMAC_KEY": KEY}, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    try:
        for line in started.stdout:
            say(line.split(", password")[0].rstrip() if "ready" not in line else "airflow: ready")
            if line.startswith("airflow: ready "):
                facts = json.loads(line.removeprefix("airflow: ready "))
                break
        else:
            raise AssertionError("Airflow did not start")
        yield Airflow(facts["url"], facts["user"], facts["password"])
    finally:
        started.terminate()
        started.wait(60)


def version(lake: Path, table: str) -> int:
    return DeltaTable(str(lake / "gold" / table)).version()


def rows(lake: Path, layer: str, table: str, without: tuple[str, ...] = ()) -> list[str]:
    """The rows of a table, without the columns that say when and by which run they were made, in one order."""
    found = DeltaTable(str(lake / layer / table)).to_pyarrow_table().to_pylist()
    return sorted(
        json.dumps({k: v for k, v in row.items() if k not in without}, default=str, sort_keys=True) for row in found
    )


def test_all_dags_are_there_and_none_failed_to_load(airflow: Airflow) -> None:
    expected = {"iolaus_arrivals", "iolaus_detection", "iolaus_maintenance", "iolaus_publication"}
    for _ in range(120):
        found = {d["dag_id"]: d for d in airflow.ask("GET", "/api/v2/dags?limit=100")["dags"]}
        if set(found) == expected:
            break
        time.sleep(1)
    assert set(found) == expected
    assert airflow.ask("GET", "/api/v2/importErrors")["import_errors"] == []
    assert all(d["is_paused"] and d["owners"] == ["iolaus"] and d["timetable_summary"] for d in found.values())
    assert "Find the networks" in airflow.ask("GET", "/api/v2/dags/iolaus_detection/details")["doc_md"]


def test_a_failing_gate_turns_the_scheduled_run_red_at_once(
    airflow: Airflow, place: Path, alerts: tuple[str, list[str]]
) -> None:
    """The schedule's own run for yesterday, whose delivery is broken.

    Nothing is published, and somebody is told why.
    """
    airflow.turn_on("iolaus_detection", "iolaus_publication", "iolaus_arrivals")
    run = airflow.finished("iolaus_detection", DAYS[1], 1, 30, unwatched)
    tasks = airflow.tasks(run)
    assert airflow.runs("iolaus_arrivals")[0]["run_type"] == "scheduled"
    assert run["state"] == "failed"
    failed = tasks.pop("bronze")
    assert (failed["state"], failed["try_number"]) == ("failed", 1), "a gate's no is not asked again"
    assert {t["state"] for t in tasks.values()} == {"upstream_failed"}, "nothing was made of it"
    assert not {folder.name for folder in (place / "lake").iterdir()} & {"silver", "features", "gold"}
    assert any("iolaus_detection" in a and str(DAYS[1]) in a and "critical expectation" in a for a in alerts[1]), (
        alerts[1]
    )


def test_a_backfill_of_two_days_goes_in_order_and_survives_a_kill(airflow: Airflow, place: Path, landing: Path) -> None:
    """The delivery is mended, both days are backfilled, and Spark is killed in the middle of a stage of the first."""
    deliver(landing, DAYS[1], broken=False)
    killed: list[str] = []

    def kill_one(tasks: dict[str, Any]) -> None:
        task = tasks.get("features", {})
        if not killed and task.get("state") == "running":
            for _ in range(3000):  # until it has made the table and begins to write rows
                if (place / "lake/features/account_days/_delta_log").is_dir():
                    break
                time.sleep(0.1)
            for pid in spark_of("features", DAYS[0]):
                os.kill(pid, signal.SIGKILL)
                killed.append(str(pid))
            say(f"killed Spark ({', '.join(killed)}) as features.account_days began to write")

    body = {"dag_id": "iolaus_arrivals", "from_date": f"{DAYS[0]}T00:00:00Z", "to_date": f"{DAYS[1]}T00:00:00Z"}
    airflow.ask("POST", "/api/v2/backfills", {**body, "reprocess_behavior": "completed"})
    first = airflow.finished("iolaus_detection", DAYS[0], 1, 90, kill_one)
    second = airflow.finished("iolaus_detection", DAYS[1], 2, 90, unwatched)
    assert (first["state"], second["state"]) == ("success", "success")
    assert first["end_date"] <= second["start_date"], "one run at a time, the older day first"
    assert killed
    assert airflow.tasks(first)["features"]["try_number"] == 2
    assert all(t["try_number"] == 1 for i, t in airflow.tasks(second).items()), "nothing else was repeated"


def spark_of(layer: str, day: date) -> list[int]:
    """The processes of the Spark application that makes a layer of a day."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if {"job", layer, "--date", str(day)} <= set(words):
            found.append(int(folder.name))
    return found


def test_gold_is_what_one_run_writes(airflow: Airflow, place: Path, landing: Path) -> None:
    """Every row of gold, after a red run, a backfill and a kill, is the one that `iolaus run` writes anew."""
    say("the same days by `iolaus run`")
    single = place / "single"
    command = [
        sys.executable,
        "-m",
        "iolaus",
        "run",
        "--landing",
        str(landing),
        "--lake",
        str(single),
        "--from",
        str(DAYS[0]),
        "--to",
        str(DAYS[1]),
    ]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "IOLAUS_HMAC_KEY": KEY}, check=True, stdout=subprocess.DEVNULL)
    for table in GOLD:
        ours, theirs = rows(place / "lake", "gold", table, ("run_id",)), rows(single, "gold", table, ("run_id",))
        assert ours == theirs, table
        assert ours or table == "watchlist"
    members = DeltaTable(str(place / "lake/gold/suspect_cluster_members")).to_pyarrow_table().to_pylist()
    for day in DAYS:
        assert {m["account_id"] for m in members if m["run_date"] == day} == {
            f"ring{i:03}" for i in range(traffic.RING)
        }


def test_publication_follows_gold(airflow: Airflow, place: Path) -> None:
    for day in DAYS:
        assert airflow.finished("iolaus_publication", day, 1, 10, unwatched)["state"] == "success"
        assert list((place / "reports" / str(day)).rglob("*.html"))
        bundle = json.loads((place / "reports" / str(day) / "clusters.stix.json").read_text(encoding="utf-8"))
        assert bundle["type"] == "bundle"
        assert bundle["objects"]


def test_a_partition_by_hand_fails_its_gate_and_leaves_gold_alone(airflow: Airflow, place: Path, landing: Path) -> None:
    deliver(landing, DAYS[1], broken=True)
    before = {table: (version(place / "lake", table), rows(place / "lake", "gold", table)) for table in GOLD}
    run_id = f"by-hand-{DAYS[1]}"
    body = {"dag_run_id": run_id, "partition_key": str(DAYS[1]), "logical_date": None}
    airflow.ask("POST", "/api/v2/dags/iolaus_detection/dagRuns", body)
    run = airflow.finished("iolaus_detection", DAYS[1], 3, 30, unwatched)
    assert (run["dag_run_id"], run["state"]) == (run_id, "failed")
    assert {table: (version(place / "lake", table), rows(place / "lake", "gold", table)) for table in GOLD} == before
    deliver(landing, DAYS[1], broken=False)


def test_maintenance_drops_an_account_and_leaves_the_others(airflow: Airflow, place: Path) -> None:
    lake = place / "lake"
    members = len(rows(lake, "gold", "suspect_cluster_members"))
    airflow.turn_on("iolaus_maintenance")
    airflow.ask("POST", "/api/v2/dags/iolaus_maintenance/dagRuns", {"logical_date": None})
    manual = [r["run_type"] for r in airflow.runs("iolaus_maintenance")].index("manual") + 1
    run = airflow.finished("iolaus_maintenance", None, manual, 30, unwatched)
    assert run["state"] == "success"
    assert {t["state"] for t in airflow.tasks(run).values()} == {"success"}
    for log in lake.glob("*/*/_delta_log"):
        layer, table = log.parts[-3:-1]
        assert not [row for row in rows(lake, layer, table) if DROPPED in row], (
            f"{layer}.{table} still names the account"
        )
    assert len(rows(lake, "gold", "suspect_cluster_members")) == members - len(DAYS)
