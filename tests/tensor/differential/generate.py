"""Random programs in PyTorch's language: statements that mostly work, a few that do not.

A statement is made for the tensors that there are: the program runs, on this package, while it is being written, so
that shapes and dtypes are known.  What raises is kept now and then, for its message.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autodiff.tensor as torch
from autodiff.tensor import guards
from tensor.differential import templates as t
from tensor.differential.run import Session

Wanted = Callable[[Any], bool]


UNDECIDED: list[bool] = []  # writes to memory that is still read, which PyTorch lets pass in some order


def _watched(a: Any, b: Any, apart: bool) -> bool:
    shared = _overlap(a, b, apart)
    if not shared and a.strides != b.strides and np.may_share_memory(a, b):
        UNDECIDED.append(True)
    return shared


_overlap = guards._overlap


class Writer:
    """Writes one program."""

    def __init__(self, seed: int, wide: bool = False) -> None:
        self.wide = wide
        self.random = random.Random(seed)
        self.session = Session(torch)
        self.statements: list[str] = []
        self.count = 0

    # What there is

    def tensors(self, wanted: Wanted = lambda value: True) -> list[str]:
        def fits(value: Any) -> bool:
            try:
                return wanted(value)
            except RuntimeError:  # a view that was not to be written to
                return False

        names = self.session.names.items()
        return [name for name, value in names if name[0] == "v" and isinstance(value, torch.Tensor) and fits(value)]

    def pick(self, wanted: Wanted = lambda value: True) -> str:
        found = self.tensors(wanted) or self.tensors() or [self.new_leaf()]
        return self.choice(found[-6:] if self.random.random() < 0.6 else found)

    def floating(self) -> str:
        return self.pick(lambda value: value.dtype.is_floating)

    def tracked(self) -> str:
        return self.pick(lambda value: value.requires_grad)

    def inner(self) -> str:
        return self.pick(lambda value: value.requires_grad and not value.is_leaf)

    def changeable(self) -> str:
        return self.pick(lambda value: not (value.requires_grad and value.is_leaf))

    def value(self, name: str) -> Any:
        return self.session.names[name]

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def like(self, name: str) -> str:
        """Another operand for a tensor: one that broadcasts to its shape, or a number."""
        shape = tuple(self.value(name).shape)
        if self.random.random() < 0.3:
            return self.choice(t.NUMBERS)

        def fits(value: Any) -> bool:
            pairs = zip(reversed(value.shape), reversed(shape), strict=False)
            return value.ndim <= len(shape) and all(n in (1, m) for n, m in pairs)

        return self.pick(fits)

    # Writing

    def of(self, found: t.Lines) -> list[str]:
        """The lines to choose from."""
        return found.wide if self.wide else found

    def choice(self, values: Sequence[str]) -> str:
        return self.random.choice(values)

    def write(self, statement: str, keep: float = 0.12) -> bool:
        """Run a statement and keep it; those that raise only now and then."""
        before = len(self.session.shown)
        UNDECIDED.clear()
        failed = self.session.execute(statement)
        if UNDECIDED:
            keep, failed = 0, "overlap"
        if failed == "IndexError" and "] = " in statement:
            keep = 0  # PyTorch has written the elements before the bad place
        if failed is not None and self.random.random() >= keep:
            del self.session.shown[before:]
            return False
        self.statements.append(statement)
        return True

    def fill(self, template: str, x: str, y: str = "") -> str:
        """A template with names and numbers in it."""

        def same() -> str:
            return self.pick(lambda value: value.shape == self.value(x).shape)

        makers: dict[str, Callable[[], str]] = {
            "{x}": lambda: x,
            "{y}": lambda: y or self.like(x),
            "{z}": self.pick,
            "{n}": lambda: self.choice(t.NUMBERS[:7]),
            "{new}": self.name,
            "{newer}": self.name,
            "{same}": same,
            "{h}": lambda: f"h{self.count}",
        }
        for place, make in makers.items():
            if place in template:
                template = template.replace(place, make())
        return template

    def numbers(self, shape: tuple[int, ...], integer: bool = False) -> str:
        if not shape:
            value = self.random.randint(-12, 12) / 4
            return str(int(value)) if integer else str(value)
        return "[" + ", ".join(self.numbers(shape[1:], integer) for _ in range(shape[0])) + "]"

    def shape(self) -> tuple[int, ...]:
        return self.random.choice([(), (3,), (2,), (2, 3), (3, 3), (2, 2), (4,), (2, 1), (2, 3, 2), (1,), (3, 2), (6,)])

    def new_leaf(self) -> str:
        name, kind, shape = self.name(), self.random.random(), self.shape()
        if kind < 0.62:
            dtype = self.choice(["", "", ", dtype=torch.float64"])
            grad = self.choice([", requires_grad=True"] * 3 + [""])
            text = f"torch.tensor({self.numbers(shape)}{dtype}{grad})"
        elif kind < 0.7:
            text = f"torch.tensor({self.numbers(shape, integer=True)})"
        elif kind < 0.75:
            text = f"torch.tensor({self.numbers(shape)}) > 0"
        else:
            size = ", ".join(map(str, shape)) or "()"
            text = self.choice(t.LEAVES).replace("{size}", size).replace("{shape}", str(shape))
        assert self.write(f"{name} = {text}")
        return name

    def program(self, length: int) -> list[str]:
        for _ in range(self.random.randint(1, 3)):
            self.new_leaf()
        while len(self.statements) < length:
            if not self.tensors():
                self.new_leaf()
            self.random.choices(list(STEPS), list(STEPS.values()))[0](self)
        for name in self.tensors():
            self.write(f"look({name})")
        return self.statements


class Inside(Writer):
    """Writes a statement without running it."""

    def __init__(self, outer: Writer) -> None:
        self.random, self.session, self.outer = outer.random, outer.session, outer
        self.count, self.wide = outer.count, outer.wide
        self.statement = ""

    def write(self, statement: str, keep: float = 0.12) -> bool:
        self.statement = statement
        return True

    def name(self) -> str:
        return self.outer.name()

    def new_leaf(self) -> str:
        return self.outer.new_leaf()


# Steps


def leaf(w: Writer) -> None:
    w.new_leaf()


def unary(w: Writer) -> None:
    x, name = w.floating(), w.choice(t.UNARY)
    w.write(f"{w.name()} = " + (f"torch.{name}({x})" if w.random.random() < 0.2 else f"{x}.{name}()"))


def binary(w: Writer) -> None:
    x = w.pick()
    y = w.like(x)
    if w.random.random() < 0.3:
        x, y = y, x
    w.write(f"{w.name()} = {x} {w.choice(['+', '-', '*', '/', '+', '*', '**', '<', '>=', '=='])} {y}")


def jump(w: Writer) -> None:
    x = w.pick(lambda value: value.is_leaf and value._version == 0)
    w.write(f"{w.name()} = {w.fill(w.choice(w.of(t.JUMPS)), x)}")


def function(w: Writer) -> None:
    x, y = w.floating(), ""
    if w.wide:
        y = w.like(x)
        if y[0] == "v" and w.value(y).dtype is torch.bool:
            y = w.choice(t.NUMBERS[:7])  # many of those kernels do not know truth values, each in words of its own
    w.write(f"{w.name()} = {w.fill(w.choice(w.of(t.FUNCTIONS)), x, y)}")


def reduction(w: Writer) -> None:
    x = w.floating()
    names = "sum mean prod max min amax var std norm logsumexp sum mean median argmax"
    name = w.choice(names.split())
    if w.random.random() < 0.5 and name not in ("amax", "logsumexp"):
        text = f"{x}.{name}()"
    else:
        text = f"{x}.{name}(dim={w.choice(['0', '-1', '1'])}{w.choice(['', ', keepdim=True'])})"
        if name in ("max", "min", "median"):
            text += w.choice(["[0]", ".values", ".indices"])
    w.write(f"{w.name()} = {text}")


def product(w: Writer) -> None:
    x = w.pick(lambda value: value.dtype.is_floating and value.ndim in (1, 2))
    a = w.value(x)
    inner = a.shape[-1] if a.ndim else 1
    y = w.pick(lambda value: value.dtype is a.dtype and value.ndim in (1, 2) and value.shape[0] == inner)
    w.write(f"{w.name()} = {w.fill(w.choice(t.PRODUCTS), x, y)}")


def basic_index(w: Writer, x: str) -> str:
    """What may stand in the brackets behind a tensor and gives a view."""
    value = w.value(x)
    if not value.ndim:
        return w.choice(["...", "None", "()"])
    n = value.shape[0]
    options = [str(w.random.randrange(-n, n) if n else 0), "1:", ":-1", "::2", "...", "None", "0:1", ":", "..., 0"]
    if value.ndim >= 2:
        options += ["-1", ":, 0", "0, 1", ":, 1:", "1:, 0", "..., None", "0, :", ":, ::2", "None, 0"]
    return w.choice(options)


def advanced_index(w: Writer, x: str) -> str:
    """What may stand in the brackets behind a tensor and gives a copy."""
    options = [f"{x} > 0", "torch.tensor([0])", "[0, 0]", f"{x} < 0", "torch.tensor([0, -1])", "[0]"]
    if w.value(x).ndim >= 2:
        options += ["[0, 1], [1, 0]", ":, [0, 0]", "torch.tensor([0, 1]), 0", "0, [0, 1]"]
    return w.choice(options)


def view(w: Writer) -> None:
    x = w.pick()
    value = w.value(x)
    options = [*w.of(t.VIEWS), *["{x}[" + basic_index(w, x) + "]"] * 3, "{x}[" + advanced_index(w, x) + "]"]
    if value.ndim >= 1:
        options += w.of(t.VIEWS_OF_DIMS)
    if value.ndim >= 2:
        options += w.of(t.VIEWS_OF_MATRICES)
    if value.numel() and value.numel() % 2 == 0:
        options += ["{x}.view(2, -1)", "{x}.reshape(-1, 2)"]
    w.write(f"{w.name()} = {w.fill(w.choice(options), x)}")


def several(w: Writer) -> None:
    x = w.pick(lambda value: value.ndim and value.shape[0] >= 2)
    value, (a, b) = w.value(x), (w.name(), w.name())
    if value.ndim and value.shape[0] == 2 and w.random.random() < 0.5:
        w.write(f"{a}, {b} = {w.choice([x, f'{x}.unbind()', f'{x}.split(1)'])}")
    else:
        w.write(f"{a}, {b} = {x}.{w.choice(['chunk(2)', 'tensor_split(2)', 'sort(0)', 'max(0)'])}")


def in_place(w: Writer) -> None:
    x = w.changeable()
    if not w.value(x).dtype.is_floating and w.random.random() < 0.9:
        return  # PyTorch has integers and truth values there that want gradients, and kernels that are missing
    options = w.of(t.IN_PLACE) if w.random.random() < 0.85 else ["{x}." + w.choice(t.UNARY_IN_PLACE) + "()"]
    w.write(w.fill(w.choice(options), x))


def index_put(w: Writer) -> None:
    x = w.changeable()
    place = basic_index(w, x) if w.random.random() < 0.65 else advanced_index(w, x)
    y = w.like(x) if w.value(x).dtype.is_floating else w.choice(t.NUMBERS[:2])
    w.write(f"{x}[{place}] {w.choice(['=', '=', '=', '+=', '*='])} {y}")


def mode(w: Writer) -> None:
    inside = Inside(w)
    made = w.choice(["torch.no_grad()"] * 3 + ["torch.enable_grad()", "torch.set_grad_enabled(False)"])
    steps = [unary, binary, view, in_place, index_put, changed, several, several, in_place, backward, gradient, view]
    w.random.choice(steps)(inside)
    if inside.statement:
        w.write(f"with {made}:\n    " + inside.statement)


def changed(w: Writer) -> None:
    w.write(w.fill(w.choice(w.of(t.LEAVES_CHANGED)), w.pick()), 0.3)


def backward(w: Writer) -> None:
    x = w.inner() if w.random.random() < 0.93 else w.pick()
    options = ["retain_graph=True"] if w.random.random() < 0.5 else []
    if w.random.random() < 0.15:
        options.append("create_graph=True")
    if w.random.random() < 0.12:
        options.append(f"inputs=[{w.tracked()}]" if w.random.random() < 0.8 else f"inputs={w.tracked()}")
    kind = w.random.random()
    if w.value(x).numel() == 1 and w.random.random() < 0.8:
        statement = f"{x}.backward({', '.join(options)})"
    elif kind < 0.5:
        statement = f"{x}.sum().backward({', '.join(options)})"
    elif kind < 0.85:
        weight = w.choice([f"torch.ones_like({x})", f"{x}.detach().clone()", f"torch.ones_like({x}) * 2"])
        statement = f"{x}.backward({', '.join([weight, *options])})"
    elif kind < 0.93:
        outputs = f"[{x}.sum(), {w.inner()}.mean()]"
        statement = f"torch.autograd.backward({', '.join([outputs, 'None', *options])})"
    else:
        statement = f"{x}.backward({', '.join(options)})"
    w.write(statement, 0.5)


def gradient(w: Writer) -> None:
    x, y = w.inner(), w.tracked()
    chances = {"retain_graph": 0.5, "create_graph": 0.5, "allow_unused": 0.5, "materialize_grads": 0.25}
    options = [f"{name}=True" for name, chance in chances.items() if w.random.random() < chance]
    inputs = y if w.random.random() < 0.6 else f"[{y}, {w.tracked()}]"
    outputs = w.choice([f"{x}.sum()", f"{x}.sum()", f"({x} * {x}).sum()", f"[{x}.sum(), {w.inner()}.mean()]", x])
    if outputs == x:
        options.append("grad_outputs=" + w.choice([f"torch.ones_like({x})", f"{x}.detach().clone()"]))
    w.write(f"{w.name()} = own(torch.autograd.grad({', '.join([outputs, inputs, *options])})[0])", 0.5)


def hook(w: Writer) -> None:
    x = w.tracked()
    w.write(w.fill(w.choice(w.of(t.HOOKS)), x), 0.2)
    handles = [name for name in w.session.names if name[0] == "h" and name[1:].isdigit()]
    if handles and w.random.random() < 0.25:
        w.write(f"{w.choice(handles)}.remove()")


def accumulated(w: Writer) -> None:
    x = w.pick(lambda value: value.is_leaf and value.requires_grad)
    w.write(w.fill(w.choice(w.of(t.GRADIENTS)), x), 0.2)


def custom(w: Writer) -> None:
    w.write(w.fill(w.choice(w.of(t.FUNCTION_CALLS)), w.floating()))


def look(w: Writer) -> None:
    w.write(f"look({w.pick()})")


def graph(w: Writer) -> None:
    w.write(f"graph({w.inner()})")


def question(w: Writer) -> None:
    w.write(w.fill(w.choice(w.of(t.QUESTIONS)), w.pick()))


# Steps and how often they are taken.
STEPS: dict[Callable[[Writer], None], float] = {
    leaf: 2, unary: 6, binary: 9, jump: 1, function: 5, reduction: 4, product: 2, view: 11, several: 2, in_place: 11,
    index_put: 6, mode: 4, changed: 4, backward: 7, gradient: 4, hook: 3, accumulated: 3, custom: 3, look: 4, graph: 2,
    question: 1,
}  # fmt: skip


def program(seed: int, wide: bool = False) -> list[str]:
    """The program that belongs to a seed, if it is `wide` one of rare functions, views and hooks too."""
    torch.manual_seed(0)
    torch.set_grad_enabled(True)
    writer = Writer(seed, wide)
    guards._overlap = _watched
    try:
        return writer.program(writer.random.randint(6, 26))
    finally:
        guards._overlap = _overlap
        torch.set_grad_enabled(True)
