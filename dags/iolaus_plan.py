"""The tasks of a day's detection, derived from the map: the standard library and `iolaus.pipeline` alone, no Airflow.

A task a stage, named by its table, and a gate a layer, named `gate.LAYER`, which checks what lies in the layer. A stage
waits for the stages of its own layer that it reads and for the gates of the other layers that it reads, so that nothing
is made of what no gate has passed. A delivery has two: one sees what of it lies in bronze, the other what was rejected,
so a day that a gateway broke is red before hours of Spark are spent on it. All of gold waits for all gates: a critical
failure leaves gold alone. Gold has no gate of its own, for its stages check their rows before they write them.
"""

from dataclasses import dataclass

from iolaus.pipeline import STAGES, Stage, is_landing, stage

GOLD, BRONZE, QUALITY = "gold", "bronze", "quality"
# What tells the webhook of cases once a day is published. A webhook's address is its password: it stays in the workers'
# environment, for Airflow shows variables and what tasks are given. Without it the task is skipped.
SKIPPED = 99
ALERT = f'[ -n "$IOLAUS_ALERT_URL" ] || exit {SKIPPED}; exec "$IOLAUS" alert --lake "$LAKE"'
# exchanges are checked as they lie in bronze
LANDING_CHECKED = ("landing.accounts", "landing.models", "landing.agreements")


@dataclass(frozen=True)
class Step:
    """One task: its id, the arguments of `iolaus` before day and folders, the ids it waits for, and a line on it.

    `landing` says whether it reads the landing; `makes` is the table that it writes, if any.
    """

    task_id: str
    arguments: tuple[str, ...]
    waits_for: frozenset[str]
    holds: str
    landing: bool = False
    makes: str | None = None


def gate_of(layer: str) -> str:
    """The id of the task that checks a layer's tables."""
    return f"gate.{layer}"


def layers() -> list[str]:
    """What gates check: the landing and each layer that stages write but gold, in the map's order."""
    return list(dict.fromkeys(["landing", *(s.layer for s in STAGES if s.layer != GOLD)]))


def steps() -> list[Step]:
    """Every task of a day: the stages in the map's order, then the gates."""
    return [_of_stage(s) for s in STAGES] + [_gate(layer) for layer in layers()]


def _of_stage(of: Stage) -> Step:
    reads_landing = any(is_landing(r.table) for r in of.reads)
    waits = {table if stage(table).layer == of.layer else gate_of(stage(table).layer) for table in of.upstream}
    waits |= {gate_of("landing")} if reads_landing else set()
    waits |= {gate_of(QUALITY)} if gate_of(BRONZE) in waits and of.layer != QUALITY else set()
    waits |= {gate_of(layer) for layer in layers()} if of.layer == GOLD else set()
    return Step(of.table, ("job", of.table), frozenset(waits), of.holds, reads_landing, of.table)


def _gate(layer: str) -> Step:
    made = tuple(s.table for s in STAGES if s.layer == layer)
    checked = made or LANDING_CHECKED
    holds = f"checks {', '.join(checked)}; a critical failure ends the day here"
    return Step(gate_of(layer), ("gate", *checked), frozenset(made), holds, landing=not made)
