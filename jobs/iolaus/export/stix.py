"""Clusters as a STIX 2.1 bundle (OASIS, 2021), for other labs and their platforms.

The same run gives the same bundle, byte for byte: identifiers are UUIDs of version 5 of what they name, and times are
those of the data. A cluster keeps its identifiers from run to run, so that a later bundle is a newer version of the
same campaign. Markings are those of TLP 2.0 (FIRST, 2022) as OASIS has published them for STIX.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import stix2

from iolaus.export.cases import NETWORK, PROMPTS, Case, Shared
from iolaus.export.inert import inert
from iolaus.export.standing import confidence, indicator_type, is_cleared, labels, title
from iolaus.export.techniques import CASE_STUDY, KILL_CHAIN, SITE, Technique, fitting
from iolaus.schemas.verdicts import CONFIRMED, INNOCENT, UNSURE

NAMESPACE = UUID("5f0a3c52-6a1f-4f6e-9d1b-3c1f2a7be010")
TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
MARKINGS = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)  # of what has no time of its own: who exports, and ATLAS's techniques
_OPINION = {CONFIRMED: "strongly-agree", UNSURE: "neutral", INNOCENT: "strongly-disagree"}
_ACCOUNTS = 500  # accounts of one pattern
_MOST_OBSERVED = 999_999_999  # of one observed-data: the specification's limit
_PATTERNS = {
    "asn": "[autonomous-system:number = {}]",
    "address": "[{}:value = '{}']",
    "block": "[{}:value = '{}']",
}


def bundle(cases: Iterable[Case], producer: str, tlp: str, day: date) -> str:
    """The bundle of some clusters of one run, as JSON."""
    who = stix2.Identity(
        id=_id("identity", producer),
        created=_BEGAN,
        modified=_BEGAN,
        name=inert(producer),
        identity_class="organization",
    )
    marking = stix2.MarkingDefinition(
        id=MARKINGS[tlp],
        created=datetime(2022, 10, 1, tzinfo=UTC),
        name=f"TLP:{tlp.upper()}",
        extensions={TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp}},
    )
    objects = {made["id"]: made for made in (marking, who)}
    for case in cases:
        for made in _Writer(producer, tlp, day, case).objects():
            objects.setdefault(made["id"], made)
    digest = sha256("".join(made.serialize() for made in objects.values()).encode()).hexdigest()
    return str(stix2.Bundle(id=_id("bundle", digest), objects=list(objects.values())).serialize(indent=1))


def _id(kind: str, *names: object) -> str:
    return f"{kind}--{uuid5(NAMESPACE, chr(0).join((kind, *map(str, names))))}"


class _Writer:
    """The objects of one cluster."""

    def __init__(self, producer: str, tlp: str, day: date, case: Case):
        self._case, self._day, self._producer = case, day, producer
        self._marked = {"object_marking_refs": [MARKINGS[tlp]]}
        modified = datetime.combine(day + timedelta(days=1), time(), UTC)
        created = datetime.combine(case.cluster["first_flagged"], time(), UTC)
        self._common = {
            "created_by_ref": _id("identity", producer),
            "created": created,
            "modified": modified,
            **self._marked,
        }

    def _named(self, kind: str, *names: object) -> dict[str, Any]:
        return {"id": _id(kind, self._producer, self._case.name, *names), **self._common}

    def objects(self) -> Iterator[Any]:
        """Techniques, campaign, accounts, observations, infrastructure, indicators, relationships, their grouping."""
        made = [*self._of_cluster()]
        yield from made
        yield stix2.Grouping(
            **self._named("grouping"),
            name=f"{title(self._case.cluster)}: {self._case.name}",
            context="unspecified" if is_cleared(self._case.cluster) else "suspicious-activity",
            labels=labels(self._case.cluster),
            object_refs=[x["id"] for x in made],
        )

    def _of_cluster(self) -> Iterator[Any]:
        case, cluster = self._case, self._case.cluster
        is_distillation = cluster.get("case_kind") == "distillation" and cluster["confidence"] != "low"
        aims = is_distillation and not is_cleared(cluster)
        campaign = stix2.Campaign(
            **self._named("campaign"),
            name=case.name,
            description=inert(
                f"{title(cluster)}. {cluster['summary']}. Score {cluster['score']:.1f} bits; "
                f"{'; '.join(cluster['reasons'])}.",
                5_000,
            ),
            first_seen=cluster["first_seen"],
            last_seen=cluster["last_seen"],
            confidence=confidence(cluster),
            labels=labels(cluster),
            **({"objective": inert(f"to draw out what trains a model: {cluster['target']}")} if aims else {}),
            **({"external_references": [_reference(CASE_STUDY, f"{SITE}/studies/{CASE_STUDY}")]} if aims else {}),
        )
        yield campaign
        # What an analyst cleared uses no technique of an adversary.
        for technique, pieces in () if is_cleared(cluster) else fitting(case.evidence):
            pattern = self._technique(technique)
            yield pattern
            yield self._relationship(
                campaign, "uses", pattern, inert("; ".join(str(p["description"]) for p in pieces[:5]), 5_000)
            )
        accounts = [self._account(m) for m in case.members]
        yield from accounts
        observed = self._observed(accounts)
        if observed is not None:
            yield observed
            yield self._relationship(observed, "related-to", campaign)
        yield from self._infrastructure(campaign)
        yield from self._account_indicators(campaign, observed)
        yield from self._notes(campaign)

    def _technique(self, technique: Technique) -> Any:
        return stix2.AttackPattern(
            id=_id("attack-pattern", technique.id),
            created=_BEGAN,
            modified=_BEGAN,
            name=technique.name,
            kill_chain_phases=[{"kill_chain_name": KILL_CHAIN, "phase_name": technique.phase}],
            external_references=[_reference(technique.id, technique.url)],
        )

    def _account(self, member: dict[str, Any]) -> Any:
        """An account as an object. Creation is cut to the day: the second would identify the account to its seller."""
        made = member.get("created_at")
        more = {"account_created": datetime.combine(made.date(), time(), UTC)} if made else {}
        if member.get("status"):
            more["is_disabled"] = member["status"] == "banned"
        return stix2.UserAccount(user_id=inert(member["account_id"]), **more, **self._marked)

    def _observed(self, accounts: list[Any]) -> Any:
        cluster = self._case.cluster
        if not accounts:
            return None
        return stix2.ObservedData(
            **self._named("observed-data", self._day),
            first_observed=cluster["first_seen"],
            last_observed=cluster["last_seen"],
            number_observed=min(max(cluster["n_exchanges"], 1), _MOST_OBSERVED),
            object_refs=[a["id"] for a in accounts],
        )

    def _infrastructure(self, campaign: Any) -> Iterator[Any]:
        for value in self._case.shared:
            if value.channel not in NETWORK:
                continue  # a card is no place on the network: see `_notes`
            place = stix2.Infrastructure(
                **self._named("infrastructure", value.channel, value.name),
                name=f"{value.channel} {value.name}",
                description=f"{value.accounts} accounts of the cluster share it; the name is a pseudonym",
                infrastructure_types=["unknown"],
            )
            yield place
            yield self._relationship(campaign, "uses", place)
            if value.clear is not None:
                yield from self._in_clear(campaign, place, value)

    def _in_clear(self, campaign: Any, place: Any, value: Shared) -> Iterator[Any]:
        clear = str(value.clear)
        kind = "ipv6-addr" if ":" in clear else "ipv4-addr"
        if value.channel == "asn":
            seen = stix2.AutonomousSystem(number=int(clear), **self._marked)
        else:
            seen = (stix2.IPv6Address if ":" in clear else stix2.IPv4Address)(value=clear, **self._marked)
        yield seen
        yield self._relationship(place, "consists-of", seen)
        pattern = _PATTERNS[value.channel].format(*((clear,) if value.channel == "asn" else (kind, _escaped(clear))))
        shown = self._indicator(
            f"{value.channel} {value.name}", pattern, f"{value.accounts} accounts of the cluster share it"
        )
        yield shown
        yield self._relationship(shown, "indicates", campaign)

    def _account_indicators(self, campaign: Any, observed: Any) -> Iterator[Any]:
        by_type: dict[str, list[str]] = {}
        for m in self._case.members:
            by_type.setdefault(indicator_type(self._case.cluster, m), []).append(inert(m["account_id"]))
        for type_, ids in sorted(by_type.items()):
            said = "accounts that an analyst cleared" if type_ == "benign" else "accounts of the cluster"
            for number, start in enumerate(range(0, len(ids), _ACCOUNTS)):
                names = ", ".join(f"'{_escaped(x)}'" for x in ids[start : start + _ACCOUNTS])
                pattern = f"[user-account:user_id IN ({names})]"
                shown = self._indicator(f"{type_} accounts {number}", pattern, said, type_)
                yield shown
                if type_ != "benign":
                    yield self._relationship(shown, "indicates", campaign)
                yield self._relationship(shown, "based-on", observed)

    def _indicator(self, name: str, pattern: str, description: str, type_: str | None = None) -> Any:
        cluster = self._case.cluster
        type_ = type_ or indicator_type(cluster)
        return stix2.Indicator(
            **self._named("indicator", name),
            name=f"{self._case.name}: {name}",
            description=description,
            indicator_types=[type_],
            confidence=0 if type_ == "benign" else confidence(cluster),
            labels=labels(cluster),
            pattern=pattern,
            pattern_type="stix",
            valid_from=self._case.cluster["first_seen"],
        )

    def _notes(self, campaign: Any) -> Iterator[Any]:
        """Notes: innocent explanations, shared cards, template fingerprints, cleared accounts, the verdict."""
        cluster = self._case.cluster
        texts = {"Innocent explanations that were considered": cluster["explanations"]}
        prints = [v for v in self._case.shared if v.channel in PROMPTS]
        if prints:
            texts["Fingerprints of templates"] = [
                f"{v.channel} {v.clear}, sent by {v.accounts} accounts" for v in prints
            ]
        if cards := [v for v in self._case.shared if v.channel == "card"]:
            texts["Shared payment cards, by pseudonym"] = [f"{v.name}, of {v.accounts} accounts" for v in cards]
        if self._case.left_out:
            texts["Accounts left out"] = [f"An analyst cleared {self._case.left_out} accounts, which are not here"]
        for abstract, lines in texts.items():
            if lines:
                content = inert("; ".join(lines), 50_000)
                yield stix2.Note(
                    **self._named("note", abstract), abstract=abstract, content=content, object_refs=[campaign["id"]]
                )
        if cluster.get("verdict"):
            yield stix2.Opinion(
                **self._named("opinion"), opinion=_OPINION[cluster["verdict"]], object_refs=[campaign["id"]]
            )

    def _relationship(self, source: Any, kind: str, target: Any, description: str | None = None) -> Any:
        named = self._named("relationship", source["id"], kind, target["id"])
        more = {"description": description} if description else {}
        return stix2.Relationship(
            **named, relationship_type=kind, source_ref=source["id"], target_ref=target["id"], **more
        )


def _reference(id_: str, url: str) -> dict[str, str]:
    return {"source_name": KILL_CHAIN, "external_id": id_, "url": url}


def _escaped(text: str) -> str:
    """Text within a pattern's quotes."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
