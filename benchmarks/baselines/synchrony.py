"""CopyCatch: accounts that use the same values within the same hours, found by a local search from seeds.

Source: Beutel et al., *CopyCatch: Stopping Group Attacks by Spotting Lockstep Behavior in Social Networks* (WWW 2013),
algorithm 1. A page is a value on a day (a prompt's first or last eight words, an address). The time of an account at a
page is that of its first such exchange. A group is a set of accounts; each has, on a share `RHO` of m pages, a time
within delta of the page's centre. Where it departs: it takes the fullest window of every candidate page at once, where
the paper moves each centre towards it. Every account that no group holds yet seeds some searches, in a seeded order.
Groups that share half of the smaller are one.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl
from numpy.typing import NDArray

from baselines.components import by_size, rows_of
from baselines.prepared import Prepared

RHO = 0.8
MEMBERS = 5  # of a group, at least
ROUNDS = 8
SEED = 7
TRIES = 5  # searches that an account seeds
DELTAS = (1, 4, 12)  # hours on either side of a page's centre
PAGES = (2, 3, 5)  # that a group has in common
GAP = 4 * 86_400  # between the times of two pages: a window never reaches the next page's

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Actions:
    """Every account's time at every page it has, once by account and once by page.

    keys: page * GAP + time, sorted; account: whose each is. own_keys: the same keys by account, each account's from
      starts[account] on.
    """

    keys: Ints
    account: Ints
    own_keys: Ints
    starts: Ints


def synchrony(prepared: Prepared) -> Iterator[tuple[str, pl.DataFrame]]:
    """Scored accounts for each number of pages in common: an account's score is the size of its group."""
    ids, actions = prepared.accounts["account_id"], prepared.actions
    page = actions.select(pl.struct("channel", "value", "happened_on").rank("dense").cast(pl.Int64)).to_series()
    made = arrange(rows_of(ids, actions["account_id"]), page.to_numpy(), actions["at"].to_numpy(), len(ids))
    for pages, hours in product(PAGES, DELTAS):
        member = np.full(len(ids), -1)
        for number, accounts in enumerate(groups(made, pages, hours * 3600)):
            member[accounts] = number
        held = member >= 0
        yield f"{pages} pages, {hours} h", by_size(ids.filter(pl.Series(held)), member[held])


def arrange(account: Ints, page: Ints, at: NDArray[np.integer], accounts: int) -> Actions:
    """The actions in both orders."""
    keys = page.astype(np.int64) * GAP + at
    by_key, by_account = np.argsort(keys, kind="stable"), np.lexsort((keys, account))
    starts = np.searchsorted(account[by_account], np.arange(accounts + 1))
    return Actions(keys[by_key], account[by_key], keys[by_account], starts)


def groups(actions: Actions, pages: int, delta: int) -> list[Ints]:
    """The groups with so many pages in common, delta in seconds, the largest first; each account is in one at most."""
    rng = np.random.default_rng(SEED)
    sizes = np.diff(actions.starts)
    held, found = np.zeros(len(sizes), bool), list[set[int]]()
    for seed in rng.permutation(np.flatnonzero(sizes >= pages)):
        own = actions.own_keys[actions.starts[seed] : actions.starts[seed + 1]]
        for _ in range(TRIES):
            if held[seed]:
                break
            members = _search(actions, rng.choice(own, pages, replace=False), pages, delta)
            if len(members) >= MEMBERS:
                held[members] = True
                found.append(set(members.tolist()))
    taken, disjoint = set[int](), []
    for group in sorted(_merged(found), key=len, reverse=True):
        if len(group - taken) >= MEMBERS:
            disjoint.append(np.array(sorted(group - taken)))
            taken |= group
    return disjoint


def _search(actions: Actions, centres: Ints, pages: int, delta: int) -> Ints:
    """The accounts that one search ends with. It starts at some of the seed's pages, at the seed's own times."""
    members, best = np.zeros(0, np.int64), 0
    for _ in range(ROUNDS):
        now = _within(actions, centres, delta)
        if len(now) < 2:
            break
        keys = np.sort(np.concatenate([actions.own_keys[actions.starts[a] : actions.starts[a + 1]] for a in now]))
        centres, reached = _fullest(keys, pages, delta)
        if len(centres) < pages or reached <= best:
            break
        members, best = now, reached
    return members


def _within(actions: Actions, centres: Ints, delta: int) -> Ints:
    """The accounts with a time near the centre on a share `RHO` of the pages."""
    low = np.searchsorted(actions.keys, centres - delta, "left")
    high = np.searchsorted(actions.keys, centres + delta, "right")
    near = np.concatenate([actions.account[a:b] for a, b in zip(low, high, strict=True)])
    accounts, counts = np.unique(near, return_counts=True)
    return accounts[counts >= math.ceil(RHO * len(centres))]


def _fullest(keys: Ints, pages: int, delta: int) -> tuple[Ints, int]:
    """The centres of the fullest windows of the pages that have most, and how many actions they hold together."""
    counts = np.searchsorted(keys, keys + 2 * delta, "right") - np.arange(len(keys))
    order = np.lexsort((keys, -counts))
    first = np.unique(keys[order] // GAP, return_index=True)[1]  # of each page its fullest window
    chosen = order[np.sort(first)[:pages]]
    return keys[chosen] + delta, int(counts[chosen].sum())


def _merged(found: list[set[int]]) -> list[set[int]]:
    """Groups, of which those that share half of the smaller are one."""
    merged: list[set[int]] = []
    for group in sorted(found, key=len, reverse=True):
        near = [m for m in merged if 2 * len(m & group) >= min(len(m), len(group))]
        merged = [m for m in merged if m not in near] + [group.union(*near)]
    return merged
