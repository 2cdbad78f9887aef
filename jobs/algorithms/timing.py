"""Evidence from times: activity in the same slots, creation at the same time."""

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

Floats = npt.NDArray[np.float64]


def co_activity_bits(common: Floats, slots_a: Floats, slots_b: Floats, effective_slots: float) -> Floats:
    """Surprise, in bits, that two accounts share so many slots, were each active at times of its own.

    Under independence the number of common slots is about Poisson with mean slots_a * slots_b / T, where T
    is the effective number of slots (see `effective_slots`): everybody sleeps, so T is less than all.
    """
    expected = slots_a * slots_b / effective_slots
    return poisson_bits(common, expected)


def effective_slots(active: Floats) -> float:
    """The number of equally busy slots in which random accounts would meet as often as in these.

    active: how many accounts are active in each slot. (sum w)^2 / sum w^2, the inverse participation ratio.
    """
    squares = float((active**2).sum())
    return float(active.sum()) ** 2 / squares if squares else 1.0


def poisson_bits(found: Floats, expected: Floats) -> Floats:
    """Surprise, in bits, of at least so many where so many are expected; at most 1000, near where doubles end."""
    tail: Floats = -poisson.logsf(found - 1, np.maximum(expected, 1e-9)) / np.log(2)
    return np.minimum(np.nan_to_num(tail, nan=0.0, posinf=1000.0), 1000.0)
