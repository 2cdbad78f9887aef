"""The similarity join, usable by any PySpark program, and its measured recall."""
