"""Errors of Java as Python sees them. A Connect client may lack py4j: these classes are then raised by nobody."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py4j.protocol import Py4JError, Py4JJavaError
else:
    try:
        from py4j.protocol import Py4JError, Py4JJavaError
    except ImportError:

        class Py4JError(Exception):
            """In place of py4j's."""

        class Py4JJavaError(Py4JError):
            """In place of py4j's."""


__all__ = ["STORE", "Py4JError", "Py4JJavaError", "first_line"]

try:
    from obstore.exceptions import BaseError
except ImportError:  # it is of the extra `connect`
    STORE: tuple[type[Exception], ...] = (OSError, Py4JJavaError)
else:
    STORE = (OSError, Py4JJavaError, BaseError)
"""What a store raises where it does not answer."""


def first_line(error: BaseException) -> str:
    """The first line of what an error says, without the name of its class."""
    java = getattr(error, "java_exception", None)
    text = str(error) if java is None else str(java.getMessage())
    return next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
