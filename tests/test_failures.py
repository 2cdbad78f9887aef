"""What a failure is said to be, from the errors of a classic session and of Spark Connect."""

from pyspark.errors import PySparkException

from iolaus.runtime.failures import causes, explain, lost_rows

OF_CONNECT = """[TASK_WRITE_FAILED] Task failed while writing rows. SQLSTATE: 58030

JVM stacktrace:
org.apache.spark.SparkException
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.taskFailedWhileWritingRowsError(QueryExecutionErrors.scala:1)
Caused by: java.io.IOException: No space left on device
\tat java.base/java.io.FileOutputStream.writeBytes(FileOutputStream.java:2)"""


def test_causes_of_a_server_are_read_from_its_text() -> None:
    error = PySparkException(OF_CONNECT)
    assert causes(error) == [
        "PySparkException: [TASK_WRITE_FAILED] Task failed while writing rows. SQLSTATE: 58030",
        "IOException: No space left on device",
    ]
    assert explain(error).startswith("the disk is full: free space under the lake")


def test_an_error_of_python_is_its_own_cause() -> None:
    assert causes(ValueError("one\ntwo")) == ["ValueError: one"]
    assert not lost_rows(ValueError("one"))
    assert lost_rows(
        PySparkException("x\nCaused by: org.apache.spark.SparkException: Checkpoint block rdd_1 not found")
    )
