"""`autograd.Function`: operations whose derivative a user writes.

`forward` runs without grad mode, and what it returns gets a node of its own whose rule is the user's `backward`, which
runs in grad mode when a graph is wanted: so a Function is differentiable as often as its backward is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.graph import dtypes
from autodiff.graph.node import Node
from autodiff.graph.op import Primitive, pick
from autodiff.tensor import modes
from autodiff.tensor.engine import FREED, modified
from autodiff.tensor.storage import Counter, Record, held, record
from autodiff.tensor.tensor import Tensor, of_array, of_node
from autodiff.tensor.views import private


class Context:
    """What forward hands to backward: saved tensors, and any attributes."""

    def __init__(self) -> None:
        self._saved: tuple[Any, ...] = ()
        self._versions: tuple[int, ...] = ()
        self._results: tuple[Tensor, ...] = ()
        self._freed = False
        self._plain: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._materialize = True
        self._shown: Any = None  # how `grad_fn` shows it
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward, which refuses them if they were changed in place since."""
        self._saved = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        if self._freed:
            raise RuntimeError(FREED)
        for tensor, version in zip(self._saved, self._versions, strict=False):
            if tensor is not None and tensor._counter.version != version:
                raise modified(tensor._current, tensor._counter.version, version)
        return self._saved

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which results no gradient flows through."""
        self._plain = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward has changed in place."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (or None) for results without a gradient."""
        self._materialize = value


def _never(*_: Any) -> Any:
    raise AssertionError("the value of a Function is known")


class Function:
    """Base of operations with a derivative of their own. Source: PyTorch documentation, `torch.autograd.Function`."""

    _operation: Primitive | None = None

    def __init__(self) -> None:
        raise RuntimeError(f"{type(self)} should not be instantiated. Methods on autograd functions are all static.")

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The result; the context comes first, unless there is a `setup_context`."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Fill the context from inputs and output."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """One gradient (or None) for each argument of forward."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with"
            " backward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and record the result."""
        ctx = Context()
        tensors = [value for value in args if isinstance(value, Tensor)]
        ctx.needs_input_grad = tuple(isinstance(value, Tensor) and value.requires_grad for value in args)
        tracked = modes.is_grad_enabled() and any(ctx.needs_input_grad)
        with modes.no_grad():
            if cls.setup_context is not Function.setup_context:
                returned = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, returned)
            else:
                returned = cls.forward(ctx, *args, **kwargs)
        if not tracked:
            return returned
        results = returned if isinstance(returned, tuple) else (returned,)
        fresh = cls._recorded(ctx, args, [t._current for t in tensors], results)
        ctx._saved = tuple(_replaced(t, results, fresh) for t in ctx._saved)
        ctx._versions = tuple(t._counter.version if t is not None else 0 for t in ctx._saved)
        return tuple(fresh) if isinstance(returned, tuple) else fresh[0]

    @classmethod
    def _recorded(cls, ctx: Context, args: Any, inputs: list[Node], results: tuple[Any, ...]) -> list[Any]:
        """The results as tensors that one node made."""
        if "_operation" not in cls.__dict__ or cls._operation is None:
            cls._operation = private(
                f"{cls.__name__}(tensors: Tensors)",
                _never,
                vjp_all=_never,
                grad_fn=f"{cls.__name__}Backward",
                doc="A user's function.",
            )
        tensors = [t for t in results if isinstance(t, Tensor)]
        forms = tuple((t._node.shape, t.dtype) for t in tensors)
        op, count = cls._operation, (len(inputs),)
        several = len(tensors) != 1
        node = (
            Node(op, tuple(inputs), count, (), dtypes.int64, True, results=forms)
            if several
            else Node(op, tuple(inputs), count, *forms[0], True)
        )
        known = node.eager = Record(None if several else tensors[0]._array)
        known.context = ctx
        known.function = lambda ctx, g, freed, create: cls._pulled(ctx, args, forms, g, freed, create)
        fresh: list[Any] = []
        number = 0
        for t in results:
            if not isinstance(t, Tensor):
                fresh.append(t)
                continue
            made = pick(node, number) if several else node
            number += 1
            if any(t is plain for plain in ctx._plain) or not t.dtype.is_floating:
                fresh.append(t)
                continue
            dirty = any(t is d for d in ctx._dirty)
            shared = not dirty and any(t is a for a in args)
            array = t._array.copy() if shared else t._array
            made.eager = known if made is node else Record(array)
            made.eager.value = array
            made.eager.counter = t._counter if dirty else Counter()
            if dirty:
                t._stand_for(made)
                fresh.append(t)
            else:
                fresh.append(of_node(made))
        return fresh

    @classmethod
    def _pulled(cls, ctx: Context, args: Any, forms: Any, g: Any, freed: bool, create: bool) -> list[Node | None]:
        """What the user's backward gives for the tensors among the arguments."""
        ctx._freed = freed
        gradients: list[Any] = []
        for given, (shape, dtype) in zip(g if isinstance(g, list) else [g], forms, strict=True):
            if given is not None:
                gradients.append(of_node(given))
            else:
                gradients.append(of_array(np.zeros(shape, dtype.numpy)) if ctx._materialize else None)
        returned = cls.backward(ctx, *gradients)
        values = returned if isinstance(returned, tuple) else (returned,)
        while len(values) > len(args) and values[-1] is None:
            values = values[:-1]
        if len(values) != len(args):
            raise RuntimeError(
                f"function {cls.__name__}Backward returned an incorrect number of gradients (expected {len(args)}, got"
                f" {len(values)})"
            )
        found: list[Node | None] = []
        for i, (argument, value) in enumerate(zip(args, values, strict=True)):
            if not isinstance(argument, Tensor):
                if value is not None:
                    raise RuntimeError(
                        f"function {cls.__name__}Backward returned a gradient different from None at position {i + 1},"
                        " but the corresponding forward input was not a Variable"
                    )
                continue
            if value is None:
                found.append(None)
                continue
            if value.shape != argument.shape:
                if value.numel() != 1 and not _broadcasts(argument.shape, value.shape):
                    raise RuntimeError(
                        f"Function {cls.__name__}Backward returned an invalid gradient at index {i} - got"
                        f" {list(value.shape)} but expected shape compatible with {list(argument.shape)}"
                    )
                sums = _broadcasts(argument.shape, value.shape)
                value = value.sum_to_size(argument.shape) if sums else value.expand(argument.shape)
            if value.dtype is not argument.dtype:
                value = value.to(argument.dtype)
            found.append(value._current if create else held(value._array))
        return found


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a backward that cannot itself be differentiated: a second derivative is an error."""

    def guarded(ctx: Any, *args: Any) -> Any:
        with modes.no_grad():
            returned = backward(ctx, *args)
        if not modes.is_grad_enabled() or not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return returned
        results = returned if isinstance(returned, tuple) else (returned,)
        marked = tuple(_refusing(r) if isinstance(r, Tensor) else r for r in results)
        return marked if isinstance(returned, tuple) else marked[0]

    return guarded


def _refuse(ctx: Any, *_: Any) -> Any:
    raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def _refusing(tensor: Tensor) -> Tensor:
    """A tensor through which no gradient may go."""
    if not tensor.dtype.is_floating:
        return tensor
    leaf = tensor.detach().requires_grad_()
    op = private("Error(x)", _never, shape=lambda x: x.shape, vjp_all=_never, grad_fn="Error", doc="No derivative.")
    node = Node(op, (leaf._current,), (), leaf._current.shape, leaf.dtype, True)
    known = node.eager = Record(tensor._array)
    known.context, known.function, known.counter = Context(), _refuse, Counter()
    return of_node(node)


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(small, large) == tuple(large)
    except ValueError:
        return False


def _replaced(tensor: Any, old: tuple[Any, ...], new: list[Any]) -> Any:
    """A result that was saved, as the tensor that the caller gets."""
    return next((n for o, n in zip(old, new, strict=True) if o is tensor), tensor)


__all__ = ["Context", "Function", "once_differentiable", "record"]
