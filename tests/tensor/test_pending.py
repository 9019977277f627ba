"""Values that wait: when they are computed, in how many plans, and that nobody notices."""

from __future__ import annotations

import ast
import gc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import ref

import numpy as np
import pytest

import autodiff.tensor as torch
from autodiff.tensor import calling, chains, pending, recipes
from autodiff.tensor.pending import is_waiting
from tensor.differential.compare import differences
from tensor.differential.generate import program
from tensor.differential.run import answer


def forget() -> None:
    recipes.RECIPES.clear()
    calling._met.clear()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything waits that can."""
    forget()
    monkeypatch.setattr(pending, "LARGE", 1)
    yield
    forget()


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch, waits: None) -> list[int]:
    """How many outputs each plan has had that ran."""
    ran: list[int] = []
    run = getattr(chains, "run")  # noqa: B009  (which that module imports)

    def counted(plan: Any, feeds: Any) -> Any:
        ran.append(len(plan.outputs))
        return run(plan, feeds)

    monkeypatch.setattr(chains, "run", counted)
    return ran


def leaf(*values: float) -> torch.Tensor:
    return torch.tensor(list(values), dtype=torch.float32, requires_grad=True)


def test_small_tensors_do_not_wait() -> None:
    assert not is_waiting(leaf(1.0) * 2)
    assert is_waiting(torch.ones(pending.LARGE) * 2)


def test_a_chain_and_its_gradients_are_one_plan(plans: list[int]) -> None:
    x, w = leaf(1, 2, 3), leaf(2, 2, 2)
    for step in range(4):
        loss = ((x * w).tanh() * x.exp()).mean()
        assert is_waiting(loss)
        x.grad = w.grad = None
        loss.backward()
        assert plans == [3] * (step + 1)  # the loss and two gradients
        assert not is_waiting(loss)
    assert loss.item() == pytest.approx(float(np.mean(np.tanh([2, 4, 6]) * np.exp([1, 2, 3]))))
    assert len(plans) == 4


def test_a_look_computes_what_it_looks_at(plans: list[int]) -> None:
    x = leaf(1, 2, 3)
    y = x * 2
    loss = (y.exp() * y).sum()
    first = loss.item()
    assert plans == [1]
    assert is_waiting(y)
    assert loss.item() == first
    assert plans == [1]
    loss.backward()
    assert loss.item() == first
    assert plans[1:] == [3]  # the loss, y that somebody has, the gradient
    assert not is_waiting(y)


def test_shapes_are_known_without_a_look(plans: list[int]) -> None:
    y = leaf(1, 2, 3) * 2
    assert (y.shape, y.size(0), y.dim(), y.numel(), y.dtype, y.requires_grad) == ((3,), 3, 1, 3, torch.float32, True)
    assert not y.is_leaf
    assert plans == []


def test_what_only_chance_or_values_decide_does_not_wait(waits: None) -> None:
    x = leaf(1, 2, 3)
    assert not is_waiting(torch.rand_like(x))
    assert not is_waiting(torch.bernoulli(x / 3))
    assert not is_waiting(x[:2])
    assert not is_waiting(torch.linalg.inv(torch.eye(2)))
    assert not is_waiting(torch.tensor([1, 2]) // torch.tensor([1, 1]))


@pytest.mark.parametrize("write", ["add_", "index", "data", "optimizer", "view", "out of a view", "t_"])
def test_writes_come_after_what_reads(waits: None, write: str) -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    w = torch.nn.Parameter(x)
    view = x[0]
    y = w.data * 3 if write == "optimizer" else x * 3
    z = (view + y).exp()
    expected = np.exp(np.array([1, 2], "f4") + 3 * np.array([[1, 2], [3, 4]], "f4"))
    assert is_waiting(z)
    with torch.no_grad():
        if write == "add_":
            x.add_(1)
        elif write == "index":
            x[0, 1] = 9.0
        elif write == "data":
            x.data = torch.zeros(2, 2)
        elif write == "optimizer":
            w.grad = torch.ones(2, 2)
            torch.optim.SGD([w], lr=1.0).step()
        elif write == "view":
            view.zero_()
        elif write == "out of a view":
            x.view(-1)[1:].mul_(5)
        else:
            x.t_()
    np.testing.assert_allclose(z.numpy(), expected, rtol=1e-6)


# Functions that count a version and write to nothing: memory is looked at in another way, or the caller wrote.
NOT_WRITING = {"_look_at", "increment_version", "set_", "_apply", "apply"}


@pytest.mark.parametrize("path", sorted(Path(pending.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_whoever_counts_a_version_has_announced_the_write(path: Path) -> None:
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef) or function.name in NOT_WRITING:
            continue
        text = ast.unparse(function)
        if "_counter.version += 1" in text:
            assert "writing(" in text, f"{path.name}: {function.name} must call storage.writing, or storage.overwrite"


def test_a_gradient_that_is_read_may_grow(waits: None) -> None:
    x = leaf(1, 2)
    (x * 2).sum().backward()
    assert x.grad is not None
    doubled = x.grad * 2
    (x * 3).sum().backward()
    assert doubled.tolist() == [4, 4]
    assert x.grad.tolist() == [5, 5]


def test_what_backward_will_read_is_kept_from_writes(waits: None) -> None:
    a = torch.tensor([1.0, 2.0])
    x = leaf(0.5, 0.25)
    y = (x * 2 + a).exp()  # saves its result
    total = y.sum()
    del y
    a.add_(100)
    total.backward()
    np.testing.assert_allclose(x.grad, 2 * np.exp([2.0, 2.5]), rtol=1e-6)  # type: ignore[arg-type]


def test_arrays_of_the_host_are_read_at_once(waits: None) -> None:
    array = np.array([1.0, 2.0])
    x = torch.from_numpy(array)
    for _ in range(3):
        y = x * 2
        assert not is_waiting(y)
    array[0] = 50
    assert y.tolist() == [2, 4]


def test_what_waits_is_computed_before_its_memory_is_handed_out(waits: None) -> None:
    x = torch.tensor([1.0, 2.0])
    y = x * 2
    assert is_waiting(y)
    pending.shared_array(x)[0] = 50
    assert y.tolist() == [2, 4]


def test_versions_and_freed_buffers(waits: None) -> None:
    x = leaf(1, 2)
    b = torch.ones(2)
    loss = (x * b).sum()
    b.add_(1)
    with pytest.raises(RuntimeError, match="is at version 1; expected version 0 instead"):
        loss.backward()
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        loss.backward()
    loss = (x + 2).sum()
    loss.backward()
    loss.backward()


def test_part_of_a_graph(waits: None) -> None:
    x, w = leaf(1, 2), leaf(3, 4)
    y = x + w  # saves nothing
    a, b = y.exp().sum(), (y * 2).sum()
    a.backward(inputs=[x])
    assert w.grad is None
    (g,) = torch.autograd.grad(b, w)
    assert g.tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="second time"):
        a.backward()


def test_hooks_and_retained_gradients(waits: None) -> None:
    x = leaf(1, 2)
    y = x * 3
    seen: list[Any] = []

    def doubled(g: torch.Tensor) -> torch.Tensor:
        seen.append(g.tolist())
        return g * 2

    y.register_hook(doubled)
    y.retain_grad()
    (y * y).sum().backward()
    assert seen == [[6, 12]]
    assert y.grad is not None
    assert y.grad.tolist() == [12, 24]
    assert x.grad is not None
    assert x.grad.tolist() == [36, 72]


def test_what_nobody_wants_is_gone_at_once(waits: None) -> None:
    x = torch.ones(5, requires_grad=True)
    gc.disable()
    try:
        y = (x * 2).exp()
        node, tensor = ref(y._node), ref(y)
        del y
        assert node() is None
        assert tensor() is None
    finally:
        gc.enable()


def test_chains_end(waits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "DEEPEST", 10)
    x = torch.ones(3)
    y = x
    for _ in range(100):
        y = y + 1
        assert len(chains.waiting([y._node])) <= 10
    assert y.tolist() == [101.0] * 3


def test_plans_are_shared_by_chains_that_are_alike(plans: list[int]) -> None:
    chains._chains.clear()
    x = leaf(1, 2, 3)
    for i in range(20):
        x.grad = None
        ((x * (i + 0.5)).exp() + i / 7).sum().backward()
    assert len(chains._chains) <= 2


def test_numbers_of_results_are_their_own(waits: None) -> None:
    x = leaf(1, 2)
    a, b = x * 2, x * 2  # one value in a plan
    (a + b).sum().backward()
    with torch.no_grad():
        a.zero_()
    assert b.tolist() == [2, 4]
    u, v = leaf(1.0), leaf(2.0)
    (u + v).sum().backward()
    assert u.grad is not None
    u.grad.add_(1)
    assert v.grad is not None
    assert v.grad.tolist() == [1]


def test_too_much_is_said_on_its_line() -> None:
    with pytest.raises(RuntimeError, match="allocate memory"):
        torch.zeros(10**6, 1) + torch.zeros(10**6)


@pytest.mark.filterwarnings("ignore")
def test_random_programs_do_not_notice(waits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(text: list[str]) -> list[Any]:
        with warnings.catch_warnings(record=True):
            return [item for item in answer(torch, text) if item[0] != "warning"]  # some come once

    for seed in range(100_000, 100_060):
        text = program(seed)
        monkeypatch.setattr(pending, "LARGE", 1)
        forget()
        waited = told(text)
        monkeypatch.setattr(pending, "LARGE", 1 << 60)
        forget()
        assert differences(waited, told(text)) is None, seed
