"""Iolaus: finds networks of accounts through which one operator distils a language model.

`jobs.pipeline` is the map of the tables; the module `jobs.<layer>.<table>` makes the table of that name.
"""

__version__ = "0.1.0"
