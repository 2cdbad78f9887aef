"""A scenario at a scale, for a seed and a number of days: how many accounts, exchanges and requests a day.

Scaling: accounts and exchanges shrink together, so an account keeps its volume, down to each group's
minimum of accounts. A campaign at its minimum keeps the larger of its scaled exchanges and
`least_volume` an account (never more than at scale 1), so that it can still be seen. Fewer days than
the scenario's keep the requests a day and cut the total; release, bans and windows keep their place
as parts of the span.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from iolaus.errors import UsageError
from iolaus.simulate.hashing import ACCOUNT_BITS, DAY_BITS, I64, TABLE_SIZE, constant, lognormal
from iolaus.simulate.scenario import SCENARIOS, Campaign, Group, Scenario

START = date(2026, 2, 2)
DAY_MS = 86_400_000
LATE_SHARE, LATEST_DAYS, TWICE_SHARE = 0.005, 3, 0.002


@dataclass(frozen=True)
class Size:
    """A group as it will be made: accounts (`workers` at once, the rest replacements) and exchanges.

    Exchanges are those of all the scenario's days.
    """

    accounts: int
    workers: int
    exchanges: int


@dataclass(frozen=True)
class Plan:
    """All that a row depends on."""

    scenario: Scenario
    sizes: tuple[Size, ...]
    scale: float
    seed: int
    days: int
    start: date

    @property
    def start_ms(self) -> int:
        """Midnight UTC of the first day, in milliseconds since 1970."""
        return int(datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC).timestamp()) * 1000

    @property
    def release_ms(self) -> int:
        """When the new model is released."""
        return self.start_ms + int(self.scenario.release * self.days) * DAY_MS + 17 * 3_600_000

    @property
    def exits(self) -> int:
        """Addresses of the commercial proxy."""
        return max(24, round(self.scenario.proxy_exits * self.scale))

    @property
    def exchanges_a_day(self) -> float:
        """Exchanges of a day, on average."""
        return sum(s.exchanges for s in self.sizes) / self.scenario.days

    def day(self, number: int) -> date:
        """The date of a day of the span."""
        return self.start + timedelta(days=number)

    def requests(self, number: int, day: int) -> int:
        """How many requests the campaign of this group number hands out on the day (exact)."""
        total, days = self.sizes[number].exchanges, self.scenario.days
        return total * (day + 1) // days - total * day // days

    def active_days(self, number: int) -> tuple[int, int]:
        """First day, and first day after, of the group's activity."""
        first, last = self.scenario.groups[number].window
        begin = int(first * self.days)
        return begin, min(self.days, max(begin + 2 if last - first < 1 else 0, round(last * self.days)))

    def ban_ms(self, number: int) -> int:
        """When the bans of a campaign begin."""
        group = self.scenario.groups[number]
        assert isinstance(group, Campaign)
        return self.start_ms + int(group.ban_at * self.days * DAY_MS)

    def expected(self, number: int) -> float:
        """Exchanges of the group over the span: exact for a campaign, the mean for the others."""
        if isinstance(self.scenario.groups[number], Campaign):
            return float(sum(self.requests(number, d) for d in range(self.days)))
        return self.sizes[number].exchanges * self.days / self.scenario.days


def plan(name: str, scale: float, seed: int, days: int | None = None, start: date = START) -> Plan:
    """The plan of a scenario. Raises UsageError for an unknown scenario or a size out of bounds."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise UsageError(f"no scenario {name!r}; choose one of {', '.join(SCENARIOS)}")
    if not 0 < scale <= 100:
        raise UsageError(f"scale {scale} is not in (0, 100]; february has 29 million exchanges at 1.0")
    span = scenario.days if days is None else days
    if not 1 <= span < 1 << DAY_BITS:
        raise UsageError(f"{span} days; give 1 to {(1 << DAY_BITS) - 1}")
    sizes = tuple(_size(g, scenario, scale) for g in scenario.groups)
    if max(s.accounts for s in sizes) >= 1 << ACCOUNT_BITS:
        raise UsageError(f"over {1 << ACCOUNT_BITS} accounts in one group; lower the scale")
    return Plan(scenario, sizes, scale, seed, span, start)


def _size(group: Group, scenario: Scenario, scale: float) -> Size:
    accounts = max(group.minimum, round(group.accounts * scale))
    if not isinstance(group, Campaign):
        return Size(accounts, accounts, round(group.exchanges * accounts / group.accounts))
    workers = round(accounts / (1 + group.replaced))
    least = accounts * min(scenario.least_volume, group.exchanges / group.accounts)
    return Size(accounts, workers, round(max(group.exchanges * scale, least)))


def volumes(group: Group) -> I64:
    """4,096 quantiles of an account's volume relative to the group's mean, in 1/65536."""
    raw = lognormal(1e6, group.sigma, most=1e6 * 2.0 ** (4 * group.sigma)).astype(np.float64)
    return np.asarray(np.round(raw * (TABLE_SIZE * 65536.0 / raw.sum())), dtype=np.int64)


def key(plan: Plan, *names: object) -> np.uint64:
    """A 64-bit key for a use, under the plan's seed."""
    return constant(plan.seed, *names)
