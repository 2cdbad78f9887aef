"""What changed since the run before, by name: accounts that joined and left, clusters that merged, ranks that vanished.

Everything is read from the published tables of two run dates, so of accounts that are in no published cluster no more
is known than that.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Moved:
    """An account that joined a cluster or left it, and the published cluster that it came from or went to, if any."""

    account_id: str
    other: str | None


@dataclass(frozen=True)
class Merged:
    """A cluster of the run before that is published no more, and how many of its accounts are in this one now."""

    cluster_id: str
    rank: int
    n_here: int
    n_accounts: int


@dataclass
class Changes:
    """Of one published cluster, beside the run before."""

    joined: list[Moved] = field(default_factory=list)
    left: list[Moved] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)

    @property
    def came_from(self) -> list[tuple[str, int]]:
        """The published clusters of the run before that accounts came from, and how many; most first."""
        return _counted(self.joined)

    @property
    def went_to(self) -> list[tuple[str, int]]:
        """The published clusters that accounts of the run before are in now, and how many; most first."""
        return _counted(self.left)


@dataclass(frozen=True)
class Vanished:
    """A published cluster of the run before that is published no more, and what became of it."""

    cluster_id: str
    rank: int
    n_accounts: int
    watched_rank: int | None  # its rank on today's watchlist
    went_to: list[tuple[str, int]]  # published clusters that its accounts are in now, most first

    @property
    def n_elsewhere(self) -> int:
        """Its accounts that are in no published cluster now."""
        return self.n_accounts - sum(n for _, n in self.went_to)


def changes(now: Sequence[Row], before: Sequence[Row], ranks: Mapping[str, int]) -> dict[str, Changes]:
    """The changes of each published cluster of today.

    now, before: (cluster_id, account_id) of `gold.suspect_cluster_members` of the two runs. ranks: those of the
    clusters that the run before published.
    """
    is_in, was_in = _places(now), _places(before)
    then, today = _members(before), _members(now)
    found: dict[str, Changes] = {}
    for cluster, members in today.items():
        had = then.get(cluster, set())
        gone = [c for c in sorted(then) if c not in today and len(then[c] & members) * 2 > len(then[c])]
        found[cluster] = Changes(
            [Moved(a, was_in.get(a)) for a in sorted(members - had)],
            [Moved(a, is_in.get(a)) for a in sorted(had - members)],
            [Merged(c, ranks.get(c, 0), len(then[c] & members), len(then[c])) for c in gone],
        )
    return found


def vanished(
    now: Sequence[Row],
    before: Sequence[Row],
    ranks: Mapping[str, int],
    published: Iterable[str],
    watched: Mapping[str, int],
) -> list[Vanished]:
    """The clusters that the run before published and today's does not, by the rank that they had.

    published: ids of today's. watched: ranks on today's watchlist, by id. The rest is as `changes` has it.
    """
    is_in, then, today = _places(now), _members(before), set(published)
    found = []
    for cluster, rank in sorted(ranks.items(), key=lambda x: x[1]):
        if cluster not in today:
            members = then.get(cluster, set())
            places = _counted(Moved(a, is_in.get(a)) for a in members)
            found.append(Vanished(cluster, rank, len(members), watched.get(cluster), places))
    return found


def _places(rows: Iterable[Row]) -> dict[str, str]:
    return {row["account_id"]: row["cluster_id"] for row in rows}


def _members(rows: Iterable[Row]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[row["cluster_id"]].add(row["account_id"])
    return dict(found)


def _counted(moved: Iterable[Moved]) -> list[tuple[str, int]]:
    return sorted(Counter(m.other for m in moved if m.other).items(), key=lambda c: (-c[1], c[0]))
