"""Two lakes beside each other: what the one publishes and the other, made by other settings or code, does not."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.errors import UsageError
from iolaus.export.decisions import Decisions, decisions
from iolaus.export.gold import Gold


@dataclass(frozen=True)
class Difference:
    """A cluster that two lakes do not publish alike."""

    change: str  # appears, vanishes, or from one confidence to another
    cluster_id: str  # its id where it is published; in the first lake where it is in both
    other_id: str | None  # its id in the second lake, where it is in both
    n_accounts: int
    joined: list[str] = field(default_factory=list)  # accounts that only the second lake has in it
    left: list[str] = field(default_factory=list)  # accounts that only the first lake has in it
    verdicts: dict[str, int] = field(default_factory=dict)  # in force in the first lake, on accounts that differ

    def cells(self, *, whole: bool) -> tuple[object, ...]:
        """Its values in the order of CELLS; of accounts that differ their names if `whole`, else how many there are."""
        differ = (self.joined, self.left) if whole else (len(self.joined), len(self.left))
        return self.cluster_id, self.change, self.other_id, self.n_accounts, *differ, self.verdicts


CELLS = ("cluster_id", "change", "other_id", "n_accounts", "joined", "left", "verdicts")


def newest_of_both(one: Gold, other: Gold) -> date:
    """The newest run date that both lakes published. Raises UsageError if there is none."""
    if both := sorted(set(one.days()) & set(other.days())):
        return both[-1]
    raise UsageError(f"{one.lake} and {other.lake} published no run date both; run the same days in both")


def compare(one: Gold, other: Gold, day: date) -> list[Difference]:
    """Clusters of a run date that the two lakes do not publish alike: those that appear, then vanish, then differ.

    A cluster is the same in both if more than half of the smaller one's accounts are in the larger. Ids may differ.
    """
    decided = decisions(one, day)
    first, second = _published(one, day), _published(other, day)
    partner = _partners(first, second)
    found = [
        Difference("appears", name, None, len(accounts), sorted(accounts), [], _verdicts(decided, accounts))
        for name, (_, accounts) in second.items()
        if name not in partner.values()
    ]
    for name, (confidence, accounts) in first.items():
        if name not in partner:
            found.append(
                Difference("vanishes", name, None, len(accounts), [], sorted(accounts), _verdicts(decided, accounts))
            )
            continue
        now, others = second[partner[name]]
        joined, left = others - accounts, accounts - others
        if now != confidence or joined or left:
            change = f"{confidence} to {now}" if now != confidence else "other accounts"
            differ = _verdicts(decided, joined | left)
            found.append(Difference(change, name, partner[name], len(others), sorted(joined), sorted(left), differ))
    order = {"appears": 0, "vanishes": 1}
    return sorted(found, key=lambda d: (order.get(d.change, 2), -d.n_accounts, d.cluster_id))


Clusters = dict[str, tuple[str, set[str]]]  # confidence and accounts, by id


def _published(gold: Gold, day: date) -> Clusters:
    then = ds.field("run_date") == pa.scalar(day)
    members: dict[str, set[str]] = defaultdict(set)
    for row in gold.find("gold.suspect_cluster_members", then, ("cluster_id", "account_id")):
        members[row["cluster_id"]].add(row["account_id"])
    rows = gold.find("gold.suspect_clusters", then, ("cluster_id", "confidence"))
    return {r["cluster_id"]: (r["confidence"], members[r["cluster_id"]]) for r in rows}


def _partners(first: Clusters, second: Clusters) -> dict[str, str]:
    """The cluster of `second` that each of `first` is: of most accounts in common first, and each is one's alone."""
    is_in = {account: name for name, (_, accounts) in second.items() for account in accounts}
    common = Counter((name, is_in[a]) for name, (_, accounts) in first.items() for a in accounts if a in is_in)
    found: dict[str, str] = {}
    for (name, other), n in sorted(common.items(), key=lambda c: (-c[1], c[0])):
        smaller = min(len(first[name][1]), len(second[other][1]))
        if name not in found and other not in found.values() and 2 * n > smaller:
            found[name] = other
    return found


def _verdicts(decided: Decisions, accounts: set[str]) -> dict[str, int]:
    return dict(Counter(found.verdict for a in accounts if (found := decided.account(a))).most_common())
