"""What leaves the lake: bundles that the OASIS validator accepts, tables that are inert, and no identifier that was not named."""

import csv
import io
import json
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pytest
import stix2
from hypothesis import given, settings
from hypothesis import strategies as st
from stix2validator import ValidationOptions, validate_string

from jobs.errors import UsageError
from jobs.export import indicators
from jobs.export.cases import OPENEST, TLP, Case, Shared, disclosure
from jobs.export.stix import MARKINGS, bundle
from jobs.export.techniques import TECHNIQUES, fitting

DAY = date(2026, 2, 11)
NOON = datetime(2026, 2, 11, 12, tzinfo=UTC)


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
    }
    piece = {"kind": "extraction", "channel": "asks_coding", "bits": 8.0, "description": text}
    members = [{"account_id": f"{text}{i}", "created_at": NOON, "status": "banned", "membership": 1.0} for i in range(3)]
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
        *("identity", "grouping", "campaign", "attack-pattern", "user-account", "infrastructure", "observed-data", "indicator"),
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
    assert {o["id"] for o in objects(later) if o["type"] == "campaign"} == {campaign["id"]}, "a later bundle is a newer version"


def test_techniques_are_those_that_the_evidence_shows() -> None:
    pieces = [{"kind": kind, "channel": channel, "bits": 1.0} for kind, channel in (("coordination", "head8"), ("innocent", "people"))]
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
    assert not {c for c in json.loads(made, strict=True)["id"] + made.replace("\n", "") if unicodedata.category(c) in {"Cc", "Cf", "Cs"}}


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
