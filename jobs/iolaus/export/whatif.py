"""What other settings would publish: the rule of confidence applied again to what a lake has stored."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.export.confidence import families_of
from iolaus.export.decisions import decisions
from iolaus.export.gold import Gold
from iolaus.export.recorded_settings import of_day
from iolaus.export.report_cases import JUDGEMENT
from iolaus.model.judgement.rule import is_high, is_medium
from iolaus.settings import Scoring, Settings, differences

# What a stored judgement can be read under again. Other settings change the judgement, or what is judged:
# `iolaus.runtime.shadow`.
RULE = tuple(
    f"scoring.{name}"
    for name in ("margin", "high_margin", "families", "family_speaks", "fewest_accounts", "fewest_owners")
)
LOW = "low"


@dataclass(frozen=True)
class Change:
    """A cluster that other settings would list otherwise."""

    run_date: date
    cluster_id: str
    change: str  # appears, vanishes, or from one confidence to another
    before: str
    after: str
    margin_bits: float
    n_accounts: int
    verdict: str | None
    accounts: list[str] = field(default_factory=list)


def beyond_rule(gold: Gold, other: Callable[[Settings], Settings], days: Iterable[date]) -> list[str]:
    """The settings to try that differ from those of the runs and change what is judged, not only the rule."""
    found: set[str] = set()
    for recorded in (of_day(gold, day) for day in days):
        found |= set(differences(other(recorded), recorded)) - set(RULE)
    return sorted(found)


def whatif(gold: Gold, other: Callable[[Settings], Settings], days: Iterable[date]) -> list[Change]:
    """The clusters of some run dates whose confidence would differ, by date, those that appear first.

    other: the settings to try, of those that a run recorded. Only RULE may differ: see `beyond_rule`. Raises UsageError
    for a date that is not published.
    """
    found = [change for day in days for change in _of_day(gold, day, other(of_day(gold, day)).scoring)]
    order = {"appears": 0, "vanishes": 1}
    return sorted(found, key=lambda c: (c.run_date, order.get(c.change, 2), -c.margin_bits, c.cluster_id))


def _of_day(gold: Gold, day: date, scoring: Scoring) -> Iterable[Change]:
    then = ds.field("run_date") == pa.scalar(day)
    rows = [row for name in ("gold.suspect_clusters", "gold.watchlist") for row in gold.find(name, then)]
    judged_on: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for fact in gold.find("gold.cluster_evidence", then & (ds.field("kind") == JUDGEMENT)):
        judged_on[fact["cluster_id"]].append(fact)
    decided, members = decisions(gold, day), _members(gold, then)
    for row in rows:
        accounts = members.get(row["cluster_id"], [])
        judged = decided.cluster(row, accounts)
        after = LOW if judged["cleared"] else confidence(row, families_of(judged_on[row["cluster_id"]]), scoring)
        before = row["confidence"]
        if after != before:
            change = "appears" if before == LOW else "vanishes" if after == LOW else f"{before} to {after}"
            yield Change(
                *(day, row["cluster_id"], change, before, after, row["margin_bits"], row["n_accounts"]),
                judged["verdict"],
                sorted(accounts),
            )


def confidence(row: Mapping[str, Any], families: Mapping[str, float], scoring: Scoring) -> str:
    """The confidence of a cluster, by the rule of `iolaus.model.judgement.rule`.

    families: bits of each family of facts over chance.
    """
    speaking = sum(bits >= scoring.family_speaks for bits in families.values())
    if not is_medium(row["n_accounts"], row["n_owners"], row["margin_bits"], speaking, scoring):
        return LOW
    return "high" if is_high(row["margin_bits"], scoring) else "medium"


def _members(gold: Gold, then: ds.Expression) -> dict[str, list[str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for row in gold.find("graph.clusters", then, ("cluster_id", "account_id")):
        members[row["cluster_id"]].append(row["account_id"])
    return members
