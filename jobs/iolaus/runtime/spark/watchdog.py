"""Spark's Java process dies with the driver that started it.

A driver that is killed leaves its Java process with calls under way: one of them may still commit to a table, seconds
after another run took the lake. Java notices only that nobody talks to it any more, and then ends in its own time. So a
small process waits for the driver's end: it holds the reading end of a pipe, whose other end only the driver has. At an
end that was not announced it kills Java at once, if that is still the same process.
"""

import atexit
import subprocess
import sys
from functools import cache
from pathlib import Path

from pyspark.sql import SparkSession

from iolaus.runtime.spark import hadoop
from iolaus.runtime.spark.connect import is_connect

_WATCH = """
import os, signal, sys
pid, started = int(sys.argv[1]), sys.argv[2]
signal.signal(signal.SIGINT, signal.SIG_IGN)
if not os.read(0, 1):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            same = stat.read().rpartition(")")[2].split()[19] == started
    except OSError:
        same = False
    if same:
        os.kill(pid, signal.SIGKILL)
"""


def java_process(spark: SparkSession) -> int:
    """The number of Spark's Java process on the driver's machine; 0 on Spark Connect, where it is the server's."""
    if is_connect(spark):
        return 0
    return int(hadoop.jvm(spark).java.lang.ProcessHandle.current().pid())


def watch(spark: SparkSession) -> None:
    """Have Spark's Java process killed if this process ends without a word; on systems that have /proc."""
    _watch(java_process(spark))


@cache
def _watch(pid: int) -> None:
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return
    started = stat.read_text().rpartition(")")[2].split()[19]
    watching = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WATCH, str(pid), started],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # what is sent to all of a terminal's processes is not for it
    )
    atexit.register(_end, watching)


def _end(watching: "subprocess.Popen[bytes]") -> None:
    """Tell the watching process that the end is meant."""
    assert watching.stdin is not None
    try:
        watching.stdin.write(b"x")
        watching.stdin.close()
    except OSError:
        return
    watching.wait()
