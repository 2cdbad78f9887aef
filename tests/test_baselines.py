"""Each baseline finds a small planted group, and the best threshold is the best."""

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import baseline_table
from baselines import components, densest, prepared, record_linkage, synchrony, two_sample

RING = 12  # accounts of the planted group: the first ones
IDS = [f"acc_{i:03}" for i in range(120)]
WEEK = date(2026, 3, 2)


def value_rows(channel: str, members: dict[int, list[str]]) -> list[tuple[str, str, int, int, int]]:
    return [(a, channel, value, 1, len(accounts)) for value, accounts in members.items() for a in accounts]


@pytest.fixture
def platform() -> prepared.Prepared:
    """A ring of twelve on one card, device, system prompt and subject, in the same minutes; and 108 other accounts."""
    rng = np.random.default_rng(1)
    ring = range(RING)
    pairs = {100 + i: IDS[i : i + 2] for i in range(RING, len(IDS) - 1, 6)}  # households
    devices = {d: IDS[d::4] for d in range(4)}
    values = [
        *value_rows("card", {1: IDS[:RING]}),
        *value_rows("address", {2: IDS[:RING]} | pairs),
        *value_rows("device", devices),
    ]
    accounts = pl.DataFrame({"account_id": IDS, "owner_id": IDS}).with_columns(
        created_week=pl.Series([WEEK if i in ring else date(2025, 1, 6 + 7 * (i % 2)) for i in range(len(IDS))]),
        card=pl.Series(["c" if i in ring else None for i in range(len(IDS))]),
        mail=pl.Series(["mail"] * len(IDS)),
        asn=pl.Series([7 if i in ring else i % 3 for i in range(len(IDS))]),
        path=pl.Series(["api" if i % 2 else "console" for i in range(len(IDS))]),
        address=pl.Series(["a" if i in ring else f"home {i // 2}" for i in range(len(IDS))]),
        block=pl.Series(["b" if i in ring else f"block {i // 2}" for i in range(len(IDS))]),
        device=pl.Series([f"device {i % 4}" for i in range(len(IDS))]),
        system=pl.Series([5 if i in ring else None for i in range(len(IDS))]),
        template=pl.Series([9 if i in ring else i // 3 for i in range(len(IDS))]),
    )
    actions = [
        (IDS[i], "head8", f"template {page if i in ring else page + 10}", WEEK, int(at))
        for page in range(4)
        for i, at in enumerate(rng.integers(0, 86_400, len(IDS)))
    ]
    actions = [(a, c, v, d, 3600 * 5 + t % 600 if a in IDS[:RING] else t) for a, c, v, d, t in actions]
    vectors = rng.normal(size=(len(IDS), 16)).astype(np.float32)
    vectors[:RING] += 4 * np.eye(16, dtype=np.float32)[0]
    return prepared.Prepared(
        accounts,
        pl.DataFrame(values, ["account_id", "channel", "value_hash", "n", "n_owners"], orient="row"),
        pl.DataFrame(actions, ["account_id", "channel", "value", "happened_on", "at"], orient="row"),
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
    )


def top(settings: Iterator[tuple[str, pl.DataFrame]]) -> dict[str, set[str]]:
    """The accounts with the best score, by setting."""
    return {name: set(s.filter(pl.col("score") == pl.col("score").max())["account_id"]) for name, s in settings}


def test_components_join_what_shares_a_value_of_few_owners(platform: prepared.Prepared) -> None:
    found = top(components.components(platform))
    assert found["degree <= 20"] == set(IDS[:RING])
    assert not found["degree <= 10"] & set(IDS[:RING])  # their card and address have twelve owners


def test_splink_joins_records_that_agree(platform: prepared.Prepared) -> None:
    pytest.importorskip("splink")
    best = baseline_table.best(record_linkage.record_linkage(platform), IDS[:RING])
    assert best is not None
    assert best.f1 > 0.9


def test_fraudar_finds_the_planted_block_and_then_goes_on(platform: prepared.Prepared) -> None:
    assert top(densest.densest(platform))["infrastructure"] == set(IDS[:RING])
    rng = np.random.default_rng(2)
    sparse = rng.integers(0, 200, 300), rng.integers(0, 200, 300)
    dense = [np.divmod(np.arange(64), 8) for _ in range(2)]
    account = np.concatenate([sparse[0], 300 + dense[0][0], 400 + dense[1][0]])
    value = np.concatenate([sparse[1], 300 + dense[0][1], 400 + dense[1][1]])
    (first, one), (second, two), *rest = densest.blocks(account, value)
    assert {tuple(one), tuple(two)} == {tuple(range(300, 308)), tuple(range(400, 408))}
    assert [first, second] == pytest.approx([64 / np.log(13) / 16] * 2)
    assert all(density < second for density, _ in rest)


def test_copycatch_finds_who_acts_at_the_same_times_alone(platform: prepared.Prepared) -> None:
    assert top(synchrony.synchrony(platform))["3 pages, 1 h"] == set(IDS[:RING])
    account, page = np.divmod(np.arange(60), 3)
    apart = synchrony.arrange(account, page, 4000 * account, 20)  # all on the same pages, each at a time of its own
    assert synchrony.groups(apart, 3, 3600) == []
    together = synchrony.arrange(account, page, 100 * account, 20)
    assert [group.tolist() for group in synchrony.groups(together, 3, 3600)] == [list(range(20))]


def test_mmd_alarms_for_the_network_with_a_subject_of_its_own(platform: prepared.Prepared) -> None:
    tested = two_sample.tested(platform)
    networks = tested.filter(pl.col("kind") == "network").sort("p_value", "name")
    assert networks["name"][0] == "7"
    assert networks["p_value"][0] <= two_sample.ALARM < networks["p_value"][1]
    assert top(two_sample.two_sample(platform))["network"] == set(IDS[:RING])
    counts = baseline_table.alarms(platform, IDS[:RING], published=[])["network"]
    assert counts == {"groups": 4, "attacked": 1, "alarms": 1, "right": 1} | {
        "quiet_groups": 4, "quiet_attacked": 1, "quiet_alarms": 1, "quiet_right": 1,
    }  # fmt: skip
    assert baseline_table.alarms(platform, IDS[:RING], published=IDS[:1])["network"]["quiet_attacked"] == 0


def test_mmd_is_unbiased() -> None:
    rng = np.random.default_rng(3)
    widths = np.array([1.0])
    same = [two_sample.mmd(*rng.normal(size=(2, 20, 4)).astype(np.float32), widths) for _ in range(300)]
    assert abs(np.mean(same)) < 3 * np.std(same) / np.sqrt(300)
    assert min(same) < 0 < max(same)
    x, y = rng.normal(size=(2, 20, 4)).astype(np.float32)
    assert two_sample.mmd(x, y + 3, widths) > max(same)


def test_baselines_without_accounts_or_infrastructure_find_nothing_and_do_not_fail(platform: prepared.Prepared) -> None:
    bare = prepared.Prepared(
        platform.accounts.with_columns(
            pl.lit(None, platform.accounts.schema[name]).alias(name)
            for name in platform.accounts.columns
            if name not in {"account_id", "owner_id"}
        ),
        platform.values.clear(),
        platform.actions.clear(),
        np.zeros_like(platform.vectors),
    )
    for baseline in (components.components, densest.densest, synchrony.synchrony, two_sample.two_sample):
        assert all(scored.is_empty() for _, scored in baseline(bare)), baseline
    assert baseline_table.alarms(bare, IDS[:RING], []) == {}


def test_best_takes_the_setting_and_threshold_of_the_best_f1() -> None:
    rows = [("a", "1", 9.0), ("b", "1", 9.0), ("c", "2", 5.0), ("x", "3", 4.0), ("y", "4", 3.0)]
    scored = pl.DataFrame(rows, ["account_id", "group", "score"], orient="row")
    worse = scored.filter(pl.col("account_id").is_in(["a", "x"]))
    best = baseline_table.best(iter([("worse", worse), ("better", scored)]), ["a", "b", "c", "missed"])
    assert best is not None
    assert (best.setting, best.threshold) == ("better", 5.0)
    assert best.f1 == pytest.approx(2 * 3 / (3 + 4))
    assert baseline_table.best(iter([("none", scored)]), ["missed"]) is None


SCORER = """
import csv, json, sys
path = sys.argv[sys.argv.index("--members") + 1]
rows = list(csv.DictReader(open(path, newline="")))
nobody = {"bcubed": {"f1": 0.5}, "cluster_ap": 0.0, "clusters": 1, "accused": {"user": {"count": 1}}, "recall": 1.0}
print(json.dumps({"ap": len(rows), "precision": len(rows), "published": len(rows), "rows": rows} | nobody))
"""


def test_figures_come_from_the_scorer_by_its_csv(tmp_path: Path) -> None:
    (tmp_path / "evaluate.py").write_text(SCORER, encoding="utf-8")
    scored = pl.DataFrame({"account_id": ["a"], "group": ["g, 1"], "score": [2.5]})
    answer = baseline_table.evaluate(tmp_path, tmp_path / "truth", scored)
    assert answer["rows"] == [{"account_id": "a", "cluster_id": "g, 1", "score": "2.5"}]


def write_lake(lake: Path) -> None:
    """Two days of four accounts: a and b on one card and address, c alone and not registered, d with an agreement."""
    names, last, before = ["a", "b", "c", "d"], date(2026, 3, 3), WEEK
    tables = {
        "features/account_profiles": pl.DataFrame(
            {
                "run_date": [last] * 4 + [before],
                "account_id": [*names, "old"],
                "vector": [[1.0, 0], None, *[[0, 1.0]] * 3],
            },
            schema_overrides={"vector": pl.List(pl.Float32)},
        ),
        "silver/accounts": pl.DataFrame(
            {"run_date": [last] * 3, "account_id": ["a", "b", "d"], "card": ["x", "x", None], "mail_domain": ["m"] * 3}
        ).with_columns(created_at=pl.lit("2026-02-26T10:00:00Z").str.to_datetime(time_zone="UTC")),
        "features/population": pl.DataFrame(
            {"run_date": [last] * 4, "account_id": names, "owner_id": names}
            | {"is_background": [name != "d" for name in names]}
        ),
        "silver/exchanges": pl.DataFrame(
            [
                ("a", before, 10, "near", 1),
                ("a", before, 9, "near", 1),
                ("a", last, 8, "far", 1),
                ("b", before, 11, "near", 1),
                ("c", before, 11, "home", 2),
                ("d", before, 11, "near", 1),
            ],
            ["account_id", "happened_on", "hour", "address", "head8_hash"],
            orient="row",
        ).with_columns(
            requested_at=pl.col("happened_on").cast(pl.Datetime("us", "UTC")) + pl.duration(hours="hour"),
            asn=pl.lit(7),
            access_path=pl.lit("api"),
            block=pl.col("address"),
            device=pl.lit("curl"),
            system_hash=pl.lit(None, pl.Int64),
            tail8_hash=pl.lit(None, pl.Int64),
        ),
        "features/account_values": pl.DataFrame(
            [
                (last, n, c, v, q)
                for n in "abd"
                for c, v, q in (("card", 1, True), ("head8", 1, True), ("head8", 2, False))
            ],
            ["run_date", "account_id", "channel", "value_hash", "is_qualifying"],
            orient="row",
        ).with_columns(n=pl.lit(3), n_qualifying_owners=pl.lit(3)),
        "gold/suspect_cluster_members": pl.DataFrame({"run_date": [last], "account_id": ["a"]}),
    }
    for name, table in tables.items():
        table.write_delta(str(lake / name))


def test_a_lake_is_read_as_the_detector_saw_it(tmp_path: Path) -> None:
    write_lake(tmp_path)
    made = prepared.read(tmp_path, date(2026, 3, 3))
    assert made.accounts["account_id"].to_list() == ["a", "b", "c"]  # who has an agreement takes no part
    assert made.accounts["address"].to_list() == ["near", "near", "home"]  # what each uses most
    assert made.accounts["created_week"].to_list() == [date(2026, 2, 23)] * 2 + [None]
    assert made.accounts["template"].to_list() == [1, 1, None]
    assert set(made.values.select("account_id", "channel", "value_hash").iter_rows()) == {
        (a, channel, 1) for a in "ab" for channel in ("card", "head8")
    }
    assert made.vectors.tolist() == [[1, 0], [0, 0], [0, 1]]
    near = made.actions.filter(pl.col("channel") == "address")
    assert near.select("account_id", "value", "happened_on", "at").rows() == [
        ("a", "near", WEEK, 9 * 3600),  # the first of the day; `far` and `home` are nobody else's
        ("b", "near", WEEK, 11 * 3600),
    ]


def test_the_table_has_a_row_for_each_baseline_that_scores_an_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)  # as where it is not installed
    lake, truth = tmp_path / "lake", tmp_path / "truth.jsonl"
    write_lake(lake)
    (tmp_path / "evaluate.py").write_text(SCORER, encoding="utf-8")
    truth.write_text("\n".join(json.dumps({"account_id": a, "campaign": "x" if a in "ab" else None}) for a in "abc"))
    made = baseline_table.measure(tmp_path, truth, lake, date(2026, 3, 3))
    assert made["rows"]["components"]["published"] == 2
    left_out = " ".join(made["left_out"])
    assert "Splink: " in left_out
    assert "the extra `bench`" in left_out
    printed = "\n".join(baseline_table.lines(made))
    assert "  components " in printed
    assert "1 user" in printed
    assert "left out: Splink" in printed
    assert baseline_table.flat(made)["components_bcubed_f1"] == 0.5
    truth.write_text(json.dumps({"account_id": "c", "campaign": None}))
    assert "without a campaign" in baseline_table.measure(tmp_path, truth, lake, date(2026, 3, 3))["left_out"][0]
