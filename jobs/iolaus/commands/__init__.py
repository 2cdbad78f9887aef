"""The commands of `iolaus`, one module each: `add` says what it takes, `act` does it and returns the exit status."""
