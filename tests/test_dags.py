"""The scheduler's graph is the map's: what can be told without Airflow. The rest is in tests/scheduler."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from iolaus.pipeline import STAGES, Stage, is_landing, stage

DAGS = Path(__file__).parents[1] / "dags"
FILES = sorted(DAGS.glob("*.py"))
sys.path.insert(0, str(DAGS))  # as Airflow does
import iolaus_plan  # noqa: E402

STEPS = {s.task_id: s for s in iolaus_plan.steps("stage")}
BY_LAYER = {s.task_id: s for s in iolaus_plan.steps("layer")}
LAYERS = {s.layer for s in STAGES} - {"gold"}
GATES = {f"gate.{layer}" for layer in {"landing", *LAYERS}}

each_stage = pytest.mark.parametrize("made", STAGES, ids=lambda s: s.table)


def before(task_id: str, steps: dict[str, iolaus_plan.Step] = STEPS) -> set[str]:
    """All that has ended when a task begins."""
    found, new = set[str](), set(steps[task_id].waits_for)
    while new:
        found |= new
        new = {w for task in new for w in steps[task].waits_for} - found
    return found


def test_six_applications_make_every_table_once_and_none_before_what_it_reads() -> None:
    made_by = {table: task for task, step in BY_LAYER.items() for table in step.makes}
    assert set(made_by) == {s.table for s in STAGES}
    assert sum(len(step.makes) for step in BY_LAYER.values()) == len(STAGES)
    assert len(BY_LAYER) == 6
    for made in STAGES:
        task = made_by[made.table]
        assert {made_by[t] for t in made.upstream} <= before(task, BY_LAYER) | {task}
        assert task not in before(task, BY_LAYER), "a circle"
    assert before("gold", BY_LAYER) == set(BY_LAYER) - {"gold"}, "a critical failure leaves gold alone"
    assert BY_LAYER["bronze"].arguments == ("job", "bronze", "quality")
    assert [task for task, step in BY_LAYER.items() if step.landing] == ["bronze"]


def test_the_environment_says_which_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IOLAUS_TASKS", raising=False)
    assert [s.task_id for s in iolaus_plan.steps()] == list(BY_LAYER)
    monkeypatch.setenv("IOLAUS_TASKS", "stage")
    assert [s.task_id for s in iolaus_plan.steps()] == list(STEPS)
    monkeypatch.setenv("IOLAUS_TASKS", "table")
    with pytest.raises(ValueError, match="IOLAUS_TASKS=table is neither layer nor stage"):
        iolaus_plan.steps()


def test_a_task_a_stage_and_a_gate_a_layer() -> None:
    assert set(STEPS) == {s.table for s in STAGES} | GATES
    assert len(iolaus_plan.steps("stage")) == len(STEPS)


@each_stage
def test_a_stage_waits_for_what_the_map_says_and_for_gates(made: Stage) -> None:
    own = {t for t in made.upstream if stage(t).layer == made.layer}
    gates = {f"gate.{stage(t).layer}" for t in made.upstream if stage(t).layer != made.layer}
    if any(is_landing(r.table) for r in made.reads):
        gates.add("gate.landing")
    if "gate.bronze" in gates and made.layer != "quality":
        gates.add("gate.quality")
    if made.layer == "gold":
        gates = GATES
    assert STEPS[made.table].waits_for == own | gates
    assert set(made.upstream) <= before(made.table)
    assert made.table not in before(made.table), "a circle"


@each_stage
def test_nothing_is_read_before_its_gate(made: Stage) -> None:
    assert {f"gate.{stage(t).layer}" for t in made.upstream if stage(t).layer != made.layer} <= before(made.table)


def test_of_a_broken_delivery_nothing_is_made() -> None:
    """Its gates come first: of the day there are but what was taken in, and what was rejected."""
    spared = {task for task in STEPS if "gate.quality" not in before(task)} - {"gate.quality"}
    assert spared == {
        "gate.landing",
        "gate.bronze",
        "quality.quarantine",
        *(s.table for s in STAGES if s.layer == "bronze"),
    }


def test_gold_waits_for_every_gate_and_the_ranking_is_last() -> None:
    assert all(before(s.table) >= GATES for s in STAGES if s.layer == "gold")
    assert before("gold.suspect_clusters") >= {s.table for s in STAGES if s.layer == "gold"} - {"gold.suspect_clusters"}


@each_stage
def test_a_task_calls_its_stage_and_names_the_landing_if_it_reads_it(made: Stage) -> None:
    step = STEPS[made.table]
    assert step.arguments == ("job", made.table)
    assert (step.landing, step.makes) == (any(is_landing(r.table) for r in made.reads), (made.table,))


def test_the_gates_check_every_table_once() -> None:
    checked = [t for s in STEPS.values() if s.arguments[0] == "gate" for t in s.arguments[1:]]
    suites = {path.stem for path in (DAGS.parent / "expectations").glob("*.json")}
    assert sorted(checked) == sorted(suites - {s.table for s in STAGES if s.layer == "gold"})
    assert {s.table for s in STAGES} <= suites
    assert [s.task_id for s in STEPS.values() if s.landing and not s.makes] == ["gate.landing"]


@pytest.mark.parametrize(("url", "status", "said"), [("https://hook", 0, "alert --lake a lake\n"), ("", 99, "")])
def test_an_alert_is_sent_where_a_webhook_is_configured_and_is_skipped_elsewhere(
    tmp_path: Path, url: str, status: int, said: str
) -> None:
    stub = tmp_path / "iolaus"
    stub.write_text('#!/bin/sh\necho "$@"\n')
    stub.chmod(0o755)
    env = {"PATH": "/usr/bin:/bin", "IOLAUS": str(stub), "LAKE": "a lake", "IOLAUS_ALERT_URL": url}
    done = subprocess.run(["bash", "-c", iolaus_plan.ALERT], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (status, said)
    assert iolaus_plan.SKIPPED == 99


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_dag_imports_the_map_and_nothing_else_of_the_project(path: Path) -> None:
    """Neither Spark nor what needs it: the file is parsed again and again, in an environment that has no Spark."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name.split(".")[0] == "iolaus"} <= {"iolaus.pipeline"}
    assert {name.split(".")[0] for name in imported} <= {
        *sys.stdlib_module_names,
        "airflow",
        "iolaus",
        "iolaus_plan",
        "iolaus_tasks",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_dag_reads_no_variable_when_it_is_parsed(path: Path) -> None:
    """Folders are templates: a query of the database at each parsing would be paid all day long.

    What tasks there are must be known then, so the environment says that.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name)
    }
    allowed = {"environ"} if path.stem == "iolaus_plan" else set()
    assert not names & {"Variable", "Connection", "BaseHook", "environ", "getenv", "open"} - allowed
