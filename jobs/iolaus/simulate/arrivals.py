"""Which exchanges there are, when they are sent and when they arrive: everything but their content.

The exchanges of a day of arrival are those of that day and of the three before it that arrive late or
again; so a day's files are made without the other days' and without a shuffle.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from iolaus.simulate.groups import Campaign
from iolaus.simulate.hashing import I64, U64, below, chance, draw, inverse, lognormal, lookup, mix, pack
from iolaus.simulate.people import People, account_keys, group_key, people, permuted
from iolaus.simulate.plan import DAY_MS, LATE_SHARE, LATEST_DAYS, TWICE_SHARE, Plan, key, volumes

# Activity by hour of the local day, and by kind of day: an account is idle on five days in sixteen.
_HOURLY = [
    1.0,
    0.6,
    0.4,
    0.3,
    0.3,
    0.5,
    1.2,
    2.5,
    4.5,
    6.0,
    6.8,
    6.5,
    5.2,
    5.8,
    6.6,
    6.4,
    5.9,
    5.0,
    4.3,
    4.4,
    4.8,
    4.6,
    3.4,
    2.0,
]
_DAILY = np.array([0, 0, 0, 0, 0, 64, 128, 192, 256, 256, 320, 384, 448, 512, 640, 896])  # in 1/256, mean 1
_WEEKDAY = (287, 287, 287, 287, 287, 179, 179)  # in 1/256, from Monday
_BURST_EVERY = 7_200_000
_BLOCK = 12  # requests of a program that are of one kind of work


@dataclass(frozen=True)
class Rows:
    """Exchanges of one group, one entry an exchange.

    `who` is a place in `accounts`, `at_ms` the time in milliseconds since 1970, `talk` the key of the
    conversation, `order` the place of the request in the campaign (or, for other groups, in the
    account's day), `copy` 1 for an exchange that arrived before.
    """

    accounts: People
    who: I64
    key: U64
    at_ms: I64
    talk: U64
    turn: I64
    order: I64
    copy: I64


@lru_cache(maxsize=1)
def _hours() -> I64:
    return inverse(_HOURLY, DAY_MS)


@lru_cache(maxsize=1)
def _gaps() -> I64:
    return lognormal(75_000.0, 0.9, most=3_600_000)


@lru_cache(maxsize=64)
def _volumes(plan: Plan, number: int) -> I64:
    return volumes(plan.scenario.groups[number])


def _turn_of(plan: Plan, number: int, day: int) -> int:
    return int(group_key(plan, number) >> np.uint64(8)) * (day + 1) % plan.sizes[number].workers


def counts(plan: Plan, number: int, index: I64, day: int) -> I64:
    """How many requests each account sends on a day (for a campaign's, before bans)."""
    group, size = plan.scenario.groups[number], plan.sizes[number]
    if isinstance(group, Campaign):
        first = (index % size.workers - _turn_of(plan, number, day)) % size.workers
        return np.maximum(0, (plan.requests(number, day) - first + size.workers - 1) // size.workers)
    begin, end = plan.active_days(number)
    if not begin <= day < end:
        return np.zeros(len(index), dtype=np.int64)
    mean = round(65536 * size.exchanges / (size.accounts * plan.scenario.days) * plan.days / (end - begin))
    volume = _volumes(plan, number)[permuted(plan, number, index) * 4096 // size.accounts] * mean >> 16
    bits = draw(account_keys(plan, number, index), 1000 + day)
    if group.once:
        volume = np.where(below(draw(account_keys(plan, number, index), 50), plan.days) == day, volume * plan.days, 0)
    elif group.rhythm == "people":
        volume = volume * _DAILY[(bits >> np.uint64(60)).astype(np.int64)] * _WEEKDAY[plan.day(day).weekday()] >> 16
    return (volume + (bits & np.uint64(0xFFFF)).astype(np.int64)) >> 16


def _delays(plan: Plan, keys: U64, day: int) -> tuple[I64, I64]:
    """Day of arrival, and day of the second arrival (-1: none), of exchanges of a day."""
    bits = draw(keys, 60)
    late = np.where(chance(bits, LATE_SHARE), 1 + below(bits, LATEST_DAYS), 0)
    arrival = np.minimum(day + late, plan.days - 1)
    bits = draw(keys, 61)
    again = np.where(chance(bits, TWICE_SHARE), np.minimum(day + np.maximum(late, below(bits, 2)), plan.days - 1), -1)
    return arrival, again


def _expand(index: I64, n: I64) -> tuple[I64, I64]:
    """For each request of each account: the account, and the request's number in the account's day."""
    j = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
    return np.repeat(index, n), j


def rows(plan: Plan, number: int, low: int, high: int, arrival: int) -> Rows | None:
    """The exchanges of the accounts [low, high) of a group that arrive on a day, or None if there are none."""
    found = [
        _rows_of_day(plan, number, np.arange(low, high), day, arrival)
        for day in range(max(0, arrival - LATEST_DAYS), arrival + 1)
    ]
    parts = [f for f in found if f is not None]
    if not parts:
        return None
    index = np.concatenate([p[0] for p in parts])
    own, who = np.unique(index, return_inverse=True)
    columns = [np.concatenate([p[i] for p in parts]) for i in range(1, 7)]
    everyone = people(plan, number, own)
    at = columns[1]
    banned = everyone.banned_ms[who]
    keep = (at >= everyone.begins_ms[who]) & ((banned < 0) | (at < banned))
    return Rows(everyone, who[keep], *(c[keep] for c in columns))


_Columns = tuple[I64, U64, I64, U64, I64, I64, I64]


def _rows_of_day(plan: Plan, number: int, index: I64, day: int, arrival: int) -> _Columns | None:
    """Account, key, time, conversation, turn, order and copy of the exchanges of `day` that arrive on `arrival`."""
    n = counts(plan, number, index, day)
    salt = key(plan, "exchange")
    if day < arrival:  # few are late: go on with the accounts that have one
        each, j = _expand(index, n)
        first, again = _delays(plan, mix(pack(number, each, day, j) + salt), day)
        hit = np.isin(index, each[(first == arrival) | (again == arrival)])
        index, n = index[hit], n[hit]
    each, j = _expand(index, n)
    if not len(each):
        return None
    keys = mix(pack(number, each, day, j) + salt)
    at, talk, turn, order = _timing(plan, number, day, each, j, keys)
    first, again = _delays(plan, keys, day)
    times = (first == arrival).astype(np.int64) + (again == arrival)
    copy = np.where(first == arrival, 0, 1)
    take = np.repeat(np.arange(len(each)), times)
    second = np.concatenate([[False], take[1:] == take[:-1]]) if len(take) else np.zeros(0, dtype=np.bool_)
    copies = np.where(second, 1, copy[take])
    return each[take], keys[take], plan.start_ms + day * DAY_MS + at[take], talk[take], turn[take], order[take], copies


def _timing(plan: Plan, number: int, day: int, index: I64, j: I64, keys: U64) -> tuple[I64, U64, I64, I64]:
    """Milliseconds in the day, conversation, turn and order of all requests of some accounts' day."""
    group = plan.scenario.groups[number]
    block = draw(pack(number, index, day, j // _BLOCK) + key(plan, "talk"), 2)
    if isinstance(group, Campaign):
        workers, total = plan.sizes[number].workers, plan.requests(number, day)
        place = (index % workers - _turn_of(plan, number, day)) % workers + j * workers
        at = (place * DAY_MS + below(draw(keys, 62), DAY_MS)) // total
        if group.burst_minutes:
            at = at // _BURST_EVERY * _BURST_EVERY + at % _BURST_EVERY * group.burst_minutes * 60_000 // _BURST_EVERY
        return at, block, j % _BLOCK, place + sum(plan.requests(number, d) for d in range(day))
    if group.once:
        begin = below(draw(account_keys(plan, number, index), 51), 18 * 3_600_000)
        return np.minimum(begin + j * 4000 + below(draw(keys, 62), 1500), DAY_MS - 1), keys, j * 0, j
    if group.rhythm == "flat":
        return below(draw(keys, 62), DAY_MS), block, j % _BLOCK, j
    begins = (j == 0) | chance(draw(keys, 63), 0.42)
    places = np.arange(len(j))
    start = np.maximum.accumulate(np.where(begins, places, 0))
    opening = keys[start]
    local = lookup(draw(opening, 64), _hours()) + below(draw(opening, 65), 24_000)
    begin = (local - _zones(plan, number, index)) % DAY_MS
    passed = np.cumsum(np.where(begins, 0, lookup(draw(keys, 66), _gaps())))
    passed -= passed[start]
    left = DAY_MS - 1 - begin
    return begin + passed * left // np.maximum(1, passed + left), opening, places - start, j


def _zones(plan: Plan, number: int, index: I64) -> I64:
    own, who = np.unique(index, return_inverse=True)
    return people(plan, number, own).zone_ms[who]
