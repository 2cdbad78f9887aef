"""`iolaus account` on small lakes written without Spark: sections, sentences, and text that does nothing."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lakes import write, write_case

from iolaus.cli import main
from iolaus.export.account import account
from iolaus.export.gold import Gold

TODAY, BEFORE = date(2026, 2, 11), date(2026, 2, 10)
RING = [f"acc_{i:02}" for i in range(8)]
ESCAPE = "\x1b[31m\u202e"


def place(day: date, key: int, name: str, **more: Any) -> dict[str, Any]:
    return {"run_date": day, "account_id": name, "account_key": key, "owner_id": name, "is_background": True} | more


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("account") / "lake"
    for day, rank in ((BEFORE, 2), (TODAY, 1)):
        write_case(made, day, "hc_ring", RING, rank=rank)
        member = {"run_date": day, "cluster_id": "hc_ring", "membership": 0.98, "bits": 9_500, "content": 4_000}
        write(made, "graph.clusters", [member | {"account_id": a, "origin": "links", "event": "kept"} for a in RING])
        people = [*RING, "lonely", "near", "licensed"]
        write(
            made,
            "features.population",
            [place(day, key, a, is_background=a != "licensed") for key, a in enumerate(people)],
        )
        known = {"run_date": day, "created_at": datetime(2026, 2, 1, tzinfo=UTC), "owner_id": "x", "plan": ESCAPE}
        registered = [known | {"account_id": a, "agreement": "reseller" if a == "licensed" else None} for a in people]
        write(made, "silver.accounts", [*registered, known | {"account_id": "asleep"}])
        sent = {"happened_on": day, "n_exchanges": 30, "input_tokens": 900, "output_tokens": 4_000}
        busy = [{"hour": 492_000, "model": "atlas-3", "n": 20}, {"hour": 492_001, "model": ESCAPE, "n": 10}]
        write(made, "features.account_days", [sent | {"account_id": "acc_00", "activity": busy}])
        request = {"happened_on": day, "account_id": "acc_00", "country": "DE", "asn": 64512, "access_path": "api"}
        write(
            made,
            "silver.exchanges",
            [request | {"exchange_id": f"{day}{i}", "address": f"{i % 3:032x}"} for i in range(4)],
        )
        shared = {"run_date": day, "n": 5, "is_qualifying": True, "n_qualifying_owners": 4, "n_owners": 4}
        write(
            made,
            "features.account_values",
            [shared | {"account_id": a, "channel": "card", "value_hash": -1} for a in (*RING[:3], "near")],
        )
        pair = {"run_date": day, "channel": "card", "sharers": 4, "support": 1, "bits": 8_000, "value_hash": -1}
        write(
            made,
            "pairs.infrastructure",
            [pair | {"key_a": 0, "key_b": b} for b in (1, 2)]
            + [pair | {"key_a": 0, "key_b": 9, "bits": 3_500}]
            + [pair | {"key_a": 0, "key_b": 1, "channel": "address", "bits": 5_000}],
        )
        write(made, "pairs.templates", [pair | {"key_a": 0, "key_b": 1, "channel": "head8", "bits": 6_000}])
        link = {"run_date": day, "account_a": "acc_00", "account_b": "acc_01", "key_a": 0, "key_b": 1}
        write(made, "graph.links", [link])
    given = {"given_at": datetime(2026, 2, 10, tzinfo=UTC), "given_by": "ana", "cluster_id": "hc_ring"}
    given |= {"members": RING, "run_date": BEFORE, "known_from": TODAY}
    write(
        made,
        "verdicts.given",
        [
            given | {"verdict_id": "v1", "verdict": "confirmed", "why": f"cards{ESCAPE}", "named": []},
            given | {"verdict_id": "v2", "verdict": "innocent", "why": "a teacher", "named": ["acc_07"]},
        ],
    )
    return made


def known(lake: Path, name: str) -> dict[str, Any]:
    return account(Gold(str(lake)), name)


def test_a_members_history_traffic_and_places(lake: Path) -> None:
    found = known(lake, "acc_00")
    listed = [(h["run_date"], h["cluster_id"], h["list"], h["rank"]) for h in found["history"]]
    assert listed == [(BEFORE, "hc_ring", "published", 2), (TODAY, "hc_ring", "published", 1)]
    sums = {"n_exchanges": 60, "input_tokens": 1_800, "output_tokens": 8_000, "reasoning_tokens": 0}
    assert found["traffic"] == sums
    assert found["models"] == {"atlas-3": 40, ESCAPE: 20}
    assert [(d["day"], d["n_exchanges"]) for d in found["days"]] == [(BEFORE, 30), (TODAY, 30)]
    places = found["seen_from"]
    assert places["network operator"]["most_used"] == [
        {"value": "AS64512", "n_exchanges": 8, "first_on": BEFORE, "last_on": TODAY}
    ]
    assert (places["address"]["n_values"], places["country"]["n_values"]) == (3, 1)


def test_shared_values_and_the_nearest_accounts(lake: Path) -> None:
    found = known(lake, "acc_00")
    (card,) = found["shared"]
    assert (card["channel"], card["n_owners"], card["n_in_cluster"], card["value"]) == ("card", 4, 3, "f" * 16)
    nearest = [(n["account_id"], n["bits"], n["is_link"]) for n in found["nearest"]]
    # card and address are two groups of one family, and the words another family
    assert nearest == [("acc_01", 19.0, True), ("acc_02", 8.0, False), ("near", 3.5, False)]
    assert found["nearest"][0]["families"] == {"infrastructure": 13.0, "content": 6.0}


def test_why_in_a_cluster_and_why_not(lake: Path) -> None:
    inside = " ".join(known(lake, "acc_00")["standing"])
    assert "In cluster hc_ring, published at rank 1, confidence high." in inside
    assert "Shares a payment card with 1 of the 9 other accounts" in inside
    assert "shares nothing with another account" in " ".join(known(lake, "lonely")["standing"])
    near = " ".join(known(lake, "near")["standing"])
    assert "it has no link. Its strongest pair has 3.5 bits, on infrastructure." in near
    assert "agreement (reseller)" in " ".join(known(lake, "licensed")["standing"])
    assert "was not active from 2026-01-15 to 2026-02-11" in " ".join(known(lake, "asleep")["standing"])


def test_verdicts_of_the_account_and_of_its_cluster(lake: Path) -> None:
    found = known(lake, "acc_07")
    assert [(v["verdict"], v["of"]) for v in found["verdicts"]] == [
        ("confirmed", "its cluster"),
        ("innocent", "the account"),
    ]
    assert found["standing"][0].startswith("Cleared by ana on 2026-02-10: a teacher.")
    assert [v["verdict"] for v in known(lake, "acc_00")["verdicts"]] == ["confirmed"]


def test_text_and_json(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["account", "acc_00", "--lake", str(lake)]) == 0
    text = capsys.readouterr().out
    assert "60 exchanges, 1,800 input tokens, 8,000 output tokens" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert main(["account", "acc_00", "--lake", str(lake), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["history"][1]["run_date"] == "2026-02-11"
    assert found["registered"]["created_at"] == "2026-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nobody\x1b[2J"], "has never seen an account"),
        (["acc_00", "--date", "2026-01-01"], "the newest published run is of 2026-02-11"),
    ],
)
def test_an_error_is_one_line(lake: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert main(["account", *arguments, "--lake", str(lake)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err
    assert "\x1b" not in err


def test_as_of_an_earlier_run(lake: Path) -> None:
    found = account(Gold(str(lake)), "acc_00", BEFORE)
    assert [h["run_date"] for h in found["history"]] == [BEFORE]
    assert found["traffic"]["n_exchanges"] == 30
    assert found["window_begins"] == BEFORE - timedelta(days=27)
