"""Every notebook answers its question on a small lake, and is stored as it was written: without outputs."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PLOTS = {
    "1_triage": 3,
    "2_case": 3,
    "3_timeline": 3,
    "4_detector": 5,
    "5_data_quality": 3,
}  # at least, of a lake with one cluster; more where a lake has more tables


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def test_all_notebooks_are_here():
    assert {path.stem for path in NOTEBOOKS} == PLOTS.keys()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_its_question_and_has_no_outputs(path: Path):
    book = read(path)
    nbformat.validate(book)
    first = book.cells[0]
    assert first.cell_type == "markdown"
    title = first.source.splitlines()[0]
    assert title.startswith("# ")
    assert title.endswith("?")
    for cell in book.cells:
        assert not cell.get("outputs"), f"stored with outputs; clear them: {cell.source[:60]}"
        assert cell.get("execution_count") is None


def execute_all() -> dict[str, int]:
    """Execute every notebook on the lake of `IOLAUS_LAKE`.

    How many plots each made. tests/test_run.py does it, which has a lake.
    """

    def execute(path: Path) -> int:
        book = read(path)
        NotebookClient(book, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
        return sum("image/png" in output.get("data", {}) for cell in book.cells for output in cell.get("outputs", []))

    with ThreadPoolExecutor(2) as pool:
        return dict(zip((path.stem for path in NOTEBOOKS), pool.map(execute, NOTEBOOKS), strict=True))
