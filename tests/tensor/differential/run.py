"""Runs programs, statement by statement, with whatever module stands for `torch`, and says what they showed.

`python run.py MODULE < programs > answers`: a program is a JSON list of statements a line, an answer a JSON list of
what was looked at, raised and warned of.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from importlib import import_module
from typing import Any

PRELUDE = """
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x ** 2 * g

class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y
    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y

class Both(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y, scale=2.0):
        ctx.save_for_backward(x, y)
        ctx.scale = scale
        return x * y * scale, x + y
    @staticmethod
    def backward(ctx, g, h):
        x, y = ctx.saved_tensors
        a = b = None
        if ctx.needs_input_grad[0]:
            a = g * y * ctx.scale + h
        if ctx.needs_input_grad[1]:
            b = g * x * ctx.scale + h
        return a, b, None

class Gaps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3
    @staticmethod
    def backward(ctx, g, h):
        log(g is None, h is None)
        return (0 if g is None else g * 2) + (0 if h is None else h * 3)

class Dirty(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x
    @staticmethod
    def backward(ctx, g):
        return g * 2

class Plain(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = (x > 0).to(x.dtype)
        ctx.mark_non_differentiable(y)
        return x * 2, y
    @staticmethod
    def backward(ctx, g, h):
        log(h.shape, h.sum().item())
        return g * 2

class Same(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x
    @staticmethod
    def backward(ctx, g):
        return g * 7

class Viewed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view(-1)
    @staticmethod
    def backward(ctx, g):
        return g * 5

class Setup(torch.autograd.Function):
    @staticmethod
    def forward(x, n):
        return x * n
    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.n = inputs
        ctx.save_for_backward(x)
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ctx.n, None

class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 2 * x
"""


# What PyTorch says the first time in a process.
ONCE = ("Using backward()", "The use of `x.T`", "Tensor.T is deprecated", "Converting a tensor")


def plain(value: Any) -> Any:
    """A number as JSON has it."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


class Session:
    """One program's names, and what it has shown."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.shown: list[Any] = []
        self.names: dict[str, Any] = {
            "torch": torch,
            "look": self.look,
            "log": self.log,
            "graph": self.graph,
            "own": self.own,
        }
        exec(PRELUDE, self.names)

    def execute(self, statement: str) -> str | None:
        """Run a statement; the error that it raises becomes part of what was shown."""
        error = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                exec(compile(statement, "program", "exec"), self.names)
            except Exception as raised:
                error = type(raised).__name__
                message = str(raised).strip().partition("\n")[0]
                self.shown.append(["error", error.lstrip("_"), message])
        for warning in caught:
            if str(warning.message).startswith(ONCE):
                continue
            self.shown.append(["warning", str(warning.message).partition("\n")[0][:60]])
        return error

    def log(self, *values: Any) -> None:
        self.shown.append(["log", *[self.form(value) for value in values]])

    def own(self, gradient: Any) -> Any:
        """A copy: how fresh gradients lie in memory, and their versions, are the engine's own affair."""
        if gradient is None:
            return None
        self.shown.append(["own", self.form(gradient), gradient.grad_fn is None])
        return gradient.contiguous().clone()

    def form(self, value: Any) -> Any:
        """Anything as JSON that both sides give the same."""
        if isinstance(value, self.torch.Tensor):
            return {
                "shape": list(value.shape),
                "dtype": str(value.dtype),
                "data": plain(value.detach().tolist()),
                "requires_grad": value.requires_grad,
            }
        if isinstance(value, (list, tuple)):
            return [self.form(item) for item in value]
        if isinstance(value, float):
            return plain(value)
        return value if value is None or isinstance(value, (bool, int, str)) else str(value)

    def look(self, *tensors: Any) -> None:
        """Everything that can be asked of tensors."""
        for tensor in tensors:
            if not isinstance(tensor, self.torch.Tensor):
                self.log(tensor)
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                grad = tensor.grad
            function = tensor.grad_fn
            self.shown.append([
                "look",
                self.form(tensor),
                None if grad is None else [self.form(grad), grad.grad_fn is None],
                {
                    "leaf": tensor.is_leaf,
                    "function": None if function is None else function.name(),
                    "version": None if getattr(tensor, "is_inference", bool)() else tensor._version,
                    # Steps that no element is reached by are whatever some way of allocating leaves there.
                    "stride": [s if n > 1 else 0 for s, n in zip(tensor.stride(), tensor.shape, strict=True)]
                    if tensor.numel()
                    else None,
                    "offset": tensor.storage_offset() if tensor.numel() else 0,
                    "view": tensor._is_view(),
                    "based": tensor._base is not None,
                    "retains": tensor.retains_grad,
                },
                repr(tensor),
            ])  # fmt: skip

    def graph(self, tensor: Any) -> None:
        """Names of the functions that made a tensor, a few levels deep, with the numbers of results."""

        def below(function: Any, depth: int) -> Any:
            if function is None or not depth or function.name() == "CloneBackward0":
                return None
            return [function.name(), [[below(f, depth - 1), number] for f, number in function.next_functions]]

        self.shown.append(["graph", below(tensor.grad_fn, 6)])


def answer(torch: Any, program: list[str]) -> list[Any]:
    """What a program shows."""
    torch.manual_seed(0)
    torch.set_grad_enabled(True)
    session = Session(torch)
    for statement in program:
        session.shown.append(["statement", statement])
        session.execute(statement)
    return session.shown


def main() -> None:
    torch = import_module(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(answer(torch, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
