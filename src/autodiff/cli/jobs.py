"""Chunks of rows on several processes, their answers in the order of the chunks."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

Chunk = tuple[int, bytes]
# The answers to a chunk, and the exit statuses other than 0 among them.
Answered = tuple[str, list[int]]
Work = Callable[[Chunk], Answered]

_work: list[Work] = []  # what forked processes find in place of an argument, which could not be pickled


def in_processes(chunks: Iterator[Chunk], work: Work, jobs: int, full: int) -> Iterator[Answered]:
    """work(chunk) for each chunk, in order; a chunk of fewer than `full` bytes says that the input is slow.

    A few chunks are under way at a time, so memory does not grow; when the input is slow, answers are not kept waiting
    for the next chunk.
    """
    _work[:] = [work]
    waiting: deque[Future[Answered]] = deque()
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("fork"), initializer=_leave_interrupts)
    try:
        for chunk in chunks:
            waiting.append(pool.submit(_run, chunk))
            slow = len(chunk[1]) < full
            while waiting and (slow or waiting[0].done() or len(waiting) > 2 * jobs):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _run(chunk: Chunk) -> Answered:
    return _work[0](chunk)


def _leave_interrupts() -> None:
    """Ctrl-C is for the process that writes; the others end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
