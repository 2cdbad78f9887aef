"""Every expectation suite passes good data, and each of its expectations fails on data broken in just that way.

The metrics of all faults of a table come from one Spark job, and Great Expectations judges them all at once.
"""

import re
from collections.abc import Mapping
from typing import Any

import great_expectations as gx
import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StringType, StructField, StructType

from iolaus.model.signals import CHANNEL, TEMPLATES, VALUE_FAMILIES
from iolaus.pipeline import STAGES, is_landing, stage
from iolaus.runtime.gates import suites
from iolaus.runtime.gates.duplicates import DUPLICATES, duplicates
from iolaus.runtime.gates.metrics import (
    Declared,
    compared,
    counted,
    derived,
    matched,
    measures,
    population_stability,
    summary,
    windowed,
)
from iolaus.runtime.gates.suites import Suite, judge, suite
from iolaus.runtime.lines import LINES
from iolaus.schemas.landing import ACCOUNT, EXCHANGE
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Quality
from tests.broken import BROKEN, GOOD, Row
from tests.rows import DAY, base, rows

Metrics = dict[str, float | None]
Failed = set[tuple[str, str]]
LANDING = ("landing.accounts", "landing.agreements", "landing.models")
NAMES = [*LANDING, *(s.table for s in STAGES)]

each_table = pytest.mark.parametrize("name", NAMES)


def columns(name: str) -> StructType:
    return LINES if is_landing(name) else table(name).schema


def measured(spark: SparkSession, name: str, cases: Mapping[str, list[Row]]) -> dict[str, Metrics]:
    """The metrics of the rows of each case, from one job."""
    of, schema = suite(name), columns(name)
    made = [
        (case, *(row[f.name] if f.name in row else base(f) for f in schema.fields))
        for case, overrides in cases.items()
        for row in ({**GOOD[name], **override} for override in overrides)
    ]
    assert all(set(row) <= set(schema.fieldNames()) for overrides in cases.values() for row in overrides)
    frame = spark.createDataFrame(made, StructType([StructField("case", StringType()), *schema.fields]))
    declared = windowed(of.declared, DEFAULT.window_days)
    metrics = measures(schema.fieldNames(), declared, of.wanted, f"DATE'{DAY}'")
    spec = None if is_landing(name) else table(name)
    metrics += [duplicates(keyed, metric) for metric, keyed in counted(spec, of.declared, of.wanted).items()]
    found = frame.groupBy("case").agg(*metrics).collect()
    return {
        row["case"]: {k: None if v is None else float(v) for k, v in row.asDict().items() if k != "case"}
        for row in found
    }


def agreeing(of: Suite, metrics: Metrics) -> Metrics:
    """The metrics of other tables such that this one agrees with them, and what its transform tells if all is well."""
    counted = {name: how for name, how in of.declared.against.items() if not {"with", "without", "missing"} & set(how)}
    same = {
        "accepted": 1e6,
        "judged": 0.0,
        "exchanges_of_day": metrics.get("exchanges"),
        "members": metrics.get("accounts"),
        "arrived": metrics.get("copies"),
        "arrived_before": 0.0,
        "claims": metrics.get("licensed"),
        "exchange_lines": 1e6 + (metrics.get("rejected_exchanges") or 0.0),
        "account_lines": 1e6,
    }
    against = {name: same.get(name, metrics["rows"]) if name in counted else 0.0 for name in of.declared.against}
    return against | {name: same.get(name, 1.0) for name in of.declared.reported}


def whole(of: Suite, metrics: Metrics, history: list[Metrics], other: Metrics | None = None) -> Metrics:
    """A table's own metrics with those of other tables, derived ones and those against trailing days."""
    metrics = {**metrics, **(agreeing(of, metrics) if other is None else other)}
    metrics |= derived(metrics, of.declared)
    return metrics | compared(metrics, history, of.declared, DEFAULT.quality)


def faults(of: Suite, good: Metrics) -> dict[str, Metrics]:
    """What other tables, and other days, show wrong: each in turn, beside own rows that are good."""
    found: dict[str, Metrics] = {}
    agreed = agreeing(of, good)
    for name, value in agreed.items():
        for sign in (1.0, -1.0) if value else (1.0,):
            found[f"{name} {sign:+}"] = whole(of, good, [], agreed | {name: (value or 0.0) + sign})
    found["most rejected"] = whole(of, good, [], agreed | {"accepted": 0.5})
    found["few rejected"] = whole(of, good, [], agreed | {"accepted": 10.0})
    found["lines lost"] = whole(of, good, [], agreed | {"exchange_lines": 2e6})
    found["accounts rejected"] = whole(of, good | {"rejected_accounts": 2e4}, [], agreed)
    found["repeated"] = whole(of, good, [], agreed | {"arrived": 9.0})
    for name, how in of.declared.trailing.items():
        ((kind, metric),) = how.items()
        for e in (e for e in of.expectations if e.metric == name):
            days = DEFAULT.quality.fewest_days
            if kind == "ratio":
                today = good | {metric: 60.0}
                for bound in (b for b in (e.at_least and e.at_least * 0.9, e.at_most and e.at_most * 1.1) if b):
                    found[f"{name} {bound}"] = whole(of, today, [{metric: 60.0 / bound}] * days)
            elif kind == "change":
                assert e.at_most is not None
                past = (good[metric] or 0.0) + e.at_most * (1.1 if not good[metric] else -1.1)
                found[name] = whole(of, good, [{metric: past}] * days)
            else:
                bins = [f"{metric}.{i}" for i in range(of.declared.histograms[metric]["bins"])]
                before = {b: 5_000.0 * (b == bins[0]) for b in bins}
                found[name] = whole(of, good | {b: 5_000.0 * (b == bins[1]) for b in bins}, [before] * days)
    return found


@each_table
def test_good_data_passes_and_each_expectation_fails_on_data_broken_in_just_that_way(
    spark: SparkSession, name: str
) -> None:
    of = suite(name)
    cases = {case: fault if isinstance(fault, list) else [{}, fault] for case, fault in BROKEN.get(name, {}).items()}
    cases |= {"good": [{}], DUPLICATES: [{}, {}]}
    own = measured(spark, name, cases)
    own["rows"] = {metric: 0.0 if metric == "rows" else None for metric in own["good"]}  # a table without rows
    good = own["good"]
    judged = {case: whole(of, metrics, []) for case, metrics in own.items()} | faults(of, good)
    failed: dict[str, Failed] = {}
    for (case, _), passed in zip(judged.items(), judge(of, list(judged.values())), strict=True):
        failed[case] = {(e.metric, e.severity) for e, held in zip(of.expectations, passed, strict=True) if not held}
    assert failed["good"] == set()
    for case in BROKEN.get(name, {}):
        assert {metric for metric, _ in failed[case]} == {case}, case
    assert {metric for metric, _ in failed["rows"]} <= {"rows"}, "an empty table is no fault in itself"
    if DUPLICATES in of.wanted:
        also = {"shared_id_share", "rank_gaps", "published_rank_gaps"}  # a row that stands twice has its rank twice
        assert {DUPLICATES} <= {metric for metric, _ in failed[DUPLICATES]} <= {DUPLICATES, *also}
    assert set().union(*failed.values()) == {(e.metric, e.severity) for e in of.expectations}, "each can fail"


def test_every_table_has_a_suite_and_every_suite_a_table() -> None:
    assert sorted(NAMES) == suites.names()


@each_table
def test_a_suite_is_great_expectations_own_and_says_why(name: str) -> None:
    text = suite(name).text
    loaded = gx.ExpectationSuite(**text)
    assert loaded.name == name
    assert len(loaded.expectations) == len(text["expectations"]), "no expectation stands twice"
    for e in loaded.expectations:
        assert str(e.severity).rsplit(".", maxsplit=1)[-1].lower() in suites.SEVERITIES
        assert e.notes
    for declared in text["expectations"]:
        assert {"min_value", "max_value"} & set(declared["kwargs"]), "a bound"


@each_table
def test_a_suite_names_columns_tables_and_metrics_that_there_are(name: str) -> None:
    of = suite(name)
    reads = set() if is_landing(name) else {r.table for r in stage(name).reads}
    assert {how["table"] for how in of.declared.against.values()} <= reads, "only what the stage reads is at hand"
    for how in of.declared.against.values():
        for ours, theirs in {**how.get("with", {}), **how.get("without", {})}.items():
            assert ours in columns(name).fieldNames()
            assert theirs in table(how["table"]).schema.fieldNames()
    nulls = {w.removeprefix("null_") for w in of.wanted if w.startswith("null_") and not w.endswith("_change")}
    assert nulls <= set(columns(name).fieldNames())


def test_what_is_counted_against_another_table(spark: SparkSession) -> None:
    members = rows(
        spark,
        "gold.suspect_cluster_members",
        [{"account_id": a, "cluster_id": c} for a, c in (("a", "c1"), ("b", "c2"))],
    )
    clusters = rows(spark, "graph.clusters", [{"account_id": a, "cluster_id": "c1"} for a in "acd"])
    both = {"account_id": "account_id", "cluster_id": "cluster_id"}

    def count(how: dict[str, Any]) -> int:
        return matched(members, how, clusters).count()

    assert [count({"without": both}), count({"with": both}), count({"missing": both}), count({})] == [1, 1, 2, 3]
    assert count({"where": "account_id > 'a'"}) == 2
    assert count({"with": {"cluster_id": "cluster_id"}, "where": "account_id > 'a'"}) == 1, (
        "a row counts once, whatever it meets"
    )
    declared = Declared(
        rows_where={"seconds": "cluster_id = 'c2'"},
        histograms={"cluster": {"bin": "int(substring(cluster_id, 2))", "bins": 3}},
        against={"known": {"table": "graph.clusters", "with": both}},
    )
    spec, others = table("gold.suspect_cluster_members"), {"graph.clusters": clusters}
    for many in (False, True):
        found = summary(members, spec, declared, ["duplicate_keys"], others, DAY, many=many).collect()
        assert {row.metric: row.value for row in found} == {
            "rows": 2.0, "seconds": 1.0, "duplicate_keys": 0.0, "known": 1.0, "cluster.1": 1.0, "cluster.2": 1.0,
        }  # fmt: skip


def test_trailing_days_are_compared_only_where_enough_is_known() -> None:
    declared = Declared(
        histograms={"h": {"bin": "0", "bins": 2}},
        trailing={"r": {"ratio": "rows"}, "c": {"change": "null_x"}, "p": {"psi": "h"}},
    )
    day: Metrics = {"rows": 4.0, "null_x": 0.5, "h.0": 6.0, "h.1": 2.0}
    settings = Quality(fewest_days=2, drift_rows=8)
    assert compared(day, [day], declared, settings) == {"r": None, "c": None, "p": None}
    past: list[Metrics] = [
        {"rows": 1.0, "null_x": 0.1, "h.0": 2.0, "h.1": 6.0},
        {"rows": 3.0, "null_x": None, "h.0": 2.0, "h.1": 6.0},
    ]
    found = compared(day, [*past, {"rows": 2.0, "null_x": 0.3}], declared, settings)
    assert found["r"] == 2.0
    assert found["c"] == pytest.approx(0.3)
    assert found["p"] == pytest.approx(population_stability([6, 2], [4, 12]))
    assert compared(day | {"h.0": 5.0}, past, declared, settings)["p"] is None, "seven rows are too few"
    assert compared(day, [{"rows": 0.0}] * 3, declared, settings)["r"] is None, "nothing is a multiple of nothing"


def test_population_stability() -> None:
    assert population_stability([10, 20, 30], [10, 20, 30]) == pytest.approx(0.0)
    assert population_stability([500, 500], [900, 100]) == pytest.approx(0.876, abs=0.01), (
        "(.5-.9)ln(.5/.9)+(.5-.1)ln(.5/.1)"
    )


def test_a_metric_that_nobody_declares_is_a_fault() -> None:
    with pytest.raises(KeyError, match="far_release"):
        judge(suite("bronze.models"), [{"rows": 1.0}])


def test_the_channels_that_a_suite_knows_are_those_that_the_code_makes() -> None:
    infrastructure, content = VALUE_FAMILIES["infrastructure"], VALUE_FAMILIES["content"]
    made = {
        "features.account_values": infrastructure + content,
        "features.prompt_templates": ("system", *TEMPLATES),
        "gold.cluster_links": tuple(CHANNEL),
        "pairs.cohort": ("cohort",),
        "pairs.content": ("content",),
        "pairs.hot_keys": infrastructure + content,
        "pairs.infrastructure": infrastructure,
        "pairs.synchrony": ("synchrony",),
        "pairs.templates": content,
    }
    asked = {name: suite(name).text["meta"]["metrics"].get("rows_where", {}).get("unknown_channel") for name in NAMES}
    known = {name: sorted(re.findall(r"'(.+?)'", of)) for name, of in asked.items() if of}
    assert known == {name: sorted(channels) for name, channels in made.items()}


@pytest.mark.parametrize(
    ("name", "fields", "apart"),
    [
        ("bronze.exchanges", EXCHANGE, set[str]()),
        ("bronze.accounts", ACCOUNT, {"org_id", "verified_as"}),
    ],
)
def test_every_optional_field_that_cannot_be_read_is_counted(
    name: str, fields: tuple[StructField, ...], apart: set[str]
) -> None:
    counted = set(re.findall(r"'(\w+)'", suite(name).declared.share_where["odd_fields"]))
    assert counted == {f.name for f in fields if f.nullable} - apart, "a field was added: add it to the suite"
