"""`python -m autodiff`."""

from autodiff.cli.main import main

main()
