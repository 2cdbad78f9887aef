"""The picture of a cluster's links: which are drawn, where, and what an account shares with whom."""

import random
from dataclasses import dataclass
from typing import Any

import igraph
import numpy as np
import pyarrow as pa

from iolaus.model.signals import CHANNEL
from iolaus.schemas.families import FAMILIES
from iolaus.settings import DEFAULT, Graph

Array = np.ndarray[Any, np.dtype[Any]]

DRAWN_ACCOUNTS = 250  # more are a blot
DRAWN_LINKS = 1_500
OWN_LINKS = 15  # of an account, strongest first, shown when it is chosen
DIRECT, SINGLE, BRIDGE = 0, 1, 2  # kinds of a link
KIND_SAYS = (
    "two or more independent families of evidence agree",
    "one family of evidence alone",
    "all that joins two parts",
)


@dataclass(frozen=True)
class Links:
    """The links of one cluster: pair i joins accounts[a[i]] and accounts[b[i]].

    bits: their sum over independent facts; kind: DIRECT, SINGLE or BRIDGE (a pair without which two parts of the
    cluster would not hang together). channels[i] are the channels of pair i with their bits and sharers.
    """

    accounts: list[str]
    a: Array
    b: Array
    bits: Array
    kind: Array
    channels: list[list[tuple[str, float, int | None]]]


@dataclass(frozen=True)
class Picture:
    """What is drawn: indices into `Links.accounts` and of pairs, and positions between -1 and 1."""

    accounts: Array
    pairs: Array
    x: Array
    y: Array


def links(rows: pa.Table, settings: Graph = DEFAULT.graph) -> Links:
    """The links of a cluster from its rows of `gold.cluster_links`, strongest first.

    Bits add up as in `graph.links`: of channels that are views of one fact the best counts, and facts are summed.
    `settings` say, as they did in the run, how many families must agree on a link.
    """
    first, second = (rows[c].to_numpy(zero_copy_only=False) for c in ("account_a", "account_b"))
    names, codes = np.unique(np.concatenate([first, second]).astype(str), return_inverse=True)
    a, b = codes[: len(first)].astype(np.int64), codes[len(first) :].astype(np.int64)
    keys, pair = np.unique(a * len(names) + b, return_inverse=True)
    channel, bits = rows["channel"].to_pylist(), rows["bits"].to_numpy(zero_copy_only=False)
    known = [CHANNEL.get(c) for c in channel]
    facts = {(k.family, k.group) if k else ("", c): 0 for c, k in zip(channel, known, strict=True)}
    column = {fact: i for i, fact in enumerate(facts)}
    best = np.zeros((len(keys), max(len(facts), 1)))
    np.maximum.at(
        best, (pair, [column[(k.family, k.group) if k else ("", c)] for c, k in zip(channel, known, strict=True)]), bits
    )
    by_family = [best[:, [i for fact, i in column.items() if fact[0] == f]].sum(axis=1) for f in FAMILIES]
    agreeing = sum((family >= settings.family_floor).astype(int) for family in by_family)
    total = best.sum(axis=1)
    order = np.lexsort([keys, -np.round(total, 3)])
    ends = (keys // max(len(names), 1))[order], (keys % max(len(names), 1))[order]
    kind = np.where(np.asarray(agreeing)[order] >= settings.families, DIRECT, SINGLE)
    kind[igraph.Graph(n=len(names), edges=np.column_stack(ends)).bridges()] = BRIDGE
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    shared: list[list[tuple[str, float, int | None]]] = [[] for _ in range(len(order))]
    for at, name, of, sharers in zip(
        place[pair].tolist(), channel, bits.tolist(), rows["sharers"].to_pylist(), strict=True
    ):
        shared[at].append((name, of, sharers))
    for each in shared:
        each.sort(key=lambda c: (-c[1], c[0]))
    return Links([str(n) for n in names], *ends, total[order], kind, shared)


def picture(of: Links, seed: int = DEFAULT.graph.seed) -> Picture:
    """What is drawn of a cluster: the accounts with the most bits of links, and the strongest links among them.

    Bridges among those accounts are always drawn. Positions are Fruchterman and Reingold's, from a circle, so that the
    same links make the same picture.
    """
    strength = np.bincount(of.a, of.bits, len(of.accounts)) + np.bincount(of.b, of.bits, len(of.accounts))
    chosen = np.sort(np.argsort(-np.round(strength, 3), kind="stable")[:DRAWN_ACCOUNTS])
    is_chosen = np.zeros(len(of.accounts), bool)
    is_chosen[chosen] = True
    inside = np.flatnonzero(is_chosen[of.a] & is_chosen[of.b])  # strongest first
    drawn = inside[(np.arange(len(inside)) < DRAWN_LINKS) | (of.kind[inside] == BRIDGE)]
    at = np.full(len(of.accounts), -1)
    at[chosen] = np.arange(len(chosen))
    graph = igraph.Graph(n=len(chosen), edges=np.column_stack([at[of.a[drawn]], at[of.b[drawn]]]))
    igraph.set_random_number_generator(random.Random(seed))
    circle = graph.layout_circle()
    # Weights near one: heavy links would draw a group to a point.
    weights = (1 + np.log1p(of.bits[drawn]) / 4).tolist()
    laid = (
        graph.layout_fruchterman_reingold(weights=weights or None, seed=circle, niter=300, grid=False)
        if len(chosen) > 1
        else circle
    )
    xy = np.asarray(laid.coords, float).reshape(-1, 2)
    xy -= np.median(xy, axis=0) if len(xy) else 0
    # The layout lets what hangs together loosely drift far off: it is kept at the rim, so that the rest can be seen.
    far = np.hypot(*xy.T)
    rim = max(float(np.quantile(far, 0.95)) if len(far) else 0.0, 1e-9)
    return Picture(chosen, drawn, *(xy / np.maximum(far, rim)[:, None]).T)


def own_links(of: Links, drawn: Picture) -> dict[str, Any]:
    """For each drawn account its strongest links, compact, for the page.

    Names stand once and are referred to by number.

    {"accounts": [name], "channels": [what they share, in words], "links": {account: [[other, bits, kind, [channel,
    bits, sharers, …]]]}}
    """
    wanted = set(drawn.accounts.tolist())
    of_account: dict[int, list[int]] = {i: [] for i in sorted(wanted)}
    for pair, ends in enumerate(zip(of.a.tolist(), of.b.tolist(), strict=True)):
        for end in ends:
            if end in wanted and len(of_account[end]) < OWN_LINKS:
                of_account[end].append(pair)
    names: dict[int, int] = {i: n for n, i in enumerate(of_account)}
    channels: dict[str, int] = {}
    listed: dict[int, list[Any]] = {}
    for account, pairs in of_account.items():
        listed[names[account]] = [
            [
                names.setdefault(other, len(names)),
                round(float(of.bits[p]), 1),
                int(of.kind[p]),
                [
                    x
                    for c, bits, sharers in of.channels[p]
                    for x in (channels.setdefault(c, len(channels)), round(bits, 1), sharers)
                ],
            ]
            for p in pairs
            for other in [int(of.b[p]) if int(of.a[p]) == account else int(of.a[p])]
        ]
    says = [CHANNEL[c].says if c in CHANNEL else c for c in channels]
    return {"accounts": [of.accounts[i] for i in names], "channels": says, "links": listed, "kinds": KIND_SAYS}
