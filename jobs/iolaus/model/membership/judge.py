"""Re-assignment of accounts to groups by profile: naive Bayes against the background of the same data.

A group's profile is what its members have more often than everybody: values by channel, time of creation, bins of
behaviour, what they ask about, the hours in which they are active. Of an account, each channel says how much likelier
its values are in the group than in the baseline, in bits; groups of channels that are views of one fact count once;
families add up, each capped. A member is judged without its own contribution (leave one out), so a group cannot vouch
for a member that only vouches for itself. After Fellegi and Sunter, A theory for record linkage (JASA 1969), with
agreement weights estimated from the group and the background instead of from matched pairs.

Cost: an Arrow pass over the groups' members to describe them, and one over all accounts. What comes to the driver is
one row a group, and of each channel its most typical values.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.runs import run_starts
from iolaus.model.account_bins import Floats, Ints
from iolaus.model.bits import MILLI
from iolaus.model.membership import families
from iolaus.model.membership.candidates import (
    GATEWAY_PART,
    IN_CONTENT,
    SUBJECT_PART,
    Candidates,
    candidates,
    memberships_of,
    of_shared_values,
    of_subject,
)
from iolaus.model.membership.families import FAMILIES
from iolaus.model.membership.group import Groups, described, nearness
from iolaus.model.membership.typical import AT_ONCE, CHANNELS, Typical, typical_values
from iolaus.model.population import Background, Size
from iolaus.settings import DEFAULT, Channels, Profile

# of an account and a group, at most, that are held against each other at once: some 500 MB in a Python worker
PAIRS = 500_000

_ASSIGNED = (
    "community string, account_id string, bits int, "
    + ", ".join(f"{family} int" for family in FAMILIES)
    + ", reasons array<string>, rivals array<string>"
)


def assign(
    members: DataFrame,
    linked: DataFrame,
    accounts: DataFrame,
    baseline: Background,
    population: Size,
    settings: Profile,
    limits: Channels = DEFAULT.channels,
) -> DataFrame:
    """One round: (community, account_id, bits, one column a family, reasons, rivals), one row an account.

    rivals: the other groups of which the account has as much of what is asked and sent from, to within `rival_bits`.

    members: (community, account_id); linked: those of groups that were found by links alone, as they were found: to
    have no link, and share no value either, is to lack what all of them have; accounts: rows of `account_bins.bins`
    with `packed_values`, of `typical.packed_values`, null where an account shares nothing; baseline: see `population`.
    Candidates of a group are the accounts that share a value with it that the group has unusually often, or that ask
    about the same things. Bits are thousandths.
    """
    settings = _without(settings, limits)
    profile = described(members, accounts.drop("packed_values"), len(baseline.hours), settings)
    if not len(profile.names):
        return members.sparkSession.createDataFrame([], _ASSIGNED)
    typical = typical_values(members, accounts, profile, population.owners, settings)
    # a row a group
    by_links = np.isin(profile.names, linked.select("community").distinct().toArrow()["community"].to_pylist())
    at_once = max(1, min(AT_ONCE, PAIRS // len(profile.names)))
    own, ties = (
        of.groupBy("account_id").agg(F.collect_list("community").alias(name))
        for of, name in ((members, "own"), (linked, "ties"))
    )

    def judge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        nobody = np.zeros((len(baseline.vectors), len(profile.names)), bool)
        everybody = np.sort(nearness(baseline.vectors, profile.sums, nobody), axis=0)
        for batch in batches:
            for start in range(0, batch.num_rows, at_once):
                yield from _judge(
                    batch.slice(start, at_once),
                    profile,
                    by_links,
                    typical,
                    baseline,
                    everybody,
                    population,
                    settings,
                    limits,
                )

    return accounts.join(own, "account_id", "left").join(ties, "account_id", "left").mapInArrow(judge, _ASSIGNED)


def _without(settings: Profile, limits: Channels) -> Profile:
    """The settings under which the families of channels that are switched off say nothing."""
    made = settings if limits.cohort.enabled else replace(settings, cohort_least=0.0, cohort_most=0.0)
    return made if limits.synchrony.enabled else replace(made, timing_cap=0.0)


def _judge(
    batch: pa.RecordBatch,
    groups: Groups,
    by_links: npt.NDArray[np.bool_],
    typical: Typical,
    baseline: Background,
    everybody: Floats,
    population: Size,
    settings: Profile,
    limits: Channels,
) -> Iterator[pa.RecordBatch]:
    """The group that explains each account of a batch best, where one does."""
    names = pa.array(groups.names, pa.string())
    own, ties = (memberships_of(batch.column(name), names) for name in ("own", "ties"))
    # What the account asks about is one more channel, of groups that it may share no value with.
    found = (
        of_shared_values(batch.column("packed_values"), typical, own, groups, population.owners, limits),
        of_subject(batch.column("vector"), own, groups, everybody, settings, limits.content),
    )
    every = candidates(found, own, len(names))
    if every is None:
        return
    place = batch.column("place").to_numpy(zero_copy_only=False)
    every = every.knowing(
        prior=_prior(every, groups, by_links, ties, population.accounts, settings),
        content=families.content(every, typical, groups, settings),
        infrastructure=families.infrastructure(every, settings),
        cohort=families.cohort(every, place, groups, settings),
    )
    # What costs more to compute is computed where it may still decide.
    alike = every.where(_near(every, settings))
    near = _hopeful(alike, settings.behaviour_cap + settings.timing_cap, settings)
    near = near.knowing(behaviour=families.behaviour(near, batch.column("bins"), groups, baseline.bins, settings))
    near = _hopeful(near, settings.timing_cap, settings)
    near = near.knowing(timing=families.timing(near, batch.column("hours"), groups, baseline.hours, settings))
    chosen = _chosen(near.where(_grounded(near, ties, len(names), settings)), groups, settings)
    yield _assigned(chosen, _rivals(chosen, alike, names, settings), batch.column("account_id"), names)


def _prior(
    of: Candidates, groups: Groups, by_links: npt.NDArray[np.bool_], ties: Ints, accounts: int, settings: Profile
) -> Ints:
    """Log odds that an account drawn at random is of the group.

    Less, without a value or link, of a group that links found.
    """
    size = groups.size[of.group]
    odds = np.round(np.log2(size / np.maximum(accounts - size, 1)) * MILLI).astype(np.int64)
    exact = np.delete(of.best, SUBJECT_PART, axis=1).max(axis=1) > 0
    untied = by_links[of.group] & ~exact & ~np.isin(of.account * len(groups.names) + of.group, ties)
    return odds - np.where(untied, int(settings.unlinked * MILLI), 0)


def _near(of: Candidates, settings: Profile) -> npt.NDArray[np.bool_]:
    """Which share enough with the group, in what is asked or in what it is sent from, to be judged at all."""
    said = np.maximum(of.best[:, IN_CONTENT].sum(axis=1), of.best[:, ~IN_CONTENT].sum(axis=1))
    near: npt.NDArray[np.bool_] = said >= settings.candidate_bits * MILLI
    return near


def _hopeful(of: Candidates, to_come: float, settings: Profile) -> Candidates:
    """Those that may still reach the posterior, if the families that are not known yet give `to_come` bits.

    Most groups that an account shares something with are not its own, whatever more is said of the two.
    """
    return of.where(of.total + to_come * MILLI >= settings.posterior * MILLI)


def _grounded(of: Candidates, ties: Ints, groups: int, settings: Profile) -> npt.NDArray[np.bool_]:
    """Which candidates have more than resemblance, which anybody may have, or make of somebody else.

    To ask about the same things and to behave alike corroborates, and brings nobody into a group: whoever comes from
    outside shares an exact value with it. And what can be copied of a victim (texts, subject, client) proves nothing
    against an account that comes from outside and was made at another time than the group: it needs a link, a place or
    minutes in common.
    """
    floor = settings.family_floor * MILLI
    tied = np.isin(of.account * groups + of.group, ties)
    exact = np.delete(of.best, SUBJECT_PART, axis=1).max(axis=1) >= floor
    owned = (of.bits["infrastructure"] >= floor) | (of.bits["timing"] >= floor)
    made_apart = of.bits["cohort"] <= -floor
    grounded: npt.NDArray[np.bool_] = tied | owned | of.member | (exact & ~made_apart)
    return grounded


def _chosen(of: Candidates, groups: Groups, settings: Profile) -> Candidates:
    """The best group of each account among those that it belongs to: most bits, then the larger, then by name.

    Two families must agree, but for what nobody has by resemblance: texts of many bits, or conversations of the group.
    """
    bits = np.stack([of.bits[family] for family in FAMILIES], axis=1)
    said = np.maximum(of.bits["content"], of.best[:, GATEWAY_PART])
    alone = (said >= settings.content_alone * MILLI) & (bits >= 0).all(axis=1)
    agree = alone | ((bits >= settings.family_floor * MILLI).sum(axis=1) >= 2)
    accepted = of.where(agree & (of.total >= settings.posterior * MILLI))
    order = np.lexsort([accepted.group, -groups.size[accepted.group], -accepted.total, accepted.account])
    best = np.zeros(len(order), bool)
    best[order[run_starts(accepted.account[order])]] = True
    return accepted.where(best)


def _rivals(chosen: Candidates, alike: Candidates, names: pa.StringArray, settings: Profile) -> list[list[str]]:
    """For each chosen row, the other groups that share as much with the account as its own does.

    Whenever the account was made and used.
    """
    own, other = (of.bits["content"] + of.bits["infrastructure"] for of in (chosen, alike))
    nth = np.minimum(np.searchsorted(chosen.account, alike.account), max(len(own) - 1, 0))
    found = [list[str]() for _ in own]
    if not found:
        return found
    of_chosen = (chosen.account[nth] == alike.account) & (chosen.group[nth] != alike.group)
    as_good = of_chosen & (other >= own[nth] - settings.rival_bits * MILLI)
    for row, name in zip(nth[as_good], names.take(pa.array(alike.group[as_good])).to_pylist(), strict=True):
        found[row].append(name)
    return found


def _assigned(
    of: Candidates, rivals: list[list[str]], accounts: pa.StringArray, names: pa.StringArray
) -> pa.RecordBatch:
    """Rows of _ASSIGNED."""
    reasons = [
        [CHANNELS[c] for b, c in sorted(zip(bits, channels, strict=True), reverse=True) if b > 0]
        for bits, channels in zip(of.best, of.channel, strict=True)
    ]
    columns = [
        names.take(pa.array(of.group)),
        accounts.take(pa.array(of.account)),
        pa.array(of.total.astype(np.int32)),
        *(pa.array(of.bits[family].astype(np.int32)) for family in FAMILIES),
        pa.array(reasons, pa.list_(pa.string())),
        pa.array(rivals, pa.list_(pa.string())),
    ]
    return pa.RecordBatch.from_arrays(columns, names=[c.split()[0] for c in _ASSIGNED.split(", ")])
