"""Timing: surprises are Poisson tails, effective slots are an inverse participation ratio."""

import math

import numpy as np
import pytest
from scipy.stats import poisson

from jobs.algorithms.timing import co_activity_bits, effective_slots, poisson_bits


@pytest.mark.parametrize("expected", [1e-6, 0.01, 0.5, 3.0, 40.0])
@pytest.mark.parametrize("found", [1, 2, 5, 20])
def test_poisson_bits_are_the_log_of_the_tail_summed_term_by_term(found: int, expected: float) -> None:
    """Both by SciPy's distribution and by adding up the definition's own terms."""
    tail = math.fsum(math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(found, found + 400))
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


def test_co_activity_is_symmetric_and_rarer_slots_prove_more() -> None:
    common, a, b = (np.array([x]) for x in (6.0, 20.0, 50.0))
    one, other = co_activity_bits(common, a, b, 1000.0), co_activity_bits(common, b, a, 1000.0)
    assert one == other
    assert one[0] == pytest.approx(-np.log2(poisson.sf(5, 1.0)))
    assert co_activity_bits(common, a, b, 2000.0)[0] > one[0] > co_activity_bits(common, a, b, 500.0)[0]
