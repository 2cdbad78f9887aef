"""The map agrees with itself, and with the code."""

import ast
import sys
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path

import pytest

from iolaus import pipeline
from iolaus.pipeline import RECORDS, STAGES, VERDICTS, Grain, Span, Stage, is_landing, stage

ROOT = Path(__file__).parents[1]
TABLES = [s.table for s in STAGES]
LANDING = {"landing.exchanges", "landing.accounts", "landing.models", "landing.agreements"}

each_stage = pytest.mark.parametrize("made", STAGES, ids=lambda s: s.table)


def test_a_table_is_made_once():
    assert len(set(TABLES)) == len(TABLES)


@each_stage
def test_a_stage_comes_after_what_it_reads(made: Stage):
    earlier = TABLES[: TABLES.index(made.table)]
    assert [table for table in made.upstream if table not in earlier] == []


@each_stage
def test_what_a_stage_reads_exists(made: Stage):
    assert {r.table for r in made.reads} <= LANDING | {VERDICTS} | set(TABLES)
    assert len({(r.table, r.span) for r in made.reads}) == len(made.reads)


@each_stage
def test_a_stage_reads_itself_only_as_it_was_before(made: Stage):
    assert all(r.span in {Span.PREVIOUS, Span.EARLIER} for r in made.reads if r.table == made.table)


def test_nothing_is_made_in_vain():
    """Outside gold and quality, which people read, every table is read by a stage; two more are for people."""
    read = {r.table for s in STAGES for r in s.reads}
    for_people = {"features.prompt_templates", "pairs.hot_keys"}
    assert {s.table for s in STAGES if s.layer not in {"gold", "quality"} and s.table not in read} == for_people


def test_the_ranking_is_written_last():
    """Whoever reads a ranking finds its members and its evidence."""
    last = STAGES[-1]
    assert last.table == "gold.suspect_clusters"
    assert {s.table for s in STAGES if s.layer == "gold"} - {last.table} <= set(last.upstream)


@each_stage
def test_what_repeats_for_earlier_days_reads_nothing_of_the_run(made: Stage):
    """A stage that is redone for later arrivals may not depend on a table made only for the run's date."""
    if made.grain in {Grain.ARRIVAL, Grain.SNAPSHOT}:
        assert all(is_landing(table) or stage(table).grain is not Grain.RUN for table in made.upstream)


@each_stage
def test_the_path_of_the_code_is_the_name_of_the_table(made: Stage):
    layer, name = made.table.split(".")
    assert (ROOT / "jobs" / "iolaus" / layer / f"{name}.py").is_file()
    assert (ROOT / "jobs" / "iolaus" / "schemas" / f"{layer}_{name}.py").is_file()


@each_stage
def test_a_transform_takes_its_reads_by_the_names_of_the_map(made: Stage):
    """The runner passes them by name.

    None may be missing, unknown or in another order than a reader of the map expects.
    """
    taken = signature(import_module(f"iolaus.{made.table}").transform).parameters
    assert [*taken] == [*(r.name for r in made.reads), "run"]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "jobs" / "iolaus" / "schemas").glob("[a-z]*_*.py")), ids=lambda p: p.stem
)
def test_a_schema_belongs_to_a_stage_the_records_or_the_verdicts(path: Path):
    assert path.stem.replace("_", ".", 1) in {*TABLES, *RECORDS, VERDICTS}


def test_an_unknown_table_is_answered_with_the_known_ones():
    with pytest.raises(LookupError, match=r"silver\.exchanges"):
        stage("silver.nothing")


def test_the_map_needs_the_standard_library_alone():
    tree = ast.parse(Path(pipeline.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


@pytest.mark.parametrize("layer", sorted({s.layer for s in STAGES}))
def test_no_layer_is_named_like_a_standard_module(layer: str):
    """`spark-submit jobs/iolaus/__main__.py` puts jobs/ itself first on the path."""
    assert layer not in sys.stdlib_module_names
    assert find_spec(f"iolaus.{layer}") is not None
