"""`autodiff explain`: what an error means and how to get out of it."""

from __future__ import annotations

import click

from autodiff.cli.options import color
from autodiff.cli.screen import Screen
from autodiff.report.explain import page, summaries


@click.command("explain", short_help="What an error means and how to get out of it.")
@click.argument("code", required=False)
@color
@click.pass_obj
def command(screen: Screen, code: str | None) -> int:
    """What the error CODE means, why it happens, and a repaired example; all codes when none is given.

    \b
    autodiff explain non-scalar-output
    """
    screen.page(summaries() if code is None else page(code, screen.columns()))
    return 0
