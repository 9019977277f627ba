"""Where an exception came from: the place in each function it passed through, kept on the exception itself.

The innermost operation notes its span with `at`; operations around it in the same function find that noted already.  A
function that ends by an exception says so with `leave`, and the call that it ends notes its span in turn.  None of this
costs anything until something is raised.
"""

from __future__ import annotations

from typing import Any

from autodiff.errors import Span

# What is kept on exceptions under names that no program can spell.
_PLACES, _HELP = "_<places>", "_<help>"
DEEPEST = 100  # places kept of an endless recursion


class Place:
    """A span, and the function it is in once that has ended."""

    __slots__ = ("function", "span")

    def __init__(self, span: Span) -> None:
        self.span = span
        self.function = ""


def at(error: BaseException, span: Span) -> BaseException:
    """The exception, with the place noted unless one further in has been."""
    known: list[Place] | None = error.__dict__.get(_PLACES)
    if known is None:
        error.__dict__[_PLACES] = [Place(span)]
    elif known and known[-1].function and len(known) < DEEPEST:
        known.append(Place(span))
    return error


def leave(error: BaseException, function: str) -> None:
    """Note that the exception ends a function."""
    known: list[Place] | None = error.__dict__.get(_PLACES)
    if known and not known[-1].function:
        known[-1].function = function


def places(error: BaseException) -> list[Place]:
    """From the innermost outwards."""
    found: list[Place] = error.__dict__.get(_PLACES, [])
    return found


def carry(source: BaseException, target: BaseException) -> None:
    """Let an exception that stands for another have its places."""
    for key in (_PLACES, _HELP):
        if key in source.__dict__ and key not in target.__dict__:
            target.__dict__[key] = source.__dict__[key]


def hint(error: BaseException, *help: str) -> Any:
    """The exception, with ways out for a person who reads it."""
    error.__dict__[_HELP] = list(help)
    return error


def hints(error: BaseException) -> list[str]:
    """The ways out that it has."""
    found: list[str] = error.__dict__.get(_HELP, [])
    return found
