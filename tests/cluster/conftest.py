"""What the tests on a cluster share: started once, ended with them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.harness import (
    OUT,
    Cluster,
    Processes,
    Store,
    build_archive,
    missing_tool,
    python_without_repository,
    start_cluster,
    start_store,
)
from tests.traffic import write_landing

KEY = "a key for tests on a cluster alone"


@pytest.fixture(scope="session", autouse=True)
def _tools() -> None:
    """Without the tools nothing here can run: one line, and a status that is not 0."""
    if (missing := missing_tool()) is not None:
        pytest.exit(f"skipped: {missing}", returncode=2)


@pytest.fixture(scope="session")
def processes(_tools: None) -> Iterator[Processes]:
    folder = OUT / f"run-{int(time.time())}"
    folder.mkdir(parents=True)
    made = Processes(folder)
    yield made
    made.end()


@pytest.fixture(scope="session")
def store(processes: Processes) -> Store:
    return start_store(processes)


@pytest.fixture(scope="session")
def python(processes: Processes) -> Path:
    return python_without_repository(processes.folder)


@pytest.fixture(scope="session")
def archive(_tools: None) -> Path:
    return build_archive()


@pytest.fixture(scope="session")
def cluster(processes: Processes, store: Store, python: Path) -> Cluster:
    return start_cluster(processes, {**store.environment, "PYSPARK_PYTHON": str(python)})


@pytest.fixture(scope="session")
def landing(processes: Processes) -> Path:
    """The landing of two days, on the local disk."""
    return write_landing(processes.folder / "landing")
