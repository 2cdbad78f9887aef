"""Cases that may be one operation: what their accounts share, though too little to be one cluster."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.export.gold import Gold
from iolaus.model.signals import CHANNEL

# Others are shared by many strangers.
CHANNELS = ("card", "address", "mail", "device", "conversation", "system", "template", "prompt")
MOST = 5  # related cases named on a page
_SHARE = 2.0**-6  # of all owners, that may have a value that ties two cases


@dataclass(frozen=True)
class Related:
    """Another case, and how many values of each kind accounts of both have."""

    cluster_id: str
    shared: list[tuple[str, int]]  # what both do, in words, and how many values

    @property
    def n_values(self) -> int:
        """All values together."""
        return sum(n for _, n in self.shared)


def related(gold: Gold, day: date, accounts: Mapping[str, Collection[str]]) -> dict[str, list[Related]]:
    """For each case, the cases of the run that share rare values with it, those of most values first.

    accounts: those of each listed cluster. A value is rare if one owner in 64 has it at most.
    """
    of = {account: name for name, them in accounts.items() for account in them}
    population = gold.table("features.population")
    if len(accounts) < 2 or not of or population is None:
        return {}
    then = ds.field("run_date") == pa.scalar(day)
    owners = population.to_pyarrow_dataset().count_rows(filter=then & ds.field("is_first_of_owner"), use_threads=False)
    rare = ds.field("n_qualifying_owners") <= max(int(owners * _SHARE), 2)
    wanted = ds.field("account_id").isin(pa.array(sorted(of), pa.string()))
    usual = ds.field("is_qualifying") & ds.field("channel").isin(CHANNELS)
    rows = gold.find("features.account_values", then & usual & rare & wanted, ("account_id", "channel", "value_hash"))
    having: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in rows:
        having[row["channel"], row["value_hash"]].add(of[row["account_id"]])
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (channel, _), cases in having.items():
        for pair in combinations(sorted(cases), 2):
            counted[pair][channel] += 1
    found: dict[str, list[Related]] = defaultdict(list)
    for (a, b), channels in counted.items():
        shared = [(CHANNEL[channel].says, n) for channel, n in channels.most_common()]
        found[a].append(Related(b, shared))
        found[b].append(Related(a, shared))
    return {name: sorted(them, key=lambda r: (-r.n_values, r.cluster_id))[:MOST] for name, them in found.items()}
