"""Groups that are innocent by construction, and what a count of them proves."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from rows import rows

from iolaus.commands import ended
from iolaus.errors import RunError
from iolaus.model.calibration import upper_bound
from iolaus.model.innocent_groups import MOST, in_common, matched
from iolaus.settings import DEFAULT

OLD, NEW = datetime(2025, 2, 10, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "groups", "bound"),
    [(0, 2_000, 0.0015), (0, 59, 0.0495), (3, 100, 0.0757), (5, 5, 1.0), (0, 0, 1.0)],  # of published tables
)
def test_the_upper_bound_of_a_share(published: int, groups: int, bound: float) -> None:
    assert upper_bound(published, groups) == pytest.approx(bound, abs=1e-3)


def grouped(made: DataFrame) -> dict[str, list[list[str]]]:
    """Accounts of each group, by kind."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in made.collect():
        groups[row.kind, row.group].append(row.account_id)
    found: dict[str, list[list[str]]] = defaultdict(list)
    for (kind, _), accounts in sorted(groups.items()):
        found[kind].append(sorted(accounts))
    return found


def test_accounts_with_one_thing_in_common(spark: SparkSession) -> None:
    seats = [{"account_id": f"s{i}", "owner_id": "org:o", "created_at": OLD} for i in range(6)]
    others: list[dict[str, Any]] = [
        {"account_id": f"p{i:03}", "owner_id": f"p{i:03}", "created_at": datetime(2026, 1, 1 + i % 20, tzinfo=UTC)}
        for i in range(80)
    ]
    values = [{"account_id": f"p{i:03}", "channel": "device", "value_hash": 1} for i in range(70)]
    values += [{"account_id": f"p{i:03}", "channel": "mail", "value_hash": 2} for i in range(4)]
    values += [{"account_id": f"p{i:03}", "channel": "address", "value_hash": 3} for i in range(5)]
    suspects = spark.createDataFrame([("p000",)], "account_id string")
    shared = rows(spark, "features.account_values", values)
    known = rows(spark, "silver.accounts", seats + others)
    made = grouped(in_common(known, shared, suspects, 300, "2026-02-10"))
    assert made["organisation"] == [[f"s{i}" for i in range(6)]]
    assert [len(group) for group in made["client"]] == [MOST], "of many, some"
    assert "mail" not in made, "four are no group"
    assert "address" not in made, "nor five with a suspect among them"
    assert made["created"] == [[f"s{i}" for i in range(6)]], "four a day are no group"
    other_day = grouped(in_common(known, shared, suspects, 300, "2026-02-11"))
    assert other_day["organisation"] == made["organisation"]
    assert other_day["client"] != made["client"], "other users of the same client"
    ids = [
        {r.group for r in in_common(known, shared, suspects, 300, day).where("kind = 'client'").collect()}
        for day in ("2026-02-10", "2026-02-11")
    ]
    assert ids[0] == ids[1], "which is one group"


def test_of_a_kind_there_are_no_more_than_wanted(spark: SparkSession) -> None:
    people = [
        {"account_id": f"p{i:03}", "owner_id": f"p{i:03}", "created_at": datetime(2026, 1, 1 + i % 12, tzinfo=UTC)}
        for i in range(72)
    ]
    nobody = spark.createDataFrame([], "account_id string")
    none = rows(spark, "features.account_values", [])
    made = [
        grouped(in_common(rows(spark, "silver.accounts", people), none, nobody, 4, day))["created"]
        for day in ("2026-02-10", "2026-02-11")
    ]
    assert [len(groups) for groups in made] == [4, 4]
    assert made[0] != made[1], "each run draws others"


def test_random_groups_are_like_the_cluster(spark: SparkSession) -> None:
    people = [(f"a{i:02}", 3, "pro", OLD) for i in range(30)] + [(f"b{i:02}", 7, "api", NEW) for i in range(30)]
    accounts = spark.createDataFrame(people, "account_id string, volume_class int, plan string, created_at timestamp")
    ring = [("hc", f"b{i:02}") for i in range(6)]
    members = spark.createDataFrame(ring, "cluster_id string, account_id string")
    made = grouped(matched(members, accounts, members.select("account_id"), 8, "2026-02-10"))["random"]
    assert len(made) == 8
    for group in made:
        assert 3 <= len(group) <= 6, "as many, but for those drawn twice"
        assert all(name[0] == "b" and name not in dict(map(reversed, ring)) for name in group)
    assert len({tuple(group) for group in made}) > 1
    other = [("x", 3, "enterprise", NEW), *((f"y{i}", 3, "free", OLD) for i in range(9))]
    accounts = spark.createDataFrame(other, accounts.schema)
    alone = spark.createDataFrame([("hc", "x")], "cluster_id string, account_id string")
    made = grouped(matched(alone, accounts, alone.select("account_id"), 3, "2026-02-10"))["random"]
    assert all(group[0].startswith("y") for group in made), "of its volume, where nobody is of its plan and age"


@pytest.mark.parametrize(("groups", "due", "called"), [(700, True, [700]), (700, False, []), (0, True, [])])
def test_a_run_calibrates_where_it_is_due(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    groups: int,
    due: bool,
    called: list[int],
) -> None:
    asked: list[int] = []

    def calibrate(_spark: object, _uri: object, _day: object, _settings: object, n: int) -> list[str]:
        asked.append(n)
        return ["client: …", "All: 0 of 9 …"]

    monkeypatch.setattr(ended, "calibrate", calibrate)
    monkeypatch.setattr(ended, "is_due", lambda _lake, _day, every: due and every == 7)
    settings = replace(DEFAULT, calibration=replace(DEFAULT.calibration, groups=groups))
    ended._calibrate(SimpleNamespace(spark=None, uri="lake"), settings, OLD.date())  # type: ignore[arg-type]
    assert asked == called
    assert capsys.readouterr().out == ("Calibration: All: 0 of 9 …\n" if called else "")


def test_a_run_stands_where_it_cannot_be_calibrated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def calibrate(*_: object) -> list[str]:
        raise RunError("the disk is full")

    monkeypatch.setattr(ended, "calibrate", calibrate)
    monkeypatch.setattr(ended, "is_due", lambda *_: True)
    ended._calibrate(SimpleNamespace(spark=None, uri="lake"), DEFAULT, OLD.date())  # type: ignore[arg-type]
    assert capsys.readouterr().err == "iolaus: the run was not calibrated: the disk is full\n"
