"""The pages of a case's accounts: what `iolaus account` prints, for the accounts that are most certain to belong."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from jinja2 import Environment

from iolaus.errors import UsageError
from iolaus.export.account import PAIRS, account, in_window
from iolaus.export.account_text import sections, traffic_line
from iolaus.export.gold import Gold, found_in
from iolaus.export.report_cases import Case
from iolaus.settings import Settings

OF_A_CASE = 5  # accounts of a published case that get a page, those of greatest membership
OF_A_REPORT = 50  # accounts of a report that do, the best ranks first: each takes about 0.2 s of a core
_LINES, _ROWS = 40, 200  # sentences on the account, and rows of one of its tables, that are shown
_HELD = {  # read once for all pages: (table, columns or None for all)
    "silver.accounts": None,
    "silver.exchanges": (
        "account_id",
        "arrived_on",
        "happened_on",
        "country",
        "asn",
        "block",
        "address",
        "access_path",
        "device",
    ),
    "features.account_days": None,
}


class LoadedRows(Gold):
    """The lake of another `Gold`, of which some rows have been read already.

    Only for what is asked of these accounts: a table that is held knows no others.
    """

    def __init__(self, gold: Gold, held: dict[str, pa.Table]):
        self.__dict__ |= gold.__dict__
        self._held = held

    def scan(self, name: str, of: ds.Expression, columns: Sequence[str] | None = None) -> pa.Table | None:
        """As `Gold.scan`."""
        held = self._held.get(name)
        return super().scan(name, of, columns) if held is None else found_in(ds.dataset(held), of, columns)


def address(account_id: str) -> str:
    """The page of an account, from the report's folder; a client may have chosen the id, so its hash is the name."""
    return f"accounts/{hashlib.sha256(account_id.encode(errors='surrogatepass')).hexdigest()[:16]}.html"


def wanted(cases: Iterable[Case]) -> list[tuple[Case, str]]:
    """The accounts that get a page, each with the case that it is linked from, by rank and membership."""
    found = ((case, m["account_id"]) for case in cases if case.published for m in case.members[:OF_A_CASE])
    return list(found)[:OF_A_REPORT]


def write_pages(
    folder: Path, pages: Environment, gold: Gold, report: dict[str, Any], cases: Iterable[Case]
) -> set[str]:
    """Write the pages; returns the accounts that have one. An account of which a lake knows nothing has none."""
    chosen = wanted(cases)
    if not chosen:
        return set()
    page, written = pages.get_template("account.html"), set[str]()
    held = LoadedRows(gold, _read(gold, [name for _, name in chosen], report["day"], report["settings"]))
    (folder / "accounts").mkdir()
    for case, name in chosen:
        try:
            known = account(held, name, report["day"])
        except UsageError:
            continue
        html = page.render(report=report, case=case, known=known, root="../", lines=_LINES, **_tables(known))
        (folder / address(name)).write_text(html, encoding="utf-8")
        written.add(name)
    return written


def _tables(known: dict[str, Any]) -> dict[str, Any]:
    return {"traffic": traffic_line(known), "sections": list(_cut(known))}


def _cut(known: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for of in sections(known):
        yield {
            "id": of.title.split(",")[0].split(" from ")[0].lower().replace(" ", "-"),
            "title": of.title,
            "names": of.names,
            "numeric": of.numeric,
            "rows": of.cells[:_ROWS],
            "n": len(of.cells),
        }


def _read(gold: Gold, accounts: list[str], day: date, settings: Settings) -> dict[str, pa.Table]:
    """Of large tables, the rows of some accounts: one scan for all pages. A table that the lake lacks is left out."""
    then = ds.field("run_date") == pa.scalar(day)
    first = day - timedelta(days=settings.window_days - 1)
    mine = ds.field("account_id").isin(sorted(set(accounts)))
    held = {
        name: gold.scan(name, mine & (then if name == "silver.accounts" else in_window(first, day)), columns)
        for name, columns in _HELD.items()
    }
    keys = [r["account_key"] for r in gold.find("features.population", mine & then, ("account_key",))]
    ends = ds.field("key_a").isin(keys) | ds.field("key_b").isin(keys)
    held |= {name: gold.scan(name, then & ends) for name in PAIRS}
    return {name: rows for name, rows in held.items() if rows is not None}
