"""`python -m iolaus`, and what spark-submit is given."""

import sys

from iolaus.cli import main

sys.exit(main())
