"""Errors a user can mend. Each message is one line: what is wrong, and the mend."""


class UsageError(Exception):
    """The arguments or the surroundings cannot be used (exit status 2)."""


class RunError(Exception):
    """The run failed (exit status 1)."""


class GateError(Exception):
    """A critical expectation failed and nothing was published (exit status 3)."""
