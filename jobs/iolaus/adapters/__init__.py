"""Logs of other programs, as rows of the landing: one module per format, pure functions.

docs/operators/adapters.md says what each field is taken from.
"""
