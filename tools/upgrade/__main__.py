"""`python -m tools.upgrade`."""

import sys

from tools.upgrade import main

sys.exit(main(sys.argv[1:]))
