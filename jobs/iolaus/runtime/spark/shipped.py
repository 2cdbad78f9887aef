"""The project as an archive, for the Python workers of a cluster."""

import atexit
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import iolaus


def archive() -> Path:
    """The project as a zip for executors. They need its dependencies installed, and no path of this machine."""
    package = Path(iolaus.__file__).parent
    made_at = Path(tempfile.mkdtemp(prefix="iolaus-")) / "iolaus.zip"
    atexit.register(shutil.rmtree, made_at.parent, ignore_errors=True)
    with zipfile.ZipFile(made_at, "w", zipfile.ZIP_DEFLATED) as made:
        # in a checkout the suites are behind a link
        for folder, _, names in sorted(os.walk(package, followlinks=True)):
            for file in (Path(folder, name) for name in sorted(names) if not folder.endswith("__pycache__")):
                made.write(file, file.relative_to(package.parent))
    return made_at
