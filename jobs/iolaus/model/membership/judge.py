"""Re-assignment of accounts to groups by profile: naive Bayes against the background of the same data.

A group's profile is what its members have more often than everybody: tokens by channel, time of creation,
bins of behaviour, what they ask about, the hours in which they are active. Of an account, each channel says how much
likelier its tokens are in the group than at large, in bits; groups of channels that are views of one fact count once;
families add up, each capped. A member is judged without its own contribution (leave one out), so a group cannot vouch for a member that
only vouches for itself. After Fellegi and Sunter, A theory for record linkage (JASA 1969), with agreement
weights estimated from the group and the background instead of from matched pairs.

Cost: an Arrow pass over the groups' members to describe them, and one over all accounts. What comes to the driver is one row
a group, and of each channel its most typical tokens.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.runs import begins
from iolaus.model.membership.group import (
    AT_ONCE,
    BINNED,
    CHANNELS,
    SUBJECT,
    Background,
    Floats,
    Groups,
    Ints,
    Typical,
    described,
    matrix,
    nearness,
    typical_tokens,
)
from iolaus.model.shared_values import MILLI
from iolaus.model.signals import CHANNEL
from iolaus.settings import Profile

FAMILIES = ("content", "infrastructure", "cohort", "behaviour", "timing")
BEHAVIOUR_STEP, BEHAVIOUR_CAP = 2.0, 6.0  # bits that one measure, and all together, may give or take
COHORT_LEAST, COHORT_MOST = -3.0, 5.0  # bits
TIMING_CAP = 5.0  # bits
PAIRS = 500_000  # of an account and a group, at most, that are held against each other at once: some 500 MB in a Python worker
HOURS_HELD = 2_000_000  # of all such pairs, that are looked up at once
_BELOW = 20_000  # thousandths of a bit, that a token may say against an account and a group before it is forgotten
_PARTS = sorted({(CHANNEL[c].family, CHANNEL[c].group) for c in CHANNELS})
_PART_OF = np.array([_PARTS.index((CHANNEL[c].family, CHANNEL[c].group)) for c in CHANNELS])
_IN_CONTENT = np.array([family == "content" for family, _ in _PARTS])
_SUBJECT_PART = _PARTS.index((CHANNEL[SUBJECT].family, CHANNEL[SUBJECT].group))
_CAPS = np.array([CHANNEL[c].cap for c in CHANNELS])

_ASSIGNED = (
    "community string, account_id string, bits int, " + ", ".join(f"{family} int" for family in FAMILIES) + ", reasons array<string>"
)


def assign(
    members: DataFrame, linked: DataFrame, accounts: DataFrame, at_large: Background, population: int, settings: Profile
) -> DataFrame:
    """One round: (community, account_id, bits, one column a family, reasons), one row an account.

    members: (community, account_id); linked: those of groups that were found by links alone, as they were found: to have no
    link, and share no token either, is to lack what all of them have; accounts: rows of `group_profiles.bins` with `held`, of
    `group_profiles.held`, null where an account shares nothing; at_large: see `group_profiles`. Candidates of a group are the
    accounts that share a token with it that the group has unusually often, or that ask about the same things. Bits are
    thousandths.
    """
    profile = described(members, accounts.drop("held"), settings)
    if not len(profile.names):
        return members.sparkSession.createDataFrame([], _ASSIGNED)
    typical = typical_tokens(members, accounts, profile, population, settings)
    by_links = np.isin(profile.names, linked.select("community").distinct().toArrow()["community"].to_pylist())  # a row a group
    at_once = max(1, min(AT_ONCE, PAIRS // len(profile.names)))
    own, ties = (of.groupBy("account_id").agg(F.collect_list("community").alias(name)) for of, name in ((members, "own"), (linked, "ties")))

    def judge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        nobody = np.zeros((len(at_large.vectors), len(profile.names)), bool)
        everybody = np.sort(nearness(at_large.vectors, profile.sums, nobody), axis=0)
        for batch in batches:
            for start in range(0, batch.num_rows, at_once):
                yield from _judge(batch.slice(start, at_once), profile, by_links, typical, at_large, everybody, population, settings)

    return accounts.join(own, "account_id", "left").join(ties, "account_id", "left").mapInArrow(judge, _ASSIGNED)


def _judge(
    batch: pa.RecordBatch,
    groups: Groups,
    by_links: npt.NDArray[np.bool_],
    typical: Typical,
    at_large: Background,
    everybody: Floats,
    population: int,
    settings: Profile,
) -> Iterator[pa.RecordBatch]:
    """The group that explains each account of a batch best, where one does."""
    names = pa.array(groups.names, pa.string())
    memberships = _memberships(batch.column("own"), names)
    # What the account asks about is one more channel, of groups that it may share no token with.
    found = (
        _shared(batch.column("held"), typical, memberships, groups, population),
        _subject(batch.column("vector"), memberships, groups, everybody, settings),
    )
    account, group, channel, bits, usual = (np.concatenate(x) for x in zip(*found, strict=True))
    if not len(account):
        return

    # The best channel of each part: (account, group, part) with the most bits last. All in one number, which is sorted.
    said = np.maximum(bits, -_BELOW) + _BELOW
    rows = np.sort((((account * len(names) + group) * len(_PARTS) + _PART_OF[channel]) << 22) + (said << 6) + (channel << 1) + usual)
    key, bits, channel, usual = rows >> 22, ((rows >> 6) & 0xFFFF) - _BELOW, (rows >> 1) & 0x1F, (rows & 1).astype(bool)
    pairs, part = np.divmod(key, len(_PARTS))
    pair = begins(pairs)
    has_usual, shares = (np.logical_or.reduceat(x, pair) for x in (usual, part != _SUBJECT_PART))
    last = np.flatnonzero(np.r_[np.diff(key) != 0, True])
    which = np.searchsorted(pair, last, side="right") - 1
    best = np.zeros((len(pair), len(_PARTS)), np.int64)
    best[which, part[last]] = np.where(part[last] == _SUBJECT_PART, bits[last], np.maximum(bits[last], 0))
    says = np.zeros((len(pair), len(_PARTS)), np.int64)
    says[which, part[last]] = channel[last]
    account, group = np.divmod(pairs[pair], len(names))
    cost = np.where(shares, typical.missed(len(names))[group], 0)

    content, infrastructure = best[:, _IN_CONTENT].sum(axis=1), best[:, ~_IN_CONTENT].sum(axis=1)
    candidate = np.maximum(content, infrastructure) >= settings.candidate_bits * MILLI
    content = np.minimum(content, settings.content_cap * MILLI) + np.where(has_usual, 0, cost)
    infrastructure = np.minimum(infrastructure, settings.infrastructure_cap * MILLI)
    prior = np.round(np.log2(groups.size[group] / np.maximum(population - groups.size[group], 1)) * MILLI).astype(np.int64)
    place = batch.column("place").to_numpy(zero_copy_only=False)[account]
    cohort = np.round(_cohort(place, groups.low[group], groups.high[group]) * MILLI).astype(np.int64)
    pair = account * len(names) + group
    member = np.isin(pair, memberships)
    exact = np.delete(best, _SUBJECT_PART, axis=1).max(axis=1) > 0
    untied = by_links[group] & ~exact & ~np.isin(pair, _memberships(batch.column("ties"), names))
    total = content + infrastructure + cohort + prior - np.where(untied, int(settings.unlinked * MILLI), 0)
    # Most groups that an account shares something with are not its own, whatever more is said of the two: what costs more to
    # compute is computed where it may still decide.
    enough = settings.posterior * MILLI
    hopeful = np.flatnonzero(candidate & (total + (BEHAVIOUR_CAP + TIMING_CAP) * MILLI >= enough))
    behaviour = _behaviour(batch.column("bins"), account[hopeful], group[hopeful], member[hopeful], groups, at_large.bins)
    open_ = total[hopeful] + behaviour + TIMING_CAP * MILLI >= enough
    hopeful, behaviour = hopeful[open_], behaviour[open_]
    account, group, member, total, best, says = (x[hopeful] for x in (account, group, member, total, best, says))
    content, infrastructure, cohort = (x[hopeful] for x in (content, infrastructure, cohort))
    timing = _timing(batch.column("hours"), account, group, member, groups, at_large.hours)
    families = np.stack([content, infrastructure, cohort, behaviour, timing], axis=1).astype(np.int64)
    total = total + behaviour + timing
    floor = settings.family_floor * MILLI
    alone = (content >= settings.content_alone * MILLI) & (families >= 0).all(axis=1)
    agree = alone | ((families >= floor).sum(axis=1) >= 2)
    accepted = np.flatnonzero(agree & (total >= enough))
    # The best group of each account: most bits, then the larger, then by name.
    accepted = accepted[np.lexsort([group[accepted], -groups.size[group[accepted]], -total[accepted], account[accepted]])]
    chosen = accepted[begins(account[accepted])]
    reasons = [[CHANNELS[c] for b, c in sorted(zip(best[i], says[i], strict=True), reverse=True) if b > 0] for i in chosen]
    yield pa.RecordBatch.from_arrays(
        [
            names.take(pa.array(group[chosen])),
            batch.column("account_id").take(pa.array(account[chosen])),
            pa.array(total[chosen].astype(np.int32)),
            *(pa.array(families[chosen, i].astype(np.int32)) for i in range(len(FAMILIES))),
            pa.array(reasons, pa.list_(pa.string())),
        ],
        names=[c.split()[0] for c in _ASSIGNED.split(", ")],
    )


Found = tuple[Ints, Ints, Ints, Ints, npt.NDArray[np.bool_]]  # account, group, channel, bits, usual: a row each


def _shared(held: pa.BinaryArray, typical: Typical, memberships: Ints, groups: Groups, population: int) -> Found:
    """What each token that an account shares with a group says, in thousandths of a bit."""
    account, place, counts = typical.met(held)
    group = typical.group[place]
    nobody = np.zeros(len(typical.token), bool)
    bits = _agreement(typical.having, typical.users, groups.size[typical.group], nobody, nobody, population)[place]
    own = np.flatnonzero(np.isin(account * len(groups.names) + group, memberships))  # a member's use is not held against itself
    having, users, size = typical.having[place[own]], typical.users[place[own]], groups.size[group[own]]
    bits[own] = _agreement(having, users, size, np.ones(len(own), bool), counts[own], population)
    channel = typical.channel[place]
    return account, group, channel, np.round(np.minimum(bits, _CAPS[channel]) * MILLI).astype(np.int64), typical.usual[place]


def _flat(lists: pa.ListArray) -> tuple[pa.Array, Ints]:
    """The items of all lists, and of each the row that it is in; a null list has none."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return lists.flatten(), np.repeat(np.arange(len(lists)), lengths)


def _subject(vectors: pa.ListArray, memberships: Ints, groups: Groups, everybody: Floats, settings: Profile) -> Found:
    """What it says of each account that it asks about what a group asks about, in thousandths of a bit.

    The bits are the surprise that one of everybody is so near to the group, less the surprise beyond one bit that
    one of its members is so far from it; nobody is more like a group than its typical member. Given are members,
    and whoever is near enough to be a candidate. everybody: ascending cosines of a sample of all, (sample, groups).
    """
    spoken = np.flatnonzero(vectors.is_valid().to_numpy(zero_copy_only=False))
    spoken_rows = matrix(vectors.drop_null())
    flat = spoken[:, None] * len(groups.names) + np.arange(len(groups.names))[None, :]
    member = np.isin(flat, memberships)
    near = nearness(spoken_rows, groups.sums, member)
    bits = np.zeros_like(near)
    for g, inside in enumerate(groups.near):
        if len(inside) < settings.fewest:
            continue
        above = (len(everybody) - np.searchsorted(everybody[:, g], near[:, g], side="left") + 1) / (len(everybody) + 1)
        below = (np.searchsorted(inside, near[:, g], side="right") + 1) / (len(inside) + 1)
        typical = (len(everybody) - np.searchsorted(everybody[:, g], np.median(inside), side="left") + 1) / (len(everybody) + 1)
        surprise = np.minimum(-np.log2(np.maximum(above, typical)), CHANNEL[SUBJECT].cap) - np.maximum(-np.log2(below) - 1, 0)
        bits[:, g] = np.maximum(surprise, -settings.subject_least)
    at, group = np.nonzero((bits >= settings.candidate_bits) | member)
    subject = np.full(len(at), CHANNELS.index(SUBJECT))
    return (
        spoken[at],
        group,
        subject,
        np.round(bits[at, group] * MILLI).astype(np.int64),
        np.zeros(len(at), bool),
    )


def _memberships(own: pa.ListArray, names: pa.StringArray) -> Ints:
    """The groups that accounts are in, each as account * groups + group; a group without a profile counts for none."""
    items, account = _flat(own)
    group = pc.fill_null(pc.index_in(items, names), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    pairs: Ints = (account * len(names) + group)[group >= 0]
    return pairs


def _agreement(
    having: Ints, users: Ints, size: Ints, member: npt.NDArray[np.bool_], counts: npt.NDArray[np.bool_], population: int
) -> Floats:
    """log2 of the share of the group's other members with the token over the share of everybody else.

    An account outside, or one that fills a wrapper once only, is held to the same shares. A token that few of
    the group have proves less than its rarity: it is one of many that the group might have had.
    """
    inside = np.maximum((having - (member & counts)) / np.maximum(size - member, 1), 1e-9)
    at_large = (np.maximum(users - having, 0) + 1) / np.maximum(population - size, 1)
    bits: Floats = np.log2(inside / at_large) + np.log2(inside) / 2
    return bits


def _cohort(place: Floats, low: Floats, high: Floats) -> Floats:
    """Bits: whether the account was made in the time in which most members were; 0 where that is unknown."""
    width = np.maximum(high - low, 0.002)
    inside = (place >= low - 0.1 * width) & (place <= high + 0.1 * width)
    bits = np.where(inside, np.log2(0.85 / np.minimum(1.2 * width, 0.85)), np.log2(0.15 / np.maximum(1 - 1.2 * width, 0.15)))
    return np.where(np.isnan(place), 0.0, np.clip(bits, COHORT_LEAST, COHORT_MOST))


def _behaviour(bins: pa.ListArray, account: Ints, group: Ints, member: npt.NDArray[np.bool_], groups: Groups, at_large: Ints) -> Ints:
    """Thousandths of a bit: the bins of the account's measures, in the group against at large."""
    values = bins.flatten().to_numpy(zero_copy_only=False).astype(float).reshape(-1, len(BINNED))[account]
    known = ~np.isnan(values)
    at = np.nan_to_num(values).astype(np.int64)
    measure = np.arange(len(BINNED))[None, :]
    inside, total = groups.inside[group[:, None], measure, at], groups.inside.sum(axis=2)[group]
    p = (inside - member[:, None] + 0.5) / (total - member[:, None] + 2)
    outside = at_large[None, :, :] - groups.inside  # a large group is not held against itself
    q = (outside[group[:, None], measure, at] + 0.5) / (outside.sum(axis=2)[group] + 2)
    bits = np.where(known & (total > member[:, None]), np.clip(np.log2(np.maximum(p, 1e-9) / q), -BEHAVIOUR_STEP, BEHAVIOUR_STEP), 0.0)
    summed: Ints = np.round(bits * MILLI).astype(np.int64).sum(axis=1)
    return np.clip(summed, int(-BEHAVIOUR_CAP * MILLI), int(BEHAVIOUR_CAP * MILLI))


def _timing(hours: pa.ListArray, account: Ints, group: Ints, member: npt.NDArray[np.bool_], groups: Groups, at_large: Ints) -> Ints:
    """Thousandths of a bit: the account's hours, each by its share of the hours of the group's other members.

    Held against the larger of its share of everybody's hours and of what the group's days and times of day make of it, so
    that neither a country's hours nor an office's prove anything: only hours that the group has for no such reason. Half
    of an account's hours may be its own, and that they are others than the group's says nothing against it.
    """
    items, row = _flat(hours)
    lengths = np.bincount(row, minlength=len(hours))
    starts = np.cumsum(lengths) - lengths
    counts = lengths[account]
    total = groups.hours.sum(axis=1)
    by_day = groups.hours.reshape(len(total), -1, 24)
    usual = (by_day.sum(axis=2)[:, :, None] * by_day.sum(axis=1)[:, None, :]).reshape(len(total), -1) / np.maximum(total, 1)[:, None] ** 2
    outside = at_large[None, :] - groups.hours
    expected = np.maximum(usual, (outside + 0.5) / (outside.sum(axis=1)[:, None] + 0.5 * len(at_large)))
    hours_of, summed = items.to_numpy(zero_copy_only=False), np.zeros(len(account), np.int64)
    for some in np.array_split(np.arange(len(account)), counts.sum() // HOURS_HELD + 1):
        n = counts[some]
        pair = np.repeat(np.arange(len(some)), n)
        within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        hour, of, own = hours_of[starts[account[some]][pair] + within], group[some][pair], member[some][pair].astype(np.int64)
        share = (groups.hours[of, hour] - own) / np.maximum(total[of] - own * n[pair], 1)
        bits = np.log2(0.5 * share / expected[of, hour] + 0.5)
        summed[some] = np.bincount(pair, weights=np.round(bits * MILLI), minlength=len(some)).astype(np.int64)
    return np.clip(summed, 0, int(TIMING_CAP * MILLI))
