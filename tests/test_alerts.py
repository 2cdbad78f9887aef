"""Alerts on cases and days: what is told, once, in the form that a service takes, and nothing that a client wrote."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from lakes import HOSTILE, write, write_case

from iolaus.cli import main
from iolaus.export.alerts import pending, sent
from iolaus.export.gold import Gold
from iolaus.export.webhook import body

TODAY = date(2026, 2, 11)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    made = tmp_path / "lake"
    write_case(made, TODAY, "hc_1", [f"a{i}" for i in range(8)], text=HOSTILE[0])
    return made


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a webhook on this machine was sent."""
    taken: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if self.path == "/broken" else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("IOLAUS_ALERT_URL", f"http://127.0.0.1:{server.server_port}/secret")
    yield taken
    server.shutdown()


def told(lake: Path, **more: Any) -> list[str]:
    return [alert.text for alert in pending(Gold(str(lake)), **more)]


def test_a_case_is_told_when_new_and_when_grown(lake: Path) -> None:
    new = "New case: hc_1, rank 1, high confidence, distillation: 8 accounts, 240 exchanges"
    assert told(lake) == [new]
    (first,) = pending(Gold(str(lake)))
    sent(Gold(str(lake)), first)
    assert told(lake) == [], "once"
    write_case(lake, TODAY + timedelta(days=1), "hc_1", [f"a{i}" for i in range(9)])
    assert told(lake) == [], "one more of eight is no news"
    write_case(lake, TODAY + timedelta(days=2), "hc_1", [f"a{i}" for i in range(12)])
    assert told(lake)[0].startswith("Grown from 8 accounts: hc_1")


def test_a_verdict_silences_a_case_until_it_changes(lake: Path) -> None:
    given = {"cluster_id": "hc_1", "run_date": TODAY, "verdict": "confirmed", "given_by": "ana", "why": HOSTILE[0]}
    given |= {"verdict_id": "v1", "members": [f"a{i}" for i in range(6)], "given_at": datetime(2026, 2, 11, tzinfo=UTC)}
    write(lake, "verdicts.given", [given])
    (text,) = told(lake)
    assert text.startswith("Back after a verdict (confirmed, 2026-02-11): hc_1")
    assert "script" not in text
    innocent = given | {"verdict_id": "v2", "verdict": "innocent", "members": [f"a{i}" for i in range(8)]}
    write(lake, "verdicts.given", [innocent | {"given_at": datetime(2026, 2, 12, tzinfo=UTC)}])
    assert told(lake) == [], "cleared"


def test_stopped_days_and_no_ranking(lake: Path) -> None:
    stopped = {"run_date": TODAY + timedelta(days=1), "run_id": "r", "table_name": "silver.exchanges"}
    began = datetime(2026, 2, 13, 1, tzinfo=UTC)
    write(lake, "quality.runs", [stopped | {"status": "stopped", "began_at": began, "error": HOSTILE[0]}])
    now = datetime(2026, 2, 13, 6, tzinfo=UTC)
    assert told(lake, hours=24, now=now)[1:] == [
        "The run of 2026-02-12 was stopped by a gate at silver.exchanges; the newest ranking is of 2026-02-11",
        "No ranking for 30 hours: the newest is of 2026-02-11",
    ]
    assert len(told(lake, hours=48, now=now)) == 2


def test_forms(lake: Path) -> None:
    alerts = pending(Gold(str(lake)))
    assert body(alerts, "slack")["text"].startswith("• New case: hc_1")
    card = body(alerts, "teams")["attachments"][0]["content"]["body"]
    assert [block["text"] for block in card] == [a.text for a in alerts]
    (row,) = body(alerts, "json")["alerts"]
    assert (row["kind"], row["cluster_id"], row["run_date"]) == ("new", "hc_1", "2026-02-11")


def test_the_command_sends_once(lake: Path, service: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alert", "--lake", str(lake), "--dry-run"]) == 0
    assert "New case: hc_1" in capsys.readouterr().out
    assert service == []
    assert main(["alert", "--lake", str(lake)]) == 0
    assert main(["alert", "--lake", str(lake)]) == 0
    assert len(service) == 1
    assert "0 alerts sent." in capsys.readouterr().out


def test_what_is_not_taken_is_sent_again(
    lake: Path, service: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IOLAUS_ALERT_URL", os.environ["IOLAUS_ALERT_URL"].replace("/secret", "/broken"))
    assert main(["alert", "--lake", str(lake)]) == 1
    err = capsys.readouterr().err
    assert "did not take the alerts (500)" in err
    assert "/broken" not in err, "its address is its password"
    assert told(lake), "nothing is marked as sent"
    assert len(service) == 1


@pytest.mark.parametrize(
    ("url", "form", "says"),
    [("", "slack", "set IOLAUS_ALERT_URL"), ("file:///etc/passwd", "slack", "no URL"), ("https://x/", "fax", "fax")],
)
def test_an_address_that_is_none(
    lake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, form: str, says: str
) -> None:
    monkeypatch.setenv("IOLAUS_ALERT_URL", url)
    monkeypatch.setenv("IOLAUS_ALERT_FORM", form)
    assert main(["alert", "--lake", str(lake)]) == 2
    assert says in capsys.readouterr().err
