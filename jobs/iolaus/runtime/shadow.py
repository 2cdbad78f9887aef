"""A run date made again under other settings, in a scratch lake: what `iolaus whatif` compares with what was published.

Only the stages that the settings bear on are made; whatever lies before them is read from the lake itself, which is
never written to.
"""

from collections.abc import Iterable
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from iolaus.errors import UsageError
from iolaus.pipeline import STAGES, Grain, Span, Stage, stage
from iolaus.runtime.lake import Lake
from iolaus.runtime.runner import Runner
from iolaus.runtime.spark.delta_log import Commit
from iolaus.settings import Key, Settings

COMPARED = ("gold.suspect_clusters", "gold.suspect_cluster_members")
FROM_FEATURES, FROM_LINKS = "features.account_profiles", "graph.links"  # where the remaking begins
_SECTIONS = ("graph", "profile", "scoring", "claims", "channels", "pairs", "plans")
_AFTER_PAIRS = ("graph", "profile", "scoring")  # sections that no earlier stage reads, but for these:
READ_BY_FEATURES = frozenset(
    {
        *(f"graph.{name}" for name in ("template_accounts", "template_loyalty", "template_share", "driver_edges")),
        *(f"graph.{name}" for name in ("programs_exchanges", "programs_turns")),
        "scoring.unsupported_regions",
    }
)
# Read when what arrived is sketched: not made again here.
_OF_ARRIVALS = frozenset({"pairs.answer_accounts", "pairs.failure_seconds"})


def first_stage(names: Iterable[str]) -> str:
    """The first stage that other values of some settings bear on: FROM_FEATURES or FROM_LINKS.

    Raises UsageError for a setting that bears on what is stored of a day's exchanges, or on no result.
    """
    wanted = sorted(names)
    for name in wanted:
        if name.split(".")[0] not in _SECTIONS or name in _OF_ARRIVALS:
            raise UsageError(
                f"{name} cannot be tried on stored evidence; run the days into a lake of its own (iolaus run --lake "
                f"OTHER --set …), and compare the two (iolaus compare). Settings of {', '.join(_SECTIONS)} can be tried"
            )
    late = all(name.split(".")[0] in _AFTER_PAIRS and name not in READ_BY_FEATURES for name in wanted)
    return FROM_LINKS if late else FROM_FEATURES


def stages(first: str) -> list[Stage]:
    """The stages from the first on that the compared tables are made of, in order."""
    made = {s.table for s in STAGES[[s.table for s in STAGES].index(first) :] if s.grain is Grain.RUN}
    found, new = set[str](), set(COMPARED)
    while new:
        found |= new
        read = {r.table for table in new for r in stage(table).reads if r.span is not Span.PREVIOUS}
        new = (read & made) - found
    return [s for s in STAGES if s.table in found]


class Shadow(Lake):
    """A lake that has what it was given and is, for everything else, another lake."""

    def __init__(self, base: Lake, uri: str):
        super().__init__(base.spark, uri, base.window_days, base.user_metadata)
        self._base, self._made = base, set[tuple[str, date]]()

    def read(self, name: str, span: Span, day: date) -> DataFrame:
        """As `Lake.read`: the rows of a day that were made here, else those of the other lake."""
        own = span is Span.DAY and (name, day) in self._made
        return super().read(name, span, day) if own else self._base.read(name, span, day)

    def write(self, name: str, frame: DataFrame, day: date) -> Commit:
        """As `Lake.write`."""
        commit = super().write(name, frame, day)
        self._made.add((name, day))
        return commit


def remake(spark: SparkSession, lake: str, scratch: str, day: date, settings: Settings, key: Key, first: str) -> None:
    """Make a run date again from a stage on, into a scratch lake, without gates: nothing of it is published.

    Ids come from the run before in the lake itself.
    """
    base = Lake(spark, lake, settings.window_days, "whatif")
    base.check_format()
    runner = Runner(spark, scratch, settings, key, gated=False, given_lake=Shadow(base, scratch))
    runner.work([(day, stages(first))])
