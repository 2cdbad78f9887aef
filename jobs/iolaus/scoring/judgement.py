"""scoring.judgement: one operator, or something innocent? Every hypothesis weighed on the same facts."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI
from iolaus.model.explanations import INNOCENT, is_of_members
from iolaus.model.judgement.facts import BY_PROGRAM, FACT, FACTS, SCRIPTED
from iolaus.model.judgement.hypotheses import HYPOTHESIS
from iolaus.model.judgement.measures import MEMBER, PLACES, baseline_of, measured
from iolaus.model.judgement.weigh import Judgement, Measured, finding, judge
from iolaus.model.population import of_background
from iolaus.model.signals import CHANNEL, ONE_CLIENT, OWN_TEXT, PEOPLE, WHOLE_SET
from iolaus.schemas.sketch import OPENING
from iolaus.schemas.table import table
from iolaus.settings import Run

BASELINE, GROUP = 800, 40  # random accounts, in groups of so many, that groups are held against
FEWEST_OPENINGS = 4
# Facts that `scoring.evidence` has found already; where it says nothing, what is measured counts.
_REPORTED = ("instruction", "own_text", "whole_set", "client", "domain", "people", "extraction", "clock")
_ANY = ", ".join(f"{f.name} struct<value:double,error:double>" for f in FACTS)


def transform(
    clusters: DataFrame,
    evidence: DataFrame,
    shared_values: DataFrame,
    profiles: DataFrame,
    accounts: DataFrame,
    population: DataFrame,
    hand_overs: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per cluster and fact, with its likelihood under each hypothesis and what it gives to the operator's.

    clusters:
    | cluster_id | account_id |
    |------------|------------|
    | hc_1       | a          |
    | hc_1       | b          |

    evidence: programs that ask for grading, with one template and different questions
    | cluster_id | kind         | channel      | value | bits  |
    |------------|--------------|--------------|-------|-------|
    | hc_1       | innocent     | people       | 0.0   | 0     |
    | hc_1       | innocent     | whole_set    | 0.0   | 0     |
    | hc_1       | coordination | head8        | 1.0   | 10000 |
    | hc_1       | extraction   | asks_grading | 1.0   | 8000  |

    profiles:
    | account_id | n_exchanges |
    |------------|-------------|
    | a          | 40          |
    | b          | 40          |

    result: the bits add up to the margin; two such accounts may each run a public benchmark
    | fact         | finding                | bits   | hypothesis   | rival            | margin_bits |
    |--------------|------------------------|--------|--------------|------------------|-------------|
    | prior        |                        | -1.0   | distillation | public_benchmark | -4.887      |
    | instruction  | nearly all             | -0.222 | distillation | public_benchmark | -4.887      |
    | applications | fewer than three       | -0.076 | distillation | public_benchmark | -4.887      |
    | places       | they share almost none | -1.28  | distillation | public_benchmark | -4.887      |
    | people       | few: they are programs | -0.205 | distillation | public_benchmark | -4.887      |
    | extraction   | far more than others   | 0.348  | distillation | public_benchmark | -4.887      |
    | owners       | under ten              | -2.0   | distillation | public_benchmark | -4.887      |
    | clock        | none                   | -0.452 | distillation | public_benchmark | -4.887      |
    """
    everybody = of_background(profiles, population).select("account_id", "openings", _activity().alias("activity"))
    sample = everybody.where(F.length("openings") >= FEWEST_OPENINGS * OPENING.itemsize).orderBy(
        F.xxhash64("account_id"), "account_id"
    )
    seed = run.settings.graph.seed
    baseline = baseline_of(
        sample.limit(BASELINE).toArrow(), GROUP, seed, shows_hand_overs=not hand_overs.where("n > 0").isEmpty()
    )

    def measure(group: pa.Table) -> pa.Table:
        facts = measured(group, baseline, seed)
        row = {name: {"value": m.value, "error": m.error} for name, m in facts.items()}
        made = {"cluster_id": group["cluster_id"][0].as_py()} | {f.name: row.get(f.name) for f in FACTS}
        kind = pa.struct([("value", pa.float64()), ("error", pa.float64())])
        return pa.Table.from_pylist(
            [made], schema=pa.schema([("cluster_id", pa.string()), *((f.name, kind) for f in FACTS)])
        )

    members = _members(clusters, shared_values, profiles, accounts, hand_overs)
    counted = members.groupBy("cluster_id").applyInArrow(measure, f"cluster_id string, {_ANY}")
    reported = _reported(evidence, run)
    names = [f.name for f in FACTS]
    facts = counted.join(reported.select("cluster_id", F.struct(*_REPORTED).alias("reported")), "cluster_id", "left")
    whole = facts.select("cluster_id", *(_figure(name) for name in names))
    schema, day = table("scoring.judgement").schema, run.day

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [row for of in batch.to_pylist() for row in _rows(of)]
            yield from pa.Table.from_pylist([{"run_date": day} | row for row in rows], schema=_ARROW).to_batches()

    return whole.mapInArrow(weigh, schema)


def _members(
    clusters: DataFrame, shared_values: DataFrame, profiles: DataFrame, accounts: DataFrame, hand_overs: DataFrame
) -> DataFrame:
    """Rows MEMBER."""
    inside = clusters.select("cluster_id", "account_id")
    wanted = shared_values.where(F.col("channel").isin(*PLACES, "system")).select(
        "account_id", F.struct("channel", "value_hash").alias("shared")
    )
    shared = (
        wanted.join(inside.select("account_id").distinct(), "account_id")
        .groupBy("account_id")
        .agg(F.collect_list("shared").alias("shared"))
    )
    sent = profiles.select("account_id", "n_exchanges", "n_later_turns", "openings", _activity().alias("activity"))
    known = accounts.select("account_id", "owner_id", "created_at", F.col("mail_domain").isNotNull().alias("has_mail"))
    rows = inside.join(sent, "account_id").join(known, "account_id", "left").join(shared, "account_id", "left")
    begun, taken = (inside.select("cluster_id", F.col("account_id").alias(f"account_{end}")) for end in ("from", "to"))
    within = (
        hand_overs.select("account_from", "account_to")
        .distinct()
        .join(begun, "account_from")
        .join(taken, ["cluster_id", "account_to"])
    )
    handed = within.groupBy("cluster_id", F.col("account_from").alias("account_id")).agg(
        F.collect_list("account_to").alias("handed_to")
    )
    rows = rows.join(handed, ["cluster_id", "account_id"], "left")
    return rows.select(*MEMBER)


def _activity() -> Column:
    """Hours since 1970, and exchanges in each."""
    return F.transform(
        "activity", lambda a: F.struct(a["hour"].cast("int").alias("hour"), a["n"].cast("long").alias("n"))
    )


def _figure(name: str) -> Column:
    """A fact as a struct of value and error: measured, or told by the evidence."""
    if name == "people":
        # What members send each other's words of, beside what they open with: turns between that a program has written.
        written = (F.col("reported.whole_set") - F.col("repetition.value") >= SCRIPTED) & (
            F.col("reported.people") >= FACT[name].bounds[0]
        )
        value = F.when(written, BY_PROGRAM).otherwise(F.col("reported.people"))
    elif name in _REPORTED:
        value = F.coalesce(F.col(f"reported.{name}"), F.col(f"{name}.value"))
    else:
        return F.col(name)
    return F.when(value.isNotNull(), F.struct(value.alias("value"), F.lit(0.0).alias("error"))).alias(name)


def _reported(evidence: DataFrame, run: Run) -> DataFrame:
    """(cluster_id, and a figure of each of `_REPORTED`), of `scoring.evidence`."""
    channel, kind = F.col("channel"), F.col("kind")
    coordinates = kind == "coordination"
    texts = [c.name for c in CHANNEL.values() if c.template or c.name == "system"]

    def value_of(name: str) -> Column:
        return F.max(F.when((kind == INNOCENT) & (channel == name), F.col("value")))

    usual = is_of_members(F.col("value"), F.col("background"), run.settings.scoring)
    figures = {
        "instruction": F.coalesce(F.max(F.when(coordinates & channel.isin(*texts), F.col("value"))), F.lit(0.0)),
        "own_text": value_of(OWN_TEXT),
        "whole_set": value_of(WHOLE_SET),
        "client": F.max(F.when((kind == INNOCENT) & (channel == ONE_CLIENT), usual.cast("double"))),
        "domain": F.max(F.when(coordinates & (channel == "mail"), F.col("value"))),
        "people": value_of(PEOPLE),
        "extraction": F.coalesce(F.sum(F.when(kind == "extraction", F.col("bits"))), F.lit(0)) / MILLI,
        "clock": F.coalesce(F.max(F.when(coordinates & (channel == "synchrony"), F.col("bits"))), F.lit(0)) / MILLI,
    }
    return evidence.groupBy("cluster_id").agg(*(of.cast("double").alias(name) for name, of in figures.items()))


_ARROW = pa.schema(
    [
        ("run_date", pa.date32()),
        *((name, pa.string()) for name in ("cluster_id", "fact", "family")),
        ("value", pa.float64()),
        ("error", pa.float64()),
        ("finding", pa.string()),
        ("bits", pa.float64()),
        ("log_likelihoods", pa.map_(pa.string(), pa.float64())),
        *((name, pa.string()) for name in ("description", "hypothesis", "rival")),
        ("margin_bits", pa.float64()),
    ]
)


def _rows(measures: dict[str, object]) -> list[dict[str, object]]:
    """The rows of one cluster, from its facts by name: {"value", "error"} or None."""
    facts = {name: Measured(**of) for name, of in measures.items() if isinstance(of, dict)}
    made = judge(facts)
    ends = {"hypothesis": made.operator, "rival": made.innocent, "margin_bits": round(made.margin, 3)}
    rows: list[dict[str, object]] = []
    for name, bits in made.by_fact.items():
        logs = [(h, round(log, 3)) for h, log in made.logs[name].items()]
        said = _of_fact(name, facts[name]) if name in facts else _prior(made)
        rows.append(
            {"cluster_id": measures["cluster_id"], "fact": name, "bits": round(bits, 3), "log_likelihoods": logs}
            | ends
            | said
        )
    return rows


def _prior(made: Judgement) -> dict[str, object]:
    question = f"Before any fact: {HYPOTHESIS[made.operator].says}, or {HYPOTHESIS[made.innocent].says}?"
    return {"family": "prior", "description": question}


def _of_fact(name: str, fact: Measured) -> dict[str, object]:
    found = finding(FACT[name], fact)
    said = {"family": FACT[name].family, "finding": found, "description": f"{FACT[name].asks} {found.capitalize()}."}
    return said | {"value": round(fact.value, 6), "error": round(fact.error, 6)}
