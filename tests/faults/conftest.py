"""What the faults share beside the landing, and the lake of a run that nothing disturbed, of all tests.

They copy both.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from iolaus.pipeline import STAGES
from tests.cluster.conftest import archive, cluster, processes, python, store  # noqa: F401 - fixtures
from tests.cluster.harness import missing_tool
from tests.test_run import KEY, digest

GOLD = tuple(s.table for s in STAGES if s.layer == "gold")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a fault."""
    for item in items:
        item.add_marker("fault")


@pytest.fixture(scope="session")
def _tools() -> None:
    """Faults of a cluster and a store need them; the others do not."""
    if (missing := missing_tool()) is not None:
        pytest.skip(missing)


def gold(spark: SparkSession, lake: Path) -> dict[str, tuple[int, int]]:
    """The digest of every gold table's rows of both days."""
    return {name: digest(spark, lake, name) for name in GOLD}


@dataclass
class Command:
    """The command `iolaus` in a process of its own."""

    process: subprocess.Popen[str]

    def ends(self, seconds: float = 1200) -> tuple[int, str]:
        """Its exit status and what it said on standard error."""
        said = self.process.communicate(timeout=seconds)[1]
        return self.process.returncode, said


@pytest.fixture
def iolaus(request: pytest.FixtureRequest) -> Callable[..., Command]:
    """Start the command; what still runs when the test ends is ended."""

    def start(*arguments: object, **environment: str) -> Command:
        process = subprocess.Popen(
            [sys.executable, "-m", "iolaus", *map(str, arguments)],
            env=os.environ | {"IOLAUS_HMAC_KEY": KEY} | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        request.addfinalizer(lambda: process.poll() is None and process.kill())
        return Command(process)

    return start


def wait_for_new_file(folder: Path, process: subprocess.Popen[str], seconds: float = 300) -> None:
    """Until something new lies under a folder, or the process has ended."""
    before, deadline = set(folder.rglob("*")), time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline and set(folder.rglob("*")) <= before:
        time.sleep(0.01)
