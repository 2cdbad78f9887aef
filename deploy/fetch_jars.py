"""Put Delta's jars into the folder `jars` of this Python environment, once.

Spark's own resolver fetches them, from wherever it is configured to look, into its own cache. Of what
Delta names as dependencies, Spark brings the rest or the project does not use it: two jars of 9 MB
are needed, not thirty of 87 MB. Their SHA-256 is pinned here as those of the Python packages are in
`deploy/locks`.
"""

import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pyspark

from jobs.runtime.session import DELTA_PACKAGE

JARS = {
    "io.delta_delta-spark_4.1_2.13-4.4.0.jar": "75a9400986853c061f5109f012547de2545a5759e5e752e5ef633dabe16a4f10",
    "io.delta_delta-storage-4.4.0.jar": "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
}
EXCLUDED = "io.delta:delta-kernel-*,io.unitycatalog:*,com.*:*,org.*:*"
MEND = "check the way to Maven Central, or put the two jars there by hand"


def main() -> int:
    """Fetch what is missing. Prints nothing if nothing is, else one line; returns the exit status."""
    folder = Path(sys.prefix) / "jars"
    if all(_is_right(folder / name) for name in JARS):
        return 0
    print(f"Fetching Delta's jars into {folder}", flush=True)
    spark = Path(pyspark.__file__).parent
    answer = subprocess.run(
        [
            *(str(spark / "bin" / "spark-submit"), "--master", "local[1]"),
            *("--packages", DELTA_PACKAGE, "--exclude-packages", EXCLUDED),
            # Something to run that ends at once: the fetching is done before it starts.
            *("--class", "org.apache.hadoop.util.VersionInfo", "spark-internal"),
        ],
        env={**os.environ, "SPARK_HOME": str(spark), "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    cache = re.search(r"The jars for the packages stored in: (.+)", answer.stderr)
    if answer.returncode or cache is None:
        why = (
            re.findall(r"(?:Exception|Error)\S*: .+|unresolved dependency: .+", answer.stderr)
            or answer.stderr.splitlines()
            or ["no reason given"]
        )
        return _fail(f"{DELTA_PACKAGE} was not fetched ({why[0].strip()}); {MEND}: {folder}")
    folder.mkdir(exist_ok=True)
    for name in JARS:
        fetched = Path(cache[1]) / name
        if not _is_right(fetched):
            return _fail(f"{fetched} is not the file that was pinned; delete {fetched.parent.parent} and try again")
        shutil.copyfile(fetched, folder / name)
    return 0


def _is_right(jar: Path) -> bool:
    return jar.is_file() and sha256(jar.read_bytes()).hexdigest() == JARS[jar.name]


def _fail(line: str) -> int:
    print(line, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
