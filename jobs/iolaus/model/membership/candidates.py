"""Candidates: the accounts that share a value with a group, or ask about the same things.

And what each channel says of the two.

From here on, thousandths of a bit. An account is its row in the batch, a group its place in `Groups.names`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.records import flattened
from iolaus.engine.runs import run_starts
from iolaus.model.account_bins import Floats, Ints
from iolaus.model.bits import MILLI
from iolaus.model.membership.group import Groups, matrix, nearness
from iolaus.model.membership.typical import CHANNELS, SUBJECT, Typical
from iolaus.model.signals import CHANNEL
from iolaus.settings import DEFAULT, Channels, Limits, Profile

Bools = npt.NDArray[np.bool_]
# account, group, channel, bits, whether nearly all members have it: a row each
Found = tuple[Ints, Ints, Ints, Ints, Bools]

# Channels of one part are views of one fact, of which the best counts.
PARTS = sorted({(CHANNEL[c].family, CHANNEL[c].group) for c in CHANNELS})
IN_CONTENT = np.array([family == "content" for family, _ in PARTS])
GATEWAY_PART = PARTS.index(("infrastructure", CHANNEL["conversation"].group))
SUBJECT_PART = PARTS.index((CHANNEL[SUBJECT].family, CHANNEL[SUBJECT].group))
_PART_OF = np.array([PARTS.index((CHANNEL[c].family, CHANNEL[c].group)) for c in CHANNELS])
_BELOW = 20_000  # thousandths of a bit, that a value may say against an account and a group before it is forgotten


@dataclass(frozen=True)
class Candidates:
    """Pairs of an account and a group, ascending by account, then group; (n,) each but where it says otherwise."""

    account: Ints
    group: Ints
    member: Bools  # whether the account is of the group as it is now
    best: Ints  # bits of the best channel of each part, (n, PARTS)
    channel: Ints  # that channel's place in CHANNELS, (n, PARTS)
    has_usual: Bools  # whether the account has any value that nearly all members have
    shares: Bools  # whether it shares any value, and not a subject alone
    bits: dict[str, Ints] = field(default_factory=dict)  # by family, and `prior`, as far as they are known

    @property
    def total(self) -> Ints:
        """The sum of all that is known."""
        every: Ints = np.sum(list(self.bits.values()), axis=0)
        return every

    def knowing(self, **bits: Ints) -> "Candidates":
        """The same candidates, with bits of more families."""
        return replace(self, bits=self.bits | bits)

    def where(self, kept: Bools) -> "Candidates":
        """Those candidates alone."""
        columns = {f.name: getattr(self, f.name)[kept] for f in fields(self) if f.name != "bits"}
        return Candidates(**columns, bits={name: x[kept] for name, x in self.bits.items()})


def candidates(found: Sequence[Found], memberships: Ints, groups: int) -> Candidates | None:
    """Each account and group that anything was found of; None of none. memberships: see `memberships_of`."""
    account, group, channel, bits, usual = (np.concatenate(x) for x in zip(*found, strict=True))
    if not len(account):
        return None
    # The best channel of each part: (account, group, part) with the most bits last. All in one number, which is sorted.
    said = np.maximum(bits, -_BELOW) + _BELOW
    rows = np.sort(
        (((account * groups + group) * len(PARTS) + _PART_OF[channel]) << 22) + (said << 6) + (channel << 1) + usual
    )
    key, bits, channel, usual = rows >> 22, ((rows >> 6) & 0xFFFF) - _BELOW, (rows >> 1) & 0x1F, (rows & 1).astype(bool)
    pairs, part = np.divmod(key, len(PARTS))
    first = run_starts(pairs)
    has_usual, shares = (np.logical_or.reduceat(x, first) for x in (usual, part != SUBJECT_PART))
    last = np.flatnonzero(np.r_[np.diff(key) != 0, True])
    which = np.searchsorted(first, last, side="right") - 1
    best, says = (np.zeros((len(first), len(PARTS)), np.int64) for _ in range(2))
    best[which, part[last]] = np.where(part[last] == SUBJECT_PART, bits[last], np.maximum(bits[last], 0))
    says[which, part[last]] = channel[last]
    pairs = pairs[first]
    return Candidates(*np.divmod(pairs, groups), np.isin(pairs, memberships), best, says, has_usual, shares)


def of_shared_values(
    packed_values: pa.BinaryArray,
    typical: Typical,
    memberships: Ints,
    groups: Groups,
    owners: int,
    limits: Channels = DEFAULT.channels,
) -> Found:
    """What each value that an account shares with a group says, in thousandths of a bit."""
    account, place, is_qualifying = typical.met(packed_values)
    group = typical.group[place]
    nobody = np.zeros(len(typical.value_hash), bool)
    bits = _agreement(typical.having, typical.n_owners, groups.size[typical.group], nobody, nobody, owners)[place]
    # a member's use is not held against itself
    own = np.flatnonzero(np.isin(account * len(groups.names) + group, memberships))
    having, n_owners, size = typical.having[place[own]], typical.n_owners[place[own]], groups.size[group[own]]
    bits[own] = _agreement(having, n_owners, size, np.ones(len(own), bool), is_qualifying[own], owners)
    channel, caps = typical.channel[place], np.array([limits[c].cap for c in CHANNELS])
    return (
        account,
        group,
        channel,
        np.round(np.minimum(bits, caps[channel]) * MILLI).astype(np.int64),
        typical.usual[place],
    )


def of_subject(
    vectors: pa.ListArray,
    memberships: Ints,
    groups: Groups,
    everybody: Floats,
    settings: Profile,
    limits: Limits = DEFAULT.channels.content,
) -> Found:
    """What it says of each account that it asks about what a group asks about, in thousandths of a bit.

    The bits are the surprise that one of everybody is so near to the group, less the surprise beyond one bit that
    one of its members is so far from it; nobody is more like a group than its typical member. Given are members,
    and whoever is near enough to be a candidate. Nothing is said where the channel is
    switched off. everybody: ascending cosines of a sample of all, (sample, groups).
    """
    spoken = np.flatnonzero(vectors.is_valid().to_numpy(zero_copy_only=False))
    spoken_rows = matrix(vectors.drop_null())
    flat = spoken[:, None] * len(groups.names) + np.arange(len(groups.names))[None, :]
    member = np.isin(flat, memberships)
    near = nearness(spoken_rows, groups.sums, member)
    bits = np.zeros_like(near)
    for g, inside in enumerate(groups.near if limits.enabled else ()):
        if len(inside) < settings.fewest:
            continue
        above = (len(everybody) - np.searchsorted(everybody[:, g], near[:, g], side="left") + 1) / (len(everybody) + 1)
        below = (np.searchsorted(inside, near[:, g], side="right") + 1) / (len(inside) + 1)
        typical = (len(everybody) - np.searchsorted(everybody[:, g], np.median(inside), side="left") + 1) / (
            len(everybody) + 1
        )
        surprise = np.minimum(-np.log2(np.maximum(above, typical)), limits.cap) - np.maximum(-np.log2(below) - 1, 0)
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


def memberships_of(own: pa.ListArray, names: pa.StringArray) -> Ints:
    """The groups that accounts are in, each as account * groups + group; a group without a profile counts for none."""
    items, account = flattened(own)
    group = pc.fill_null(pc.index_in(items, names), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    pairs: Ints = (account * len(names) + group)[group >= 0]
    return pairs


def _agreement(
    having: Ints,
    n_owners: Ints,
    size: Ints,
    member: npt.NDArray[np.bool_],
    is_qualifying: npt.NDArray[np.bool_],
    owners: int,
) -> Floats:
    """log2 of the share of the group's other members with the value over the share of everybody else.

    An account outside, or one that fills a template once only, is held to the same shares. A value that few of
    the group have proves less than its rarity: it is one of many that the group might have had.
    """
    inside = np.maximum((having - (member & is_qualifying)) / np.maximum(size - member, 1), 1e-9)
    baseline = (np.maximum(n_owners - having, 0) + 1) / np.maximum(owners - size, 1)
    bits: Floats = np.log2(inside / baseline) + np.log2(inside) / 2
    return bits
