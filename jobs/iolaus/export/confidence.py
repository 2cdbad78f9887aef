"""Why a case has its confidence, in a sentence or two: the rule of `scoring.clusters` with the case's own figures.

And where its margin lies among those of innocent groups, by the calibrations of the window.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.export.gold import Gold
from iolaus.model.calibration import upper_bound
from iolaus.model.judgement.hypotheses import HYPOTHESIS, OPERATORS
from iolaus.model.judgement.rule import over_chance
from iolaus.schemas.verdicts import INNOCENT
from iolaus.settings import Scoring

Row = Mapping[str, Any]


def why_confidence(row: Row, judged: Iterable[Row], settings: Scoring) -> str | None:
    """The sentences; None of a lake that has no judgement.

    row: of `gold.suspect_clusters` or `gold.watchlist`; judged: its rows of kind `judgement`.
    """
    facts = list(judged)
    won = HYPOTHESIS.get(winner(facts) or row.get("case_kind") or "")
    rival = HYPOTHESIS.get(row.get("rival") or "")
    if won is None or rival is None:
        return None
    margin, confidence = row["margin_bits"], row["confidence"]
    families = [name for name, bits in families_of(facts).items() if bits >= settings.family_speaks]
    if confidence == "low":
        return f"Confidence is low because {_too_little(row, families, settings)}."
    ahead = f"“{won.says}” is {margin:.1f} bits ahead of “{rival.says}”"
    needed = f"{settings.high_margin:.1f} bits for high"
    if confidence == "medium":
        needed = f"{settings.margin:.1f} bits for medium, {needed}"
    on = f" {len(families)} families of facts say that it is no accident: {', '.join(families)}." if families else ""
    return f"Confidence is {confidence} because {ahead}. Needed: {needed}.{on}"


def calibrations(gold: Gold, day: date, window_days: int) -> list[dict[str, Any]]:
    """The newest rows of `quality.calibration` of each run date in the window that ends with a day."""
    rows = gold.find("quality.calibration", _between(day - timedelta(days=window_days - 1), day))
    newest: dict[date, datetime] = {}
    for row in rows:
        newest[row["run_date"]] = max(newest.get(row["run_date"], row["calibrated_at"]), row["calibrated_at"])
    return [row for row in rows if row["calibrated_at"] == newest[row["run_date"]]]


def _between(first: date, last: date) -> ds.Expression:
    return (ds.field("run_date") >= pa.scalar(first)) & (ds.field("run_date") <= pa.scalar(last))


def among_innocent(calibration: Iterable[Row], margin: float) -> str | None:
    """Where a case lies among groups that are innocent by construction; None where none were judged.

    calibration: `calibrations` of the window. A group that came up in several runs counts once, as published if it
    would have been in any: what it shows again is no further evidence.
    """
    rows = list(calibration)
    highest: dict[str, float] = {}
    for row in rows:
        for group, bits in zip(row["groups"], row["margins"], strict=True):
            highest[group] = max(bits, highest.get(group, bits))
    if not highest:
        return None
    unnamed = sum(row["n_groups"] - len(row["groups"]) for row in rows)  # of lower margins than those named
    n, published = len(highest) + unnamed, len({group for row in rows for group in row["published_groups"]})
    above = sum(bits >= margin for bits in highest.values())
    beaten = f"{above:,} of theirs {'reaches' if above == 1 else 'reach'} it" if above else "none of theirs reaches it"
    would = f"{published:,}" if published else "none"
    runs = len({row["run_date"] for row in rows})
    drawn = f" in {runs} runs of the window" if runs > 1 else ""
    return (
        f"Of {n:,} groups that are innocent by construction or drawn at random{drawn}, {would} would have been "
        f"published (with 95% confidence: at most {upper_bound(published, n):.2%} of such groups). This "
        f"case's margin is {margin:.1f} bits, and {beaten} (highest: {max(highest.values()):.1f})."
    )


def winner(judged: Iterable[Row]) -> str | None:
    """The operator's hypothesis that fits the facts best; None without facts."""
    summed: Counter[str] = Counter()
    for fact in judged:
        summed.update(dict(fact["log_likelihoods"] or ()))
    there = [name for name in OPERATORS if name in summed]
    return max(there, key=lambda name: summed[name], default=None)


def families_of(judged: Iterable[Row]) -> dict[str, float]:
    """Bits of each family of facts for the operator's hypothesis over chance, most first."""
    facts = list(judged)
    operator = winner(facts)
    return over_chance(((f["part"], dict(f["log_likelihoods"] or ())) for f in facts), operator) if operator else {}


def _too_little(row: Row, families: list[str], settings: Scoring) -> str:
    margin = row["margin_bits"]
    if row.get("verdict") == INNOCENT:
        return f"{row.get('verdict_by') or 'an analyst'} judged it innocent"
    if row["n_accounts"] < settings.fewest_accounts:
        return f"it has {row['n_accounts']:,} accounts, and {settings.fewest_accounts} are needed"
    if row["n_owners"] < settings.fewest_owners:
        return f"its accounts have {row['n_owners']:,} owners, and {settings.fewest_owners} are needed"
    if margin < 0:
        return f"“{HYPOTHESIS[row['rival']].says}” is {-margin:.1f} bits ahead of one operator"
    if margin < settings.margin:
        rival = HYPOTHESIS[row["rival"]].says
        return f"one operator is only {margin:.1f} bits ahead of “{rival}” ({settings.margin:.1f} needed)"
    speak = "family of facts says" if len(families) == 1 else "families of facts say"
    return f"{len(families)} {speak} that the group is no accident, and {settings.families} are needed"
