"""What each family of evidence says of an account and a group, in thousandths of a bit: one function a family."""

import numpy as np
import pyarrow as pa

from iolaus.engine.records import flattened
from iolaus.model.account_bins import BINNED, Floats, Ints
from iolaus.model.bits import MILLI
from iolaus.model.membership.candidates import IN_CONTENT, Candidates
from iolaus.model.membership.group import Groups
from iolaus.model.membership.typical import Typical
from iolaus.settings import Profile

FAMILIES = ("content", "infrastructure", "cohort", "behaviour", "timing")
HOURS_AT_ONCE = 2_000_000  # hours of all candidates that are looked up at once


def content(of: Candidates, typical: Typical, groups: Groups, settings: Profile) -> Ints:
    """What is asked: the best of each part, capped.

    Less what it costs to send nothing of what nearly all members send.
    """
    said = np.minimum(of.best[:, IN_CONTENT].sum(axis=1), settings.content_cap * MILLI)
    missed = of.shares & ~of.has_usual
    bits: Ints = (said + np.where(missed, typical.missed(len(groups.names))[of.group], 0)).astype(np.int64)
    return bits


def infrastructure(of: Candidates, settings: Profile) -> Ints:
    """What requests are sent from and paid with: the best of each part, capped."""
    bits: Ints = np.minimum(of.best[:, ~IN_CONTENT].sum(axis=1), settings.infrastructure_cap * MILLI).astype(np.int64)
    return bits


def cohort(of: Candidates, place: Floats, groups: Groups, settings: Profile) -> Ints:
    """Whether the account was made in the time in which most members were.

    0 where that is unknown. place: of each row, 0 to 1.
    """
    at, low, high = place[of.account], groups.low[of.group], groups.high[of.group]
    width = np.maximum(high - low, 0.002)
    inside = (at >= low - 0.1 * width) & (at <= high + 0.1 * width)
    bits = np.where(
        inside, np.log2(0.85 / np.minimum(1.2 * width, 0.85)), np.log2(0.15 / np.maximum(1 - 1.2 * width, 0.15))
    )
    return np.round(
        np.where(np.isnan(at), 0.0, np.clip(bits, settings.cohort_least, settings.cohort_most)) * MILLI
    ).astype(np.int64)


def behaviour(of: Candidates, bins: pa.ListArray, groups: Groups, baseline: Ints, settings: Profile) -> Ints:
    """How it is used: the bins of the account's measures, in the group against the baseline."""
    group, member = of.group, of.member
    values = bins.flatten().to_numpy(zero_copy_only=False).astype(float).reshape(-1, len(BINNED))[of.account]
    known = ~np.isnan(values)
    at = np.nan_to_num(values).astype(np.int64)
    measure = np.arange(len(BINNED))[None, :]
    inside, total = groups.inside[group[:, None], measure, at], groups.inside.sum(axis=2)[group]
    p = (inside - member[:, None] + 0.5) / (total - member[:, None] + 2)
    outside = baseline[None, :, :] - groups.inside  # a large group is not held against itself
    q = (outside[group[:, None], measure, at] + 0.5) / (outside.sum(axis=2)[group] + 2)
    step, cap = settings.behaviour_step, int(settings.behaviour_cap * MILLI)
    bits = np.where(known & (total > member[:, None]), np.clip(np.log2(np.maximum(p, 1e-9) / q), -step, step), 0.0)
    summed: Ints = np.round(bits * MILLI).astype(np.int64).sum(axis=1)
    return np.clip(summed, -cap, cap)


def timing(
    of: Candidates,
    hours: pa.ListArray,
    groups: Groups,
    baseline: Ints,
    settings: Profile,
    *,
    at_once: int = HOURS_AT_ONCE,
) -> Ints:
    """When it is active: the account's hours, each by its share of the hours of the group's other members.

    Held against the larger of its share of everybody's hours and of what the group's days and times of day make of it,
    so that neither a country's hours nor an office's prove anything: only hours that the group has for no such reason.
    Half of an account's hours may be its own, and that they are others than the group's says nothing against it.
    """
    account, group, member = of.account, of.group, of.member
    items, row = flattened(hours)
    lengths = np.bincount(row, minlength=len(hours))
    starts = np.cumsum(lengths) - lengths
    counts = lengths[account]
    total = groups.hours.sum(axis=1)
    by_day = groups.hours.reshape(len(total), -1, 24)
    usual = (by_day.sum(axis=2)[:, :, None] * by_day.sum(axis=1)[:, None, :]).reshape(len(total), -1) / np.maximum(
        total, 1
    )[:, None] ** 2
    outside = baseline[None, :] - groups.hours
    expected = np.maximum(usual, (outside + 0.5) / (outside.sum(axis=1)[:, None] + 0.5 * len(baseline)))
    hours_of, summed = items.to_numpy(zero_copy_only=False), np.zeros(len(account), np.int64)
    for some in np.array_split(np.arange(len(account)), counts.sum() // at_once + 1):
        n = counts[some]
        pair = np.repeat(np.arange(len(some)), n)
        within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        hour, at, own = (
            hours_of[starts[account[some]][pair] + within],
            group[some][pair],
            member[some][pair].astype(np.int64),
        )
        share = (groups.hours[at, hour] - own) / np.maximum(total[at] - own * n[pair], 1)
        bits = np.log2(0.5 * share / expected[at, hour] + 0.5)
        summed[some] = np.bincount(pair, weights=np.round(bits * MILLI), minlength=len(some)).astype(np.int64)
    return np.clip(summed, 0, int(settings.timing_cap * MILLI))
