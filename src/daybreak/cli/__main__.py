"""`python -m daybreak.cli` is `daybreak`."""

from daybreak.cli.main import main

main()
