"""Evidence from times: activity in the same slots, creation at the same time."""

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]


def met_by_habit(common: Ints, products: Floats, at_a_time: Ints, on_a_day: Ints) -> Floats:
    """Slots in which two accounts would meet, were they active on their days at the times of day of their other days.

    common: slots in which both are active; products: slots of the one times slots of the other; at_a_time: over the
    times of day, the sum of days at it of the one times of the other; on_a_day: over the days, the sum of slots in it
    of the one times of the other. Of pairs of slots on different days, the share at one time of day is how often habit
    brings the two together; 0 where they were active on one day only. After the shift surrogates of neuroscience: a
    coincidence that survives a shift by whole days is a habit.
    """
    elsewhere = products - on_a_day
    share = np.divide(at_a_time - common, elsewhere, out=np.zeros(len(products)), where=elsewhere > 0)
    met: Floats = share * on_a_day
    return met


def effective_slots(active: Floats) -> float:
    """The number of equally busy slots in which random accounts would meet as often as in these.

    active: how many accounts are active in each slot. (sum w)^2 / sum w^2, the inverse participation ratio: T. Accounts
    of n and m slots meet in about n m / T of them by chance; everybody sleeps, so T is less than all.
    """
    squares = float((active**2).sum())
    return float(active.sum()) ** 2 / squares if squares else 1.0


def poisson_bits(found: Floats, expected: Floats) -> Floats:
    """Surprise, in bits, of at least `observed` where `expected` are expected; at most 1000, near where doubles end."""
    tail: Floats = -poisson.logsf(found - 1, np.maximum(expected, 1e-9)) / np.log(2)
    return np.minimum(np.nan_to_num(tail, nan=0.0, posinf=1000.0), 1000.0)
