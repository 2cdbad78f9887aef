"""`python -m jobs`, and what spark-submit is given."""

import sys

from jobs.cli import main

sys.exit(main())
