"""What spark-submit is given: the command `iolaus`, of the archive that it ships (`--py-files`) or of the image."""

import sys

from iolaus.cli import main

sys.exit(main())
