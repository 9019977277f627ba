"""Several threads at once: grad modes of their own, and the numbers that one thread gets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from threading import Barrier, Thread

import pytest

import autodiff.tensor as torch
from autodiff.tensor import modes

COUNT = 4


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work: Callable[[int], object]) -> list[object]:
    """What work gives for 0, 1, 2 …, each in a thread that starts when all are there."""
    found: list[object] = [None] * COUNT
    barrier = Barrier(COUNT)

    def run(i: int) -> None:
        barrier.wait()
        try:
            found[i] = work(i)
        except Exception as error:
            found[i] = repr(error)

    threads = [Thread(target=run, args=(i,)) for i in range(COUNT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def training(i: int) -> list[float]:
    """A few steps with operators, functions, views, in-place writes and numbers that belong to one thread."""
    x = torch.tensor([1.0 + i, 2.0, 3.0], requires_grad=True)
    for step in range(15):
        y = x * (0.5 + i) + (step + i) * 0.25
        z = torch.stack([y.sin(), y.exp() * 0.01 * (i + 1)]).sum(0)
        z[1:] *= 2.0 + i
        w = z.clone()
        w[0] = (x[0] * (3.0 + i)).tanh()
        w.sum().backward()
        with torch.no_grad():
            assert not torch.is_grad_enabled()
            assert x.grad is not None
            x -= 0.01 * x.grad
        assert torch.is_grad_enabled()
        x.grad = None
    return [float(v) for v in x.tolist()]


@pytest.mark.usefixtures("hurried")
def test_threads_do_not_meet() -> None:
    assert together(training) == [training(i) for i in range(COUNT)]


def test_one_thread_at_a_time_has_the_session() -> None:
    found: list[bool] = []
    with modes.session():
        other = Thread(target=lambda: found.append(modes._LOCK.acquire(blocking=False)))
        other.start()
        other.join()
    assert found == [False]


def test_grad_mode_belongs_to_a_thread() -> None:
    with torch.no_grad():
        assert together(lambda i: torch.is_grad_enabled()) == [True] * COUNT
    assert torch.is_grad_enabled()

    def switch_off(i: int) -> bool:
        torch.set_grad_enabled(False)
        return torch.is_grad_enabled()

    assert together(switch_off) == [False] * COUNT
    assert torch.is_grad_enabled()
