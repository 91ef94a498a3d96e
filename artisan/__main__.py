"""`python -m artisan` is the `artisan` command."""

from artisan.cli import main

main()
