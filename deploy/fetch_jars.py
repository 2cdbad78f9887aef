"""Put Delta's jars into the folder `jars` of this Python environment, once.

With `--s3`, Hadoop's for S3 into `jars-s3`.

Spark's own resolver fetches them, from wherever it is configured to look, into its own cache. Of what
Delta names as dependencies, Spark brings the rest or the project does not use it: two jars of 9 MB
are needed, not thirty of 87 MB. Their SHA-256 is pinned here as those of the Python packages are in
`deploy/locks`. Hadoop's two for S3 are 640 MB, most of it Amazon's client, so only who needs them fetches them.
"""

import os
import re
import shutil
import subprocess
import sys
from hashlib import file_digest
from pathlib import Path

import pyspark

from iolaus.runtime.spark.session import DELTA_PACKAGE

JARS = {
    "io.delta_delta-spark_4.1_2.13-4.4.0.jar": "75a9400986853c061f5109f012547de2545a5759e5e752e5ef633dabe16a4f10",
    "io.delta_delta-storage-4.4.0.jar": "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
}
EXCLUDED = "io.delta:delta-kernel-*,io.unitycatalog:*,com.*:*,org.*:*"
S3_PACKAGE = "org.apache.hadoop:hadoop-aws:3.4.2"  # of the Hadoop that this Spark brings
S3_JARS = {
    "org.apache.hadoop_hadoop-aws-3.4.2.jar": "d2d24e6b715b5656b9d238bf13b6682a07e2004dd36aad74a73aeb854319f4d9",
    "software.amazon.awssdk_bundle-2.29.52.jar": "62638f33045690c6bc5e496b54b0b2e89a9ad38cbedacdf6e017fea6bc85f55c",
}
S3_EXCLUDED = "software.amazon.encryption.s3:*,org.apache.hadoop:hadoop-client-*,org.slf4j:*,org.xerial.snappy:*"
FIX = "check the way to Maven Central, or put the two jars there by hand"


def main() -> int:
    """Fetch what is missing. Prints nothing if nothing is, else one line; returns the exit status."""
    if "--s3" in sys.argv[1:]:
        return fetch(S3_PACKAGE, S3_JARS, S3_EXCLUDED, "jars-s3")
    return fetch(DELTA_PACKAGE, JARS, EXCLUDED, "jars")


def fetch(package: str, jars: dict[str, str], excluded: str, below: str) -> int:
    """Fetch the jars of a package, unless they are there, into a folder of this environment."""
    folder = Path(sys.prefix) / below
    if all(_is_right(folder / name, jars) for name in jars):
        return 0
    print(f"Fetching {package} into {folder}", flush=True)
    spark = Path(pyspark.__file__).parent
    answer = subprocess.run(
        [
            *(str(spark / "bin" / "spark-submit"), "--master", "local[1]"),
            *("--packages", package, "--exclude-packages", excluded),
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
        return _fail(f"{package} was not fetched ({why[0].strip()}); {FIX}: {folder}")
    folder.mkdir(exist_ok=True)
    for name in jars:
        fetched = Path(cache[1]) / name
        if not _is_right(fetched, jars):
            return _fail(f"{fetched} is not the file that was pinned; delete {fetched.parent.parent} and try again")
        shutil.copyfile(fetched, folder / name)
    return 0


def _is_right(jar: Path, jars: dict[str, str]) -> bool:
    if not jar.is_file():
        return False
    with jar.open("rb") as file:
        return file_digest(file, "sha256").hexdigest() == jars[jar.name]


def _fail(line: str) -> int:
    print(line, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
