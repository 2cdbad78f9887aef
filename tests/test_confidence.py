"""Why a case has its confidence: one sentence with the figures that decided."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iolaus.export.confidence import among_innocent, why_confidence
from iolaus.settings import DEFAULT

ROW: dict[str, Any] = {
    "confidence": "high", "case_kind": "distillation", "rival": "one_trade", "margin_bits": 9.1, "n_accounts": 29,
    "n_owners": 27,
}  # fmt: skip
AHEAD, RIVAL = "“one operator harvests answers”", "“programs of unrelated firms in one trade”"
MEDIUM = "Needed: 2.0 bits for medium, 5.0 bits for high."
ON = "2 families of facts say that it is no accident: content, timing"


def fact(part: str, bits: float) -> dict[str, Any]:
    """A fact that gives an operator so many bits over chance, and more than it gives one who hides."""
    return {
        "part": part,
        "log_likelihoods": {"distillation": -1.0, "covert_distillation": -2.0, "strangers": -1.0 - bits},
    }


JUDGED = [fact("prior", -2.0), fact("timing", 3.0), fact("content", 4.5), fact("content", 4.0), fact("age", 0.5)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, f"high because {AHEAD} is 9.1 bits ahead of {RIVAL}. Needed: 5.0 bits for high. {ON}."),
        (
            {"confidence": "medium", "margin_bits": 3.0},
            f"medium because {AHEAD} is 3.0 bits ahead of {RIVAL}. {MEDIUM} {ON}.",
        ),
        ({"n_accounts": 4}, "low because it has 4 accounts, and 5 are needed."),
        ({"n_owners": 2}, "low because its accounts have 2 owners, and 3 are needed."),
        ({"margin_bits": 1.0}, f"low because one operator is only 1.0 bits ahead of {RIVAL} (2.0 needed)."),
        ({"margin_bits": -1.5}, f"low because {RIVAL} is 1.5 bits ahead of one operator."),
        ({"verdict": "innocent", "verdict_by": "ana"}, "low because ana judged it innocent."),
    ],
)
def test_one_sentence(more: dict[str, Any], expected: str) -> None:
    low = {} if more == {} or "confidence" in more else {"confidence": "low"}
    assert why_confidence(ROW | low | more, JUDGED, DEFAULT.scoring) == f"Confidence is {expected}"


def test_one_family_is_too_few() -> None:
    said = why_confidence(ROW | {"confidence": "low"}, JUDGED[:2], DEFAULT.scoring)
    assert said == "Confidence is low because 1 family of facts says that the group is no accident, and 2 are needed."


def test_what_hides_is_named() -> None:
    hides = [f | {"log_likelihoods": f["log_likelihoods"] | {"covert_distillation": 0.0}} for f in JUDGED]
    said = why_confidence(ROW, hides, DEFAULT.scoring)
    assert said is not None
    assert "“one operator harvests answers and hides it” is 9.1 bits ahead" in said


def test_a_case_lies_among_innocent_groups() -> None:
    then = datetime(2026, 2, 11, tzinfo=UTC)
    old = {"calibrated_at": then - timedelta(days=1), "n_groups": 9, "n_published": 9, "margins": [99.0]}
    client = {"calibrated_at": then, "n_groups": 40, "n_published": 0, "margins": [1.2, -0.5]}
    alike = {"calibrated_at": then, "n_groups": 1_960, "n_published": 1, "margins": [2.5, 0.0]}
    said = among_innocent([old, client, alike], 9.1)
    assert said == (
        "Of 2,000 groups that are innocent by construction or drawn at random, 1 would have been published: with 95% "
        "confidence at most 0.24% of such groups. This case is 9.1 bits ahead, which none of them reaches (highest: "
        "2.5)."
    )
    assert "which 1 of them reaches" in (among_innocent([client, alike], 2.0) or "")
    assert among_innocent([], 2.0) is None


def test_a_lake_without_a_judgement_says_nothing() -> None:
    assert why_confidence({"confidence": "high"}, [], DEFAULT.scoring) is None
