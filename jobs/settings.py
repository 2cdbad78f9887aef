"""Every threshold and seed, each stated once, with its unit and its reason.

One frozen object serves all stages. `Settings.digest` names a set of values, so that a published row
can be traced to the settings that made it.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha256



@dataclass(frozen=True)
class Ingestion:
    """What is accepted from the landing."""

    earliest_year: int = 2015  # no language-model API is older: an earlier time is a broken clock
    clock_ahead_hours: int = 24  # a request later than this after its day of arrival cannot have happened
    prompt_bytes: int = 4 << 20  # a longer prompt is rejected: no model takes it


@dataclass(frozen=True)
class Settings:
    """The settings of a run."""

    window_days: int = 28  # how far back a profile looks: long enough for slow campaigns, short enough to forget
    ingestion: Ingestion = field(default_factory=Ingestion)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that name these values."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]


DEFAULT = Settings()


class Key:
    """The pseudonymisation key. It never shows itself: not in a log, a plan or an error."""

    def __init__(self, secret: bytes):
        self._secret = secret

    @property
    def secret(self) -> bytes:
        """The key's bytes, for HMAC alone."""
        return self._secret

    @property
    def key_id(self) -> str:
        """Eight hexadecimal digits that name the key and do not reveal it."""
        return sha256(b"iolaus key id\0" + self._secret).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"Key(id={self.key_id})"


@dataclass(frozen=True)
class Run:
    """What a transform may know beside its inputs: the date it makes, the settings, the key."""

    day: date
    settings: Settings
    key: Key
