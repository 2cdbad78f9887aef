"""The parent of local Spark's Python workers: what a worker would do again for each task, done once.

Spark puts its own zip and jar on the path of its workers, and a worker reads the directories of all archives on its
path before each task, and collects garbage among all its modules after it: together three quarters of the workers'
processor time in a run of small days. Where Spark is an installed package, as in local mode, nothing is imported from
those archives; and modules that are loaded before workers are forked are set aside from collection, and shared.
"""

import gc
import sys

sys.path[:] = [entry for entry in sys.path if not entry.endswith((".zip", ".jar"))]
sys.path_importer_cache.clear()

# From the packages, not from the archives: hence here.
import numpy as np  # noqa: E402, F401
import orjson  # noqa: E402, F401
import pyarrow.compute  # noqa: E402, F401
import pyspark.worker  # noqa: E402, F401
from pyspark.daemon import manager  # noqa: E402

if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    manager()  # type: ignore[no-untyped-call]
