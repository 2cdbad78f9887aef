"""How the report's templates write: everything escaped, everything inert, numbers and times alike."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from iolaus.export.inert import inert
from iolaus.export.report_cases import Case
from iolaus.export.standing import kind
from iolaus.model.signals import SIGNALS, is_count

_QUOTED = 2_000  # characters of an exemplar that are shown


def environment() -> Environment:
    """The templates. What they print is made inert, then escaped; nothing is trusted to have been so before."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _text(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    # Bokeh refers back to what came before
    made.policies["json.dumps_kwargs"] = {"sort_keys": False, "separators": (",", ":")}
    made.filters |= {
        "address": address,
        "asked": _asked,
        "compact": compact,
        "figure": _figure,
        "is_count": is_count,
        "kind": kind,
        "taken": _taken,
        "minute": minute,
        "number": number,
        "percent": percent,
        "quoted": _quoted,
        "spark_points": _spark_points,
        "spoken": _spoken,
        "trend": trend,
        "trend_value": _trend_value,
    }
    return made


def address(case: Case) -> str:
    """The page of a case, from the report's folder: a name that is safe in a path and a link whatever the id is."""
    name = case.cluster_id
    if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", name):
        name = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"cases/{name}.html"


def number(value: float | None) -> str:
    """A number for a reader: thousands apart, and decimals only where they tell anything."""
    if value is None:
        return ""
    if isinstance(value, int) or abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.3g}"


def compact(value: float | None) -> str:
    """A large count for a narrow column: `2.7 M` for 2,730,000."""
    if value is None or abs(value) < 10_000:
        return number(value)
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.1f}\u00a0{unit}" if abs(value) < 100 * size else f"{value / size:,.0f}\u00a0{unit}"
    return number(value)


def percent(share: float | None) -> str:
    """A share in per cent."""
    if share is None:
        return "–"
    return "under 1\u00a0%" if 0 < share < 0.01 else f"{100 * share:.0f}\u00a0%"


def minute(when: datetime | None) -> str:
    """A time to the minute, UTC."""
    return "" if when is None else f"{when:%Y-%m-%d %H:%M}"


def trend(case: Case) -> str:
    """How a cluster's rank moved since the run before."""
    before = case.before
    if before is None:
        return "new"
    if (before["confidence"] == "low") != (not case.published):
        return "▲ from watchlist" if case.published else "▼ to watchlist"
    by = before["rank"] - case.row["rank"]
    return "=" if by == 0 else f"▲ {by}" if by > 0 else f"▼ {-by}"


def _trend_value(case: Case) -> int:
    before = case.before
    if before is None:
        return 1_000_000
    moved = (before["confidence"] == "low") != (not case.published)
    return (500_000 if case.published else -500_000) if moved else before["rank"] - case.row["rank"]


def _asked(capabilities: dict[str, float]) -> list[tuple[str, float]]:
    """The capabilities that a hundredth of the traffic and more asks for, most first."""
    return sorted(((c, s) for c, s in capabilities.items() if s >= 0.01), key=lambda c: (-c[1], c[0]))


def _figure(piece: dict[str, Any], value: float | None) -> str:
    """A figure of evidence: a share in per cent, or a count."""
    if value is None:
        return "–"
    return number(value) if is_count(piece["channel"]) else percent(value)


def _taken(explanation: dict[str, Any]) -> list[tuple[str, float]]:
    """The claims that an innocent explanation took away, in words, with their bits, most first."""
    taken = dict(explanation.get("taken") or ())
    says = {name: SIGNALS[name].says if name in SIGNALS else name for name in taken}
    return [(says[name], bits) for name, bits in sorted(taken.items(), key=lambda t: (-t[1], t[0]))]


def _quoted(text: str) -> Markup:
    """A suspect's words, inert; longer than other values may be."""
    return Markup.escape(inert(text, _QUOTED))


def _spark_points(values: Sequence[float]) -> str:
    """Points of a line 100 wide and 24 high, from zero."""
    most, step = max([*values, 1]), 100 / max(len(values) - 1, 1)
    return " ".join(f"{i * step:.1f},{23 - 22 * value / most:.1f}" for i, value in enumerate(values))


def _text(value: str) -> str:
    return inert(value).replace(" %", "\u00a0%")  # a line does not begin with the sign


def _spoken(values: Sequence[int]) -> str:
    return ", ".join(f"{n:,}" for n in values[-28:])
