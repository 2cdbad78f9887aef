"""What is simulated: scenarios, each with a population, legitimate accounts that look alike, and campaigns. Plain data.

The February scenario follows the public facts of one laboratory's statement (24,000 fraudulent accounts, 16.55 million
exchanges, three campaigns); who shares what beyond that is made up.
"""

from dataclasses import dataclass, replace

from iolaus.simulate.campaigns import HYDRA, PATHWAYS, REASONING
from iolaus.simulate.groups import MINI, NEW, OLD, Access, Campaign, Group, LookAlike, Population, Work
from iolaus.simulate.legitimate import LOOK_ALIKES

__all__ = [
    "MINI",
    "NEW",
    "OLD",
    "SCENARIOS",
    "Access",
    "Campaign",
    "Group",
    "LookAlike",
    "Population",
    "Scenario",
    "Work",
]


@dataclass(frozen=True)
class Scenario:
    """A landing: its groups and its days. `release` is the part of the span after which NEW appears, at 17:00 UTC.

    `least_volume` is the number of exchanges per account over the span that a campaign keeps when its
    accounts are at their minimum, if it had as many at scale 1.
    """

    name: str
    population: Population
    look_alikes: tuple[LookAlike, ...]
    campaigns: tuple[Campaign, ...] = ()
    days: int = 28
    release: float = 0.6
    least_volume: int = 250
    proxy_exits: int = 6000

    @property
    def groups(self) -> tuple[Group, ...]:
        """All groups; a group's place here is its number in ids and draws."""
        return (self.population, *self.look_alikes, *self.campaigns)


_FEBRUARY = Scenario("february", Population("ordinary", 100_000, 10_000_000), LOOK_ALIKES, (REASONING, PATHWAYS, HYDRA))

# A week that a laptop goes through in minutes: the same behaviours, with fewer requests an account.
_DEMO = replace(
    _FEBRUARY,
    name="demo",
    days=7,
    population=replace(_FEBRUARY.population, accounts=1200, exchanges=16_000),
    look_alikes=tuple(
        replace(g, accounts=max(6, g.accounts // 80), exchanges=max(180, g.exchanges // 200)) for g in LOOK_ALIKES
    ),
    campaigns=(
        replace(REASONING, accounts=24, exchanges=2_400),
        replace(PATHWAYS, accounts=42, exchanges=6_300),
        replace(HYDRA, accounts=210, exchanges=15_700),
    ),
    proxy_exits=150,
    least_volume=60,
)

# Very many accounts that each send little: shows what grows with accounts rather than exchanges.
_CROWD = replace(
    _FEBRUARY,
    name="crowd",
    days=2,
    population=replace(_FEBRUARY.population, accounts=900_000, exchanges=2_700_000),
    look_alikes=tuple(replace(g, accounts=5 * g.accounts, exchanges=15 * g.accounts) for g in LOOK_ALIKES),
    campaigns=(),
)

SCENARIOS: dict[str, Scenario] = {
    "february": _FEBRUARY,
    "quiet": replace(_FEBRUARY, name="quiet", campaigns=()),
    "demo": _DEMO,
    "crowd": _CROWD,
}
