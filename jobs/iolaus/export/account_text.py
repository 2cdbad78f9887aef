"""What is known of one account, for a reader at a terminal and for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rich.cells import cell_len

from iolaus.export.inert import inert

DAYS = 31  # days that stand in the text; the JSON has all of the window
_REGISTERED = (
    "created_at", "status", "banned_at", "plan", "org_id", "owner_id", "verified_as", "agreement", "billing_country",
    "phone_country",
)  # fmt: skip
Row = Mapping[str, Any]


def as_json(known: Row) -> str:
    """One JSON object: dates and times in ISO 8601, UTC."""
    return json.dumps(known, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, date | datetime) else str(value)


@dataclass(frozen=True)
class Section:
    """A table on the account under a heading: names of columns (empty: none are shown) and cells as text, inert.

    numeric: which columns are numbers.
    """

    title: str
    names: tuple[str, ...]
    cells: list[list[str]]
    numeric: list[bool]


def as_text(known: Row) -> str:
    """The sections under headings, each a table; whatever a client wrote is made inert."""
    return "\n".join(_lines(known)) + "\n"


def traffic_line(known: Row) -> str:
    """What the account sent and took in the window, in one line."""
    traffic = known["traffic"]
    return (
        f"{traffic['n_exchanges']:,} exchanges, {traffic['input_tokens']:,} input tokens, "
        f"{traffic['output_tokens']:,} output tokens, {traffic['reasoning_tokens']:,} reasoning tokens"
    )


def _lines(known: Row) -> Iterator[str]:
    yield f"Account {inert(known['account_id'], 200)} in the run of {known['run_date']}; that run is {known['age']}"
    yield ""
    yield from (f"- {inert(line, 2_000)}" for line in known["standing"])
    registered, *others = sections(known)
    yield from _table(registered)
    yield from _heading(f"Traffic from {known['window_begins']} to {known['run_date']}")
    yield traffic_line(known)
    for section in others:
        yield from _table(section)


def sections(known: Row) -> Iterator[Section]:
    """What is known of an account, as tables: registered, models, days, places, clusters, values, nearest, verdicts."""
    yield _made("Registered", ("", ""), [(c, known["registered"].get(c)) for c in _REGISTERED])
    yield _made("Models", ("model", "exchanges"), list(known["models"].items()))
    yield _made(
        "Days",
        ("day", "exchanges", "input tokens", "output tokens", "models"),
        [
            (d["day"], d["n_exchanges"], d["input_tokens"], d["output_tokens"], ", ".join(d["models"]))
            for d in known["days"][-DAYS:]
        ],
    )
    yield _made(
        "Seen from",
        ("kind", "value", "exchanges", "first day", "last day"),
        [
            (f"{kind} ({of['n_values']})", p["value"], p["n_exchanges"], p["first_on"], p["last_on"])
            for kind, of in known["seen_from"].items()
            for p in of["most_used"]
        ],
    )
    yield _made(
        "Cluster in each run",
        ("run", "cluster", "list", "rank", "confidence", "membership", "event"),
        [
            (
                h["run_date"],
                h["cluster_id"],
                h["list"],
                h["rank"],
                h["confidence"],
                f"{h['membership']:.2f}",
                h["event"],
            )
            for h in known["history"]
        ],
    )
    yield _made(
        "Shared values, the rarest first",
        ("accounts that …", "value", "owners", "in its cluster", "exchanges"),
        [
            (f"{s['says']} ({s['n_values']})", s["value"], s["n_owners"], s["n_in_cluster"], s["n_exchanges"])
            for s in known["shared"]
        ],
    )
    yield _made(
        "Nearest accounts",
        ("account", "bits", "link", "cluster", "evidence in bits"),
        [
            (
                n["account_id"],
                f"{n['bits']:.1f}",
                "yes" if n["is_link"] else "cleared" if n["cleared_by"] else "no",
                n["cluster_id"],
                ", ".join(f"{c['channel']} {c['bits']:.1f}" for c in n["channels"]),
            )
            for n in known["nearest"]
        ],
    )
    yield _made(
        "Verdicts",
        ("given", "verdict", "of", "cluster", "by", "why"),
        [
            (f"{v['given_at']:%Y-%m-%d %H:%M}", v["verdict"], v["of"], v["cluster_id"], v["given_by"], v["why"])
            for v in known["verdicts"]
        ],
    )


def _made(title: str, names: tuple[str, ...], rows: Sequence[Sequence[object]]) -> Section:
    numeric = [all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(names))]
    return Section(title, names, [[_cell(value) for value in row] for row in rows], numeric)


def _heading(title: str) -> Iterator[str]:
    yield from ("", title, "─" * cell_len(title))


def _table(of: Section) -> Iterator[str]:
    """A section with its rows under the names of their columns; numbers to the right, nothing for None."""
    yield from _heading(of.title)
    if not of.cells:
        yield "none"
        return
    lines = [list(of.names), *of.cells] if any(of.names) else of.cells
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(of.names))]
    for line in lines:
        cells = (
            " " * (w - cell_len(text)) + text if right else text + " " * (w - cell_len(text))
            for text, w, right in zip(line, widths, of.numeric, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else inert(value, 200)
