"""The report: a folder of static pages about one run date, readable without a network, a server or a mouse."""

import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import bokeh
import pyarrow as pa

from iolaus.errors import UsageError
from iolaus.export import report_accounts
from iolaus.export import report_charts as charts
from iolaus.export import report_graph as graphs
from iolaus.export.confidence import among_innocent, calibrations, why_confidence
from iolaus.export.gold import Gold, age, is_local, local_path
from iolaus.export.inert import inert
from iolaus.export.queue import Standing, commands, standings
from iolaus.export.recorded_settings import of_day
from iolaus.export.report_cases import KINDS, Case, Row, cases
from iolaus.export.report_pages import address, environment, number
from iolaus.export.report_quality import state, stopped
from iolaus.export.spreadsheet import write_csv
from iolaus.model.signals import CHANNEL
from iolaus.settings import Settings
from iolaus.settings_text import differing
from iolaus.version import code_version

WATCHED = 200  # clusters of the watchlist that get a page, by rank
ROWS_FIRST = 50  # accounts that stand in the page itself, for print and for readers without scripts
ROWS_MOST = 25_000  # accounts that the page can search; the CSV has all
REASONS_SHOWN = 4  # of an account on the page, the strongest; the CSV has all
LINKS_LISTED = 50  # links that stand in the page as a table
_DOCS = "data-docs"  # folder of Great Expectations' pages in that of the report, by day
_OWNED = ".iolaus-report.json"  # names the lake that a folder is the report of
_BOKEH = Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"
_PAGES = Path(__file__).parent / "pages"


def default_folder(lake: str) -> Path:
    """Where the report of a local lake goes unless told otherwise: `report` beside it.

    Raises UsageError for an object store.
    """
    if not is_local(lake):
        raise UsageError(f"the lake {lake} is on an object store; name a folder for the report with --out")
    return local_path(lake).parent / "report"


def write(
    lake: str,
    out: Path,
    day: date | None = None,
    *,
    ran: bool = False,
    write_docs: Callable[[Path, date], None] | None = None,
    drawn_with: Callable[[Settings], Settings] = lambda recorded: recorded,
) -> Path:
    """Write the report of a run date, by default the latest, into a folder; returns its first page.

    What an earlier report wrote there is replaced. `ran`: the day is known to have been run, so that nothing listed is
    a result. `write_docs` writes the Data Docs of a day into a folder; those of the day that lie in the report's folder
    already are linked without it. `drawn_with` gives the settings to draw with,
    from those that the run recorded.

    Raises UsageError if there is nothing to report, or the folder holds anything but a report of this lake.
    """
    gold = Gold(lake)
    days = gold.days()
    if not days and not ran:
        raise UsageError(f"the lake {lake} has no published tables; `iolaus run` writes them")
    wanted = day or days[-1]
    if wanted not in days and not ran:
        raise UsageError(f"nothing was listed for {wanted}; the run dates with a ranking are {_spoken(days)}")
    gold.must_be_of_one_run(wanted)
    _claim(out, gold.lake)
    listed, gone = cases(gold, wanted, WATCHED)
    earlier = [d for d in days if d < wanted]
    watchlist = gold.rows("gold.watchlist", wanted, ["cluster_id"])
    settings = drawn_with(of_day(gold, wanted))
    report = {
        "lake": gold.lake,
        "day": wanted,
        "version": code_version(),
        "age": age(wanted),
        "written_on": datetime.now(UTC).date(),
        "newer": days[-1] if days and days[-1] > wanted else None,
        "vanished": gone,
        "previous": earlier[-1] if earlier else None,
        "previous_is_yesterday": bool(earlier) and (wanted - earlier[-1]).days == 1,
        "has_costs": any(case.row.get("cost") is not None for case in listed),
        "n_watched": 0 if watchlist is None else watchlist.num_rows,
        "quality": state(gold, wanted),
        "stopped": stopped(gold, wanted),
        "cases": standings(gold),
        "calibration": calibrations(gold, wanted, settings.window_days),
        "settings": settings,
        "differ": [
            {"name": name, "value": inert(value), "default": default} for name, value, default in differing(settings)
        ],
    }
    docs = f"{_DOCS}/{wanted}"
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as made:
        if write_docs:
            write_docs(Path(made) / docs, wanted)
        there = any((folder / docs / "index.html").exists() for folder in (Path(made), out))
        _pages(Path(made), gold, listed, report | {"docs": f"{docs}/index.html" if there else None})
        (Path(made) / _OWNED).write_text(
            json.dumps({"lake": gold.lake, "run_date": wanted.isoformat()}), encoding="utf-8"
        )
        _replace(Path(made), out, docs)
    return out / "index.html"


def _spoken(days: Sequence[date]) -> str:
    return ", ".join(map(str, days)) if len(days) <= 5 else f"{len(days)} from {days[0]} to {days[-1]}"


def _claim(out: Path, lake: str) -> None:
    """Raise UsageError unless the folder is new, empty, or this lake's report."""
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder for the report with --out")
    mark = out / _OWNED
    if not mark.exists() and any(out.iterdir()):
        raise UsageError(f"{out} has files that are no report; name another folder with --out")
    if mark.exists() and _owner(mark) != lake:
        raise UsageError(f"{out} is the report of another lake; name another folder with --out (iolaus run: --report)")


def _owner(mark: Path) -> str | None:
    """The lake whose report a folder is, by its mark. Raises UsageError for a mark that cannot be understood."""
    try:
        owner: str | None = json.loads(mark.read_text(encoding="utf-8")).get("lake")
    except (AttributeError, ValueError) as error:
        raise UsageError(f"{mark.parent} has files that are no report; name another folder with --out") from error
    return owner


def _replace(made: Path, out: Path, docs: str) -> None:
    """Put the new pages in the place of the old; the mark first, so that a folder left half-done is known to be ours.

    `docs`: where the Data Docs of the day lie, which stay unless there are new ones; those of other days go.
    """
    out.mkdir(exist_ok=True)
    (made / _OWNED).replace(out / _OWNED)
    if not (made / _DOCS).exists() and (out / docs).exists():
        (made / _DOCS).mkdir()
        (out / docs).replace(made / docs)
    for old in [p for p in out.iterdir() if p.name in {"cases", "accounts", "assets", "index.html", _DOCS}]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    for new in made.iterdir():
        shutil.move(new, out / new.name)


def _pages(folder: Path, gold: Gold, listed: Sequence[Case], report: dict[str, Any]) -> None:
    """Write every page, its data and what the pages need to be drawn."""
    pages = environment()
    (folder / "cases").mkdir()
    (folder / "assets").mkdir()
    for name in ("report.css", "report.js"):
        shutil.copy(_PAGES / name, folder / "assets" / name)
    shutil.copy(_BOKEH, folder / "assets" / _BOKEH.name)
    published, watched = [c for c in listed if c.published], [c for c in listed if not c.published]
    ranking = pages.get_template("ranking.html").render(report=report, published=published, watched=watched, root="")
    (folder / "index.html").write_text(ranking, encoding="utf-8")
    known = report_accounts.write_pages(folder, pages, gold, report, published)
    page = pages.get_template("case.html")
    for case in listed:
        path = folder / address(case)
        shown = _shown(case, path, report["settings"], report["calibration"], known)
        shown |= {"queued": report["cases"].get(case.cluster_id, Standing())}
        shown |= {"commands": commands(report["lake"], case.cluster_id)}
        path.write_text(page.render(report=report, case=case, root="../", kinds=KINDS, **shown), encoding="utf-8")


def _shown(
    case: Case, path: Path, settings: Settings, calibration: Sequence[Row], known: Collection[str]
) -> dict[str, Any]:
    """What the page of a case is given beside the case; writes its CSV files next to the page.

    known: the accounts that have a page of their own.
    """
    files = {"accounts": f"{path.stem}.accounts.csv", "links": f"{path.stem}.links.csv"}
    shown: dict[str, Any] = {
        "files": files,
        "activity": None,
        "graph": None,
        "strongest": max([case.row[kind] for kind in KINDS] + [1.0]),
        "among_innocent": among_innocent(calibration, case.row.get("margin_bits") or 0.0),
        "why_confidence": why_confidence(case.row, case.judged, settings.scoring),
        "top_score": max([h["score"] for h in case.history] + [1.0]),
        "origins": _by_kind(case.origins or ()),
    }
    if case.timeline:
        bans = case.bans()
        shown |= {"activity": charts.activity(case.timeline, case.releases(), bans), "bans": bans}
        shown |= {"models": charts.models_of(case.timeline), "days": _days(case)}
    if case.published:
        write_csv(path.parent / files["accounts"], pa.Table.from_pylist([_flat(m) for m in case.members]))
        shown["accounts"] = _accounts(case.members, known)
    if case.links is not None and case.links.num_rows:
        write_csv(path.parent / files["links"], case.links)
        shown["graph"] = _graph(case, settings)
    return shown


def _accounts(members: Sequence[Row], known: Collection[str]) -> dict[str, Any]:
    """The accounts as data for the page's own search, reasons by number, and the first of them in words."""
    reasons: dict[str, int] = {}
    rows = []
    for m in members[:ROWS_MOST]:
        times = [
            None if m[c] is None else int(m[c].timestamp() // 60) for c in ("first_seen", "last_seen", "created_at")
        ]
        said = [reasons.setdefault(inert(r), len(reasons)) for r in m["reasons"][:REASONS_SHOWN]]
        texts = [None if m[c] is None else inert(m[c], 60) for c in ("status", "plan")]
        texts.append(inert(_judged(m)) or None)
        rows.append(
            [
                inert(m["account_id"], 200),
                m["membership"],
                m["n_exchanges"],
                m.get("n_output_tokens"),
                m.get("cost"),
                m["distillation_share"],
                *times,
                *texts,
                said,
            ]
        )
    pages = {
        i: report_accounts.address(m["account_id"])
        for i, m in enumerate(members[:ROWS_MOST])
        if m["account_id"] in known
    }
    first = [
        {
            "page": pages.get(i),
            "cells": [
                m["account_id"],
                f"{m['membership']:.2f}",
                f"{m['n_exchanges']:,}",
                number(m.get("n_output_tokens")),
                number(m.get("cost")),
                f"{m['distillation_share']:.2f}",
                *("" if m[c] is None else f"{m[c]:%Y-%m-%d}" for c in ("first_seen", "last_seen", "created_at")),
                m["status"] or "",
                m["plan"] or "",
                _judged(m),
            ],
            "reasons": m["reasons"][:REASONS_SHOWN],
        }
        for i, m in enumerate(members[:ROWS_FIRST])
    ]
    return {
        "n": len(rows),
        "first": first,
        "reasons_shown": REASONS_SHOWN,
        "n_pages": len(pages),
        "data": {"rows": rows, "reasons": list(reasons), "pages": list(pages.items())},
    }


def _flat(member: Row) -> Row:
    """The row with its models as text, for a spreadsheet."""
    models = sorted(dict(member.get("models") or ()).items(), key=lambda m: (-m[1], m[0]))
    return member | {"models": "; ".join(f"{model} {n}" for model, n in models)}


def _judged(member: Row) -> str:
    """The verdict on an account in words, with who gave it, when and why; empty if there is none."""
    if not member["verdict"]:
        return ""
    said = [member["verdict"], member["verdict_by"] and f"by {member['verdict_by']}", member["verdict_on"]]
    said = [str(part) for part in said if part]
    return " ".join(said) + (f": {member['verdict_why']}" if member["verdict_why"] else "")


def _graph(case: Case, settings: Settings) -> dict[str, Any]:
    assert case.links is not None
    links = graphs.links(case.links, settings.graph)
    drawn = graphs.picture(links, settings.graph.seed)
    own = graphs.own_links(links, drawn)
    own["accounts"] = [inert(name, 200) for name in own["accounts"]]
    n_pairs, bridges = len(links.a), int((links.kind == graphs.BRIDGE).sum())
    which = (
        "All {:,} linked accounts are drawn"
        if len(drawn.accounts) == len(links.accounts)
        else "Of {:,} linked accounts the {:,} with most bits of links are drawn"
    )
    rule = which.format(len(links.accounts), len(drawn.accounts)) + (
        f", with all {n_pairs:,} links."
        if len(drawn.pairs) == n_pairs
        else f", and of {n_pairs:,} links the {len(drawn.pairs):,} strongest among them, with every bridge."
    )
    said = (
        f"{rule} A direct link rests on {settings.graph.families} independent families of evidence or more, a dotted "
        "one on one family. A line is as wide as the link is strong, and a triangle is a banned account; "
        f"a bridge is a link without which two parts would not hang together ({bridges:,} here). "
        f"Of each account gold keeps the strongest pairs, and of accounts that meet over {settings.pairs.partners:,} "
        "others not all pairs "
        "are weighed: "
        "that two accounts have no link here is no sign that they share nothing."
    )
    listed = [
        {
            "a": links.accounts[links.a[i]],
            "b": links.accounts[links.b[i]],
            "bits": round(float(links.bits[i]), 1),
            "kind": ("direct", "one family", "bridge")[links.kind[i]],
            "says": [CHANNEL[c].says if c in CHANNEL else c for c, _, _ in links.channels[i]],
        }
        for i in range(min(n_pairs, LINKS_LISTED))
    ]
    banned = {m["account_id"] for m in case.members if m["status"] == "banned" or m["banned_at"] is not None}
    return {"plot": charts.graph(links, drawn, banned), "own": own, "said": said, "n_pairs": n_pairs, "table": listed}


def _days(case: Case) -> list[dict[str, Any]]:
    """Exchanges of each day by model, with its bans and releases."""
    models = charts.models_of(case.timeline)
    days = {day: dict.fromkeys(models, 0) for day, _ in case.daily()}
    for row in case.timeline:
        model = row["request_model"] if row["request_model"] in models else charts.OTHERS
        days[row["hour"].date()][model] += row["n_exchanges"]
    bans, releases = [b.date() for b in case.bans()], case.releases()
    return [
        {
            "day": day,
            "by_model": list(of.values()),
            "total": sum(of.values()),
            "bans": bans.count(day),
            "released": [model for when, model in releases if when.date() == day],
        }
        for day, of in days.items()
    ]


def _by_kind(origins: Sequence[Row]) -> dict[str, list[Row]]:
    kinds: dict[str, list[Row]] = {}
    for row in sorted(origins, key=lambda o: (o["kind"], -o["n_accounts"], o["value"])):
        kinds.setdefault(row["kind"], []).append(row)
    return kinds
