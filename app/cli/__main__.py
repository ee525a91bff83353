"""`python -m app.cli`: the same command where no `callfloor` is on the path."""

from app.cli import main

main()
