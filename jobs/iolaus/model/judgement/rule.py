"""What is published: the rule of confidence, once, for columns of a table and for the numbers of one case alike."""

from collections.abc import Iterable, Mapping
from typing import Any

from iolaus.model.judgement.hypotheses import CHANCE
from iolaus.settings import Scoring


def is_medium(n_accounts: Any, n_owners: Any, margin_bits: Any, families: Any, settings: Scoring) -> Any:
    """Whether a case is published at all: accounts, owners, margin, and families that each speak against chance.

    Numbers give a bool, columns of Spark a column.
    """
    large = (n_accounts >= settings.fewest_accounts) & (n_owners >= settings.fewest_owners)
    return large & (margin_bits >= settings.margin) & (families >= settings.families)


def is_high(margin_bits: Any, settings: Scoring) -> Any:
    """Whether a case that is published is so with high confidence."""
    return margin_bits >= settings.high_margin


def over_chance(facts: Iterable[tuple[str, Mapping[str, float]]], operator: str) -> dict[str, float]:
    """Bits of each family of facts for an operator's hypothesis over chance, most first; without the prior.

    facts: family, and log2 of the probability of what was found under each hypothesis.

    >>> over_chance([("content", {"distillation": -0.5, "strangers": -3.5})], "distillation")
    {'content': 3.0}
    """
    summed: dict[str, float] = {}
    for family, logs in facts:
        if family != "prior" and operator in logs and CHANCE in logs:
            summed[family] = summed.get(family, 0.0) + logs[operator] - logs[CHANCE]
    return dict(sorted(summed.items(), key=lambda given: -given[1]))
