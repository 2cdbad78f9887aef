"""Spark, Delta and the only reading and writing of tables and folders."""
