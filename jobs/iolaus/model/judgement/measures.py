"""What is measured of a group for its judgement, in NumPy, from one row a member."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from iolaus.engine.hashing import Ints
from iolaus.engine.records import flattened, unpacked
from iolaus.model.judgement.division import FEWEST, HOURS, active_hours, rhythm, unevenness
from iolaus.model.judgement.facts import FACT
from iolaus.model.judgement.source import ACCOUNTS, Records, distinct, repetition, shuffled, source
from iolaus.model.judgement.weigh import Measured
from iolaus.schemas.sketch import OPENING

PLACES = ("address", "card")  # channels whose shared values are places and purses
NO_PLACE, ISLANDS, ONE_POOL, ONE_PLACE = 0.0, 1.0, 2.0, 3.0  # values of the fact `places`
_GROUPS, _SMALLEST = 3, 20  # of random accounts: fewer or smaller groups tell nothing of baseline accounts
_JOINED = 0.3  # share of members whom shared places must join for these to be the group's
_MAJORITY = 0.5
SPREAD = 0.04  # by which groups of one source differ beside their own error
_SEVERAL = 0.05  # share of members (three at least) that must send a system prompt for it to be one of the pool's
_MOST = 0.8  # share of exchanges that the fact `span` is about
_DAY_MS = 86_400_000
FEWEST_DAYS = 7  # of fewer days of traffic nothing is said about how long a group lasts

# The columns of a member: has_mail says whether the domain of its mail address is known; activity are lists of (hour
# since 1970, n exchanges), shared of (channel, value_hash), handed_to of accounts of the group that went on with what
# the member had begun.
MEMBER = (
    "cluster_id",
    "account_id",
    "owner_id",
    "created_at",
    "has_mail",
    "n_exchanges",
    "n_later_turns",
    "openings",
    "activity",
    "shared",
    "handed_to",
)


@dataclass(frozen=True)
class Baseline:
    """Random accounts, in groups, measured as groups are.

    source: `Source.log`; None where accounts are not like themselves, so that nothing can be told of whose prompts
    these are. rhythm: how much more often than by chance they are active in one hour (a natural logarithm); None if
    they hardly ever are. first_day, days: the first day since 1970 with traffic, and from it to the last.
    shows_hand_overs: whether any conversation was handed over at all. Without answers in the logs none is seen, and a
    group of which no failed request moved tells nothing.
    """

    source: float | None
    rhythm: float | None
    first_day: int
    days: int
    shows_hand_overs: bool = False


def measured(members: pa.Table, baseline: Baseline, seed: int) -> dict[str, Measured]:
    """Facts by name of one group, of rows MEMBER in any order; one that cannot be told is left out."""
    members = members.sort_by("account_id")
    drawn = _drawn(members, seed)
    facts = _content(drawn, baseline.source, seed) | _places(members) | _domain(members) | _creation(members)
    facts |= _division(members, drawn, baseline, seed, repeated=facts.get("repetition"))
    facts |= _span(members) if baseline.days >= FEWEST_DAYS else {}
    handed = _hand_overs(members)
    facts |= {"hand_overs": handed} if baseline.shows_hand_overs or handed.value else {}
    return facts | {"owners": Measured(float(len(np.unique(_owners(members)))))}


def baseline_of(accounts: pa.Table, group: int, seed: int, *, shows_hand_overs: bool = False) -> Baseline:
    """What random accounts show, in groups of `group`, or smaller where there are few.

    accounts: (account_id, openings, activity).
    """
    group = min(group, len(accounts) // _GROUPS)
    parts = (
        [accounts.slice(first, group) for first in range(0, len(accounts) - group + 1, group)]
        if group >= _SMALLEST
        else []
    )
    hours = accounts["activity"].combine_chunks().flatten().field("hour").to_numpy()
    first, last = (int(hours.min()) // HOURS, int(hours.max()) // HOURS) if len(hours) else (0, 0)
    days = last - first + 1
    together = (
        rhythm([active_hours(part["activity"].combine_chunks(), first, days) for part in parts], seed)
        if parts
        else None
    )
    return Baseline(_source_of(parts, seed), together.value if together else None, first, days, shows_hand_overs)


def _source_of(groups: list[pa.Table], seed: int) -> float | None:
    """Mean `Source.log` of groups of random accounts; None where it is too small to measure by.

    A template of an account's own is a likeness too here, so openings are dealt whatever texts they carry: operations,
    of which random accounts may be several, do not make a platform's accounts look alike.
    """
    found = [made for of in groups if (made := shuffled(*distinct(*_openings(of)), seed))]
    logs = np.array([f.log for f in found])
    if len(logs) < _GROUPS or logs.mean() < max(0.1, 2 * logs.std() / np.sqrt(len(logs))):
        return None
    return float(logs.mean())


def _openings(accounts: pa.Table) -> tuple[Ints, Records]:
    """(account's place, record OPENING) of each opening."""
    lengths, records = unpacked(accounts["openings"].combine_chunks(), OPENING)
    return np.repeat(np.arange(len(accounts)), lengths), records


def _owners(members: pa.Table) -> Ints:
    """Of each member, a number from 0 for its owner: itself where nobody is known to answer for it."""
    owners = pc.fill_null(members["owner_id"], members["account_id"]).combine_chunks().dictionary_encode()
    numbers: Ints = owners.indices.to_numpy()
    return numbers


def _first_turns(members: pa.Table) -> Ints:
    """Of each member, how many conversations it began."""
    began: Ints = members["n_exchanges"].to_numpy() - members["n_later_turns"].to_numpy()
    return began


def _drawn(members: pa.Table, seed: int) -> pa.Table:
    """At most ACCOUNTS members, drawn at random."""
    return members.take(pa.array(np.sort(np.random.default_rng(seed).permutation(len(members))[:ACCOUNTS])))


def _content(members: pa.Table, baseline: float | None, seed: int) -> dict[str, Measured]:
    account, records = _openings(members)
    facts: dict[str, Measured] = {}
    if len(np.unique(account)) < 3:
        return facts
    made = source(account, records, seed) if baseline else None
    if made and baseline:
        facts["source"] = Measured(made.log, float(np.hypot(made.error, SPREAD)))
    facts["repetition"] = Measured(repetition(account, records, _first_turns(members)[account]))
    return facts


def _division(
    members: pa.Table, drawn: pa.Table, baseline: Baseline, seed: int, repeated: Measured | None
) -> dict[str, Measured]:
    """The facts `evenness`, of which members that repeat one set say nothing, and `rhythm`."""
    facts: dict[str, Measured] = {}
    uneven = unevenness(_first_turns(members))
    if uneven and (repeated is None or repeated.value < FACT["repetition"].bounds[-1]):
        facts["evenness"] = uneven
    if baseline.days >= FEWEST_DAYS and len(drawn) >= FEWEST and baseline.rhythm is not None:
        together = rhythm([active_hours(drawn["activity"].combine_chunks(), baseline.first_day, baseline.days)], seed)
        if together:
            facts["rhythm"] = Measured(together.value - baseline.rhythm, together.error)
    return facts


def _places(members: pa.Table) -> dict[str, Measured]:
    """The facts `places` and `applications`, from values that members share with each other."""
    row, channel, value_hash = _shared(members)
    owner = _owners(members)
    value = _numbered(channel, value_hash)
    sharers, owners = _counted(value, row), _counted(value, owner[row])
    places = np.isin(channel, PLACES) & (owners[value] >= 2)
    several = sharers[np.unique(value[channel == "system"])] >= max(3, _SEVERAL * len(members))
    top = max(sharers[value[channel == "address"]], default=0) / len(members)
    joined = np.unique(row[places])
    place = NO_PLACE
    if top >= _MAJORITY:
        place = ONE_PLACE
    elif len(joined) >= _JOINED * len(members):
        place = ONE_POOL if _largest(row[places], value[places]) >= _MAJORITY * len(joined) else ISLANDS
    return {"places": Measured(place), "applications": Measured(float(several.sum()))}


def _domain(members: pa.Table) -> dict[str, Measured]:
    """The fact `domain` as it is where no evidence names one that members share: 0.

    Left out where of most members no domain is known, or all have one owner.
    """
    known = int(pc.sum(members["has_mail"]).as_py() or 0)
    return {"domain": Measured(0.0)} if 2 * known >= len(members) and len(np.unique(_owners(members))) > 1 else {}


def _shared(members: pa.Table) -> tuple[Ints, npt.NDArray[Any], Ints]:
    """(member's place, channel, value) of each value that members have and other owners too."""
    items, row = flattened(members["shared"].combine_chunks())
    return row, items.field("channel").to_numpy(zero_copy_only=False), items.field("value_hash").to_numpy()


def _numbered(channel: npt.NDArray[Any], value_hash: Ints) -> Ints:
    """A number from 0 for each distinct value."""
    kinds = np.unique(channel, return_inverse=True)[1] if len(channel) else np.zeros(0, np.int64)
    return (
        np.unique(np.stack([kinds, value_hash]), axis=1, return_inverse=True)[1].ravel() if len(value_hash) else kinds
    )


def _counted(value: Ints, who: Ints) -> Ints:
    """Of each value, how many distinct `who` have it."""
    pairs = np.unique(np.stack([value, who]), axis=1)
    return np.bincount(pairs[0], minlength=int(value.max()) + 1 if len(value) else 0)


def _largest(row: Ints, value: Ints) -> int:
    """Members in the largest set that shared values join, directly or not."""
    members, place = np.unique(row, return_inverse=True)
    values, at = np.unique(value, return_inverse=True)
    n = len(members) + len(values)
    joins = coo_matrix((np.ones(len(place)), (place, len(members) + at)), shape=(n, n))
    return int(np.bincount(connected_components(joins, directed=False)[1][: len(members)]).max())


def _hand_overs(members: pa.Table) -> Measured:
    """The share of members in the largest set that hand-overs join, of at least three owners: two may be one person."""
    place = {account: i for i, account in enumerate(members["account_id"].to_pylist())}
    to = [[place[other] for other in of or ()] for of in members["handed_to"].to_pylist()]
    edges = np.array([(i, j) for i, others in enumerate(to) for j in others], np.int64).reshape(-1, 2)
    joins = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(members), len(members)))
    part = connected_components(joins, directed=False)[1]
    owner = _owners(members)
    joined = max(
        (int((part == p).sum()) for p in np.unique(part[edges[:, 0]]) if len(np.unique(owner[part == p])) >= 3),
        default=0,
    )
    return Measured(joined / len(members))


def _creation(members: pa.Table) -> dict[str, Measured]:
    made = members["created_at"].drop_null().cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_numpy()
    if len(made) < 3 or 2 * len(made) < len(members):
        return {}
    first, last = np.quantile(made, [0.1, 0.9])
    return {"creation": Measured(float(last - first) / _DAY_MS)}


def _span(members: pa.Table) -> dict[str, Measured]:
    """The fewest days that hold most of the group's exchanges."""
    items = members["activity"].combine_chunks().flatten()
    if not len(items):
        return {}
    days, place = np.unique(items.field("hour").to_numpy() // HOURS, return_inverse=True)
    sent = np.sort(np.bincount(place, weights=items.field("n").to_numpy(), minlength=len(days)))[::-1]
    return {"span": Measured(float(np.searchsorted(np.cumsum(sent), _MOST * sent.sum()) + 1))}
