"""The benchmark's own arithmetic: an exponent is a slope, and the meter sees this process and its children."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))  # as when the benchmark is run

import meter
import scale


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.35])
def test_growth_is_the_slope_of_the_logarithms(exponent: float) -> None:
    assert scale.report_growth("rows", [(n, 3.0 * n**exponent) for n in (1_000, 4_000, 16_000)]) == pytest.approx(exponent, abs=1e-3)


def test_the_meter_counts_this_process_and_its_children() -> None:
    before = meter.processor_seconds()
    with meter.Memory(interval=0.01) as memory:
        memory.begin("a stage")
        held = bytearray(os.urandom(1 << 20) * 64)
        child = subprocess.Popen([sys.executable, "-c", "import time; began = time.process_time()\nwhile time.process_time() < 0.4: pass"])
        parents = {p.pid: p.parent for p in meter.tree()}
        assert parents[child.pid] == os.getpid()
        assert child.wait() == 0
        time.sleep(0.1)
        memory.end("a stage")
    spent = {kind: seconds - before[kind] for kind, seconds in meter.processor_seconds().items()}
    assert spent["driver"] >= 0.35, "an ended child's time is its parent's"
    assert memory.peak >= len(held)
    assert memory.peaks["a stage"] >= len(held)
