"""Timing: surprises are Poisson tails, effective slots are an inverse participation ratio."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy.stats import poisson

from iolaus.model.timing import effective_slots, met_by_habit, poisson_bits


@pytest.mark.parametrize("expected", [1e-6, 0.01, 0.5, 3.0, 40.0])
@pytest.mark.parametrize("found", [1, 2, 5, 20])
def test_poisson_bits_are_the_log_of_the_tail_summed_term_by_term(found: int, expected: float) -> None:
    """Both by SciPy's distribution and by adding up the definition's own terms."""
    tail = math.fsum(
        math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(found, found + 400)
    )
    bits = poisson_bits(np.array([float(found)]), np.array([expected]))[0]
    assert bits == pytest.approx(-math.log2(tail), rel=1e-9, abs=1e-12)
    assert bits == pytest.approx(-np.log2(poisson.sf(found - 1, expected)), rel=1e-9, abs=1e-12)


def test_none_found_is_no_surprise_and_more_is_never_less() -> None:
    found = np.arange(200.0)
    bits = poisson_bits(found, np.full(200, 2.0))
    assert bits[0] == 0
    assert (np.diff(bits) >= 0).all()
    assert (np.diff(bits[:150]) > 0).all()
    assert np.isfinite(bits).all()


def test_nothing_expected_and_very_much_found_stay_finite() -> None:
    bits = poisson_bits(np.array([0.0, 1.0, 5000.0]), np.array([0.0, 0.0, 0.001]))
    assert bits[0] == 0
    assert bits[1] == pytest.approx(-math.log2(1e-9), rel=1e-6)
    assert bits[2] == 1000.0


@pytest.mark.parametrize("slots", [1, 7, 4032])
def test_equally_busy_slots_all_count(slots: int) -> None:
    assert effective_slots(np.full(slots, 13.0)) == pytest.approx(slots)


def test_effective_slots_ignore_empty_ones_and_scale() -> None:
    active = np.array([3.0, 1.0, 0.0, 5.0])
    assert effective_slots(active) == pytest.approx(81 / 35)
    assert effective_slots(np.append(active, np.zeros(9)) * 4) == pytest.approx(81 / 35)
    assert effective_slots(np.empty(0)) == effective_slots(np.zeros(3)) == 1.0


def test_effective_slots_are_those_in_which_random_accounts_meet_as_often() -> None:
    """Accounts that are active in n slots drawn by how busy a slot is meet in n squared over the effective number."""
    rng = np.random.default_rng(5)
    weight = rng.gamma(1.0, size=400)
    drawn = [rng.choice(400, 12, p=weight / weight.sum()) for _ in range(3000)]
    met = np.mean([(a[:, None] == b[None, :]).sum() for a, b in zip(drawn[::2], drawn[1::2], strict=True)])
    assert met == pytest.approx(144 / effective_slots(weight), rel=0.06)


def met(one: set[int], other: set[int]) -> float:
    """`met_by_habit` of two accounts, of slots of ten in a day."""
    at, on = ([Counter(f(s) for s in x) for x in (one, other)] for f in (lambda s: s % 10, lambda s: s // 10))
    sums = (sum(x[0][k] * x[1][k] for k in x[0]) for x in (at, on))
    common, products = np.array([len(one & other)]), np.array([float(len(one) * len(other))])
    return float(met_by_habit(common, products, *(np.array([x]) for x in sums))[0])


def test_habit_is_the_share_of_slots_at_one_time_on_different_days() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        one, other = (set(map(int, rng.choice(60, 12, replace=False))) for _ in "ab")
        apart = [(s % 10 == o % 10) for s in one for o in other if s // 10 != o // 10]
        same_day = sum(s // 10 == o // 10 for s in one for o in other)
        assert met(one, other) == pytest.approx(same_day * sum(apart) / len(apart))


def test_habit_explains_a_schedule_and_not_a_burst() -> None:
    daily, bursts = {3, 13, 23, 33}, {1, 17, 24, 38}
    assert met(daily, daily) == 4
    assert met(bursts, bursts) == 0
    assert met({1}, {1}) == 0, "one day has no habit"
