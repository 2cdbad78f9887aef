"""Spark's log quotes rows: nobody else can open it, or choose where it goes."""

import os
from pathlib import Path

import pytest

from iolaus.runtime.spark import log_file
from iolaus.runtime.spark.log_file import _private_folder, stderr_to


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_is_ours_alone(tmp_path: Path) -> None:
    made = _private_folder(tmp_path / "logs")
    assert made == _private_folder(tmp_path / "logs") == tmp_path / "logs"
    assert made.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("trap", ["a link", "open to all", "a file"])
def test_a_folder_that_somebody_prepared_is_not_used(tmp_path: Path, trap: str) -> None:
    wanted, theirs = tmp_path / "logs", tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    if trap == "a link":
        wanted.symlink_to(theirs)
    elif trap == "a file":
        wanted.write_text("")
    else:
        wanted.mkdir()
        wanted.chmod(0o777)
    made = _private_folder(wanted)
    assert made not in (wanted, theirs)
    assert made.stat().st_mode & 0o777 == 0o700


def test_what_spark_says_is_for_this_user(tmp_path: Path) -> None:
    path = tmp_path / "spark.log"
    with stderr_to(path):
        os.write(2, b"a row\n")
    assert path.read_bytes() == b"a row\n"
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "link.log").symlink_to(path)
    with pytest.raises(OSError, match="Too many levels"), stderr_to(tmp_path / "link.log"):
        pass
    assert log_file.log_file().parent.stat().st_mode & 0o777 == 0o700
