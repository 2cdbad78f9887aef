"""Verdicts after a run: what a report shows of them and what exports leave out, on small lakes without Spark."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lakes import write, write_case

from iolaus import cli
from iolaus.errors import UsageError
from iolaus.export.cases import Disclosure, account_name, cases
from iolaus.export.decisions import Decisions, cleared_by, shareable
from iolaus.export.gold import Gold
from iolaus.export.report import write as report
from iolaus.export.verdicts import give
from iolaus.runtime.secret import VARIABLE
from iolaus.settings import Key

DAY = date(2026, 2, 11)
KEY = Key(b"a key of sixteen bytes and more")
RING, CLASS = [f"ring{i}" for i in range(6)], [f"pupil{i}" for i in range(4)]


def given(number: int, verdict: str, members: str, named: str = "", cluster: str = "c") -> dict[str, Any]:
    """A verdict as `verdicts.given` has it; accounts are letters, and a later number is given later."""
    return {
        "verdict_id": f"v{number}",
        "given_at": datetime(2026, 2, 1, tzinfo=UTC) + timedelta(days=number),
        "given_by": "ana",
        "verdict": verdict,
        "why": "a class",
        "cluster_id": cluster,
        "members": list(members),
        "named": list(named),
    }


def test_an_accounts_own_verdict_goes_first_and_then_the_latest() -> None:
    of = Decisions([given(3, "confirmed", "abc"), given(1, "innocent", "abc", "a"), given(2, "innocent", "abc")], 0.5)
    assert [of.is_cleared({"account_id": x}) for x in "abz"] == [True, False, False]
    assert of.member({"account_id": "a"})["verdict_on"] == date(2026, 2, 2)


def test_a_verdict_clears_the_cluster_that_it_was_given_on_by_accounts_and_not_by_id() -> None:
    of = Decisions([given(1, "innocent", "abcd")], 0.5)
    for cluster, accounts, cleared, verdict in (
        ("c", "abcd", True, "innocent"),
        ("d", "abxy", True, "innocent"),
        ("c", "avwxyz", False, "innocent"),
        ("d", "avwxyz", False, None),
    ):
        found = of.cluster({"cluster_id": cluster, "confidence": "high"}, accounts)
        assert (found["cleared"], found["verdict"]) == (cleared, verdict), (cluster, accounts)
    by_name = Decisions([given(1, "innocent", "abcd", "ab")], 0.5)
    assert by_name.cluster({"cluster_id": "x", "confidence": "high"}, "ab")["cleared"], "of whom every account is"
    watched = {"cluster_id": "renamed", "confidence": "low", "verdict": "innocent", "verdict_id": "v1"}
    assert of.cluster(watched, ())["cleared"], "gold has no accounts of the watchlist, but the verdict"
    assert not Decisions([given(1, "innocent", "ab"), given(2, "unsure", "ab")], 0.5).cluster(watched, ())["cleared"]


def test_a_copy_without_verdicts_is_taken_at_its_word() -> None:
    of = Decisions(None, 0.5)
    assert of.is_cleared({"account_id": "a", "verdict": "innocent"})
    assert of.cluster({"cluster_id": "c", "confidence": "low", "verdict": "innocent"}, ())["cleared"]


def test_who_cleared_is_said_by_name_and_date() -> None:
    rows = [{"verdict": "innocent", "verdict_by": by, "verdict_on": DAY} for by in ("bo", "ana", "ana")]
    assert cleared_by([*rows, {"verdict": "confirmed", "verdict_by": "x", "verdict_on": DAY}]) == [
        "2 of these accounts were cleared by ana on 2026-02-11",
        "1 of these accounts was cleared by bo on 2026-02-11",
    ]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ring, a class that passed for one, and a watched cluster; no verdict yet."""
    monkeypatch.setenv(VARIABLE, KEY.secret.decode())
    made = tmp_path / "lake"
    write_case(made, DAY, "hc_ring", RING, rank=1)
    write_case(made, DAY, "hc_class", CLASS, rank=2)
    write_case(made, DAY, "hc_watched", ["w1", "w2"], rank=1, low=True)
    of = {"hc_ring": RING, "hc_class": CLASS, "hc_watched": ["w1", "w2"]}
    members = [{"run_date": DAY, "cluster_id": c, "account_id": a} for c, them in of.items() for a in them]
    write(made, "graph.clusters", members)
    stamp = {"first_seen": datetime(2026, 2, 11, tzinfo=UTC), "last_seen": datetime(2026, 2, 11, 1, tzinfo=UTC)}
    write(made, "scoring.clusters", [{"run_date": DAY, "cluster_id": c} | stamp for c in of])
    write(made, "scoring.evidence", [{"run_date": DAY, "cluster_id": "hc_ring", "kind": "coordination"}])
    shared = {"run_date": DAY, "channel": "card", "is_qualifying": True}
    values = [shared | {"account_id": a, "value_hash": 7} for a in RING] + [
        shared | {"account_id": "ring0", "value_hash": 8},
        shared | {"account_id": "pupil0", "value_hash": 8},
    ]
    write(made, "features.account_values", values)
    return made


def clear(lake: Path, cluster: str, *accounts: str) -> dict[str, Any]:
    return give(str(lake), cluster, "innocent", by="ana", why="ours", named=accounts)


def test_a_verdict_records_the_values_that_its_accounts_shared(lake: Path) -> None:
    assert clear(lake, "hc_ring")["shared_values"] == ["card:7"], "what one of them alone has was not seen as shared"


def exported(lake: Path, tmp_path: Path, kind: str, *more: str) -> str:
    """What an export writes, as text."""
    out = tmp_path / f"out-{kind}"
    producer = ["--producer", "Lab"] if kind == "stix" else []
    assert cli.main(["export", kind, "--lake", str(lake), "--out", str(out), *producer, *more]) == 0
    if kind == "parquet":
        return "".join(json.dumps(pq.read_table(p).to_pylist(), default=str) for p in sorted(out.glob("*.parquet")))
    return out.read_text()


@pytest.mark.parametrize("kind", ["stix", "csv", "parquet"])
def test_cleared_accounts_and_clusters_are_in_no_export_unless_it_is_told(
    lake: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {a: account_name(KEY, a) for a in [*RING, *CLASS, "w1"]}

    def told(*more: str) -> set[str]:
        text = exported(lake, tmp_path, kind, *more)
        return {a for a, name in names.items() if name in text}

    assert told() == {*RING, *CLASS}, "published, and not the watchlist"
    clear(lake, "hc_ring", "ring0", "ring1")
    clear(lake, "hc_class")
    assert told() == set(RING) - {"ring0", "ring1"}, "verdicts newer than the run count"
    assert told("--include-cleared") == {*RING, *CLASS}
    if kind != "parquet":
        capsys.readouterr()
        told("--cluster", "hc_ring")
        assert "without 2 of its accounts, which were cleared" in capsys.readouterr().out
        out = ["--lake", str(lake), "--out", str(tmp_path / "x"), *(["--producer", "L"] if kind == "stix" else [])]
        assert cli.main(["export", kind, *out, "--cluster", "hc_class"]) == 2
        assert "--include-cleared" in capsys.readouterr().err


def test_nothing_is_compared_with_other_labs_of_what_was_cleared(lake: Path) -> None:
    clear(lake, "hc_ring", "ring0")
    clear(lake, "hc_class")
    assert shareable(Gold(str(lake)), DAY) == {"hc_ring": RING[1:]}
    clear(lake, "hc_ring")
    with pytest.raises(UsageError, match="every published cluster was cleared"):
        list(cases(Gold(str(lake)), DAY, KEY, Disclosure()))


def test_a_case_says_who_was_cleared_by_whom_and_when(lake: Path, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    clear(lake, "hc_ring", "ring0", "ring1")
    folder = report(str(lake), tmp_path / "report").parent / "cases"
    text = " ".join((folder / "hc_ring.html").read_text(encoding="utf-8").split())
    assert f"2 of these accounts were cleared by ana on {today}" in text
    assert text.count(f"innocent by ana {today}: ours") >= 2, "and each row says it, with the reason"
    assert "cleared by" not in (folder / "hc_class.html").read_text(encoding="utf-8")
    assert (folder / "hc_ring.accounts.csv").read_text(encoding="utf-8").count("innocent") == 2


def test_a_verdict_shows_at_once_with_by_whom_when_why_and_what_changed(lake: Path, tmp_path: Path) -> None:
    """The run knew of none of them: the report is written anew, and nothing else."""
    later = DAY + timedelta(days=1)
    write_case(lake, later, "hc_ring", [*RING[2:], "new0", "new1"], rank=2)
    write_case(lake, later, "hc_other_id", ["w1", "w2", "w3"], low=True)
    write(
        lake,
        "graph.clusters",
        [{"run_date": later, "cluster_id": "hc_other_id", "account_id": f"w{i}"} for i in (1, 2, 3)],
    )
    give(str(lake), "hc_ring", "confirmed", by="ana", why="one card", run_date=DAY)
    give(str(lake), "hc_watched", "innocent", by="bo", why="a class", run_date=DAY)
    today = datetime.now(UTC).date()
    index = report(str(lake), tmp_path / "report", later)
    for page in (index, index.parent / "cases" / "hc_ring.html"):
        text = re.sub(r"<[^>]+>|\s+", " ", page.read_text(encoding="utf-8"))
        said = " ".join(text.split())
        assert (
            f"Confirmed , says ana on {today} : one card. Since then: 2 of its 6 accounts are new; "
            "2 of its former 6 accounts have left" in said
        )
    page = index.parent / "cases" / "hc_other_id.html"
    text = " ".join(re.sub(r"<[^>]+>|\s+", " ", page.read_text(encoding="utf-8")).split())
    assert f"Innocent , says bo on {today} : a class. Since then: 1 of its 3 accounts are new" in text, (
        "by its accounts, whatever id it has"
    )
    assert 'data-verdict="innocent"' in index.read_text(encoding="utf-8")


def test_what_changed_is_said_of_score_and_exchanges_too() -> None:
    looked_at = given(1, "unsure", "ab") | {"score": 10.0, "n_exchanges": 5}
    row = {"cluster_id": "c", "confidence": "high", "score": 12.5, "n_exchanges": 9}
    assert Decisions([looked_at], 0.5).cluster(row, "ab")["since_verdict"] == [
        "the score was 10.0 and is now 12.5",
        "the window had 5 exchanges and now has 9",
    ]
    known = row | {"verdict_id": "v1", "since_verdict": ["what the run says"]}
    assert Decisions([looked_at], 0.5).cluster(known, "ab")["since_verdict"] == ["what the run says"]
