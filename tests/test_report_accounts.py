"""The pages of accounts in the report, on small lakes written without Spark."""

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from lakes import HOSTILE, write, write_case

from iolaus.export import report_accounts
from iolaus.export.account import account
from iolaus.export.gold import Gold
from iolaus.export.report import write as report
from iolaus.settings import DEFAULT

DAY, BEFORE = date(2026, 2, 11), date(2026, 2, 10)


class Tags(HTMLParser):
    """The elements of a page and the names of their attributes."""

    def __init__(self, html: str):
        super().__init__()
        self.seen: list[tuple[str, list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))


def write_ring(lake: Path, cluster: str, accounts: list[str], *, rank: int = 1, text: str = "atlas-4") -> None:
    """A published cluster whose accounts sent something in the window, shared a card and were paired."""
    write_case(lake, DAY, cluster, accounts, rank=rank)
    first = 100 * rank
    place = {"run_date": DAY, "is_background": True}
    write(
        lake,
        "features.population",
        [place | {"account_id": a, "account_key": first + i, "owner_id": a} for i, a in enumerate(accounts)],
    )
    member = {"run_date": DAY, "cluster_id": cluster, "membership": 0.98, "bits": 9_500, "content": 4_000}
    write(lake, "graph.clusters", [member | {"account_id": a, "event": "kept"} for a in accounts])
    write(lake, "silver.accounts", [{"run_date": DAY, "account_id": a, "plan": text[:2_000]} for a in accounts])
    sent: dict[str, Any] = {"n_exchanges": 30, "input_tokens": 900, "output_tokens": 4_000}
    busy = [{"hour": 492_000, "model": text[:2_000], "n": 30}]
    days = [sent | {"account_id": a, "happened_on": day, "activity": busy} for a in accounts for day in (BEFORE, DAY)]
    write(lake, "features.account_days", [*days, sent | {"account_id": accounts[0], "happened_on": date(2025, 1, 1)}])
    request = {"happened_on": DAY, "country": text[:2_000], "asn": 64512, "access_path": "api"}
    write(lake, "silver.exchanges", [request | {"account_id": a, "exchange_id": a} for a in accounts])
    pair = {"run_date": DAY, "channel": "card", "sharers": 4, "support": 1, "bits": 8_000, "value_hash": -1}
    write(lake, "pairs.infrastructure", [pair | {"key_a": first, "key_b": first + 1}])


def test_the_strongest_accounts_of_a_case_have_a_page_that_it_links(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    names = [f"acc_{i:02}" for i in range(9)]
    write_ring(lake, "hc_ring", names)
    folder = report(str(lake), tmp_path / "report").parent
    written = {p.name for p in (folder / "accounts").iterdir()}
    assert written == {Path(report_accounts.address(a)).name for a in names[: report_accounts.OF_A_CASE]}
    case = (folder / "cases" / "hc_ring.html").read_text(encoding="utf-8")
    assert set(re.findall(r'href="\.\./(accounts/[^"]+)"', case)) == {f"accounts/{name}" for name in written}
    assert "5 have pages of their own" in case
    page = (folder / report_accounts.address("acc_00")).read_text(encoding="utf-8")
    assert '<a href="../cases/hc_ring.html#accounts">hc_ring</a>' in page
    assert "In cluster hc_ring, published at rank 1, confidence high." in page
    assert "60 exchanges, 1,800 input tokens, 8,000 output tokens" in page, "of the window"
    assert "Nearest accounts" in page
    assert "acc_01" in page
    assert '<a href="../accounts' not in page, "it links no other account"
    # Written again with another membership, the old pages go.
    write_case(lake, date(2026, 2, 12), "hc_ring", ["nobody_knows"])
    report(str(lake), tmp_path / "report")
    assert not list((folder / "accounts").iterdir()), "of an account of which the lake knows nothing there is no page"


def test_what_is_read_once_says_the_same(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    names = [f"acc_{i:02}" for i in range(6)]
    write_ring(lake, "hc_ring", names)
    gold = Gold(str(lake))
    held = report_accounts.LoadedRows(gold, report_accounts._read(gold, names[:3], DAY, DEFAULT))
    assert [account(held, name, DAY) for name in names[:3]] == [account(gold, name, DAY) for name in names[:3]]


def test_a_report_has_no_more_pages_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_accounts, "OF_A_REPORT", 7)
    lake = tmp_path / "lake"
    for rank in (1, 2):
        write_ring(lake, f"hc_{rank}", [f"acc_{rank}_{i}" for i in range(6)], rank=rank)
    folder = report(str(lake), tmp_path / "report").parent
    best = [f"acc_1_{i}" for i in range(5)] + ["acc_2_0", "acc_2_1"]
    assert {p.name for p in (folder / "accounts").iterdir()} == {Path(report_accounts.address(a)).name for a in best}


def test_hostile_text_is_inert_on_the_page_of_an_account(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    for number, text in enumerate(HOSTILE, 1):
        write_ring(lake, f"hc_{number}", [f"{text[:2_000]}{i}" for i in range(2)], rank=number, text=text)
    folder = report(str(lake), tmp_path / "report").parent
    pages = list((folder / "accounts").iterdir())
    assert len(pages) == 2 * len(HOSTILE)
    for page in pages:
        assert re.fullmatch(r"[0-9a-f]{16}\.html", page.name)
        html = page.read_text(encoding="utf-8")
        assert len(html) < 100_000
        assert not set("\x1b\x00\u202e\u200b") & set(html)
        found = Tags(html)
        assert [tag for tag, _ in found.seen if tag in {"script", "img"}] == ["script"], "the report's own"
        assert not [name for _, names in found.seen for name in names if name.startswith("on")]
