"""Why a case has its confidence: one sentence with the figures that decided."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lakes import write

from iolaus.export.confidence import among_innocent, calibrations, why_confidence
from iolaus.export.gold import Gold
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


def calibration(run: int, margins: dict[str, float], published: tuple[str, ...] = (), n: int = 0) -> dict[str, Any]:
    """A kind of innocent groups on a run date of February; `n` groups in all, of which those of margins are named."""
    ids = sorted(margins, key=lambda g: -margins[g])
    then = {"run_date": date(2026, 2, run), "calibrated_at": datetime(2026, 2, run, tzinfo=UTC), "kind": "client"}
    of = {"n_groups": n or len(ids), "n_published": len(published), "published_groups": list(published)}
    return then | of | {"groups": ids, "margins": [margins[g] for g in ids]}


def test_a_case_lies_among_innocent_groups() -> None:
    client = calibration(10, {"client:1": 1.2, "client:2": -0.5})
    alike = calibration(10, {"2026-02-10:hc:1": 2.5}, ("2026-02-10:hc:1",), n=1_998)
    said = among_innocent([client, alike], 9.1)
    assert said == (
        "Of 2,000 groups that are innocent by construction or drawn at random, 1 would have been published (with 95% "
        "confidence: at most 0.24% of such groups). This case's margin is 9.1 bits, and none of theirs reaches it "
        "(highest: 2.5)."
    )
    assert "and 1 of theirs reaches it" in (among_innocent([client, alike], 2.0) or "")
    assert among_innocent([], 2.0) is None


def test_calibrations_of_a_window_add_up_and_a_group_counts_once() -> None:
    first = calibration(3, {"client:1": 3.5, "client:2": 0.0}, ("client:1",))
    again = calibration(10, {"client:1": 1.0, "client:3": 0.5})
    said = among_innocent([first, again], 3.0)
    assert said is not None
    assert said.startswith(
        "Of 3 groups that are innocent by construction or drawn at random in 2 runs of the window, 1 "
    )
    assert "and 1 of theirs reaches it (highest: 3.5)" in said


def test_the_newest_calibration_of_each_run_date_of_the_window_counts(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    old, replaced = calibration(1, {"a": 9.0}), calibration(9, {"b": 9.0})
    newest = calibration(9, {"c": 1.0}) | {"calibrated_at": datetime(2026, 2, 12, tzinfo=UTC)}
    write(lake, "quality.calibration", [old, replaced, newest, calibration(11, {"d": 2.0})])
    gold = Gold(str(lake))
    assert [c["groups"] for c in calibrations(gold, date(2026, 2, 10), 7)] == [["c"]]
    assert sorted(c["groups"][0] for c in calibrations(gold, date(2026, 2, 11), 28)) == ["a", "c", "d"]


def test_a_lake_without_a_judgement_says_nothing() -> None:
    assert why_confidence({"confidence": "high"}, [], DEFAULT.scoring) is None
