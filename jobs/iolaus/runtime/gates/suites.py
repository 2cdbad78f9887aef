"""The expectation suites: one JSON file a table in `expectations/`, read and judged by Great Expectations.

A suite's expectations are on metrics (`iolaus.runtime.gates.metrics`), one column each; its `meta` declares how the
metrics are got. So Great Expectations sees one row per day, whatever the size of the table, and runs no Spark job.
"""

import json
import math
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

import pandas as pd

from iolaus.runtime.gates.metrics import Declared
from iolaus.settings import DEFAULT

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext

CRITICAL, WARNING, INFO = SEVERITIES = ("critical", "warning", "info")
_LOCK = Lock()  # Great Expectations keeps its contexts and data sources in variables of the process


@dataclass(frozen=True)
class Expectation:
    """What one metric must be: at least, at most (None: no bound), how grave it is if not, and why."""

    metric: str
    severity: str
    at_least: float | None
    at_most: float | None
    reason: str


@dataclass(frozen=True)
class Suite:
    """The suite of a table: its JSON as written and as read, what it declares, what it expects."""

    table: str
    source: str
    text: Mapping[str, Any]
    declared: Declared
    expectations: tuple[Expectation, ...]

    @property
    def wanted(self) -> list[str]:
        """The metrics that are judged, or that a metric of the trailing days is made of."""
        bases = (base for how in self.declared.trailing.values() for base in how.values())
        return [*dict.fromkeys([*(e.metric for e in self.expectations), *bases])]


def names() -> list[str]:
    """Every table, and folder of the landing, that has a suite."""
    return sorted(
        f.name.removesuffix(".json")
        for f in resources.files("iolaus.expectations").iterdir()
        if f.name.endswith(".json")
    )


@cache
def exists(table: str) -> bool:
    """Whether a table has a suite; a test says that each one of the pipeline has."""
    return table in names()


def suite(table: str, own: Mapping[str, str] = DEFAULT.suites) -> Suite:
    """The suite of a table or landing folder: the deployment's `own` (`Settings.suites`), else the built-in one.

    Raises LookupError if it has none.
    """
    return _suite(table, own[table] if table in own else _built_in(table))


@cache
def _built_in(table: str) -> str:
    try:
        return (resources.files("iolaus.expectations") / f"{table}.json").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise LookupError(f"no expectations for {table}; there are some for: {', '.join(names())}") from error


@cache
def _suite(table: str, text: str) -> Suite:
    parsed = json.loads(text)
    return Suite(
        table, text, parsed, Declared(**parsed["meta"]["metrics"]), tuple(map(_expectation, parsed["expectations"]))
    )


def _expectation(text: Mapping[str, Any]) -> Expectation:
    given = text["kwargs"]
    low, high = (None if (bound := given.get(name)) is None else float(bound) for name in ("min_value", "max_value"))
    return Expectation(given["column"], text["severity"], low, high, text["notes"])


def judge(of: Suite, metrics: Sequence[Mapping[str, float | None]]) -> list[list[bool]]:
    """Whether each row of metrics meets each expectation of the suite, in the suite's order.

    A metric that is null, because there is nothing to measure, passes. Raises KeyError for a metric that no row has.
    """
    frame = pd.DataFrame(
        [{e.metric: _number(row.get(e.metric)) for e in of.expectations} for row in metrics], dtype="float64"
    )
    known = {name for row in metrics for name in row}
    if missing := [e.metric for e in of.expectations if e.metric not in known]:
        raise KeyError(f"{of.table}: the suite expects metrics that it does not declare: {', '.join(missing)}")
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, of what it uses
        batch = _batches().get_batch({"dataframe": frame})
        found = batch.validate(_loaded(of.source), result_format="COMPLETE" if len(frame) > 1 else "BOOLEAN_ONLY")
    passed: dict[tuple[Any, ...], list[bool]] = {}
    for result in found.results:
        if result.exception_info and result.exception_info.get("raised_exception"):
            raise RuntimeError(
                f"{of.table}: Great Expectations could not judge: {result.exception_info['exception_message']}"
            )
        config = result.expectation_config
        assert config is not None
        failed = set(range(len(frame))) if not result.success else set()
        if len(frame) > 1:
            failed = set(result.result["unexpected_index_list"] or ())
        passed[_identity(config.kwargs, str(config.severity))] = [i not in failed for i in range(len(frame))]
    columns = [passed[e.metric, e.at_least, e.at_most, e.severity] for e in of.expectations]
    return [list(row) for row in zip(*columns, strict=True)]


def _identity(kwargs: Mapping[str, Any], severity: str) -> tuple[Any, ...]:
    return kwargs["column"], kwargs.get("min_value"), kwargs.get("max_value"), severity.rsplit(".", 1)[-1].lower()


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def load_early() -> None:
    """Import Great Expectations, which takes seconds, while the caller waits for something else."""
    Thread(target=_import, daemon=True).start()


def _import() -> None:
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _batches()


@cache
def _loaded(source: str) -> "ExpectationSuite":
    import great_expectations as gx  # noqa: PLC0415 - it takes seconds to import: when it is first needed

    return gx.ExpectationSuite(**json.loads(source))


@cache
def _batches() -> "BatchDefinition[Any]":
    return (
        context()
        .data_sources.add_pandas("metrics")
        .add_dataframe_asset("day")
        .add_batch_definition_whole_dataframe("metrics")
    )


@cache
def context() -> "AbstractDataContext":
    """Great Expectations in memory: it writes no file, shows no progress and reports to nobody."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415

    made = gx.get_context(mode="ephemeral")
    made.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    return made
