"""What leaves the lake: valid bundles, inert tables, and no identifier that was not named.

The OASIS validator accepts the bundles.
"""

import csv
import io
import json
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import stix2
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import KEY
from stix2validator import ValidationOptions, validate_string
from traffic import DAYS, RING, accounts, exchanges

from iolaus import cli
from iolaus.errors import UsageError
from iolaus.export import indicators
from iolaus.export.cases import OPENEST, TLP, Case, Disclosure, Shared, cases, disclosure
from iolaus.export.gold import Gold
from iolaus.export.stix import MARKINGS, bundle
from iolaus.export.techniques import TECHNIQUES, fitting
from iolaus.runtime.secret import VARIABLE
from iolaus.settings import Key

DAY = date(2026, 2, 11)
NOON = datetime(2026, 2, 11, 12, tzinfo=UTC)
# All that may name somebody in the small landing: accounts, cards, addresses.
CLEAR = (
    {e["client_ip"] for e in exchanges()}
    | {a["account_id"] for a in accounts()}
    | {a["payment_fingerprint"] for a in accounts()}
)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


def case(text: str = "3 of 3 accounts use one card") -> Case:
    """A cluster of three accounts, with a text of someone else's choosing wherever text stands."""
    cluster = {
        "cluster_id": "hc_1",
        "score": 50.0,
        "rank": 1,
        "confidence": "high",
        "n_exchanges": 10,
        "first_seen": NOON,
        "last_seen": NOON,
        "first_flagged": DAY,
        "target": text,
        "summary": text,
        "reasons": [text],
        "explanations": [text],
        "verdict": "unsure",
        "case_kind": "distillation",
    }
    piece = {"kind": "extraction", "channel": "asks_coding", "bits": 8.0, "description": text}
    members = [
        {"account_id": f"{text}{i}", "created_at": NOON, "status": "banned", "membership": 1.0} for i in range(3)
    ]
    shared = [
        Shared("card", "00ff", 3),
        Shared("address", "01", 2, "203.0.113.9"),
        Shared("block", "02", 2, "2001:db8::/48"),
        Shared("asn", "03", 3, "64501"),
        Shared("system", "0a", 3, "0a"),
    ]
    return Case("hc_other", cluster, [piece], members, shared)


def objects(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["objects"]
    return found


def test_the_oasis_validator_accepts_a_bundle_with_everything_in_it() -> None:
    made = bundle([case()], "Lab A", "amber", DAY)
    result = validate_string(made, ValidationOptions(version="2.1"))
    assert result.is_valid, result.errors
    # Names that are made of what they name are of version 5, where the specification would rather have version 4.
    assert {w.split("{")[1][:3] for w in result.warnings} <= {"103", "302"}
    assert {o["type"] for o in objects(made)} >= {
        *(
            "identity",
            "grouping",
            "campaign",
            "attack-pattern",
            "user-account",
            "infrastructure",
            "observed-data",
            "indicator",
        ),
        *("relationship", "marking-definition", "ipv4-addr", "ipv6-addr", "autonomous-system", "note", "opinion"),
    }
    campaign = next(o for o in objects(made) if o["type"] == "campaign")
    assert campaign["external_references"][0]["external_id"] == "AML.CS0056"
    assert all(
        o["object_marking_refs"] == [MARKINGS["amber"]]
        for o in objects(made)
        if o["type"] not in {"marking-definition", "identity", "attack-pattern"}
    )
    assert made == bundle([case()], "Lab A", "amber", DAY), "the same run gives the same bytes"
    later = bundle([case()], "Lab A", "amber", date(2026, 2, 12))
    assert {o["id"] for o in objects(later) if o["type"] == "campaign"} == {campaign["id"]}, (
        "a later bundle is a newer version"
    )


def judged(confidence: str = "high", **cluster: Any) -> tuple[list[dict[str, Any]], str]:
    """The objects of a bundle, and the CSV, of a case of that confidence and verdict."""
    made = replace(case(), cluster=case().cluster | {"verdict": None, "confidence": confidence} | cluster)
    out = io.StringIO(newline="")
    indicators.write([made], "amber", out)
    return objects(bundle([made], "Lab", "amber", DAY)), out.getvalue()


@pytest.mark.parametrize(
    ("confidence", "verdict", "cleared", "type_", "sure", "called"),
    [
        ("high", None, False, "anomalous-activity", 85, "Suspected distillation by one operator"),
        ("medium", None, False, "anomalous-activity", 50, "Suspected distillation by one operator"),
        ("high", "unsure", False, "anomalous-activity", 50, "Suspected distillation by one operator"),
        ("medium", "confirmed", False, "malicious-activity", 95, "Confirmed distillation by one operator"),
        ("low", None, False, "anomalous-activity", 15, "Watched, not published"),
        ("low", "innocent", True, "benign", 0, "Cleared by an analyst"),
        ("high", "innocent", False, "anomalous-activity", 85, "Suspected distillation by one operator"),
    ],
)
def test_an_export_says_no_more_than_the_verdict_and_the_confidence(
    confidence: str, verdict: str | None, cleared: bool, type_: str, sure: int, called: str
) -> None:
    """A verdict of innocent on other accounts than today's does not clear the cluster; the labels have it."""
    found, text = judged(confidence, verdict=verdict, cleared=cleared)
    shown = [o for o in found if o["type"] == "indicator"]
    assert {t for o in shown for t in o["indicator_types"]} == {type_}
    assert {o["confidence"] for o in found if o["type"] in {"indicator", "campaign"}} == {sure}
    (grouping,) = (o for o in found if o["type"] == "grouping")
    assert grouping["name"].startswith(f"{called}:")
    listed = "watchlist" if confidence == "low" else "published"
    assert grouping["labels"] == [
        f"listed-{listed}", f"confidence-{confidence}", f"verdict-{verdict or 'none'}", "kind-distillation"
    ]  # fmt: skip
    (campaign,) = (o for o in found if o["type"] == "campaign")
    assert ("objective" in campaign) == (confidence != "low")
    assert any(o["type"] == "attack-pattern" for o in found) != cleared
    assert called in text
    assert f"verdict-{verdict or 'none'}" in text
    assert ("AML." in text) != cleared


def test_the_kind_of_case_is_told_and_only_distillation_is_said_to_train_a_model() -> None:
    for kind, called in (("resold_access", "Suspected resale of access"), ("unexplained", "Unexplained coordination")):
        found, _ = judged(case_kind=kind)
        (campaign,) = (o for o in found if o["type"] == "campaign")
        assert "objective" not in campaign
        assert f"kind-{kind.replace('_', '-')}" in campaign["labels"]
        assert any(o.get("name", "").startswith(called) for o in found if o["type"] == "grouping")


def test_a_cleared_account_that_is_exported_all_the_same_is_benign() -> None:
    made = case()
    made.members[0]["verdict"] = "innocent"
    found = objects(bundle([made], "Lab", "amber", DAY))
    benign, suspect = (
        [
            o
            for o in found
            if o["type"] == "indicator" and o["indicator_types"] == [t] and "user-account" in o["pattern"]
        ]
        for t in ("benign", "anomalous-activity")
    )
    assert [o["pattern"].count("one card") for o in (*benign, *suspect)] == [1, 2]
    accused = {o["source_ref"] for o in found if o["type"] == "relationship" and o["relationship_type"] == "indicates"}
    assert benign[0]["id"] not in accused
    assert suspect[0]["id"] in accused
    out = io.StringIO(newline="")
    indicators.write([made], "amber", out)
    assert out.getvalue().count("account that an analyst cleared") == 1


def test_a_shared_card_is_no_proxy() -> None:
    """It shows how accounts were established. It is no place on the network, and so no infrastructure."""
    made = replace(
        case(),
        evidence=[
            {"kind": "coordination", "channel": c, "bits": 9.0, "description": f"by {c}"} for c in ("card", "address")
        ],
    )
    techniques = {t.id: [p["channel"] for p in pieces] for t, pieces in fitting(made.evidence)}
    assert techniques == {"AML.T0008.005": ["address"], "AML.T0021": ["card"]}
    found = objects(bundle([made], "Lab", "amber", DAY))
    assert sorted(o["name"].split()[0] for o in found if o["type"] == "infrastructure") == ["address", "asn", "block"]
    (note,) = (o for o in found if o["type"] == "note" and "card" in o["abstract"])
    assert "00ff, of 3 accounts" in note["content"]
    out = io.StringIO(newline="")
    indicators.write([made], "amber", out)
    of = {row[3].split(":")[0]: row[1] for row in csv.reader(io.StringIO(out.getvalue(), newline=""))}
    assert (of["card"].split()[0], of["asn"].split()[0]) == ("AML.T0021", "AML.T0008.005")


def test_bad_arguments_are_answered_in_one_line(lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "none" / "run.csv"
    for arguments, said in (
        (("--out", str(out)), f"{out} cannot be used (No such file or directory)"),
        (("--out", str(tmp_path)), "Is a directory"),
        (("--out", str(tmp_path / "run.csv"), "--date", "2020-01-01"), "no run of 2020-01-01"),
    ):
        assert cli.main(["export", "csv", "--lake", str(lake), *arguments]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
    with pytest.raises(FileNotFoundError):
        cli.main(["export", "csv", "--lake", str(lake), "--out", str(out), "--debug"])
    with pytest.raises(SystemExit):
        cli.main(["export", "stix", "--lake", str(lake), "--producer", " ", "--out", str(tmp_path / "run.json")])
    assert "write a name" in capsys.readouterr().err


def test_techniques_are_those_that_the_evidence_shows() -> None:
    pieces = [
        {"kind": kind, "channel": channel, "bits": 1.0}
        for kind, channel in (("coordination", "head8"), ("innocent", "people"))
    ]
    assert [t.id for t, _ in fitting(pieces)] == ["AML.T0065"]
    assert [t.id for t, _ in fitting([{"kind": "innocent", "channel": "address", "bits": 0.0}])] == []
    assert len({t.id for t in TECHNIQUES}) == len(TECHNIQUES)


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("=+-@\t\r\n\"',;|<>]\\\0\u202e\u200b\ufeff＝﹢💥"), max_size=30),
    st.sampled_from(["=cmd|' /C calc'!A0", "\u00a0=1+1", "'] OR [file:name = 'x", "</script>", "\ud800", "a" * 5_000]),
)


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_hostile_text_stays_text_in_a_bundle(text: str) -> None:
    made = bundle([case(text)], "Lab", "red", DAY)
    parsed = stix2.parse(made)  # checks every pattern's grammar too
    assert sum(o["type"] == "indicator" for o in parsed.objects) == 4
    made.encode("utf-8")
    assert not {
        c
        for c in json.loads(made, strict=True)["id"] + made.replace("\n", "")
        if unicodedata.category(c) in {"Cc", "Cf", "Cs"}
    }


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_hostile_text_is_no_formula_in_a_spreadsheet(text: str) -> None:
    out = io.StringIO(newline="")
    n = indicators.write([case(text)], "amber", out)
    read = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert read[0] == ["tactic", "technique", "procedure", "indicator", "note"]
    assert len(read) == n + 1
    for row in read:
        assert len(row) == 5
        assert not any(value.strip().startswith(tuple("=+-@＝＋－＠")) for value in row)
        assert not {c for value in row for c in value if unicodedata.category(c)[0] == "C"}


@pytest.mark.parametrize("kind", OPENEST)
def test_a_kind_leaves_in_clear_only_as_far_as_its_marking_lets_it(kind: str) -> None:
    openest = TLP.index(OPENEST[kind])
    for tlp in TLP[openest:]:
        assert disclosure(tlp, [kind]).kinds == {kind}
    for tlp in TLP[:openest]:
        with pytest.raises(UsageError, match=f"TLP:{tlp.upper()}".replace("+", r"\+")):
            disclosure(tlp, [kind])


def test_no_identifier_leaves_a_real_run_unless_it_was_named(lake: Path, tmp_path: Path) -> None:
    for name, more in (("stix", ["--producer", "Lab A"]), ("csv", [])):
        out = tmp_path / name
        command = ["export", name, "--lake", str(lake), "--out", str(out), *more]
        assert cli.main(command) == 0
        assert not {clear for clear in CLEAR if clear in out.read_text()}
        assert cli.main([*command, "--with-indicators", "address,account"]) == 0
        told = {clear for clear in CLEAR if clear in out.read_text()}
        assert {f"ring{i:03}" for i in range(RING)} | {"198.51.100.1"} <= told
        assert not {clear for clear in told if clear.startswith("card")}, "cards have no clear form that leaves"
    (found,) = cases(Gold(str(lake)), DAYS[1], Key(KEY.encode()), Disclosure())
    assert len(found.members) == RING
    assert {v.channel for v in found.shared} >= {"card", "address", "asn"}
    with pytest.raises(UsageError, match="set the key"):
        list(cases(Gold(str(lake)), DAYS[1], Key(b"another key"), Disclosure()))


def test_plain_tables_hold_pseudonyms_and_no_text_that_nobody_vouched_for(
    lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["export", "parquet", "--lake", str(lake), "--out", str(tmp_path), "--date", str(DAYS[0])]) == 0
    members = pq.read_table(tmp_path / "suspect_cluster_members.parquet")
    assert (members.num_rows, set(members["run_date"].to_pylist())) == (RING, {DAYS[0]})
    everything = "".join(str(pq.read_table(path).to_pylist()) for path in tmp_path.glob("*.parquet"))
    assert not {clear for clear in CLEAR if clear in everything}
    assert "gold.suspect_cluster_members.org_id" in capsys.readouterr().err
    names = {
        row["cluster_id"]
        for path in tmp_path.glob("*.parquet")
        for row in pq.read_table(path, columns=["cluster_id"]).to_pylist()
    }
    assert set(members["cluster_id"].to_pylist()) <= names, "one name in all tables"
    assert not names & set(
        Gold(str(lake)).rows("gold.suspect_clusters", None, ["cluster_id"])["cluster_id"].to_pylist()
    )
