"""The switch between Spark's private parts and the plain way.

Each trick saves time or memory and changes no row. If Spark has another version, or the tricks are off, the plain way
is taken.
"""

import logging
import os
from collections.abc import Callable
from typing import TypeVar

from iolaus.runtime.spark.errors import Py4JError

VARIABLE = "IOLAUS_PLAIN_SPARK"  # set to anything but 0: Spark's public interface alone is used
T = TypeVar("T")
_LOG = logging.getLogger(__name__)


def off() -> bool:
    """Whether the environment asks for the plain way."""
    return os.environ.get(VARIABLE, "0") not in ("", "0")


def either(trick: Callable[[], T], plain: Callable[[], T]) -> T:
    """What a trick gives; if tricks are off, or Spark has not the parts that it takes, what the plain way gives."""
    if off():
        return plain()
    try:
        return trick()
    except (AttributeError, TypeError, Py4JError) as error:
        _LOG.info("the plain way is taken, for Spark has other parts: %s", error)
        return plain()
