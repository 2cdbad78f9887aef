"""Names of the JVM that are asked for again and again, looked up once.

PySpark asks by name for each column that is written, and a name of one word is searched in some 280 jars under each
imported package before it is found: 7,000 searches in the plans of one day, a twentieth of the day's processor time.
"""

from typing import Any

from py4j.java_gateway import JavaClass, JavaPackage
from pyspark.sql import SparkSession

from iolaus.runtime.spark.tricks import either

_CLASSES = ("functions", "org.apache.spark.sql.functions", "PythonUtils", "PythonSQLUtils")
_PACKAGES = ("io", "java", "org")


class _Remembered:
    """A class or package of the JVM whose members and parts are asked for once."""

    def __init__(self, of: JavaClass | JavaPackage):
        self._of = of

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if isinstance(found, JavaPackage):
            found = _Remembered(found)
        setattr(self, name, found)
        return found


def remember(spark: SparkSession) -> None:
    """Answer for the names from memory from now on, in every thread of this process."""
    either(lambda: _remember(spark), lambda: None)


def _remember(spark: SparkSession) -> None:
    jvm: Any = spark._jvm  # noqa: SLF001 - there is no other way to the classes that Python calls
    for name in (*_CLASSES, *_PACKAGES):
        if name not in vars(jvm):  # the view of a session that is used again
            setattr(jvm, name, _Remembered(getattr(jvm, name)))
