"""How a group's work is divided: among its members, and over the days.

A gateway that sends each request to the next free account gives all accounts as much to do, and what fills its queue
fills all of them at once. Strangers have more or less to do each, on days of their own.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from iolaus.engine.hashing import Ints
from iolaus.engine.records import flattened
from iolaus.model.judgement.weigh import Measured

FEWEST = 5  # members; fewer say nothing of how work is divided
FEWEST_EACH = 4.0  # first turns of the median member
DEALS = 20
TOGETHER = 50.0  # pairs of members active in one hour that must be expected by chance
HOURS = 24

Active = npt.NDArray[np.bool_]


def unevenness(first_turns: Ints) -> Measured | None:
    """How much members differ in what they have to do, as the spread of its logarithm beyond chance.

    None for too few to tell.

    first_turns: (n,) conversations that each member began. Spread is told from quartiles, so that a few strays do not
    count.

    >>> unevenness(np.array([60, 61, 59, 60, 62, 58, 60, 60])).value
    0.0
    """
    counts = first_turns[first_turns > 0]
    if len(counts) < FEWEST or np.median(counts) < FEWEST_EACH:
        return None
    low, high = np.quantile(np.log(counts), [0.25, 0.75])
    spread, chance = (high - low) / 1.349, 1 / np.sqrt(np.median(counts))
    value = float(np.sqrt(max(spread**2 - chance**2, 0.0)))
    return Measured(value, float(1.65 * max(spread, chance) / np.sqrt(2 * len(counts))))


def active_hours(activity: pa.ListArray, first_day: int, days: int) -> Active:
    """(accounts, 24 * days): in which hours each was active. activity: lists of (hour since 1970, n).

    Other hours are left out.
    """
    items, row = flattened(activity)
    hour = items.field("hour").to_numpy() - first_day * HOURS
    inside = (hour >= 0) & (hour < days * HOURS)
    active = np.zeros((len(activity), days * HOURS), bool)
    active[row[inside], hour[inside]] = True
    return active


def rhythm(groups: list[Active], seed: int) -> Measured | None:
    """How much more often than by chance members of a group are active in one hour, as a natural logarithm.

    None if too few are.

    groups: `active_hours` of each; several are taken together. Chance is each member's own hours on other days: its
    days moved round by a number of its own, which leaves its hours of the day as they are and takes away what moves all
    members at once.
    """
    rng = np.random.default_rng(seed)
    seen, deals = 0.0, np.zeros(DEALS)
    for active in groups:
        days = active.shape[1] // HOURS
        seen += _together(active)
        by_day = active.reshape(len(active), days, HOURS)
        rows, days_of = np.arange(len(active))[:, None], np.arange(days)
        for i in range(DEALS):
            moved = (days_of + rng.integers(0, days, len(active))[:, None]) % days
            deals[i] += _together(by_day[rows, moved].reshape(active.shape))
    chance = float(deals.mean())
    if chance < TOGETHER:
        return None
    return Measured(float(np.log(max(seen, 1.0) / chance)), float(deals.std() / chance))


def _together(active: Active) -> float:
    """Pairs of members that are active in the same hour, summed over hours."""
    each = active.sum(axis=0).astype(np.float64)
    return float((each * (each - 1)).sum()) / 2
