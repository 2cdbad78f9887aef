"""Why an account is in a cluster, or why not: the rule that decided, with the account's own figures."""

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.export.confidence import why_confidence
from iolaus.export.gold import Gold
from iolaus.export.report_cases import JUDGEMENT
from iolaus.schemas.verdicts import INNOCENT
from iolaus.settings import Settings

_FAMILIES = {
    "content": "what it asks",
    "infrastructure": "what it sends from and pays with",
    "cohort": "when it was created",
    "behaviour": "how it is used",
    "timing": "its hours of activity",
}


def standing(gold: Gold, known: Mapping[str, Any], place: Mapping[str, Any], settings: Settings) -> list[str]:
    """Sentences on why the account is in a cluster, or why not.

    known: the sections of `iolaus.export.account.account`; place: its row of `features.population`, empty if the
    account was not active in the window.
    """
    now = next((h for h in known["history"] if h["run_date"] == known["run_date"]), None)
    said = _cleared(known, listed=now is not None)
    if now is not None:
        return said + _of_member(gold, now, settings) + _reasons(gold, known)
    if not place:
        last = known["history"][-1] if known["history"] else None
        earlier = f" It was in {last['cluster_id']} in the run of {last['run_date']}." if last else ""
        span = f"{known['window_begins']} to {known['run_date']}"
        return [*said, f"Not in a cluster: it was not active from {span}, so the run did not judge it.{earlier}"]
    if not place["is_background"]:
        kind = known["registered"].get("agreement")
        return [*said, f"Not in a cluster: its organisation has an agreement ({kind}), so it is not judged."]
    return said + _of_stranger(gold, known, place, settings)


def _cleared(known: Mapping[str, Any], *, listed: bool) -> list[str]:
    verdict = known["verdict"]
    if verdict is None or verdict["verdict"] != INNOCENT:
        return []
    after = (
        "Either the verdict is newer than this run, or evidence that the analyst had not seen ties it to the cluster."
        if listed
        else "Runs hold it out of every cluster unless new evidence ties it to one."
    )
    return [f"Cleared by {verdict['verdict_by']} on {verdict['verdict_on']}: {verdict['verdict_why']}. {after}"]


def _of_member(gold: Gold, now: Mapping[str, Any], settings: Settings) -> list[str]:
    place = {
        "published": f"published at rank {now['rank']}, confidence {now['confidence']}",
        "watchlist": f"on the watchlist at rank {now['rank']}, which accuses nobody",
    }.get(now["list"], "which gold does not list")
    bits = ", ".join(f"{what} {now[family]:+.1f}" for family, what in _FAMILIES.items() if now.get(family))
    odds = (
        f"It belongs by {now['bits']:.1f} bits (membership {now['membership']:.2f}), and a member needs "
        f"{settings.profile.posterior:.1f}: 10 bits are odds of about 1,000 to 1. "
        f"Of these bits: {bits or 'no family speaks'}; the rest is the group's size."
    )
    said = [f"In cluster {now['cluster_id']}, {place}.", odds]
    of_cluster = (ds.field("run_date") == pa.scalar(now["run_date"])) & (ds.field("cluster_id") == now["cluster_id"])
    judged = gold.find(
        "gold.cluster_evidence", of_cluster & (ds.field("kind") == JUDGEMENT), ("part", "log_likelihoods")
    )
    why = why_confidence(now, judged, settings.scoring) if now["list"] else None
    return said + ([why] if why else [])


def _reasons(gold: Gold, known: Mapping[str, Any]) -> list[str]:
    mine = (ds.field("run_date") == pa.scalar(known["run_date"])) & (ds.field("account_id") == known["account_id"])
    return [r for row in gold.find("gold.suspect_cluster_members", mine, ("reasons",)) for r in row["reasons"] or ()]


def _of_stranger(gold: Gold, known: Mapping[str, Any], place: Mapping[str, Any], settings: Settings) -> list[str]:
    """Of an account that was judged and is in no cluster: how far it got."""
    graph, then = settings.graph, ds.field("run_date") == pa.scalar(known["run_date"])
    ends = (ds.field("key_a") == place["account_key"]) | (ds.field("key_b") == place["account_key"])
    links = [r for r in gold.find("graph.links", then & ends, ("verdict_id",)) if r["verdict_id"] is None]
    groups = gold.find("graph.communities", then & (ds.field("account_id") == known["account_id"]), ("community",))
    if groups:
        fits = (
            f"Not in a cluster: {len(links):,} links and shared texts made it a candidate of {len(groups):,} "
            f"group{'s' if len(groups) != 1 else ''}, but its profile fits none. A member needs "
            f"{settings.profile.posterior:.1f} bits, two families that agree, and {settings.profile.weakest:.0%} of "
            "the bits that three in four members of the group exceed."
        )
        return [fits]
    if links:
        return [f"Not in a cluster: it has {len(links):,} links, and the accounts that they join make no dense group."]
    best = known["nearest"][0] if known["nearest"] else None
    if best is None:
        return ["Not in a cluster: it shares nothing with another account that is rare enough to prove anything."]
    accounts = gold.table("features.population")
    n = (
        accounts.to_pyarrow_dataset().count_rows(filter=then & ds.field("is_background"), use_threads=False)
        if accounts
        else 2
    )
    enough = math.log2(max(n, 2)) + graph.chance_links
    agreeing = [family for family, bits in best["families"].items() if bits >= graph.family_floor]
    far = (
        f"Not in a cluster: it has no link. Its strongest pair has {best['bits']:.1f} bits, on "
        f"{' and '.join(agreeing) or 'no family of evidence'}. A link needs {enough:.1f} bits on {graph.families} "
        f"independent families, and {graph.triangles} triangles with other links."
    )
    return [far]
