"""Why a case has its confidence: one sentence with the figures that decided."""

from typing import Any

import pytest

from iolaus.export.confidence import why_confidence
from iolaus.settings import DEFAULT

ROW: dict[str, Any] = {
    "confidence": "high", "case_kind": "distillation", "rival": "one_trade", "margin_bits": 9.1, "n_accounts": 29,
    "n_owners": 27,
}  # fmt: skip
AHEAD, RIVAL = "“one operator harvests answers”", "“programs of unrelated firms in one trade”"
ON = "on 2 families of facts: content, timing"
JUDGED = [
    {"part": "prior", "bits": -2.0},
    {"part": "timing", "bits": 3.0},
    {"part": "content", "bits": 4.5},
    {"part": "content", "bits": 4.0},
    {"part": "age", "bits": 0.5},
]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, f"high because {AHEAD} is 9.1 bits ahead of {RIVAL} (5.0 make it high), {ON}."),
        (
            {"confidence": "medium", "margin_bits": 3.0},
            f"medium because {AHEAD} is 3.0 bits ahead of {RIVAL} (2.0 make it medium, and 5.0 make it high), {ON}.",
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
    assert said == "Confidence is low because 1 family of facts speak for one operator, and 2 are needed."


def test_a_lake_without_a_judgement_says_nothing() -> None:
    assert why_confidence({"confidence": "high"}, [], DEFAULT.scoring) is None
