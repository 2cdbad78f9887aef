"""Why a case has its confidence, in one sentence: the rule of `scoring.clusters` with the case's own figures."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from iolaus.model.calibration import upper_bound
from iolaus.model.judgement.hypotheses import HYPOTHESIS
from iolaus.schemas.verdicts import INNOCENT
from iolaus.settings import Scoring

Row = Mapping[str, Any]


def why_confidence(row: Row, judged: Iterable[Row], settings: Scoring) -> str | None:
    """The sentence; None of a lake that has no judgement.

    row: of `gold.suspect_clusters` or `gold.watchlist`; judged: its rows of kind `judgement`, with `part` and `bits`.
    """
    won, rival = HYPOTHESIS.get(row.get("case_kind") or ""), HYPOTHESIS.get(row.get("rival") or "")
    if won is None or rival is None:
        return None
    margin, confidence = row["margin_bits"], row["confidence"]
    if confidence == "low":
        return f"Confidence is low because {_too_little(row, _speaking(judged, settings), settings)}."
    families = _speaking(judged, settings)
    ahead = f"“{won.says}” is {margin:.1f} bits ahead of “{rival.says}”"
    needed = f"{settings.high_margin:.1f} make it high"
    if confidence == "medium":
        needed = f"{settings.margin:.1f} make it medium, and {needed}"
    on = f", on {len(families)} families of facts: {', '.join(families)}" if families else ""
    return f"Confidence is {confidence} because {ahead} ({needed}){on}."


def among_innocent(calibration: Iterable[Row], margin: float) -> str | None:
    """Where a case lies among groups that are innocent by construction; None where none were judged.

    calibration: rows of `quality.calibration` of the case's run date; of several calibrations the newest counts.
    """
    rows = list(calibration)
    newest = max((r["calibrated_at"] for r in rows), default=None)
    rows = [r for r in rows if r["calibrated_at"] == newest]
    margins = [m for r in rows for m in r["margins"]]
    if not margins:
        return None
    n, published = sum(r["n_groups"] for r in rows), sum(r["n_published"] for r in rows)
    above = sum(m >= margin for m in margins)
    beaten = f"{above:,} of them {'reaches' if above == 1 else 'reach'}" if above else "none of them reaches"
    return (
        f"Of {n:,} groups that are innocent by construction or drawn at random, {published:,} would have been "
        f"published: with 95% confidence at most {upper_bound(published, n):.2%} of such groups. This case is "
        f"{margin:.1f} bits ahead, which {beaten} (highest: {max(margins):.1f})."
    )


def _speaking(judged: Iterable[Row], settings: Scoring) -> list[str]:
    """The families of facts that each speak for one operator, those that give most first."""
    summed: Counter[str] = Counter()
    for fact in judged:
        summed[fact["part"]] += fact["bits"]
    return [name for name, bits in summed.most_common() if name != "prior" and bits >= settings.family_speaks]


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
    return (
        f"{len(families)} famil{'y' if len(families) == 1 else 'ies'} of facts speak for one operator, and "
        f"{settings.families} are needed"
    )
