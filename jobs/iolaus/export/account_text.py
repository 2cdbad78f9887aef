"""What is known of one account, for a reader at a terminal and for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence
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


def as_text(known: Row) -> str:
    """The sections under headings, each a table; whatever a client wrote is made inert."""
    return "\n".join(_lines(known)) + "\n"


def _lines(known: Row) -> Iterator[str]:
    yield f"Account {inert(known['account_id'], 200)} in the run of {known['run_date']}, {known['age']}"
    yield ""
    yield from (f"- {inert(line, 2_000)}" for line in known["standing"])
    yield from _table("Registered", ("", ""), [(c, known["registered"].get(c)) for c in _REGISTERED])
    traffic = known["traffic"]
    yield from _section(f"Traffic from {known['window_begins']} to {known['run_date']}")
    yield (
        f"{traffic['n_exchanges']:,} exchanges, {traffic['input_tokens']:,} input tokens, "
        f"{traffic['output_tokens']:,} output tokens, {traffic['reasoning_tokens']:,} reasoning tokens"
    )
    yield from _table("Models", ("model", "exchanges"), list(known["models"].items()))
    yield from _table(
        "Days",
        ("day", "exchanges", "input tokens", "output tokens", "models"),
        [
            (d["day"], d["n_exchanges"], d["input_tokens"], d["output_tokens"], ", ".join(d["models"]))
            for d in known["days"][-DAYS:]
        ],
    )
    yield from _table(
        "Seen from",
        ("kind", "value", "exchanges", "first day", "last day"),
        [
            (f"{kind} ({of['n_values']})", p["value"], p["n_exchanges"], p["first_on"], p["last_on"])
            for kind, of in known["seen_from"].items()
            for p in of["most_used"]
        ],
    )
    yield from _table(
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
    yield from _table(
        "Shared values, the rarest first",
        ("accounts that …", "value", "owners", "in its cluster", "exchanges"),
        [
            (f"{s['says']} ({s['n_values']})", s["value"], s["n_owners"], s["n_in_cluster"], s["n_exchanges"])
            for s in known["shared"]
        ],
    )
    yield from _table(
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
    yield from _table(
        "Verdicts",
        ("given", "verdict", "of", "cluster", "by", "why"),
        [
            (f"{v['given_at']:%Y-%m-%d %H:%M}", v["verdict"], v["of"], v["cluster_id"], v["given_by"], v["why"])
            for v in known["verdicts"]
        ],
    )


def _section(title: str) -> Iterator[str]:
    yield from ("", title, "─" * cell_len(title))


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A section with its rows under the names of their columns; numbers to the right, nothing for None."""
    yield from _section(title)
    if not rows:
        yield "none"
        return
    numeric = [all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(names))]
    texts = [[_cell(value) for value in row] for row in rows]
    lines = [list(names), *texts] if any(names) else texts
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(names))]
    for line in lines:
        cells = (
            " " * (w - cell_len(text)) + text if right else text + " " * (w - cell_len(text))
            for text, w, right in zip(line, widths, numeric, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else inert(value, 200)
