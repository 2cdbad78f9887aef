"""Data for the joins' benchmark, made by seed: vectors and sets in which neighbours are planted, and graphs.

Uniformly random unit vectors of 128 numbers have no neighbours at any useful threshold. So the background is topics:
1,500 of them in 40 domains, of Zipf-like popularity, a vector lying 0.8 to 1.6 of a topic's length away from it. A
fifth of the vectors is planted in clusters of 4 to 300 whose members have cosines of 0.61 to 0.92 with one another.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

WIDTH = 128
_TOPICS, _DOMAINS = 1_500, 40
_PLANTED = 0.2


def unit(rows: npt.NDArray[np.floating[Any]]) -> Floats:
    """Each row made one of length 1."""
    made: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return made


def vectors(n: int, seed: int = 0) -> Floats:
    """(n, WIDTH) unit vectors in random order."""
    random = np.random.default_rng(seed)

    def directions(count: int) -> Floats:
        return unit(random.normal(size=(count, WIDTH)))

    domains = directions(_DOMAINS)
    topics = unit(0.7 * domains[random.integers(0, _DOMAINS, _TOPICS)] + 0.7 * directions(_TOPICS))
    popular = 1 / np.arange(1, _TOPICS + 1) ** 0.8
    popular /= popular.sum()
    made, at = np.empty((n, WIDTH), np.float32), n - int(_PLANTED * n)
    away = random.uniform(0.8, 1.6, size=(at, 1))
    made[:at] = unit(topics[random.choice(_TOPICS, at, p=popular)] + away * directions(at))
    while at < n:
        size = min(n - at, int(np.exp(random.uniform(np.log(4), np.log(300)))))
        centre = unit(topics[random.choice(_TOPICS, 1, p=popular)] + directions(1))
        made[at : at + size] = unit(centre + random.uniform(0.3, 0.8) * directions(size))
        at += size
    return made[random.permutation(n)]


def graphs(edges: int, seed: int = 0) -> dict[str, tuple[Ints, Ints]]:
    """Tails and heads of so many edges, by the kind of graph; vertices are numbered at random."""
    random = np.random.default_rng(seed)
    path = np.arange(edges, dtype=np.int64)
    spread = np.sort(random.integers(0, edges // 50 + 1, edges))  # planted: groups of about 50 edges among 30 vertices
    inside = [spread * 30 + random.integers(0, 30, edges) for _ in range(2)]
    made = {
        "path": (path, path + 1),
        "star": (np.zeros(edges, np.int64), path + 1),
        "random": (random.integers(0, edges, edges), random.integers(0, edges, edges)),
        "planted": (inside[0], inside[1]),
    }
    shuffled = dict[str, tuple[Ints, Ints]]()
    for name, (tails, heads) in made.items():
        number, order = random.permutation(int(max(tails.max(), heads.max())) + 1), random.permutation(edges)
        shuffled[name] = (number[tails][order], number[heads][order])
    return shuffled
