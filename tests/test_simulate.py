"""The simulator: the same rows however they are cut, the counts that were asked for, and the contract's types."""

import gzip
import json
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from iolaus.errors import UsageError
from iolaus.schemas.landing import ACCOUNT, EXCHANGE
from iolaus.simulate.hashing import below, chance, hexadecimal, mix, pack
from iolaus.simulate.landing import simulate
from iolaus.simulate.plan import Plan, plan
from iolaus.simulate.prompts import LANGUAGE_NAMES, grammar, prompt
from iolaus.simulate.scenario import NEW, SCENARIOS, Campaign
from iolaus.simulate.traffic import cell_rows, exchanges

DAYS = 3
_TYPES = {"string": str, "int": int, "bigint": int, "double": (int, float), "boolean": bool, "timestamp": str}


def every_row(made: Plan, step: int = 1 << 20) -> list[dict[str, object]]:
    """All exchanges of a plan, made without Spark from cells of `step` accounts."""
    out: list[dict[str, object]] = []
    for day in range(made.days):
        for number, size in enumerate(made.sizes):
            for low in range(0, size.accounts, step):
                batch = cell_rows(made, day, (number, low, min(size.accounts, low + step)))
                out += batch.to_pylist() if batch else []
    return out


def in_order(rows: list[dict[str, object]]) -> list[str]:
    return sorted(json.dumps(r, sort_keys=True, default=str) for r in rows)


@pytest.fixture(scope="module")
def small() -> Plan:
    return plan("demo", 0.3, 5, DAYS)


@pytest.fixture(scope="module")
def small_rows(small: Plan) -> list[dict[str, object]]:
    return every_row(small)


@pytest.fixture(scope="module")
def landing(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated") / "land"
    summary = simulate(spark, str(out), "demo", 0.3, 5, days=DAYS)
    assert summary.lines >= summary.exchanges > 0
    assert summary.fraudulent < summary.accounts
    return out


def lines(folder: Path) -> list[dict[str, object]]:
    files = [folder] if folder.is_file() else sorted(folder.rglob("*.jsonl.gz"))
    texts = [gzip.decompress(f.read_bytes()) if f.suffix == ".gz" else f.read_bytes() for f in files]
    return [json.loads(line) for text in texts for line in text.decode().splitlines()]


def test_rows_do_not_depend_on_how_accounts_are_cut(small: Plan, small_rows: list[dict[str, object]]) -> None:
    assert in_order(every_row(small, step=37)) == in_order(small_rows)


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_rows_do_not_depend_on_partitions(
    spark: SparkSession, small: Plan, small_rows: list[dict[str, object]], partitions: int
) -> None:
    frame = exchanges(spark, small, DAYS - 1, partitions)
    assert frame.rdd.getNumPartitions() == partitions
    found = Counter(
        (r.exchange_id, r.account_id, r.prompt, r.requested_at.timestamp(), r.client_ip, r["copy"])
        for r in frame.collect()
    )
    names = ("exchange_id", "account_id", "prompt", "client_ip")
    batches = [cell_rows(small, DAYS - 1, (n, 0, s.accounts)) for n, s in enumerate(small.sizes)]
    want = [r for b in batches if b for r in b.to_pylist()]
    assert found == Counter(
        (*(r[n] for n in names[:3]), r["requested_at"].timestamp(), r["client_ip"], r["copy"]) for r in want
    )


def test_another_seed_gives_other_rows(small: Plan, small_rows: list[dict[str, object]]) -> None:
    other = every_row(replace(small, seed=6, days=1))
    assert not {r["exchange_id"] for r in other} & {r["exchange_id"] for r in small_rows}
    assert not {r["account_id"] for r in other} & {r["account_id"] for r in small_rows}


def test_campaigns_have_exactly_their_exchanges_and_others_about_theirs(small: Plan) -> None:
    for number, (group, size) in enumerate(zip(small.scenario.groups, small.sizes, strict=True)):
        batches = [cell_rows(small, day, (number, 0, size.accounts)) for day in range(DAYS)]
        found = sum(1 for b in batches if b for c in b.column("copy").to_pylist() if not c)
        if isinstance(group, Campaign):
            assert found == small.expected(number)
        elif group.name == "ordinary":
            assert found == pytest.approx(small.expected(number), rel=0.2)


def test_requests_of_a_campaign_go_round(small: Plan) -> None:
    number = next(i for i, g in enumerate(small.scenario.groups) if g.name == "reasoning")
    batch = cell_rows(small, 0, (number, 0, small.sizes[number].accounts))
    assert batch is not None
    share = Counter(batch.column("account_id").to_pylist())
    assert max(share.values()) - min(share.values()) <= 2  # one of the rotation, one late or double


def test_ids_are_unique_but_for_second_arrivals(small_rows: list[dict[str, object]]) -> None:
    seen = Counter(r["exchange_id"] for r in small_rows)
    twice = sum(r["copy"] == 1 for r in small_rows)
    assert twice == len(small_rows) - len(seen)
    assert 0 < twice / len(seen) < 0.006


def test_full_size_is_that_of_february() -> None:
    made = plan("february", 1.0, 1)
    fraud = [i for i, g in enumerate(made.scenario.groups) if isinstance(g, Campaign)]
    assert sum(made.sizes[i].accounts for i in fraud) == 24_000
    assert sum(made.expected(i) for i in fraud) == 16_550_000
    assert made.sizes[0].accounts == 100_000
    assert made.expected(0) == 10_000_000


def test_small_scales_keep_campaigns_and_people() -> None:
    made = plan("february", 0.0001, 1)
    for group, size in zip(made.scenario.groups, made.sizes, strict=True):
        assert size.accounts >= group.minimum
        if isinstance(group, Campaign):
            assert size.accounts >= 12
            assert size.exchanges / size.accounts >= 0.99 * min(
                made.scenario.least_volume, group.exchanges / group.accounts
            )


def test_half_of_the_hydra_moves_to_the_new_model_within_a_day() -> None:
    made = plan("demo", 1.0, 3)
    number = next(i for i, g in enumerate(made.scenario.groups) if g.name == "hydra")
    batches = [cell_rows(made, day, (number, 0, made.sizes[number].accounts)) for day in range(made.days)]
    moved = [
        r["request_model"] == NEW
        for b in batches
        if b
        for r in b.to_pylist()
        if r["requested_at"].timestamp() * 1000 > made.release_ms + 86_400_000
    ]
    assert 0.42 < np.mean(moved) < 0.54


def test_banned_accounts_stop_and_others_take_over() -> None:
    made = plan("demo", 1.0, 3)
    number = next(i for i, g in enumerate(made.scenario.groups) if g.name == "pathways")
    size, times = made.sizes[number], {}
    for account in (0, size.workers):  # the first worker, and the one that replaces it
        batches = [cell_rows(made, day, (number, account, account + 1)) for day in range(made.days)]
        times[account] = [t.timestamp() * 1000 for b in batches if b for t in b.column("requested_at").to_pylist()]
    assert max(times[0]) < made.ban_ms(number) + 5 * 3_600_000
    assert made.ban_ms(number) <= min(times[size.workers])
    assert max(times[0]) < min(times[size.workers]) < max(times[0]) + 7_200_000


def test_files_fit_the_contract(landing: Path) -> None:
    folders = sorted(p.name for p in (landing / "exchanges").iterdir())
    assert folders == ["dt=2026-02-02", "dt=2026-02-03", "dt=2026-02-04"]
    assert not list(landing.rglob("_SUCCESS"))
    for rows, fields in ((lines(landing / "exchanges"), EXCHANGE), (lines(landing / "accounts"), ACCOUNT)):
        kinds = {f.name: f for f in fields}
        for row in rows:
            assert set(row) <= set(kinds)
            assert {f.name for f in fields if not f.nullable} <= set(row)
            for name, value in row.items():
                kind = kinds[name].dataType.simpleString()
                if kind == "array<string>":
                    assert isinstance(value, list)
                    assert all(isinstance(v, str) for v in value)
                else:
                    assert isinstance(value, _TYPES[kind]), (name, value)
                    assert kind == "boolean" or not isinstance(value, bool)


def test_arrivals_are_never_before_requests_and_few_are_late(landing: Path) -> None:
    late = total = 0
    for folder in (landing / "exchanges").iterdir():
        for row in lines(folder):
            requested = datetime.fromisoformat(str(row["requested_at"]))
            lag = (datetime.fromisoformat(folder.name[3:]).replace(tzinfo=UTC).date() - requested.date()).days
            assert 0 <= lag <= 3
            late, total = late + (lag > 0), total + 1
    assert 0 < late / total < 0.02


def test_truth_covers_all_accounts_and_stands_outside(landing: Path) -> None:
    truth = {r["account_id"]: r for r in lines(landing.with_name("land.truth.jsonl"))}
    known = {r["account_id"]: r for r in lines(landing / "accounts")}
    assert set(truth) == set(known)
    assert {r["account_id"] for r in lines(landing / "exchanges")} <= set(known)
    assert {r["campaign"] for r in truth.values()} == {None, "reasoning", "pathways", "hydra"}
    assert all((r["kind"] == "operator") == (r["campaign"] is not None) for r in truth.values())
    assert any(known[a]["status"] == "banned" and truth[a]["campaign"] == "hydra" for a in known)
    assert not any("campaign" in r for r in known.values())


def test_agreements_name_organisations_that_exist(landing: Path) -> None:
    organisations = {r.get("org_id") for r in lines(landing / "accounts")}
    agreements = lines(landing / "agreements.jsonl")
    assert sorted(str(a["kind"]) for a in agreements) == ["reseller", "synthetic_data"]
    assert {a["org_id"] for a in agreements} <= organisations
    assert len(lines(landing / "models.jsonl")) == 3


def test_written_rows_are_those_of_the_plan(landing: Path, small_rows: list[dict[str, object]]) -> None:
    written = Counter((r["exchange_id"], r["prompt"]) for r in lines(landing / "exchanges"))
    assert written == Counter((r["exchange_id"], r["prompt"]) for r in small_rows)


def test_a_folder_in_use_is_refused(spark: SparkSession, landing: Path) -> None:
    with pytest.raises(UsageError, match="not empty"):
        simulate(spark, str(landing), "demo", 0.3, 5, days=1)


@pytest.mark.parametrize(
    ("scenario", "scale", "days"), [("march", 1.0, 1), ("february", 0.0, 1), ("february", 1000.0, 1), ("quiet", 1.0, 0)]
)
def test_bad_arguments_are_refused(scenario: str, scale: float, days: int) -> None:
    with pytest.raises(UsageError):
        plan(scenario, scale, 1, days)


def test_quiet_has_no_campaign() -> None:
    assert not SCENARIOS["quiet"].campaigns
    assert len(SCENARIOS["quiet"].look_alikes) >= 12


def test_prompts_are_in_several_scripts(small_rows: list[dict[str, object]]) -> None:
    letters = Counter(unicodedata.name(c, "?").split()[0] for r in small_rows for c in str(r["prompt"]) if c.isalpha())
    assert letters["LATIN"] > letters["CJK"] > 1000
    assert letters["CYRILLIC"] > 1000


@pytest.mark.parametrize("language", range(len(LANGUAGE_NAMES)))
def test_prompts_are_rich(language: int) -> None:
    g, n = grammar(()), 20_000
    keys = mix(np.arange(n, dtype=np.uint64) + np.uint64(11))
    constant = np.full(n, language)
    texts = prompt(
        g, constant, np.full(n, g.topics[language][0]), keys, mix(keys), np.zeros(n, dtype=np.int64)
    ).to_pylist()
    assert len(set(texts)) > 0.7 * n
    assert not any("{" in t and "}" in t and "term" in t for t in texts)


def test_hashes_are_even_and_ids_distinct() -> None:
    keys = mix(pack(3, np.arange(50_000), 1, 2))
    assert len(set(hexadecimal("x_", keys).to_pylist())) == 50_000
    assert hexadecimal("x_", np.array([255], dtype=np.uint64)) == pa.array(["x_00000000000000ff"])
    counts = np.bincount(below(keys, 10), minlength=10)
    assert counts.min() > 4700
    assert counts.max() < 5300
    assert chance(keys, 0.25).mean() == pytest.approx(0.25, abs=0.01)
