"""Remembered calls and assembled pullbacks do what the general way does, to the bit."""

from __future__ import annotations

import gc
import operator
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import autodiff.tensor as torch
from autodiff.graph.build import Builder
from autodiff.syntax.parse import parse
from autodiff.tensor import calling, differentiate, namespace, numeric, pullbacks, recipes, straight
from autodiff.tensor.engine import Walk
from autodiff.tensor.tensor import Tensor, of_array
from ops.samples import Sample, samples

SAMPLES = samples()


@contextmanager
def general() -> Iterator[None]:
    """Nothing is remembered inside, and backward goes node by node."""
    with pytest.MonkeyPatch.context() as patch:
        recipes.RECIPES.clear()
        patch.setattr(calling, "described", lambda *_: None)
        patch.setattr(
            differentiate,
            "_walk",
            lambda wanted, retain, create, accumulate: Walk(
                wanted, retain=retain, create=create, accumulate=accumulate
            ),
        )
        yield


def graph(tensor: Any) -> list[Any]:
    """The names of a tensor's graph, with their depths."""
    found: list[Any] = []
    stack = [(tensor.grad_fn, 0)] if tensor.grad_fn is not None else []
    while stack and len(found) < 100:
        shown, depth = stack.pop()
        found.append((None if shown is None else shown.name(), depth))
        if shown is not None:
            stack.extend((edge, depth + 1) for edge, _ in reversed(shown.next_functions))
    return found


def bits(tensor: Any) -> Any:
    if not isinstance(tensor, Tensor):
        return repr(tensor)
    array = tensor._array
    try:
        about: Any = (tensor.requires_grad, tensor._base is not None, tensor._version, tensor.is_leaf, graph(tensor))
    except RuntimeError as error:  # a view that was not to be written to
        about = str(error)
    strides = [step for step, size in zip(array.strides, array.shape, strict=True) if size > 1]  # others mean nothing
    return array.dtype.str, array.shape, strides, array.tobytes(), about


def report(function: Callable[..., Any], tensors: list[Any]) -> list[Any]:
    """All there is to see of a call, of a backward through it, and of a second one."""
    try:
        result = calling.call(function, tensors, {})
    except RuntimeError as error:  # some samples want other dtypes or strides
        return [str(error)]
    made = list(result) if isinstance(result, tuple) else [result]
    found = [bits(tensor) for tensor in made]
    outputs = [tensor for tensor in made if isinstance(tensor, Tensor) and tensor.requires_grad]
    weights = [of_array(np.cos(np.arange(t._array.size)).reshape(t.shape).astype(t._array.dtype)) for t in outputs]
    for tensor in tensors:
        tensor._grad = None
    if outputs and outputs[0].dtype is torch.float64:  # once is enough
        found += second_order(outputs, tensors)
    for _ in range(2 if outputs else 0):
        try:
            torch.autograd.backward(outputs, weights)
        except RuntimeError as error:
            found.append(str(error))
        found.append([bits(tensor._grad) for tensor in tensors])
    return found


def second_order(outputs: list[Any], tensors: list[Any]) -> list[Any]:
    """First derivatives with their graphs, and what they are differentiated to."""
    try:
        first = torch.autograd.grad([o.sum() for o in outputs], tensors, create_graph=True, allow_unused=True)
        tracked = [(g * g).sum() for g in first if g is not None and g.requires_grad]
        second = torch.autograd.grad(tracked, tensors, retain_graph=True, allow_unused=True) if tracked else ()
        return [bits(g) for g in (*first, *second)]
    except RuntimeError as error:
        return [str(error)]


def leaves(sample: Sample, dtype: Any, flip: bool) -> list[Any]:
    """The variables of a sample, in another order of memory if it is to be flipped."""
    found = []
    for leaf in sample.variables.values():
        array = np.array(leaf.array, dtype)
        found.append(of_array(np.array(array, order="F") if flip else array).requires_grad_())
    return found


@pytest.mark.parametrize("mode", ["float64", "float32", "flipped", "no_grad"])
def test_samples_of_all_operations(mode: str) -> None:
    kept = 0
    pullbacks._known.clear()
    chosen = {"float32": SAMPLES[::2], "flipped": SAMPLES[1::2]}.get(mode, SAMPLES)
    for sample in chosen:
        tree, names = parse(sample.expr), list(sample.variables)

        def function(*nodes: Any, tree: Any = tree, names: Any = names) -> Any:
            return Builder(dict(zip(names, nodes, strict=True))).build(tree)

        tensors = leaves(sample, np.float64 if mode == "float64" else np.float32, mode == "flipped")
        with torch.set_grad_enabled(mode != "no_grad"):
            first, second, again = [report(function, tensors) for _ in range(3)]  # general, recorded, remembered
            known = recipes.described(function, tensors, {})
            assert known is not None
            recipe = recipes.RECIPES.get(known[0])
            if recipe is not None:
                recipe.run(known[1])  # does not raise, which `call` would hide
                kept += 1
            with general():
                expected = report(function, tensors)
        assert again == expected, sample.text
        assert first == second == expected, sample.text
    assert kept > 0.8 * len(chosen)
    assert None not in pullbacks._known.values()


# Random programs

UNARY: list[Callable[[Any], Any]] = [
    torch.sin, torch.tanh, torch.exp, torch.relu, torch.sigmoid, lambda x: -x, lambda x: x.sum(),
    lambda x: x.mT if x.ndim > 1 else x,
    lambda x: x.mean(0) if x.ndim else x, lambda x: x.reshape(-1), lambda x: x[0] if x.ndim else x,
    lambda x: x.detach(),    lambda x: x * 2, lambda x: 2 - x, lambda x: x / 3, lambda x: 0.5 / (x + 5),
    lambda x: x**2, lambda x: x + 1,
    lambda x: x.clone(), lambda x: x.max(0).values if x.ndim else x, lambda x: x.softmax(0) if x.ndim else x,
    lambda x: x.double(), lambda x: x.float(), lambda x: x * random.random(),
    lambda x: x.unbind(0)[-1] if x.ndim else x, lambda x: torch.where(x > 0, x, 0.1), lambda x: x.clamp(-0.5, 2),
    lambda x: x.abs().sqrt(), lambda x: x.expand_as(x),
]  # fmt: skip
BINARY: list[Callable[[Any, Any], Any]] = [
    lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y, lambda x, y: x / (y * y + 1), lambda x, y: x @ y,
    torch.maximum, lambda x, y: torch.stack([x, y]), lambda x, y: x * (y > 0),
]  # fmt: skip
CHANGES: list[Callable[[Any, Any], Any]] = [
    lambda x, y: x.add_(y), lambda x, y: x.mul_(2), lambda x, y: x.copy_(y), lambda x, y: x.zero_(),
    lambda x, y: x.__setitem__(0, 1.5), lambda x, y: x.__setitem__(slice(0, 1), y), lambda x, y: x.exp_(),
]  # fmt: skip


def program(seed: int) -> list[Any]:
    """What a random program shows: values, changes, hooks, backwards, and all errors."""
    choose = random.Random(seed)
    numbers = np.random.default_rng(seed)
    random.seed(seed)
    shapes = [(), (3,), (3, 3), (2, 3), (1, 3)]
    pool = [of_array(numbers.normal(size=choose.choice(shapes)).astype(np.float32)) for _ in range(4)]
    starts = [tensor.requires_grad_() for tensor in pool[:3]]
    log: list[Any] = []
    for _ in range(choose.randint(5, 25)):
        x, y = choose.choice(pool[-6:]), choose.choice(pool)
        what = choose.random()
        try:
            if what < 0.45:
                pool.append(choose.choice(UNARY)(x))
            elif what < 0.75:
                pool.append(choose.choice(BINARY)(x, y))
            elif what < 0.85:
                choose.choice(CHANGES)(x, y)
            elif what < 0.88:
                with torch.no_grad():
                    pool.append(choose.choice(BINARY)(x, y))
            elif what < 0.91:
                x.register_hook(lambda g: log.append(bits(g)))
            elif what < 0.94:
                x.retain_grad()
            else:
                _backward(choose, x, starts, log)
            log.append(bits(pool[-1]))
        except (RuntimeError, IndexError, TypeError) as error:
            log.append(f"{type(error).__name__}: {error}")
    for tensor in pool:
        log.append((bits(tensor), bits(tensor._grad)))
    return log


def _backward(choose: random.Random, x: Any, starts: list[Any], log: list[Any]) -> None:
    kind = choose.randint(0, 3)
    if kind == 0:
        log.append([bits(g) for g in torch.autograd.grad(x.sum(), starts, allow_unused=True)])
    elif kind == 1:
        x.sum().backward(inputs=starts[:1])
    else:
        x.sum().backward(retain_graph=kind == 2)


def _compare(seed: int) -> None:
    for _ in range(2):
        program(seed)
    again = program(seed)
    with general():
        expected = program(seed)
    for step, (a, b) in enumerate(zip(again, expected, strict=True)):
        assert a == b, f"program {seed}, step {step}"


@pytest.mark.filterwarnings("ignore:The use of `x.T`")
def test_random_programs() -> None:
    for seed in range(60):
        _compare(seed)


@pytest.mark.slow
def test_many_random_programs() -> None:
    for seed in range(100, 3000):
        _compare(seed)


# What must not be remembered, and what remembering must not keep


def test_signs_of_zeros_and_types_of_numbers() -> None:
    x = torch.tensor([1.0, 2.0])
    for _ in range(3):
        assert (x * 0.0).tolist() == [0.0, 0.0]
        assert str((x * -0.0).tolist()) == "[-0.0, -0.0]"
        assert str(x.clamp(max=-0.0).tolist()) == "[-0.0, -0.0]"
        assert str(x.clamp(max=0.0).tolist()) == "[0.0, 0.0]"
        n = torch.tensor([1, 2])
        assert (n * 2).dtype is torch.int64
        assert (n * 2.0).dtype is torch.float32
        assert (n * True).dtype is torch.int64


def test_one_tensor_twice_is_not_two_tensors() -> None:
    for _ in range(4):
        x: Any = torch.tensor(3.0, requires_grad=True)
        y: Any = torch.tensor(4.0, requires_grad=True)
        (x * x).backward()
        assert x.grad.item() == 6.0
        (x * y).backward()
        assert (x.grad.item(), y.grad.item()) == (10.0, 3.0)


def test_shapes_that_depend_on_values_are_asked_for_each_time() -> None:
    for data, count in (([1.0, -1.0], 1), ([1.0, 2.0], 2), ([-1.0, -2.0], 0)):
        x: Any = torch.tensor(data, requires_grad=True)
        assert x[x > 0].shape == (count,)


def test_the_default_dtype_counts() -> None:
    n = torch.tensor([1, 2])
    for _ in range(3):
        assert (n / 2).dtype is torch.float32
    torch.set_default_dtype(torch.float64)
    try:
        assert (n / 2).dtype is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_what_a_leaf_receives_is_its_own() -> None:
    x, y = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    for _ in range(3):
        x.grad = y.grad = None
        ((x + y) * 2.0).sum().backward()
        x.grad.add_(1)  # type: ignore[attr-defined]
        assert y.grad.tolist() == [2.0, 2.0, 2.0]  # type: ignore[attr-defined]
    z = x * 2
    seen: list[Any] = []
    z.register_hook(seen.append)
    z.backward(torch.ones(3))
    x.grad.zero_()  # type: ignore[union-attr]
    assert seen[0].tolist() == [1.0, 1.0, 1.0]


def test_values_in_recipes_are_not_handed_out() -> None:
    x = torch.ones(2)
    for _ in range(3):
        made = x.new_zeros(2) if hasattr(x, "new_zeros") else torch.zeros_like(x)
        made += 1
        assert made.tolist() == [1.0, 1.0]
        made = x.clone()
        made += 1
        assert x.tolist() == [1.0, 1.0]


def test_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "LIMIT", 50)
    monkeypatch.setattr(pullbacks, "LIMIT", 50)
    caches = (recipes.RECIPES, pullbacks._known, pullbacks._met, recipes._numbers)
    for cache in caches:
        cache.clear()
    for size in range(1, 120):
        x = torch.ones(size, requires_grad=True)
        for _ in range(3):
            x.grad = None
            (x * float(size)).sum().backward()
        assert x.grad.tolist() == [float(size)] * size  # type: ignore[union-attr]
        assert max(len(cache) for cache in caches) <= 50


def test_training_keeps_nothing() -> None:
    x = torch.ones(4, 3, requires_grad=True)

    def step() -> None:
        x.grad = None
        ((x.T @ x)[0] * 0.5).sum().backward()
        with torch.no_grad():
            x.sub_(x.grad * 1e-3)  # type: ignore[operator]

    for _ in range(5):
        step()
    gc.collect()
    before = len(gc.get_objects())
    gc.disable()
    try:
        for _ in range(200):
            step()
        assert len(gc.get_objects()) - before < 100
    finally:
        gc.enable()


def test_hooks_see_what_the_general_way_shows() -> None:
    assert issubclass(numeric.Numbers, Walk)
    x: Any = torch.tensor([1.0, 2.0], requires_grad=True)
    seen: list[Any] = []

    def hook(g: Any) -> Any:
        seen.append(g.tolist())
        return g * 10

    for _ in range(3):
        y: Any = x * 3
        y.register_hook(hook)
        y.retain_grad()
        x.grad = None
        (y * y).sum().backward()
        assert y.grad.tolist() == [60.0, 120.0]
        assert x.grad.tolist() == [180.0, 360.0]
    assert seen == [[6.0, 12.0]] * 3


def test_warnings_come_each_time() -> None:
    x, y = torch.ones(2, 1), torch.ones(2)
    for _ in range(3):
        with pytest.warns(UserWarning, match="target size"):
            torch.nn.functional.mse_loss(x, y)


WRITES: list[Callable[[Any, Any], Any]] = [operator.iadd, operator.isub, operator.imul, operator.itruediv]


def _changed_in_place(fast: bool) -> list[Any]:
    found: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        if not fast:
            patch.setattr(namespace, "_without_history", lambda *_: False)
        for operate in WRITES:
            for make in OPERANDS:
                x, other = make()
                leaf = torch.ones(2, requires_grad=True)
                product = leaf * x if x.dtype.is_floating and x.shape == (2,) else leaf * 1
                try:
                    found.append(bits(operate(x, other)))
                    product.sum().backward()
                except RuntimeError as error:
                    found.append(str(error))
                found += [bits(x), bits(other), bits(leaf._grad)]
    return found


def _overlapping() -> Any:
    x: Any = torch.ones(3)
    return x[:2], x[1:]


OPERANDS: list[Callable[[], Any]] = [
    lambda: (torch.tensor([1.0, 2.0]), 0.5), lambda: (torch.tensor([1.0, 2.0]), 3), lambda: (torch.ones(2), True),
    lambda: (torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])), lambda: (torch.ones(2), torch.tensor(2.0)),
    lambda: (torch.tensor(2.0), torch.ones(2)), lambda: (torch.ones(2), torch.ones(2, dtype=torch.float64)),
    lambda: (torch.ones(2), torch.ones(2, requires_grad=True)), lambda: (torch.tensor([1, 2]), 2.5), _overlapping,
    lambda: (torch.ones(2, requires_grad=True), 2.0), lambda: (torch.ones(1).expand(2), 2.0),
    lambda: (torch.ones(2), 1e300),
    lambda: (torch.ones(3, 2)[1], torch.tensor([1.0, 0.0])), lambda: (torch.ones(2), np.float32(3)),
]  # fmt: skip


@pytest.mark.parametrize("tracked", [True, False])
def test_writing_where_it_reads_is_changing_in_place(tracked: bool) -> None:
    with torch.set_grad_enabled(tracked):
        assert _changed_in_place(fast=True) == _changed_in_place(fast=False)


def test_calls_from_within_a_kernel_go_the_general_way() -> None:
    x: Any = torch.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(3):  # remembered from here on
        expected = (x * 3.0).tolist()

    def inside() -> list[Any]:
        x.mul(2.0)
        y = x * 3.0
        with torch.no_grad():
            y += 1.0
        return [y.tolist(), y.grad_fn.name()]

    assert straight.quietly(inside) == [[value + 1 for value in expected], "MulBackward0"]
