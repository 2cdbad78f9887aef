"""`iolaus report` on small lakes written without Spark. What a browser makes of the pages: tests/browser."""

import csv
import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from lakes import HOSTILE, case, write, write_case, write_hostile

from iolaus.cli import main
from iolaus.export.report import write as report
from iolaus.export.report_case_page import LINKS_LISTED
from iolaus.export.report_graph import (
    BRIDGE,
    DIRECT,
    DRAWN_ACCOUNTS,
    DRAWN_LINKS,
    OWN_LINKS,
    SINGLE,
    links,
    own_links,
    picture,
)

TODAY, BEFORE = date(2026, 2, 11), date(2026, 2, 10)


class Page(HTMLParser):
    """The elements and the visible text of a page, and its data blocks."""

    def __init__(self, path: Path):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.blocks: dict[str, Any] = {}
        self._block: str | None = None
        self.size = path.stat().st_size
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._block = dict(attrs).get("data-for") if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._block = None

    def handle_data(self, data: str) -> None:
        if self._block:
            self.blocks[self._block] = json.loads(data)
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report") / "lake"
    write_case(made, BEFORE, "hc_ring", [f"acc_{i:02}" for i in range(12)], rank=2)
    write_case(made, BEFORE, "hc_other", [f"acc_{i:02}" for i in range(20, 30)], rank=1)
    write_case(made, TODAY, "hc_ring", [f"acc_{i:02}" for i in range(2, 25)], rank=1)
    write_case(made, TODAY, "hc_watched", ["w"], low=True)
    return made


@pytest.fixture(scope="module")
def pages(lake: Path) -> Path:
    return report(str(lake), lake.parent / "out").parent


def test_the_ranking(pages: Path) -> None:
    page = Page(pages / "index.html")
    assert (
        "1 cluster is published, with 23 accounts and 690 exchanges in the window. 1 is on the watchlist." in page.text
    )
    assert "Trends are against 2026-02-10." in page.text
    gone = "Rank 1: hc_other, 10 accounts. 5 are in hc_ring now. 5 are in no published cluster."
    assert gone in page.text
    assert "▲ 1" in page.text
    assert "+11" in page.text  # accounts
    rows = [attributes for tag, attributes in page.tags if tag == "tr" and "data-confidence" in attributes]
    assert [(r["data-confidence"], r["data-accounts"]) for r in rows] == [("high", "23"), ("low", "1")]


def test_a_case(pages: Path) -> None:
    page = Page(pages / "cases" / "hc_ring.html")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {
        "why",
        "innocent",
        "activity",
        "release_adoption",
        "links",
        "accounts",
        "words",
        "origins",
        "history",
        "quality",
    }
    assert wanted <= set(ids)
    assert "Since the run before, 13 accounts joined and 2 left." in page.text
    assert "5 were in hc_other then." in page.text
    assert "acc_20 from hc_other" in page.text, "by name"
    raw = (pages / "cases" / "hc_ring.html").read_text(encoding="utf-8")
    left = '<ul class="moved"><li><bdi class="id">acc_00</bdi></li><li><bdi class="id">acc_01</bdi></li></ul>'
    assert f"2 accounts left</summary>{left}" in raw
    assert "90 %" in page.text  # the share of members on a card
    assert "812 × chance" not in page.text  # a count is set against its own expectation, 0.01
    assert "81,200 × chance" in page.text
    assert "60 %" in page.text  # the release adoption
    assert "nothing is known here of the run's checks" in page.text
    assert len(page.blocks["accounts"]["rows"]) == 23
    assert page.blocks["accounts"]["reasons"][0].startswith("Shares a payment card with 1 of the 9 other accounts")


def test_what_a_case_is_and_what_it_took(pages: Path) -> None:
    page = Page(pages / "cases" / "hc_ring.html").text
    assert "Output tokens483,000" in page
    assert "Reasoning tokens0" in page
    assert "Cost, estimated34.5" in page
    assert "Models: atlas-3 460 exchanges, atlas-4 230 exchanges." in page
    assert "hc_ringhighdistillation" in page
    ranking = Page(pages / "index.html")
    rows = [attributes for tag, attributes in ranking.tags if tag == "tr" and "data-kind" in attributes]
    assert [r["data-kind"] for r in rows] == ["distillation"] * 2
    assert "483 k" in ranking.text


def test_each_explanation_fits_or_not_and_says_what_it_took(pages: Path) -> None:
    """The defect: explanations that "fit" and take nothing away, beside evidence that stays black."""
    page = Page(pages / "cases" / "hc_ring.html").text
    assert "atlas-4fits6.5 bits: begin different prompts with the same 8 words" in page
    assert "atlas-4does not fitnothing" in page
    assert "Users of one client? Cannot be told: the logs show no client that two of the accounts use." in page


def test_cases_that_may_be_one_operation_name_each_other(tmp_path: Path) -> None:
    made = tmp_path / "lake"
    cases = {"hc_1": ["a", "b"], "hc_2": ["c", "d"], "hc_3": ["e", "f"]}
    for rank, (name, accounts) in enumerate(cases.items(), 1):
        write_case(made, TODAY, name, accounts, rank=rank)
    everybody = [f"p{i}" for i in range(640)]
    write(
        made,
        "features.population",
        [{"run_date": TODAY, "account_id": a, "is_first_of_owner": True} for a in everybody],
    )
    had = {"run_date": TODAY, "is_qualifying": True, "value_hash": 1, "n_qualifying_owners": 3}
    rare = [had | {"account_id": a, "channel": "card"} for a in ("a", "c")]
    common = [had | {"account_id": a, "channel": "address", "n_qualifying_owners": 11} for a in ("a", "e")]
    write(made, "features.account_values", rare + common)
    pages = report(str(made), tmp_path / "report").parent / "cases"
    said = "It may be one operation with hc_2 (accounts of both share a payment card: 1 value)."
    assert said in Page(pages / "hc_1.html").text
    assert "one operation with hc_1" in Page(pages / "hc_2.html").text
    assert "one operation" not in Page(pages / "hc_3.html").text, "an address of one owner in 58 ties nobody"


def test_a_count_of_one_is_no_share_of_all(tmp_path: Path) -> None:
    rows = case(TODAY, "hc_1", ["a", "b"])
    rows["gold.cluster_evidence"] = [
        piece | {"value": 1.0} for piece in rows["gold.cluster_evidence"] if piece["channel"] == "pool_card"
    ]
    for name, of in rows.items():
        write(tmp_path / "lake", name, of)
    page = (report(str(tmp_path / "lake"), tmp_path / "report").parent / "cases" / "hc_1.html").read_text(
        encoding="utf-8"
    )
    assert "100 × chance" in page
    assert 'data-value="1.0">1<' in page


def test_a_watched_cluster_accuses_nobody(pages: Path) -> None:
    page = Page(pages / "cases" / "hc_watched.html")
    assert "not enough to accuse anybody" in page.text
    assert page.blocks == {}
    assert not list((pages / "cases").glob("hc_watched*.csv"))


def test_no_page_asks_for_anything_but_its_own_files(pages: Path) -> None:
    for path in pages.rglob("*.html"):
        for _, attributes in Page(path).tags:
            for where in (attributes.get("src"), attributes.get("href")):
                assert where is None or where.startswith("#") or (path.parent / where).exists(), (path, where)
    everything = "".join(p.read_text(encoding="utf-8") for p in pages.rglob("*.html"))
    assert "http:" not in everything.replace("http://www.w3.org", "")
    assert "https:" not in everything


def test_data_docs_are_linked_beside_the_report_of_their_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake, out = tmp_path / "lake", tmp_path / "out"
    for day in (BEFORE, TODAY):
        write_case(lake, day, "hc_ring", ["a", "b", "c"])
        write(lake, "quality.results", [{"run_date": day, "table_name": "bronze.models", "success": True}])
    write(lake, "quality.summaries", [{"run_date": TODAY, "table_name": "bronze.models", "metrics": [("rows", 2.0)]}])

    def linked(day: date, *more: str) -> list[Path]:
        """Where the first page and a case link to Data Docs; each place is there."""
        assert main(["report", "--lake", str(lake), "--out", str(out), "--date", str(day), *more]) == 0
        pages = [out / "index.html", out / "cases" / "hc_ring.html"]
        found = [
            (p.parent / str(a["href"])).resolve()
            for p in pages
            for _, a in Page(p).tags
            if "data-docs" in str(a.get("href"))
        ]
        assert all("bronze.models" in where.read_text(encoding="utf-8") for where in found)
        return found

    assert linked(TODAY) == []
    assert "iolaus report --data-docs" in Page(out / "index.html").text
    index = (out / "data-docs" / str(TODAY) / "index.html").resolve()
    assert linked(TODAY, "--data-docs") == [index, index]
    assert linked(TODAY) == [index, index], "they stay while the report is of their day"
    capsys.readouterr()
    assert linked(BEFORE, "--data-docs") == [], "no gate left metrics of that day"
    assert "no Data Docs" in capsys.readouterr().err
    assert not (out / "data-docs").exists(), "those of another day are gone"


def test_hostile_text_is_inert(tmp_path: Path) -> None:
    write_hostile(tmp_path / "lake", TODAY)
    pages = report(str(tmp_path / "lake"), tmp_path / "out").parent
    found = sorted(pages.rglob("*.html"))
    assert len(found) == 1 + len(HOSTILE)
    assert all(p.parent in (pages, pages / "cases") for p in tmp_path.rglob("*.html"))
    for path in found:
        page = Page(path)
        assert page.size < 600_000
        names = {name for _, attributes in page.tags for name in attributes}
        assert not {name for name in names if name.startswith("on")}
        assert all("src" in a or a.get("type") == "application/json" for tag, a in page.tags if tag == "script")
        assert "img" not in {tag for tag, _ in page.tags}
        assert not any((a.get("href") or "").startswith("javascript") for _, a in page.tags)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00\x1b]", path.read_text(encoding="utf-8"))


def test_tables_for_spreadsheets(tmp_path: Path) -> None:
    write_case(tmp_path / "lake", TODAY, "hc_1", ["=1+1", "@b", "plain"], text='=HYPERLINK("http://x","y")')
    pages = report(str(tmp_path / "lake"), tmp_path / "out").parent
    for name in ("hc_1.accounts.csv", "hc_1.links.csv"):
        with (pages / "cases" / name).open(encoding="utf-8-sig", newline="") as file:
            cells = [c for row in csv.DictReader(file) for c in row.values()]
        assert "'=1+1" in cells
        assert not [c for c in cells if c.startswith(("=", "+", "-", "@"))]


def test_a_day_on_which_nothing_was_found(lake: Path, tmp_path: Path) -> None:
    first = report(str(lake), tmp_path / "out", TODAY + timedelta(days=1), ran=True)
    page = Page(first)
    assert "No cluster is published." in page.text
    assert "That is a result, too." in page.text


def test_a_lake_without_its_ranking_is_no_lake_in_which_nothing_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = {"run_date": [TODAY], "table_name": ["gold.suspect_clusters"], "status": ["written"]}
    write_deltalake(tmp_path / "lake" / "quality" / "runs", pa.table(run))
    assert main(["report", "--lake", str(tmp_path / "lake")]) == 2
    assert "no published tables" in capsys.readouterr().err


def test_a_folder_of_anything_else_is_left_alone(
    lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert main(["report", "--lake", str(lake), "--out", str(other)]) == 2
    assert "no report" in capsys.readouterr().err
    assert [p.name for p in other.iterdir()] == ["thesis.txt"]
    write_case(tmp_path / "lake", TODAY, "hc_1", ["a", "b"])
    assert main(["report", "--lake", str(tmp_path / "lake")]) == 0
    assert f"Report: {tmp_path / 'report' / 'index.html'}" in capsys.readouterr().out
    assert main(["report", "--lake", str(lake), "--out", str(tmp_path / "report")]) == 2
    assert "another lake" in capsys.readouterr().err


def test_what_an_earlier_report_wrote_is_replaced(lake: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report(str(lake), out, BEFORE)
    assert (out / "cases" / "hc_other.html").exists()
    report(str(lake), out, TODAY)
    assert not (out / "cases" / "hc_other.html").exists()
    assert not list(tmp_path.glob(".out-*"))


@pytest.mark.parametrize("arguments", [("--date", "2026-01-01"), ("--out", "")])
def test_errors_name_the_fix(
    lake: Path, tmp_path: Path, arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    if arguments[0] == "--date":
        assert main(["report", "--lake", str(lake), *arguments]) == 2
        assert "2026-02-10, 2026-02-11" in capsys.readouterr().err
    else:
        assert main(["report", "--lake", "s3://bucket/lake"]) == 2
        assert "--out" in capsys.readouterr().err


# ---- the picture of the links


def pairs(*rows: tuple[str, str, str, float]) -> pa.Table:
    columns = {"account_a": [r[0] for r in rows], "account_b": [r[1] for r in rows], "channel": [r[2] for r in rows]}
    return pa.table(columns | {"bits": [r[3] for r in rows], "sharers": pa.array([None] * len(rows), pa.int32())})


def test_links_are_told_apart() -> None:
    triangle = [
        ("a", "b", "card", 9.0),
        ("a", "b", "head8", 5.0),
        ("a", "b", "head4", 4.0),
        ("a", "c", "card", 9.0),
        ("a", "c", "mail", 5.0),
    ]
    found = links(pairs(*triangle, ("b", "c", "card", 9.0), ("b", "c", "content", 2.0), ("c", "d", "card", 3.5)))
    ends = {
        (found.accounts[a], found.accounts[b]): (int(k), float(bits))
        for a, b, k, bits in zip(found.a, found.b, found.kind, found.bits, strict=True)
    }
    assert ends == {
        ("a", "b"): (DIRECT, 14.0),  # of head8 and head4, which are views of one fact, the best
        ("a", "c"): (SINGLE, 14.0),  # two facts of one family
        ("b", "c"): (SINGLE, 11.0),  # a second family under its floor
        ("c", "d"): (BRIDGE, 3.5),
    }
    assert list(found.bits) == sorted(found.bits, reverse=True)


def test_the_picture_is_bounded_and_the_same_each_time() -> None:
    rng = np.random.default_rng(1)
    ends = {tuple(sorted(rng.choice(2_000, 2, replace=False).tolist())) for _ in range(9_000)}
    rows = pairs(*((f"{a:04}", f"{b:04}", "card", round(1 + float(rng.random()) * 9, 2)) for a, b in sorted(ends)))
    found = links(rows)
    first, second = picture(found), picture(found)
    assert (len(first.accounts), len(first.pairs) <= DRAWN_LINKS) == (DRAWN_ACCOUNTS, True)
    assert np.array_equal(first.x, second.x)
    assert np.abs(np.concatenate([first.x, first.y])).max() <= 1 + 1e-9
    own = own_links(found, first)
    assert max(len(of) for of in own["links"].values()) <= OWN_LINKS
    top = first.pairs[0]
    strongest = found.accounts[int(found.a[top])], found.accounts[int(found.b[top])]
    at = own["accounts"].index(strongest[0])
    assert strongest[1] in {own["accounts"][other] for other, *_ in own["links"][at]}
    assert len(found.a) > LINKS_LISTED


@pytest.mark.parametrize("fixed", [False, True])
def test_the_latest_judgement_of_the_data_is_shown(tmp_path: Path, fixed: bool) -> None:
    lake = tmp_path / "lake"
    write_case(lake, TODAY, "hc_1", ["a", "b"])
    at = datetime(2026, 2, 11, tzinfo=UTC)
    result = {
        "run_date": TODAY,
        "judged_at": at,
        "table_name": "silver.exchanges",
        "metric": "rows",
        "severity": "critical",
    }
    result |= {"success": False, "observed": 1.0, "at_least": 2.0, "at_most": 9.0, "reason": "a day has rows"}
    judged = [result, result | {"judged_at": at + timedelta(hours=1), "success": True}][: 2 if fixed else 1]
    write_deltalake(lake / "quality" / "results", pa.Table.from_pylist(judged))
    text = Page(report(str(lake), tmp_path / "out")).text
    assert ("all 1 expectations held" in text) == fixed
    assert ("1 of 1 expectations failed, 1 of them critical" in text) != fixed
    assert ("a day has rows" in text) != fixed


def test_a_stopped_day_is_told_with_its_reason(tmp_path: Path) -> None:
    """The defect: after a red gate the report showed the older day as if nothing had happened."""
    made = tmp_path / "lake"
    write_case(made, BEFORE, "hc_1", ["a", "b"])
    began = datetime(2026, 2, 12, 1, tzinfo=UTC)
    run = {"run_id": "r1", "table_name": "gold.suspect_clusters", "status": "written", "made_date": BEFORE}
    write(
        made,
        "quality.runs",
        [
            run | {"run_date": BEFORE, "began_at": began - timedelta(days=1)},
            run
            | {"run_date": TODAY, "run_id": "r2", "table_name": "silver.exchanges", "status": "stopped"}
            | {"began_at": began, "error": "GateError: in short"},
        ],
    )
    failure = {"run_date": TODAY, "run_id": "r2", "table_name": "silver.exchanges", "severity": "critical"}
    failure |= {"metric": "duplicate_keys", "observed": 1200.0, "at_most": 0.0, "reason": "an id is one exchange"}
    write(made, "quality.results", [failure, failure | {"metric": "rows", "success": True}])
    page = Page(report(str(made), tmp_path / "report")).text
    assert "The run of 2026-02-11 was stopped by a gate at silver.exchanges (2026-02-12 01:00) and published" in page
    assert "The ranking on this page is of 2026-02-10." in page
    assert "duplicate_keys of silver.exchanges is 1,200, at most 0 allowed: an id is one exchange" in page
    assert "rows of silver.exchanges" not in page
    # Run again, it is published, and there is nothing to tell.
    write(made, "quality.runs", [run | {"run_date": TODAY, "run_id": "r3", "began_at": began + timedelta(hours=1)}])
    write_case(made, TODAY, "hc_1", ["a", "b"])
    assert "was stopped" not in Page(report(str(made), tmp_path / "report")).text


def test_a_rerun_that_failed_leaves_the_day_that_was_published(tmp_path: Path) -> None:
    made = tmp_path / "lake"
    write_case(made, TODAY, "hc_1", ["a", "b"])
    began = datetime(2026, 2, 12, 1, tzinfo=UTC)
    run = {"run_date": TODAY, "table_name": "gold.suspect_clusters", "status": "written", "began_at": began}
    failed = run | {"status": "failed", "began_at": began + timedelta(hours=1), "error": "the disk is <b>full</b>"}
    write(made, "quality.runs", [run, failed])
    page = Page(report(str(made), tmp_path / "report")).text
    assert "was not finished at gold.suspect_clusters" in page
    assert "what an earlier run of that day published stands" in page
    assert "the disk is <b>full</b>" in page, "escaped"


def test_a_gate_of_a_scheduler_that_said_no_is_told(tmp_path: Path) -> None:
    """A gate is then a command of its own, which makes no table."""
    made = tmp_path / "lake"
    write_case(made, BEFORE, "hc_1", ["a", "b"])
    judged = datetime(2026, 2, 12, 1, tzinfo=UTC)
    failure = {"run_date": TODAY, "run_id": "r2", "table_name": "pairs.content", "severity": "critical"}
    failure |= {"metric": "rows", "observed": 0.0, "at_least": 1.0, "reason": "a day has pairs", "judged_at": judged}
    run = {"run_date": TODAY, "run_id": "r1", "table_name": "pairs.content"}
    write(made, "quality.runs", [run | {"status": "written", "began_at": judged - timedelta(hours=1)}])
    write(made, "quality.results", [failure])
    page = Page(report(str(made), tmp_path / "report")).text
    assert "The run of 2026-02-11 was stopped by a gate at pairs.content" in page
    assert "rows of pairs.content is 0, at least 1 allowed: a day has pairs" in page
    write(made, "quality.results", [failure | {"success": True, "judged_at": judged + timedelta(hours=1)}])
    assert "was stopped" not in Page(report(str(made), tmp_path / "report")).text, "a rerun passed"


def test_a_stage_that_failed_and_was_then_written_is_no_stop(tmp_path: Path) -> None:
    made = tmp_path / "lake"
    write_case(made, BEFORE, "hc_1", ["a", "b"])
    began = datetime(2026, 2, 12, 1, tzinfo=UTC)
    run = {"run_date": TODAY, "table_name": "silver.exchanges", "made_date": TODAY}
    failed = run | {"status": "failed", "began_at": began}
    write(made, "quality.runs", [failed, run | {"status": "written", "began_at": began + timedelta(minutes=5)}])
    assert "not finished" not in Page(report(str(made), tmp_path / "report")).text
