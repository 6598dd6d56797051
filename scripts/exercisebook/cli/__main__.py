"""``python -m exercisebook.cli``."""

from exercisebook.cli.main import main

main()
