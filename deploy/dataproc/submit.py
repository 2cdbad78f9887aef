"""What the batch of Dataproc Serverless runs: the command `iolaus`, with the key from Secret Manager.

A batch has no way to mount a secret, and its properties can be read by whoever may list batches. So the driver asks for
the version that IOLAUS_HMAC_SECRET names, as the batch's service account. The key is in this process's memory only.
"""

import base64
import json
import os
import sys
import urllib.request

from iolaus.cli import main

METADATA = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
SECRETS = "https://secretmanager.googleapis.com/v1"
SECRET = "IOLAUS_HMAC_SECRET"  # noqa: S105 - the name of a variable


def key(name: str, metadata: str = METADATA, secrets: str = SECRETS) -> str:
    """The text of a secret's version. Raises URLError if one of the two services does not answer, or refuses."""
    token = _asked(metadata, {"Metadata-Flavor": "Google"})["access_token"]
    found = _asked(f"{secrets}/{name}:access", {"Authorization": f"Bearer {token}"})
    return base64.b64decode(found["payload"]["data"]).decode().strip()


def _asked(url: str, headers: dict[str, str]) -> dict:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:  # noqa: S310
        return json.load(answer)


if __name__ == "__main__":
    if name := os.environ.get(SECRET):
        os.environ["IOLAUS_HMAC_KEY"] = key(name)
    sys.exit(main())
