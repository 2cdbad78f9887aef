"""What a failure of Spark, of the store or of the disk means to the person who runs the pipeline."""

import re
from typing import Any

from iolaus.errors import one_line

# The error of a stage that cached rows on an executor that was lost: the stage itself cannot make them again.
_LOST_BLOCK = re.compile(
    r"CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND|Checkpoint block \S+ not found|Could not find block|BlockNotFound"
)
_AGAIN = "what is written is whole; run the same days again"
# The first that fits the chain of causes is reported.
_KNOWN: tuple[tuple[str, str], ...] = (
    (
        r"No space left on device|Disk quota exceeded",
        f"the disk is full: free space under the lake and under Spark's local folder (SPARK_LOCAL_DIRS); {_AGAIN}",
    ),
    (
        r"Py4JNetworkError|Answer from Java side is empty|ConnectionRefusedError",
        f"Spark's Java process ended, killed or out of memory (--memory gives it more): its log says why; {_AGAIN}",
    ),
    (
        r"OutOfMemory|GC overhead limit",
        f"Spark had too little memory: give the driver more with --memory, or the executors; {_AGAIN}",
    ),
    (
        r"AccessDenied|Forbidden|AccessControlException|InvalidAccessKeyId|SignatureDoesNotMatch|Status Code: 40[13]",
        "the store refused access: check the credentials and what they may read and write",
    ),
    (
        (
            r"Status Code: 5\d\d|AWSStatus500|AWSServiceThrottled|SlowDown|SdkClientException|ConnectTimeout|Read "
            r"timed out"
            r"|Connection refused|Connection reset|ApiCallTimeout|UnknownHost|NoHttpResponse|Unable to execute HTTP "
            r"request|SocketTimeout"
        ),
        f"the store did not answer or failed, again and again: check it; {_AGAIN}",
    ),
    (
        r"Mkdirs failed|Permission denied|Read-only file system",
        "a folder cannot be written: name another, or let this user write there",
    ),
    (r"ConcurrentModification|Concurrent\w+Exception", f"somebody else wrote the same rows meanwhile; {_AGAIN}"),
)

_CAUSE = re.compile(r"^Caused by: (?:[\w$]+\.)*([\w$]+: .*)$", re.MULTILINE)


def causes(error: BaseException) -> list[str]:
    """The first lines of an error and of what caused it, outermost first, with the names of their classes."""
    found: list[str] = []
    java: Any = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    if java is None:  # of Spark Connect, or of Python: the server's causes stand in the text
        return [f"{type(error).__name__}: {_first(str(error))}", *_CAUSE.findall(str(error))]
    while java is not None and len(found) < 20:
        found.append(f"{java.getClass().getSimpleName()}: {_first(str(java.getMessage()))}")
        java = java.getCause()
    return found


def explain(error: BaseException) -> str:
    """One line of what happened: the innermost cause and, if it is known, what to do."""
    chain = causes(error)
    said = one_line(chain[-1], 300)
    for pattern, fix in _KNOWN:
        if any(re.search(pattern, cause) for cause in chain):
            return f"{fix} ({said})"
    return said


def lost_rows(error: BaseException) -> bool:
    """Whether a stage failed because an executor was lost that cached rows for it.

    Started again, the stage makes them once more.
    """
    return any(_LOST_BLOCK.search(cause) for cause in causes(error))


def _first(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
