"""What `run` and `repl` share: limits as options, where programs print, and how what ended one is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from autodiff.cli.options import size_limit
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError, Span
from autodiff.program.limits import Closed, Limits

F = TypeVar("F", bound=Callable[..., Any])
LIMITS = Limits()
_OPTIONS = (
    click.option(
        "--limit-steps",
        type=click.IntRange(1),
        default=LIMITS.steps,
        show_default=True,
        metavar="N",
        help="Statements, calls and turns of loops.",
    ),
    click.option("--limit-memory", default="2GiB", show_default=True, metavar="SIZE", help="Memory it may use."),
    click.option(
        "--limit-seconds",
        type=click.FloatRange(0, min_open=True),
        default=LIMITS.seconds,
        show_default=True,
        metavar="S",
        help="Time it may take.",
    ),
)


def limit_options(function: F) -> F:
    """`--limit-steps`, `--limit-memory` and `--limit-seconds`."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


def given_limits(steps: int, memory: str, seconds: float) -> Limits:
    """The options as limits; raises `usage` for a memory that is no size."""
    return Limits(steps, size_limit(memory, "--limit-memory"), seconds)


def decoded(content: bytes, name: str) -> str:
    """The text of a program; raises `unreadable-file` where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = content[: error.start].count(b"\n") + 1
        raise AutodiffError("unreadable-file", f"{name} is not UTF-8: line {at}", type="ValueError") from None


def failed(screen: Screen, error: AutodiffError) -> int:
    """Show an error as what ended a program, with Python's last line; its exit status."""
    from autodiff.program.failures import last_line

    screen.report(error)
    screen.err.write(last_line(error) + "\n")
    return error.exit_code


def left(screen: Screen, code: Any) -> int:
    """The exit status for `exit(code)`, as Python has it."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 255
    screen.flush()
    screen.err.write(f"{code}\n")
    return 1


def writer(screen: Screen) -> Callable[[str], None]:
    """What programs print with."""

    def write(text: str) -> None:
        try:
            screen.out.write(text)
        except OSError as error:
            raise Closed from error

    return write


def error_writer(screen: Screen) -> Callable[[str], None]:
    """What programs print to `sys.stderr` with."""

    def write(text: str) -> None:
        try:
            screen.flush()
            screen.err.write(text)
            screen.err.flush()
        except OSError as error:
            raise Closed from error

    return write


def warner(screen: Screen) -> Callable[[str, str, Span | None], None]:
    """What shows warnings."""
    write = error_writer(screen)

    def warn(category: str, text: str, span: Span | None) -> None:
        where = ""
        if span is not None:
            line = span.source.text.count("\n", 0, span.start) + 1
            where = f"  {span.source.name}, line {line}: {span.source.text.splitlines()[line - 1].strip()}\n"
        write(f"{category}: {text}\n{where}")

    return warn
