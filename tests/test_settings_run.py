"""A run with other settings than the defaults.

What is switched off makes nothing, and the lake says what it was made with.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from rows import rows
from runs import KEY, partitions
from traffic import DAYS

from iolaus import cli
from iolaus.export.gold import Gold
from iolaus.export.recorded_settings import of_day, of_digest
from iolaus.export.report import write
from iolaus.features.account_behaviour import _with_plans
from iolaus.model.account_bins import bins
from iolaus.model.behaviour import shown
from iolaus.model.signals import CLAIMS
from iolaus.runtime.gates import suites
from iolaus.runtime.runner import Runner
from iolaus.settings import DEFAULT, Claims, Key, Settings
from iolaus.text.fingerprints import normalise
from iolaus.text.intents import BIT, text_capabilities

DAY = DAYS[0]
MOST = 7  # rows that the suite of these tests allows of models, as the built-in one does not


def own_suite() -> str:
    """The built-in suite of models, with one more bound, which a warning says."""
    text = json.loads(suites.suite("bronze.models").source)
    shape = text["expectations"][0]
    text["expectations"].append(
        {
            "type": shape["type"],
            "kwargs": {"column": "rows", "max_value": MOST},
            "severity": "warning",
            "notes": "Ours.",
        }
    )
    return json.dumps(text)


@pytest.fixture(scope="module")
def settings() -> Settings:
    channels = replace(
        DEFAULT.channels,
        **{name: replace(DEFAULT.channels[name], enabled=False) for name in ("card", "cohort", "content")},
    )
    # without cards and cohorts an organisation explains the ring nearly as well
    scoring = replace(DEFAULT.scoring, margin=1.0)
    return replace(DEFAULT, window_days=14, channels=channels, scoring=scoring, suites={"bronze.models": own_suite()})


@pytest.fixture(scope="module")
def own_lake(spark: SparkSession, landing: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake of one day, made with a window of 14 days, without cards, cohorts and subjects."""
    made = tmp_path_factory.mktemp("own") / "lake"
    with partitions(spark, 1):
        Runner(spark, str(made), settings, Key(KEY.encode()), str(landing)).run([DAY])
    return made


def channels(lake: Path, name: str) -> set[str]:
    """The channels that rows of a day of a table are of."""
    found = DeltaTable(str(lake / name.replace(".", "/"))).to_pyarrow_table(filters=[("run_date", "=", DAY)])
    return set(found["channel"].to_pylist())


@pytest.mark.parametrize(
    "name", ["features.account_values", "pairs.infrastructure", "gold.cluster_links", "gold.cluster_evidence"]
)
def test_a_channel_that_is_switched_off_is_in_no_table(lake: Path, own_lake: Path, name: str) -> None:
    off = {"card", "cohort", "content", "pool_card"}
    assert channels(lake, name) & off, "with the defaults it is there"
    assert channels(own_lake, name)
    assert not channels(own_lake, name) & off


def test_channels_of_pairs_alone_are_switched_off_too(lake: Path, own_lake: Path) -> None:
    assert "cohort" in channels(lake, "pairs.cohort")
    assert channels(own_lake, "pairs.cohort") == channels(own_lake, "pairs.content") == set()
    members = DeltaTable(str(own_lake / "graph/clusters")).to_pyarrow_table().to_pylist()
    assert members
    assert all(m["cohort"] == 0 and not {"card", "content"} & set(m["reasons"]) for m in members)


def test_a_run_of_another_window_finds_the_ring(own_lake: Path) -> None:
    assert DeltaTable(str(own_lake / "gold/suspect_clusters")).to_pyarrow_table()["rank"].to_pylist() == [1]


def test_hours_fold_onto_the_window(spark: SparkSession) -> None:
    behaviour = rows(spark, "features.account_behaviour", [{"account_id": "a"}])
    made = rows(
        spark,
        "features.account_profiles",
        [{"account_id": "a", "activity": [(14 * 24 + 3, "m", 1), (3, "m", 1), (5, "m", 1)]}],
    )
    places = spark.createDataFrame([], "account_id string, place double")
    assert [bins(behaviour, made, places, days).select("hours").collect()[0][0] for days in (14, 28)] == [
        [3, 5],
        [3, 5, 14 * 24 + 3],
    ]


def test_a_suite_of_ones_own_stands_for_the_built_in(lake: Path, own_lake: Path) -> None:
    def bounds(of: Path) -> set[float | None]:
        judged = DeltaTable(str(of / "quality/results")).to_pyarrow_table().to_pylist()
        return {r["at_most"] for r in judged if (r["table_name"], r["metric"]) == ("bronze.models", "rows")}

    assert float(MOST) in bounds(own_lake)
    assert float(MOST) not in bounds(lake)


class TestRecorded:
    def test_a_digest_leads_to_the_values(self, own_lake: Path, lake: Path, settings: Settings) -> None:
        gold = Gold(str(own_lake))
        assert of_day(gold, DAY) == of_digest(gold, settings.digest) == settings
        assert of_digest(gold, DEFAULT.digest) is None
        assert of_day(Gold(str(lake)), DAY) == DEFAULT
        row = DeltaTable(str(own_lake / "quality/settings")).to_pyarrow_table().to_pylist()
        assert [r["digest"] for r in row] == [settings.digest]
        assert row[0]["differ"] == [
            "channels.card.enabled",
            "channels.cohort.enabled",
            "channels.content.enabled",
            "scoring.margin",
            "suites.bronze.models",
            "window_days",
        ]

    def test_a_row_is_added_when_settings_are_new(self, spark: SparkSession, tmp_path: Path) -> None:
        def digests(*, of: Settings) -> list[str]:
            Runner(spark, str(tmp_path), of, Key(b"k")).check(["bronze.models"], DAY)
            return sorted(DeltaTable(str(tmp_path / "quality/settings")).to_pyarrow_table()["digest"].to_pylist())

        other = replace(DEFAULT, window_days=7)
        assert digests(of=DEFAULT) == digests(of=DEFAULT) == [DEFAULT.digest]
        assert digests(of=other) == sorted([DEFAULT.digest, other.digest])

    def test_the_report_says_what_differs(self, own_lake: Path, lake: Path, tmp_path: Path) -> None:
        said = [
            write(str(of), tmp_path / of.parent.name / of.name, DAY).read_text(encoding="utf-8")
            for of in (own_lake, lake)
        ]
        assert "<code>window_days = 14</code> (default 28)" in said[0]
        assert "<code>channels.card.enabled = false</code> (default true)" in said[0]
        assert "Settings that differ" not in said[1]

    def test_the_report_is_drawn_with_them_and_with_what_the_command_line_says(
        self, own_lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("IOLAUS__GRAPH__FAMILIES", "4")  # says how runs are made, not how this one was
        out = tmp_path / "report"
        assert cli.main(["report", "--lake", str(own_lake), "--out", str(out), "--set", "graph.families=1"]) == 0
        page = (out / "index.html").read_text(encoding="utf-8")
        assert "<code>graph.families = 1</code> (default 2)" in page
        assert "<code>window_days = 14</code>" in page
        assert "Report: " in capsys.readouterr().out

    def test_the_command_prints_them(
        self, own_lake: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        asked = ["settings", "--lake", str(own_lake), "--diff", "--digest"]
        assert cli.main([*asked, settings.digest]) == 0
        assert f"window_days = 14  # {own_lake}, quality/settings; default 28" in capsys.readouterr().out.splitlines()
        assert cli.main([*asked, "0" * 12]) == 2
        assert "no run of" in capsys.readouterr().err


SHOWN = [
    ("thinking", Claims(), True),
    ("thinking", Claims(thinking=0.5), False),
    ("one_shot", Claims(), True),
    ("one_shot", Claims(one_shot=0.03), False),
    ("task_sharing", Claims(), True),
    ("heavy_for_plan", Claims(), True),
    ("heavy_for_plan", Claims(heavy_for_plan=9), False),
]


class TestClaims:
    def test_sentences_name_the_thresholds_that_are_set(self) -> None:
        settings = Claims(thinking=0.4, young=3, heavy_for_plan=4, night_hours=4, round_the_clock=0.2, long_outputs=900)
        plain, said = (
            {name: claim.sentence(of) for name, claim in CLAIMS.items()} for of in (DEFAULT.claims, settings)
        )
        assert plain["heavy_for_plan"] == "send at least eight times the usual traffic of their plan"
        assert said["heavy_for_plan"] == "send at least 4 times the usual traffic of their plan"
        assert plain["thinking"] == "request extended reasoning in at least a third of their traffic"
        assert said["thinking"] == "request extended reasoning in at least 40% of their traffic"
        assert said["young"] == "were first used within 3 days of their creation"
        assert (
            plain["round_the_clock"]
            == "run around the clock: at least 10% of their traffic falls in their quietest six hours"
        )
        assert (
            said["round_the_clock"]
            == "run around the clock: at least 20% of their traffic falls in their quietest 4 hours"
        )
        assert said["long_outputs"] == "receive answers of at least 900 tokens on average"

    @pytest.mark.parametrize(("name", "settings", "shows"), SHOWN)
    def test_an_account_shows_what_the_threshold_says(
        self, spark: SparkSession, name: str, settings: Claims, shows: bool
    ) -> None:
        frame = spark.createDataFrame(
            [(0.4, 0.04, 1, 3)],
            "thinking_share double, later_turn_share double, uses_shared_template int, plan_excess int",
        )
        assert frame.select(shown(CLAIMS[name], settings)).collect()[0][0] is shows

    @pytest.mark.parametrize(("plans", "usual"), [({}, 6), ({"free": 8.0}, 3), ({"pro": 8.0}, 6)])
    def test_what_is_usual_for_a_plan_is_measured_or_said(
        self, spark: SparkSession, plans: Mapping[str, float], usual: int
    ) -> None:
        frame = spark.createDataFrame(
            [("a", "free", 64), ("b", "free", 64)], "account_id string, plan string, n_exchanges long"
        )
        assert {r["usual_class"] for r in _with_plans(frame, plans).collect()} == {usual}


def test_patterns_of_ones_own_add_to_a_capability() -> None:
    texts = normalise(pa.array(["Bitte refaktoriere das.", "A poem."]))
    plain = text_capabilities(texts)
    added = text_capabilities(texts, {"coding": ("refaktor", "umbau"), "vision": ()})
    assert (plain & BIT["coding"]).tolist() == [0, 0]
    assert (added & BIT["coding"]).tolist() == [BIT["coding"], 0]
    assert ((added | BIT["coding"]) == (plain | BIT["coding"])).all()


def test_spark_is_given_the_properties(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's session; the tests' own is taken back up, so that only what may change while it runs is set."""
    asked: dict[str, object] = {}
    monkeypatch.setattr("iolaus.runtime.spark.session.session", lambda *_, **how: asked.update(how) or spark)
    assert (
        cli.main(
            [
                "gate",
                "bronze.models",
                "--lake",
                "nowhere",
                "--date",
                str(DAY),
                "--set",
                "spark.sql.shuffle.partitions=3",
            ]
        )
        == 2
    )
    assert asked["config"] == {"spark.sql.shuffle.partitions": "3"}
