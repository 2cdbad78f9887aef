"""What the page of a case is given beside the case: its accounts, links, days and origins, and CSV files next to it."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from iolaus.export import report_accounts
from iolaus.export import report_charts as charts
from iolaus.export import report_graph as graphs
from iolaus.export.confidence import among_innocent, why_confidence
from iolaus.export.inert import inert
from iolaus.export.report_cases import KINDS, Case, Row
from iolaus.export.report_pages import number
from iolaus.export.spreadsheet import write_csv
from iolaus.model.signals import CHANNEL
from iolaus.settings import Settings

ROWS_FIRST = 50  # accounts that stand in the page itself, for print and for readers without scripts
ROWS_MOST = 25_000  # accounts that the page can search; the CSV has all
REASONS_SHOWN = 4  # of an account on the page, the strongest; the CSV has all
LINKS_LISTED = 50  # links that stand in the page as a table


def page_values(
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
        "one on one family. A line is as wide as the link is strong, and a triangle is a banned account; a bridge is a "
        f"link without which two parts would not hang together ({bridges:,} here). Of each account gold keeps the "
        f"strongest pairs, and of accounts that meet over {settings.pairs.partners:,} others not all pairs are "
        "weighed: that two accounts have no link here is no sign that they share nothing."
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
