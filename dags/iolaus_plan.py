"""The tasks of a day's detection, derived from the map: the standard library and `iolaus.pipeline` alone, no Airflow.

By default a task makes all of one layer, or of two, in one Spark application, which judges each table as it is made:
six starts of Spark a day. With `IOLAUS_TASKS=stage` in the environment of the DAG processor and the workers it is a
task a stage, each with a retry and a log of its own, at some fifty starts.

A task a stage is named by its table, and beside them is a gate a layer, named `gate.LAYER`, which checks what lies in
the layer. A stage waits for the stages of its own layer that it reads and for the gates of the other layers that it
reads, so that nothing is made of what no gate has passed. A delivery has two: one sees what of it lies in bronze, the
other what was rejected, so a day that a gateway broke is red before hours of Spark are spent on it. All of gold waits
for all gates: a critical failure leaves gold alone. Gold has no gate of its own, for its stages check their rows before
they write them.
"""

import os
from dataclasses import dataclass

from iolaus.pipeline import LAYERS, STAGES, Stage, is_landing, stage

GOLD, BRONZE, QUALITY = "gold", "bronze", "quality"
BY_LAYER, BY_STAGE = "layer", "stage"  # values of IOLAUS_TASKS
# Layers that one task makes: a delivery is judged by what of it was taken in and what was rejected.
TOGETHER = ((BRONZE, QUALITY), ("silver",), ("features",), ("pairs",), ("graph", "scoring"), (GOLD,))
# What tells the webhook of cases once a day is published. A webhook's address is its password: it stays in the workers'
# environment, for Airflow shows variables and what tasks are given. Without it the task is skipped.
SKIPPED = 99
ALERT = f'[ -n "$IOLAUS_ALERT_URL" ] || exit {SKIPPED}; exec "$IOLAUS" alert --lake "$LAKE"'
# exchanges are checked as they lie in bronze
LANDING_CHECKED = ("landing.accounts", "landing.models", "landing.agreements")


@dataclass(frozen=True)
class Step:
    """One task: its id, the arguments of `iolaus` before day and folders, the ids it waits for, and a line on it.

    `landing` says whether it reads the landing; `makes` are the tables that it writes.
    """

    task_id: str
    arguments: tuple[str, ...]
    waits_for: frozenset[str]
    holds: str
    landing: bool = False
    makes: tuple[str, ...] = ()


def gate_of(layer: str) -> str:
    """The id of the task that checks a layer's tables."""
    return f"gate.{layer}"


def layers() -> list[str]:
    """What gates check: the landing and each layer that stages write but gold, in the map's order."""
    return ["landing", *(layer for layer in LAYERS if layer != GOLD)]


def steps(by: str | None = None) -> list[Step]:
    """Every task of a day: a task for layers, or, by stage, the stages in the map's order, then the gates.

    `by`: None is what IOLAUS_TASKS says. Raises ValueError for another value than `layer` and `stage`.
    """
    by = by or os.environ.get("IOLAUS_TASKS") or BY_LAYER
    if by not in (BY_LAYER, BY_STAGE):
        raise ValueError(f"IOLAUS_TASKS={by} is neither {BY_LAYER} nor {BY_STAGE}; set one of the two")
    if by == BY_STAGE:
        return [_of_stage(s) for s in STAGES] + [_gate(layer) for layer in layers()]
    return [_of_layers(*together) for together in TOGETHER]


def _of_layers(*names: str) -> Step:
    made = [s for s in STAGES if s.layer in names]
    waits = {stage(table).layer for s in made for table in s.upstream}
    waits |= {*LAYERS} if GOLD in names else set()
    first = {layer: together[0] for together in TOGETHER for layer in together}
    reads_landing = any(is_landing(r.table) for s in made for r in s.reads)
    holds = f"makes and judges {', '.join(s.table for s in made)}"
    return Step(
        names[0],
        ("job", *names),
        frozenset(first[layer] for layer in waits - {*names}),
        holds,
        reads_landing,
        tuple(s.table for s in made),
    )


def _of_stage(of: Stage) -> Step:
    reads_landing = any(is_landing(r.table) for r in of.reads)
    waits = {table if stage(table).layer == of.layer else gate_of(stage(table).layer) for table in of.upstream}
    waits |= {gate_of("landing")} if reads_landing else set()
    waits |= {gate_of(QUALITY)} if gate_of(BRONZE) in waits and of.layer != QUALITY else set()
    waits |= {gate_of(layer) for layer in layers()} if of.layer == GOLD else set()
    return Step(of.table, ("job", of.table), frozenset(waits), of.holds, reads_landing, (of.table,))


def _gate(layer: str) -> Step:
    made = tuple(s.table for s in STAGES if s.layer == layer)
    checked = made or LANDING_CHECKED
    holds = f"checks {', '.join(checked)}; a critical failure ends the day here"
    return Step(gate_of(layer), ("gate", *checked), frozenset(made), holds, landing=not made)
