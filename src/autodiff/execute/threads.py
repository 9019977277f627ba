"""Sharing the tiles of a loop between two threads.

NumPy lets go of the interpreter while a kernel runs, so two threads work at once where a kernel takes much longer than
calling it.  Who gets which tile is left to chance, and what comes out is not: results lie where their tiles do, and
partial results are combined in the order of the tiles.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

THREADS = 2  # more wait for one another
TILES_A_THREAD = 8  # for fewer it is not worth starting one


def share(work: Callable[[Iterator[Any]], None], tiles: Sequence[Any]) -> None:
    """Call `work` on the tiles, on this thread and perhaps another; raises what the first tile that fails raises.

    `work` takes tiles from an iterator that the threads share until there are no more.
    """
    waiting = iter(tiles)
    if len(tiles) < THREADS * TILES_A_THREAD or processors() < THREADS:
        work(waiting)
        return
    from contextvars import copy_context
    from threading import Thread

    failures: list[tuple[int, BaseException]] = []

    def guarded() -> None:
        taken = _Counted(waiting)
        try:
            work(taken)
        except BaseException as error:
            failures.append((taken.number, error))
            for _ in waiting:  # leave nothing to the others
                pass

    others = [Thread(target=copy_context().run, args=(guarded,), daemon=True) for _ in range(THREADS - 1)]
    for thread in others:
        thread.start()
    guarded()
    for thread in others:
        thread.join()
    if failures:
        raise min(failures, key=lambda failure: failure[0])[1]


class _Counted:
    """An iterator over numbered tiles that remembers the last number."""

    __slots__ = ("number", "tiles")

    def __init__(self, tiles: Iterator[tuple[int, Any]]) -> None:
        self.tiles = tiles
        self.number = -1

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        return self

    def __next__(self) -> tuple[int, Any]:
        tile = next(self.tiles)
        self.number = tile[0]
        return tile


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
