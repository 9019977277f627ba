"""Work on several processes that it may stall or end without harm to the rest.

Each process has one piece of work at a time; the one that takes too long is ended, the one that ends is replaced, and
only the piece of work it had is lost.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess


class Failure(NamedTuple):
    """In place of a result: the process took too long, or it ended."""

    late: bool


class _Worker:
    """A process, the pipe to it, and the place of the piece it works on."""

    __slots__ = ("deadline", "pipe", "place", "process")

    def __init__(self, work: Callable[[Any], Any], tasks: Sequence[Any]) -> None:
        context = get_context("fork")
        self.pipe, other = context.Pipe()
        self.process: ForkProcess = context.Process(target=_serve, args=(other, work, tasks), daemon=True)
        self.process.start()
        other.close()
        self.place = -1
        self.deadline = 0.0

    def give(self, place: int, seconds: float) -> None:
        self.place = place
        self.deadline = monotonic() + seconds
        self.pipe.send(place)

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


def in_workers(
    tasks: Sequence[Any], work: Callable[[Any], Any], seconds: Sequence[float], jobs: int
) -> Iterator[tuple[int, Any]]:
    """The place and work(task) of each task as they come, or a Failure; `seconds` is how long each may take.

    Without `jobs`, and where processes cannot be forked, everything happens here and nothing is ended.
    """
    if not jobs or "fork" not in get_all_start_methods():
        yield from ((place, work(task)) for place, task in enumerate(tasks))
        return
    places = iter(range(len(tasks)))
    workers: list[_Worker] = []
    try:
        for place in _first(places, jobs):
            workers.append(_Worker(work, tasks))
            workers[-1].give(place, seconds[place])
        while workers:
            _wait(workers)
            for worker in list(workers):
                done = _result(worker)
                if done is None:
                    continue
                yield worker.place, done
                if isinstance(done, Failure):
                    worker.end()
                    workers.remove(worker)
                    worker = _Worker(work, tasks)
                    workers.append(worker)
                following = next(places, None)
                if following is None:
                    worker.end()
                    workers.remove(worker)
                else:
                    worker.give(following, seconds[following])
    finally:
        for worker in workers:
            worker.end()


def _first(places: Iterator[int], count: int) -> list[int]:
    return [place for _, place in zip(range(count), places, strict=False)]


def _wait(workers: Sequence[_Worker]) -> None:
    """Until a worker has something to say or has taken too long."""
    soonest = min(worker.deadline for worker in workers)
    wait([worker.pipe for worker in workers], max(0.0, soonest - monotonic()))


def _result(worker: _Worker) -> Any:
    """What a worker has sent, a Failure if it never will, None while it is at work."""
    try:
        if worker.pipe.poll():
            return worker.pipe.recv()
    except (EOFError, OSError):
        return Failure(late=False)
    return Failure(late=True) if monotonic() > worker.deadline else None


def _serve(pipe: Connection, work: Callable[[Any], Any], tasks: Sequence[Any]) -> None:
    """A worker: places in, results out, until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that writes
    with suppress(EOFError, OSError):
        while True:
            place = pipe.recv()
            pipe.send(work(tasks[place]))
