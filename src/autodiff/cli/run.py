"""`autodiff run`: a PyTorch-style program."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import click

from autodiff.cli.options import color, size_limit
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError, Span
from autodiff.program.limits import Closed, Limits

LIMITS = Limits()


@click.command("run", short_help="Run a PyTorch-style program.")
@click.argument("file", metavar="FILE|-")
@click.option(
    "--limit-steps",
    type=click.IntRange(1),
    default=LIMITS.steps,
    show_default=True,
    metavar="N",
    help="Statements, calls and turns of loops.",
)
@click.option("--limit-memory", default="2GiB", show_default=True, metavar="SIZE", help="Memory it may use.")
@click.option(
    "--limit-seconds",
    type=click.FloatRange(0, min_open=True),
    default=LIMITS.seconds,
    show_default=True,
    metavar="S",
    help="Time it may take.",
)
@color
@click.pass_obj
def command(screen: Screen, file: str, limit_steps: int, limit_memory: str, limit_seconds: float) -> int:
    """Run the program in FILE (- is standard input): Python's language, PyTorch's tensors, and nothing else.

    It reaches tensors, numbers, text, collections and what it defines itself: no files, no network, no other modules.

    \b
    autodiff run train.py
    echo "print(torch.ones(2) * 3)" | autodiff run -
    """
    limits = Limits(limit_steps, size_limit(limit_memory, "--limit-memory"), limit_seconds)
    name, text = _read(file, screen)
    return run(screen, text, name, limits)


def _read(file: str, screen: Screen) -> tuple[str, str]:
    """The name of a program, and its text."""
    if file == "-":
        content, name = screen.stdin(), "<stdin>"
    else:
        with open(file, "rb") as stream:
            content, name = stream.read(), file
    try:
        return name, content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = content[: error.start].count(b"\n") + 1
        raise AutodiffError("unreadable-file", f"{name} is not UTF-8: line {at}", type="ValueError") from None


def run(screen: Screen, text: str, name: str, limits: Limits) -> int:
    """The exit status of a program."""
    from autodiff.program.deep import deep
    from autodiff.program.session import Session
    from autodiff.program.warned import showing
    from autodiff.syntax.program import parse_program

    try:
        body = parse_program(text, name)
    except AutodiffError as error:
        return _failed(screen, error)
    session = Session(_writer(screen), _error_writer(screen))
    gc.enable()  # which the command leaves off
    gc.freeze()
    try:
        with showing(_warn(screen)):
            session.start(limits)
            deep(lambda: session.run(body), limits)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except SystemExit as leave:
        return _left(screen, leave.code)
    except BaseException as error:
        from autodiff.program.failures import failure

        return _failed(screen, failure(error, session.possible()))
    return 0


def _failed(screen: Screen, error: AutodiffError) -> int:
    """Show an error as what ended a program, with Python's last line."""
    from autodiff.program.failures import last_line

    screen.report(error)
    screen.err.write(last_line(error) + "\n")
    return error.exit_code


def _left(screen: Screen, code: Any) -> int:
    """The exit status for `exit(code)`, as Python has it."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 255
    screen.flush()
    screen.err.write(f"{code}\n")
    return 1


def _writer(screen: Screen) -> Callable[[str], None]:
    def write(text: str) -> None:
        try:
            screen.out.write(text)
        except OSError as error:
            raise Closed from error

    return write


def _error_writer(screen: Screen) -> Callable[[str], None]:
    def write(text: str) -> None:
        try:
            screen.flush()
            screen.err.write(text)
            screen.err.flush()
        except OSError as error:
            raise Closed from error

    return write


def _warn(screen: Screen) -> Callable[[str, str, Span | None], None]:
    write = _error_writer(screen)

    def warn(category: str, text: str, span: Span | None) -> None:
        where = ""
        if span is not None:
            line = span.source.text.count("\n", 0, span.start) + 1
            where = f"  {span.source.name}, line {line}: {span.source.text.splitlines()[line - 1].strip()}\n"
        write(f"{category}: {text}\n{where}")

    return warn
