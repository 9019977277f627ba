"""Sharing the tiles of a loop between two threads.

NumPy lets go of the interpreter while a kernel runs, so two threads work at once where a kernel takes much longer than
calling it.  Who gets which tile is left to chance, and what comes out is not: results lie where their tiles do, and
partial results are combined in the order of the tiles.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queue import SimpleQueue

TILES = 16  # for fewer it is not worth waking another thread

Work = Callable[[Iterator[Any], bool], None]


def share(work: Work, tiles: Sequence[tuple[int, Any]]) -> None:
    """Call `work` on numbered tiles, on this thread and perhaps another; raises what the first tile that fails raises.

    `work` takes tiles from an iterator that the threads share until there are no more; it is told whether it is on the
    thread that called.
    """
    waiting = iter(tiles)
    if len(tiles) < TILES or processors() < 2:
        work(waiting, True)
        return
    from contextvars import copy_context
    from queue import SimpleQueue

    failures: list[tuple[int, BaseException]] = []
    done: SimpleQueue[None] = SimpleQueue()

    def guarded(first: bool) -> None:
        taken = _Counted(waiting)
        try:
            work(taken, first)
        except BaseException as error:
            failures.append((taken.number, error))
            for _ in waiting:  # leave nothing to the other
                pass

    def elsewhere() -> None:
        context.run(guarded, False)
        done.put(None)

    context = copy_context()
    _helper().put(elsewhere)
    guarded(True)
    done.get()
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


_helpers: dict[int, SimpleQueue[Callable[[], None]]] = {}  # by process: a fork does not take threads along


def _helper() -> SimpleQueue[Callable[[], None]]:
    """Where to put work for the other thread, which stays: a new one would begin on the same processor."""
    found = _helpers.get(os.getpid())
    if found is None:
        from queue import SimpleQueue
        from threading import Thread

        found = _helpers[os.getpid()] = SimpleQueue()
        Thread(target=_serve, args=(found,), daemon=True).start()
    return found


def _serve(jobs: SimpleQueue[Callable[[], None]]) -> None:
    while True:
        jobs.get()()


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
