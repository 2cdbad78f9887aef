"""Hadoop's file systems, which Spark uses: a public interface of Java, reached through PySpark's gateway."""

from typing import Any

from pyspark.sql import SparkSession


def jvm(spark: SparkSession) -> Any:
    """The classes of Java by their names; Any, for Java's objects have no types here."""
    return spark._jvm  # noqa: SLF001 - there is no other way to them


def configuration(spark: SparkSession) -> Any:
    """Hadoop's configuration of this session."""
    return spark._jsc.hadoopConfiguration()  # noqa: SLF001


def path(spark: SparkSession, uri: str) -> Any:
    """A path of Hadoop's."""
    return jvm(spark).org.apache.hadoop.fs.Path(uri)


def file_system(spark: SparkSession, uri: str) -> Any:
    """The file system of a URI. Raises Py4JJavaError if it cannot be opened."""
    return path(spark, uri).getFileSystem(configuration(spark))
