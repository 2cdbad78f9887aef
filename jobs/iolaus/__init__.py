"""Iolaus: finds networks of accounts through which one operator distils a language model.

`iolaus.pipeline` is the map of the tables; the module `iolaus.<layer>.<table>` makes the table of that name.
"""
