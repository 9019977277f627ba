"""Warnings of the tensor library, shown to the person who wrote the program: once for each place in it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from autodiff.errors import Span

Show = Callable[[str, str, Span | None], None]


@contextmanager
def showing(show: Show) -> Iterator[None]:
    """Hand every warning within to `show`, as category, text and place."""
    seen: set[Any] = set()

    def warn(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        span = place()
        key = (str(message), category, span)
        if key not in seen:
            seen.add(key)
            show(category.__name__, str(message), span)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = warn
        yield


def place() -> Span | None:
    """Where the program is: what the nearest running operation notes when it fails."""
    frame: FrameType | None = sys._getframe(1)
    inside = __name__.rpartition(".")[0] + "."
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(inside):
            span = frame.f_locals.get("span")
            if isinstance(span, Span):
                return span
        frame = frame.f_back
    return None
