"""The demo's kind of traffic, written as each format's logs, adapted, and run.

What came back, and what it was enough for.
"""

from argparse import Namespace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from iolaus.adapters.formats import FORMATS
from iolaus.commands.adapt import _choice, deliver
from iolaus.runtime.delivery import Delivery
from iolaus.runtime.logs import logs_at
from iolaus.settings import DEFAULT
from tests import traffic
from tests.gateway_formats import WRITERS, write
from tests.gateway_logs import read_lines
from tests.runs import runner

DAY = traffic.DAYS[0]
ADAPTED = tuple(WRITERS)


def of_format(account: str) -> str:
    """The format whose gateway an account uses: of neighbours, each another."""
    return ADAPTED[int(account[-3:]) % len(ADAPTED)]


@pytest.fixture(scope="module")
def landing(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One landing to which twelve gateways deliver, each its customers' exchanges of one day in its own format."""
    out = tmp_path_factory.mktemp("round") / "landing"
    sent = [row for row in traffic.exchanges() if row["requested_at"].startswith(DAY.isoformat())]
    for name, (kind, _, _) in WRITERS.items():
        rows = [row for row in sent if of_format(row["account_id"]) == name]
        logs = write(out.parent / name, name, rows)
        choice = _choice(
            Namespace(account=None, field=[], arrived=None, own_proxies=None, effective=Namespace(settings=DEFAULT))
        )
        counts = deliver(logs_at(spark, str(logs)), Delivery(spark, str(out), name), FORMATS[kind], kind, choice)
        assert counts["exchanges"] == len(rows), name
    traffic.write_lines(out / "accounts.jsonl", traffic.accounts())
    traffic.write_lines(out / "models.jsonl", [{"model": "atlas-3", "released_at": "2025-11-01T00:00:00Z"}])
    return out


def test_every_field_comes_back_but_those_that_a_format_cannot_carry(landing: Path):
    came: dict[str, dict[str, Any]] = {}
    for row in read_lines(landing / "exchanges" / f"dt={DAY}"):
        came[
            row["exchange_id"].removeprefix("trace").removeprefix("batch_").removesuffix("-call").removesuffix("-1")
        ] = row
    for row in traffic.exchanges():
        if not row["requested_at"].startswith(DAY.isoformat()):
            continue
        silent = WRITERS[of_format(row["account_id"])][2]
        back = came.pop(row["exchange_id"])
        told = {name: value for name, value in row.items() if name not in (*silent, "exchange_id", "requested_at")}
        assert {name: back.get(name) for name in told} == told, of_format(row["account_id"])
        assert (
            abs(
                datetime.fromisoformat(back["requested_at"]) - datetime.fromisoformat(row["requested_at"])
            ).total_seconds()
            < 0.001
        )
        assert not {"client_asn", "client_country"} & back.keys()
    assert not came


def test_the_clusters_are_those_of_the_landing_that_the_logs_were_made_of(
    spark: SparkSession, landing: Path, tmp_path: Path
):
    """Without the network operator, which no format carries; half of the accounts without address and program."""
    runner(spark, landing, tmp_path / "lake", gated=False).run([DAY])
    members = DeltaTable(str(tmp_path / "lake/gold/suspect_cluster_members")).to_pyarrow_table().to_pylist()
    assert sorted(m["account_id"] for m in members) == [f"ring{i:03}" for i in range(traffic.RING)]
