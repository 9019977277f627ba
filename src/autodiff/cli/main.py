"""Start and end of the command: from arguments to an exit status, whatever happens in between."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from autodiff.errors import EXIT_CODES, AutodiffError

if TYPE_CHECKING:
    from autodiff.cli.screen import Screen

INTERRUPTED, CLOSED_PIPE = 130, 141


def main() -> NoReturn:
    """The command, as installed; leaves the process at once.

    Collecting garbage while modules load, and taking the interpreter apart at the end, cost a short run a tenth of its
    time.
    """
    try:
        code = _alone()
    except KeyboardInterrupt:
        code = INTERRUPTED
    os._exit(code)


def _alone() -> int:
    """The exit status of a process that is the command's own, its streams flushed."""
    from autodiff.cli.screen import Screen

    gc.disable()
    Screen.alone = True
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            code = CLOSED_PIPE
        except OSError:
            code = code or EXIT_CODES["unwritable-file"]
    return code


def run(argv: Sequence[str]) -> int:
    """The exit status of a command with these arguments; prints what it has to say. Raises nothing."""
    from autodiff.cli.screen import Screen

    screen = Screen()
    try:
        try:
            return _invoke(list(argv), screen)
        except AutodiffError as error:
            screen.report(error)
            return error.exit_code
        except MemoryError:
            return screen.report(AutodiffError("limit-size", "not enough memory", type="MemoryError"))
        except RecursionError:
            return screen.report(AutodiffError("limit-nesting", "this is nested too deeply", type="RecursionError"))
        except (BrokenPipeError, KeyboardInterrupt):
            raise
        except OSError as error:
            return screen.report(_unwritable(error))
        except Exception as error:
            return screen.report(internal(error))
        finally:
            screen.flush()
    except BrokenPipeError:
        screen.abandon()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError:
        return EXIT_CODES["unwritable-file"]


def _invoke(argv: list[str], screen: Screen) -> int:
    import click

    from autodiff.cli.group import group, usage_error

    if sys.stdout is None:  # where help goes
        sys.stdout = screen.out
    if asked := os.environ.get("_AUTODIFF_COMPLETE"):
        from autodiff.cli.complete import complete

        return complete(asked, screen)
    try:
        with group.make_context("autodiff", argv, obj=screen) as context:
            code = group.invoke(context)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        raise usage_error(error, argv) from None
    return code if isinstance(code, int) else 0


def internal(error: Exception) -> AutodiffError:
    """The error for a fault of ours; with AUTODIFF_DEBUG=1 the traceback goes to standard error."""
    if os.environ.get("AUTODIFF_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    text = str(error).split("\n")[0]
    return AutodiffError(
        "internal",
        f"internal error: {type(error).__name__}{': ' if text else ''}{text:.200}; please report it",
        type="InternalError",
    )


def _unwritable(error: OSError) -> AutodiffError:
    if error.filename:
        code, what = "unreadable-file", f"cannot read {error.filename}"
    else:
        code, what = "unwritable-file", "cannot write to standard output"
    return AutodiffError(code, f"{what}: {error.strerror or error}", type="OSError")
