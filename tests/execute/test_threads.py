"""Tiles shared between threads: each is done once, and errors are those of the first tile that has one."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, get_ident
from typing import Any

import numpy as np
import pytest

from autodiff.execute import threads

TILES = [(number, f"tile {number}") for number in range(100)]


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "processors", lambda: 2)


@pytest.mark.usefixtures("two_processors")
def test_every_tile_is_done_once_and_both_threads_work() -> None:
    done: list[tuple[int, Any]] = []
    workers: dict[int, bool] = {}
    both = Barrier(2, timeout=60)

    def work(waiting: Iterator[tuple[int, Any]], first: bool) -> None:
        workers[get_ident()] = first
        both.wait()
        done.extend(waiting)

    threads.share(work, TILES)
    assert sorted(done) == TILES
    assert workers.pop(get_ident())
    assert list(workers.values()) == [False]


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize("failing", [{0}, {99}, {3, 4, 5, 6}, {50, 51}])
def test_the_error_is_that_of_the_first_tile_that_fails(failing: set[int]) -> None:
    def work(waiting: Iterator[tuple[int, Any]], first: bool) -> None:
        for number, _ in waiting:
            if number in failing:
                raise ValueError(number)

    for _ in range(20):
        with pytest.raises(ValueError, match=f"^{min(failing)}$"):
            threads.share(work, TILES)


@pytest.mark.usefixtures("two_processors")
def test_the_other_thread_has_the_settings_of_the_caller() -> None:
    seen = []

    def work(waiting: Iterator[tuple[int, Any]], first: bool) -> None:
        seen.append(np.geterr())
        for _ in waiting:
            pass

    with np.errstate(all="ignore"):
        expected = np.geterr()
        threads.share(work, TILES)
    assert seen == [expected, expected]


def test_few_tiles_are_done_here(two_processors: None) -> None:
    workers = []
    threads.share(lambda waiting, first: workers.append((get_ident(), list(waiting))), TILES[:3])
    assert workers == [(get_ident(), TILES[:3])]
