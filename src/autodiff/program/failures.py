"""How a program ended, as an error for a person: code, place, the calls that led there, and ways out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from autodiff.errors import AutodiffError, Label
from autodiff.program.handling import as_python
from autodiff.program.kinds import text
from autodiff.program.limits import LimitReached, Stop
from autodiff.program.places import Place, hints, places

SHOWN_CALLS = 4
_TEXT = "_<text>"  # no program can spell it
CODES = {
    "NameError": "unknown-name",
    "UnboundLocalError": "unknown-name",
    "AttributeError": "unknown-attribute",
    "ModuleNotFoundError": "unknown-module",
    "RecursionError": "limit-nesting",
}
# Messages of PyTorch that the tensor library raises as Python's exceptions.
MESSAGES = (
    ("grad can be implicitly created only for scalar outputs", "non-scalar-output"),
    ("element 0 of tensors does not require grad", "no-grad-path"),
    ("Only Tensors of floating point and complex dtype can require gradients", "integer-gradient"),
)


class Uncaught(Exception):  # noqa: N818  (no error of its own)
    """A program's exception, where its class means something else to whoever runs programs."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def settled(error: BaseException) -> BaseException:
    """An exception that ends a program, with its text: a program may have defined that, and is run here for it.

    Raises what the program's `__str__` raises if that is a limit.
    """
    if isinstance(error, AutodiffError):
        return error
    if isinstance(error, SystemExit):
        return error if error.code is None or type(error.code) in (int, bool) else SystemExit(_text(error.code))
    error.__dict__[_TEXT] = _text(error)
    return Uncaught(error) if isinstance(error, (KeyboardInterrupt, OSError, GeneratorExit)) else error


def _text(value: Any) -> str:
    try:
        return text(value)
    except Stop:
        raise
    except BaseException:
        return "<exception str() failed>"


def failure(error: BaseException, known: Iterable[str]) -> AutodiffError:
    """An exception that a program did not catch, as an error with code and place; `known` are names it may have meant.

    The error's `type` and `message` are those of Python's last line.
    """
    if isinstance(error, Uncaught):
        error = error.error
    if isinstance(error, MemoryError):
        error = as_python(error)
    if isinstance(error, LimitReached):
        found = error.error
    elif isinstance(error, AutodiffError):
        found = error
    else:
        found = _described(error, known)
    trail = places(error)
    if not trail and error.__cause__ is not None:
        trail = places(error.__cause__)
    _place(found, trail)
    return found


def _described(error: BaseException, known: Iterable[str]) -> AutodiffError:
    name, message = type(error).__name__, text_of(error)
    cause = error.__cause__
    if type(error).__name__ == "_LinAlgError":
        name = "torch._C._LinAlgError"
    if isinstance(cause, AutodiffError) and cause.message == message:
        return AutodiffError(cause.code, message, type=name, help=[*cause.help, *hints(error)])
    code = CODES.get(type(error).__name__, "uncaught")
    for start, which in MESSAGES:
        if message.startswith(start):
            code = which
    help = hints(error)
    if isinstance(error, NameError) and not help:
        help = _meant(error, known)
    return AutodiffError(code, message, type=name, help=help)


def text_of(error: BaseException) -> str:
    """`str(error)`, as `settled` found it."""
    found: str | None = error.__dict__.get(_TEXT)
    return str(error) if found is None else found


def _meant(error: NameError, known: Iterable[str]) -> list[str]:
    from autodiff.graph.lookup import did_you_mean, find

    name = getattr(error, "name", None)
    if not isinstance(name, str):
        return []
    close = did_you_mean(name, list(known))
    if close:
        return close
    return [f"did you mean torch.{name}?"] if find("", name) is not None else []


def _place(error: AutodiffError, trail: list[Place]) -> None:
    """Say where, and which calls led there."""
    if not trail:
        return
    error.span = trail[0].span
    function = trail[0].function
    if function and not error.says:
        error.says = f"in {function}"
    seen = {trail[0].span}
    for inner, outer in pairwise(trail):
        if outer.span in seen or len(error.labels) >= SHOWN_CALLS:
            continue
        seen.add(outer.span)
        where = f", in {outer.function}" if outer.function else ""
        error.labels.append(Label(outer.span, f"{inner.function} is called here{where}"))


def last_line(error: AutodiffError) -> str:
    """What Python ends with: `RuntimeError: message`."""
    return f"{error.type}: {error.message}" if error.message else error.type
