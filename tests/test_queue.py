"""`iolaus case`: state, owner, due date, notes and the evidence decided upon, in a table that only grows."""

import json
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable
from lakes import write, write_case

from iolaus.cli import main
from iolaus.export.gold import Gold
from iolaus.export.queue import commands, queue, standings
from iolaus.export.report import write as report

TODAY = date(2026, 2, 11)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    made = tmp_path / "lake"
    write_case(made, TODAY, "hc_1", [f"a{i}" for i in range(6)], rank=1)
    write_case(made, TODAY, "hc_2", [f"b{i}" for i in range(6)], rank=2)
    write_case(made, TODAY, "hc_low", ["c"], low=True)
    return made


def step(lake: Path, cluster: str, *more: str) -> int:
    return main(["case", "set", cluster, "--by", "ana", "--lake", str(lake), *more])


def test_a_case_from_new_to_closed(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [(row[0], row[3]) for row in queue(Gold(str(lake)))] == [("hc_1", "new"), ("hc_2", "new")]
    assert step(lake, "hc_2", "--owner", "ben", "--due", "2026-02-14", "--note", "cards look odd") == 0
    assert "hc_2 as of the run of 2026-02-11: assigned, owner ben, due 2026-02-14" in capsys.readouterr().out
    found = [(row[0], row[3], row[4], row[5]) for row in queue(Gold(str(lake)))]
    assert found == [("hc_2", "assigned", "ben", date(2026, 2, 14)), ("hc_1", "new", None, None)], "due first"
    assert step(lake, "hc_2", "--state", "appealed") == 0
    assert standings(Gold(str(lake)))["hc_2"].owner == "ben", "what a step does not say stays"
    assert step(lake, "hc_2", "--state", "closed", "--note", "banned") == 0
    assert [row[0] for row in queue(Gold(str(lake)))] == ["hc_1"]
    assert [row[0] for row in queue(Gold(str(lake)), closed=True)] == ["hc_1", "hc_2"]


def test_a_decision_keeps_the_evidence_and_no_account(lake: Path) -> None:
    step(lake, "hc_1", "--owner", "ben")
    step(lake, "hc_1", "--state", "decided", "--note", "one ring")
    assigned, decided = standings(Gold(str(lake)))["hc_1"].steps
    assert assigned["snapshot"] is None
    kept = json.loads(decided["snapshot"])
    assert (kept["score"], kept["n_accounts"], kept["confidence"]) == (49.0, 6, "high")
    assert {e["channel"] for e in kept["evidence"]} == {"card", "pool_card", "people", "own_text"}
    assert '"a0"' not in decided["snapshot"]
    assert DeltaTable(str(lake / "verdicts/cases")).metadata().configuration["delta.appendOnly"] == "true"


def test_a_verdict_decides_its_case(lake: Path) -> None:
    write_case(lake, TODAY, "hc_3", ["d0", "d1"], rank=3)
    given = {"cluster_id": "hc_3", "run_date": TODAY, "verdict": "confirmed", "why": "cards", "given_by": "ana"}
    write(lake, "verdicts.given", [given | {"members": ["d0", "d1"]}])
    case = standings(Gold(str(lake)))["hc_3"]
    assert (case.state, case.steps[0]["note"]) == ("decided", "confirmed: cards")


def test_pages_show_it_and_the_commands(lake: Path) -> None:
    step(lake, "hc_1", "--owner", "<b>ben", "--note", "<script>x</script>")
    folder = report(str(lake), lake.parent / "report").parent
    page = (folder / "cases" / "hc_1.html").read_text(encoding="utf-8")
    assert "<strong>assigned</strong>, with &lt;b&gt;ben" in page
    assert "<script>x" not in page
    assert "iolaus verdict hc_1 innocent --by NAME" in page
    assert 'data-state="assigned"' in (folder / "index.html").read_text(encoding="utf-8")
    assert "'a; rm -rf ~'" in commands("/l", "a; rm -rf ~")[1], "quoted for a shell"


@pytest.mark.parametrize(
    ("cluster", "more", "says"),
    [
        ("hc_1", (), "the step says nothing; give --state, --owner, --due or --note"),
        ("hc_9", ("--note", "x"), "no cluster 'hc_9'"),
        ("hc_1", ("--note", "x", "--date", "2026-01-01"), "in the run of 2026-01-01"),
        ("hc_1", ("--note", "\x1b"), "--note"),
    ],
)
def test_an_error_is_one_line(
    lake: Path, capsys: pytest.CaptureFixture[str], cluster: str, more: tuple[str, ...], says: str
) -> None:
    assert step(lake, cluster, *more) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err
    assert "\x1b" not in err


def test_the_queue_is_listed(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["case", "list", "--lake", str(lake)]) == 0
    out = capsys.readouterr().out
    assert "hc_1" in out
    assert "hc_low" not in out, "the watchlist accuses nobody"
