"""How sure others may be of a case: what an analyst decided, else what the detector published."""

from collections.abc import Mapping
from typing import Any

from iolaus.schemas.verdicts import CONFIRMED, INNOCENT, UNSURE

_CONFIDENCE = {"high": 85, "medium": 50, "low": 15}  # STIX 2.1, appendix A, None/Low/Med/High
_CONFIRMED, _CLEARED, _UNSURE_MOST = 95, 0, 50
KINDS = {
    "distillation": "distillation",
    "resold_access": "resold access",
    "unexplained": "unexplained coordination",
}
_TITLES = {
    "distillation": "Suspected distillation by one operator",
    "resold_access": "Suspected resale of access by one operator",
}


def is_cleared(row: Mapping[str, Any]) -> bool:
    """Whether an analyst cleared the case, or the account of a row."""
    return bool(row["cleared"]) if "cleared" in row else row.get("verdict") == INNOCENT


def confidence(cluster: Mapping[str, Any]) -> int:
    """0 to 100, as in STIX: 95 for a confirmed case, 0 for a cleared one, else the detector's.

    If an analyst is unsure, it is at most 50.
    """
    if is_cleared(cluster):
        return _CLEARED
    found = _CONFIDENCE[cluster["confidence"]]
    return {CONFIRMED: _CONFIRMED, UNSURE: min(found, _UNSURE_MOST)}.get(cluster.get("verdict") or "", found)


def indicator_type(cluster: Mapping[str, Any], member: Mapping[str, Any] | None = None) -> str:
    """The STIX type of an indicator of the cluster, or of one of its accounts.

    Only what an analyst confirmed is malicious. What the detector found by itself is an anomaly.
    """
    verdict = (member or {}).get("verdict")
    if is_cleared(cluster) or verdict == INNOCENT:
        return "benign"
    of = verdict or cluster.get("verdict")
    return "malicious-activity" if of == CONFIRMED else "anomalous-activity"


def title(cluster: Mapping[str, Any]) -> str:
    """What the case is, as far as anybody may say."""
    if is_cleared(cluster):
        return "Cleared by an analyst"
    if cluster["confidence"] == "low" and cluster.get("verdict") != CONFIRMED:
        return "Watched, not published"
    said = _TITLES.get(cluster.get("case_kind") or "", "Unexplained coordination")
    return said.replace("Suspected", "Confirmed", 1) if cluster.get("verdict") == CONFIRMED else said


def kind(cluster: Mapping[str, Any]) -> str:
    """The kind of case in words: distillation, resold access or unexplained coordination."""
    return KINDS.get(cluster.get("case_kind") or "unexplained", "unexplained coordination")


def labels(cluster: Mapping[str, Any]) -> list[str]:
    """Where it was listed, how sure the detector is, what was decided, and the kind of case, each as NAME-VALUE."""
    verdict = INNOCENT if is_cleared(cluster) else cluster.get("verdict")
    return [
        "listed-watchlist" if cluster["confidence"] == "low" else "listed-published",
        f"confidence-{cluster['confidence']}",
        f"verdict-{verdict or 'none'}",
        f"kind-{(cluster.get('case_kind') or 'unexplained').replace('_', '-')}",
    ]
