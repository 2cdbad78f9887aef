"""The expectation suites, one JSON file a table.

`iolaus.runtime.gates.suites` reads them and docs/operators/gates.md explains them.
"""
