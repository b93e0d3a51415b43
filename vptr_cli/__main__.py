"""`python -m vptr_cli`: the vptr command line tool."""

import sys

from vptr_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
