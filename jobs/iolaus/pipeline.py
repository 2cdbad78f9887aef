"""The map: every stage of the pipeline, what it reads and the one table that it writes, in order.

Plain data from the standard library alone, so that a scheduler can read it without Spark. The command
line, the scheduler's graphs, the documentation's picture and the tests derive from it; no edge is
written anywhere else. The code of a stage is the module named by its table: `silver.exchanges` is made
by `iolaus.silver.exchanges.transform`, which is given each of its reads by the name that the map has for it.
"""

from dataclasses import dataclass
from enum import Enum


class Span(Enum):
    """Which rows of a table a stage reads, relative to the day it makes."""

    ALL = "all"  # an undated table, whole
    DAY = "day"  # the rows of the day itself; of exchanges, those that arrived on it
    EARLIER = "earlier"  # exchanges that arrived before, and happened on a day of which exchanges arrived on this one
    WINDOW = "window"  # what happened on the days of the sliding window that ends with the day
    PREVIOUS = "previous"  # the rows of the latest earlier day that has any


class Grain(Enum):
    """How often a stage runs within a run of one date."""

    SNAPSHOT = "snapshot"  # an undated table, replaced whole
    ARRIVAL = "arrival"  # the rows that arrived on the date
    RUN = "run"  # what is known on the date, from the window that ends with it


VERDICTS = "verdicts.given"  # appended to by `iolaus verdict`; there is no such table before the first


@dataclass(frozen=True)
class Read:
    """One input of a stage: a table, a folder of the landing (`landing.exchanges`), or `verdicts.given`.

    `called`: the name under which a transform is given it, if that is not the table's.
    """

    table: str
    span: Span = Span.DAY
    called: str = ""

    @property
    def name(self) -> str:
        """The parameter of the stage's transform that is given these rows."""
        return self.called or ("previous" if self.span is Span.PREVIOUS else self.table.split(".")[1])


@dataclass(frozen=True)
class Stage:
    """One table: its name, what it is made of, how often, and a line on what it holds.

    `after` are tables that it does not read but that must be whole before it: what is published last
    publishes all.
    """

    table: str
    grain: Grain
    reads: tuple[Read, ...]
    holds: str
    after: tuple[str, ...] = ()

    @property
    def layer(self) -> str:
        """The folder of the lake, and of the code, that the table lies in."""
        return self.table.split(".")[0]

    @property
    def is_redone(self) -> bool:
        """Whether loading an arrival again also makes later arrivals again that have exchanges of the same days.

        A copy of an exchange counts where it first arrived.
        """
        return self.grain is Grain.ARRIVAL and not any(is_landing(r.table) for r in self.reads)

    @property
    def upstream(self) -> tuple[str, ...]:
        """The tables of the same run that must be made first."""
        before = (Span.PREVIOUS, Span.EARLIER)
        return tuple(r.table for r in self.reads if r.span not in before and not is_given(r.table)) + self.after


def registered_name(table: str) -> str:
    """The name of a table in a catalog's schema, which has no layers.

    >>> registered_name("silver.exchanges")
    'silver_exchanges'
    """
    return table.replace(".", "_")


def is_landing(name: str) -> bool:
    """Whether a read is a folder of the landing rather than a table of the lake."""
    return name.startswith("landing.")


def is_given(name: str) -> bool:
    """Whether what is read comes from outside: from the landing, or from analysts. No stage makes it."""
    return is_landing(name) or name == VERDICTS


def _window(table: str) -> Read:
    return Read(table, Span.WINDOW)


def _all(table: str) -> Read:
    return Read(table, Span.ALL)


def _lines(folder: str) -> Read:
    return Read(f"landing.{folder}", Span.ALL, called="lines")


def _previous(table: str) -> Read:
    return Read(table, Span.PREVIOUS)


_EARLIER = Read("silver.exchanges", Span.EARLIER, called="earlier")
_ACCOUNTS, _POPULATION = Read("silver.accounts"), Read("features.population")
_PROFILES, _VALUES = (
    Read("features.account_profiles", called="profiles"),
    Read("features.account_values", called="shared_values"),
)
_BEHAVIOUR = Read("features.account_behaviour", called="behaviour")
_VERDICTS = Read(VERDICTS, Span.ALL, called="verdicts")
_CANDIDATES = (Read("pairs.infrastructure"), Read("pairs.templates"), Read("pairs.content"))
_PAIRS = (*_CANDIDATES, Read("pairs.synchrony"), Read("pairs.cohort"))
_SCORED = (Read("scoring.clusters", called="scored"), Read("graph.clusters"))
# Written before the ranking, so that a reader of a ranking finds its members and its evidence. The quarantine is among
# them: a run has not ended while rejected rows are not safe.
_BESIDE_RANKING = (
    "gold.cluster_timeline",
    "gold.cluster_links",
    "gold.cluster_evidence",
    "gold.cluster_templates",
    "gold.cluster_origins",
    "gold.suspect_cluster_members",
    "gold.watchlist",
    "quality.quarantine",
)

STAGES: tuple[Stage, ...] = (
    Stage(
        "bronze.exchanges",
        Grain.ARRIVAL,
        (Read("landing.exchanges", called="lines"),),
        "exchanges as they arrived, typed",
    ),
    Stage("bronze.accounts", Grain.SNAPSHOT, (_lines("accounts"),), "the newest snapshot of each account"),
    Stage("bronze.models", Grain.SNAPSHOT, (_lines("models"),), "models and their releases"),
    Stage(
        "bronze.agreements",
        Grain.SNAPSHOT,
        (_lines("agreements"),),
        "customers who may do what looks like distillation",
    ),
    Stage(
        "quality.quarantine",
        Grain.ARRIVAL,
        (
            Read("landing.exchanges"),
            _all("landing.accounts"),
            _all("landing.models"),
            _all("landing.agreements"),
            Read("bronze.exchanges", called="accepted"),
        ),
        "rejected rows, whole, with reasons",
    ),
    Stage(
        "silver.exchanges",
        Grain.ARRIVAL,
        (Read("bronze.exchanges"), _EARLIER),
        "exchanges once each: pseudonyms and fingerprints, no text",
    ),
    Stage(
        "silver.accounts",
        Grain.RUN,
        (_all("bronze.accounts"), _all("bronze.agreements")),
        "accounts as known on the date",
    ),
    Stage(
        "features.account_days",
        Grain.ARRIVAL,
        (Read("silver.exchanges"),),
        "additive sketches of what arrived of an account's day",
    ),
    Stage(
        "features.hand_overs",
        Grain.ARRIVAL,
        (Read("silver.exchanges"), _EARLIER),
        "conversations and failed requests that another account took up",
    ),
    Stage(
        "features.account_profiles",
        Grain.RUN,
        (_window("features.account_days"),),
        "an account's window: vector, text fragments, attributes, timing, behaviour",
    ),
    Stage(
        "features.population",
        Grain.RUN,
        (_PROFILES, _ACCOUNTS),
        "active accounts, their numbers, and which count as background",
    ),
    Stage(
        "features.account_values",
        Grain.RUN,
        (_PROFILES, _ACCOUNTS, _POPULATION, _window("features.hand_overs")),
        "values that accounts share with others, counted",
    ),
    Stage(
        "features.account_behaviour",
        Grain.RUN,
        (_PROFILES, _ACCOUNTS, _POPULATION, _VALUES),
        "how each account behaves: every measure once",
    ),
    Stage(
        "features.prompt_templates", Grain.RUN, (_VALUES, _PROFILES), "templates and system prompts, with who uses them"
    ),
    Stage(
        "pairs.infrastructure",
        Grain.RUN,
        (_VALUES, _POPULATION),
        "pairs that share cards, addresses, networks, devices",
    ),
    Stage("pairs.templates", Grain.RUN, (_VALUES, _POPULATION), "pairs that share prompts, templates, system prompts"),
    Stage("pairs.content", Grain.RUN, (_PROFILES, _POPULATION), "pairs that ask about the same things"),
    Stage(
        "pairs.synchrony",
        Grain.RUN,
        (_PROFILES, _POPULATION, *_CANDIDATES),
        "pairs that are active in the same minutes",
    ),
    Stage(
        "pairs.cohort", Grain.RUN, (_ACCOUNTS, _POPULATION, *_CANDIDATES), "pairs that were created at the same time"
    ),
    Stage("pairs.hot_keys", Grain.RUN, (_VALUES, _POPULATION), "shared values with too many owners to be paired"),
    Stage(
        "graph.links",
        Grain.RUN,
        (*_PAIRS, _POPULATION, _VERDICTS),
        "pairs on which independent families of evidence agree",
    ),
    Stage("graph.components", Grain.RUN, (Read("graph.links"),), "accounts joined by links, directly or not"),
    Stage(
        "graph.communities",
        Grain.RUN,
        (
            Read("graph.links"),
            Read("graph.components"),
            Read("pairs.content"),
            _VALUES,
            _PROFILES,
            _POPULATION,
            _BEHAVIOUR,
        ),
        "dense groups, and groups of one template or one subject",
    ),
    Stage(
        "graph.clusters",
        Grain.RUN,
        (
            Read("graph.communities"),
            _VALUES,
            _PROFILES,
            _ACCOUNTS,
            _POPULATION,
            _BEHAVIOUR,
            _previous("graph.clusters"),
            _VERDICTS,
        ),
        "members, re-assigned by profile; ids that last",
    ),
    Stage(
        "scoring.evidence",
        Grain.RUN,
        (Read("graph.clusters"), _VALUES, _PROFILES, _ACCOUNTS, _POPULATION, _BEHAVIOUR, _all("bronze.models")),
        "evidence for a cluster, in bits, and what else it could be",
    ),
    Stage(
        "scoring.judgement",
        Grain.RUN,
        (
            Read("graph.clusters"),
            Read("scoring.evidence"),
            _VALUES,
            _PROFILES,
            _ACCOUNTS,
            _POPULATION,
            _window("features.hand_overs"),
        ),
        "one operator or something innocent: hypotheses weighed on facts",
    ),
    Stage(
        "scoring.clusters",
        Grain.RUN,
        (
            Read("scoring.evidence"),
            Read("scoring.judgement"),
            Read("graph.clusters"),
            _PROFILES,
            _ACCOUNTS,
            _all("bronze.models"),
            _VERDICTS,
        ),
        "score, confidence and rank of a cluster",
    ),
    Stage("gold.cluster_timeline", Grain.RUN, (*_SCORED, _PROFILES), "a cluster's activity by hour and model"),
    Stage(
        "gold.cluster_links", Grain.RUN, (*_SCORED, Read("graph.links"), *_PAIRS, _POPULATION), "why these two accounts"
    ),
    Stage(
        "gold.cluster_evidence",
        Grain.RUN,
        (_SCORED[0], Read("scoring.evidence"), Read("scoring.judgement")),
        "why this cluster",
    ),
    Stage(
        "gold.cluster_templates",
        Grain.RUN,
        (
            *_SCORED,
            _VALUES,
            Read("silver.exchanges"),
            Read("bronze.exchanges", called="arrived"),
            _previous("gold.cluster_templates"),
        ),
        "what members send alike, with a redacted exemplar",
    ),
    Stage(
        "gold.cluster_origins",
        Grain.RUN,
        (*_SCORED, _PROFILES, _ACCOUNTS, _POPULATION),
        "regions and pathways of a cluster, beside the baseline's",
    ),
    Stage(
        "gold.suspect_cluster_members",
        Grain.RUN,
        (
            *_SCORED,
            _VALUES,
            _PROFILES,
            _ACCOUNTS,
            _POPULATION,
            _BEHAVIOUR,
            Read("pairs.content"),
            Read("pairs.synchrony"),
            Read("pairs.cohort"),
            _all("bronze.models"),
            _VERDICTS,
        ),
        "the accounts of a cluster, with reasons",
    ),
    Stage(
        "gold.watchlist",
        Grain.RUN,
        (Read("scoring.clusters"), _previous("gold.watchlist")),
        "clusters of low confidence, not published",
    ),
    Stage(
        "gold.suspect_clusters",
        Grain.RUN,
        (Read("scoring.clusters"), _previous("gold.suspect_clusters")),
        "the ranking that an analyst acts on",
        after=_BESIDE_RANKING,
    ),
)

LAYERS: tuple[str, ...] = tuple(dict.fromkeys(s.layer for s in STAGES))

# What the shell keeps of runs and gates; no stage makes or reads them.
RECORDS: tuple[str, ...] = (
    "quality.runs",
    "quality.results",
    "quality.summaries",
    "quality.settings",
    "quality.calibration",
)


def stage(table: str) -> Stage:
    """The stage that makes a table. Raises LookupError if none does."""
    for candidate in STAGES:
        if candidate.table == table:
            return candidate
    raise LookupError(f"no stage makes {table}; the tables are: {', '.join(s.table for s in STAGES)}")
