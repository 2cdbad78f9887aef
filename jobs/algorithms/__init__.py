"""Algorithms on arrays and columns: no tables, no paths."""
