"""`autodiff run`: a PyTorch-style program."""

from __future__ import annotations

import gc

import click

from autodiff.cli.options import color
from autodiff.cli.programs import decoded, error_writer, failed, given_limits, left, limit_options, warner, writer
from autodiff.cli.screen import Screen
from autodiff.cli.watch import watched
from autodiff.errors import AutodiffError
from autodiff.program.limits import Closed, Limits


@click.command("run", short_help="Run a PyTorch-style program.")
@click.argument("file", metavar="FILE|-")
@limit_options
@color
@click.pass_obj
def command(screen: Screen, file: str, limit_steps: int, limit_memory: str, limit_seconds: float) -> int:
    """Run the program in FILE (- is standard input): Python's language, PyTorch's tensors, and nothing else.

    It reaches tensors, numbers, text, collections and what it defines itself: no files, no network, no other modules.

    \b
    autodiff run train.py
    echo "print(torch.ones(2) * 3)" | autodiff run -
    """
    limits = given_limits(limit_steps, limit_memory, limit_seconds)
    name, text = _read(file, screen)
    status = watched(screen, text, limit_seconds)
    if status is not None:
        return status
    return run(screen, text, name, limits)


def _read(file: str, screen: Screen) -> tuple[str, str]:
    """The name of a program, and its text."""
    if file == "-":
        return "<stdin>", decoded(screen.stdin(), "<stdin>")
    with open(file, "rb") as stream:
        return file, decoded(stream.read(), file)


def run(screen: Screen, text: str, name: str, limits: Limits) -> int:
    """The exit status of a program."""
    from autodiff.program.deep import deep
    from autodiff.program.session import Session
    from autodiff.program.warned import showing
    from autodiff.syntax.program import parse_program

    try:
        body = parse_program(text, name)
    except AutodiffError as error:
        return failed(screen, error)
    session = Session(writer(screen), error_writer(screen))
    gc.enable()  # which the command leaves off
    gc.freeze()
    try:
        with showing(warner(screen)):
            session.start(limits)
            deep(lambda: session.run(body), limits)
    except KeyboardInterrupt:
        raise
    except Closed as closed:
        raise closed.__cause__ or closed from None
    except SystemExit as leave:
        return left(screen, leave.code)
    except BaseException as error:
        from autodiff.program.failures import failure

        return failed(screen, failure(error, session.possible()))
    return 0
