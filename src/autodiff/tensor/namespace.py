"""Every operation as a function and as a method of tensors, and tensors from data."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff.ops  # noqa: F401  (registers the operations)
from autodiff.graph.dtypes import ALIASES, DTYPES
from autodiff.graph.lookup import PREFIXES, find
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import ATTRIBUTES, REGISTRY, Operation
from autodiff.graph.op import ops as registered
from autodiff.graph.primitive import as_operand
from autodiff.graph.strides import packed
from autodiff.tensor import inplace, methods, modes, operands, restride, sampled
from autodiff.tensor.calling import Sources, attribute, call, item_of, remembered, unwrapped
from autodiff.tensor.modes import as_dtype, session
from autodiff.tensor.pending import mark_foreign
from autodiff.tensor.recipes import RECIPES, Single, plain_number
from autodiff.tensor.saving import LINKED, link
from autodiff.tensor.storage import held, record, writing
from autodiff.tensor.straight import quietly
from autodiff.tensor.tensor import NO_GRAD_FOR_INTEGERS, Tensor, of_array
from autodiff.tensor.warned import COPY, TRANSPOSE, TRANSPOSE_0, WARNERS, once

CONSTANTS: dict[str, Any] = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "newaxis": None}
# What PyTorch makes by writing into its result, and how often.
WRITTEN = {"one_hot": 2, "quantile": 2, "nanquantile": 2}
ALIKE = frozenset(("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like"))
PLAIN = frozenset(("equal", "allclose", "is_contiguous"))  # answer with a Python bool
IGNORED = ("device", "layout", "pin_memory", "memory_format", "non_blocking")


def _bound(operation: Operation) -> Callable[..., Any]:
    return lambda *args, **kwargs: operation.bind(list(args), kwargs)


def function(operation: Operation, name: str, method: bool = False) -> Callable[..., Any]:
    """An operation as a function of tensors."""
    bind = _bound(operation)
    words = operands.wanted(operation.name)
    links = operation.name in LINKED
    warner = WARNERS.get(name)
    plain = name in PLAIN or warner is not None or name in ALIKE or name in WRITTEN or links

    def called(*args: Any, **kwargs: Any) -> Any:
        if not plain and not kwargs:
            made = remembered(bind, args)
            if made is not None:
                return made
        if words and (len(args) > 1 or not method):
            operands.check(words, name, args, kwargs, method)
        for ignored in IGNORED:
            if ignored in kwargs and ignored not in ("non_blocking",) and name != "to":
                del kwargs[ignored]
        if "dtype" in kwargs:
            kwargs["dtype"] = as_dtype(kwargs["dtype"])
        wanted = kwargs.pop("requires_grad", False)
        out = kwargs.pop("out", None)
        if kwargs.pop("inplace", False) and args:
            return inplace.change(args[0], bind, *args[1:], **kwargs)
        if out is not None and modes._grad.on and any(isinstance(t, Tensor) and t.requires_grad for t in (*args, out)):
            raise RuntimeError(
                f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the"
                " arguments requires grad."
            )
        result = call(bind, args, kwargs)
        if warner is not None:
            warner(name, result, args, kwargs)
        if name in PLAIN and isinstance(result, Tensor):
            return result.item()
        if links:
            link(operation.name, result, args)
        if name in WRITTEN:
            result._counter.version = result._seen = record(result._node).version = WRITTEN[name]
        if name in ALIKE and args and isinstance(args[0], Tensor):
            _lay_out_as(result, args[0])
        if wanted:
            _refuse_integers(result)
            result.requires_grad_()
        if out is not None and result.dtype.kind > out.dtype.kind:
            raise RuntimeError(
                f"result type {result.dtype.long_name} can't be cast to the desired output type {out.dtype.long_name}"
            )
        return result if out is None else out.copy_(result)

    called.__name__ = called.__qualname__ = name
    called.__doc__ = operation.doc
    return called


def _lay_out_as(made: Tensor, like: Tensor) -> None:
    """Put a tensor that nobody has seen yet into memory in the order of another one."""
    if like._array.flags.c_contiguous or made.shape != like.shape:
        return
    steps: Any = packed(made.shape, like.stride())
    size = made._array.itemsize
    laid: Any = np.ndarray(
        made.shape, made._array.dtype, np.empty_like(made._array), 0, [step * size for step in steps]
    )
    laid[...] = made._array
    made._array = laid
    made._form = None
    made._stand_for(held(laid))


def _checked_in_place(operation: Operation, title: str) -> Callable[..., Any]:
    method = inplace.in_place(_bound(operation), operation.name)
    words = operands.wanted(operation.name)

    def called(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        if words and args:
            operands.check(words, title, (self, *args), kwargs, True)
        return method(self, *args, **kwargs)

    called.__name__ = called.__qualname__ = title
    called.__doc__ = operation.doc
    return called


def _refuse_integers(tensor: Tensor) -> None:
    if not tensor.dtype.is_floating:
        raise RuntimeError(NO_GRAD_FOR_INTEGERS)


# Tensors from data


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A leaf from numbers, nested lists, tensors or arrays, copied.

    Raises ValueError for rows of different lengths, RuntimeError for integers that are to want gradients.
    """
    if isinstance(data, Tensor):
        warnings.warn(COPY, UserWarning, stacklevel=2)
    sources: Sources = {}
    nodes = unwrapped(data, sources)
    with session():
        node = registered.tensor.bind([nodes], {"dtype": as_dtype(dtype)})
        made = of_array(np.array(record(node).value))
    if requires_grad:
        _refuse_integers(made)
        made.requires_grad_()
    return made


def from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    """A tensor over an array's memory."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    mark_foreign(array)
    return of_array(array)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor as it is, or one made from data."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return tensor(data, dtype=dtype)


_STACK = _bound(registered.stack)


def stack(tensors: Any, dim: int = 0) -> Tensor:
    """Tensors of one shape along a new dim."""
    return call(_STACK, (list(tensors), dim), {})  # type: ignore[no-any-return]


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor."""
    return isinstance(value, Tensor)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def detach(input: Tensor) -> Tensor:
    """The same memory, and no gradient."""
    return input.detach()


# Operators

_INT64 = 2**63

_BINARY = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "and": "&", "or": "|", "xor": "^",
}  # fmt: skip
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_NAMED = {"//": "floor_divide", "%": "remainder", "^": "bitwise_xor", "==": "eq", "!=": "ne"}


def _operator(sign: str) -> Callable[..., Any]:
    found = OPERATORS.get(sign)
    return found if found is not None else _bound(REGISTRY[_NAMED[sign]])


def _operand(value: Any) -> Any:
    return value if isinstance(value, Node) else as_operand(value)


def _binary(sign: str, reflected: bool) -> Callable[..., Any]:
    operate = _operator(sign)

    def swapped(a: Any, b: Any) -> Any:
        return operate(_operand(b), _operand(a)) if reflected else operate(_operand(a), _operand(b))

    any_number = sign in ("+", "*", "/") or (sign == "-" and not reflected)

    def method(self: Tensor, other: Any) -> Any:
        kind = other.__class__
        if any_number and (kind is float or (kind is int and -_INT64 <= other < _INT64)):
            recipe = RECIPES.get((swapped, modes._grad.on, modes._dtype[0], self._form, kind))
            other = plain_number(other)
        elif isinstance(other, Tensor):
            recipe = None
            if other is not self:
                recipe = RECIPES.get((swapped, modes._grad.on, modes._dtype[0], self._form, other._form))
        elif isinstance(other, (int, float, np.generic, np.ndarray)):
            recipe = None
        else:
            return NotImplemented
        if recipe.__class__ is Single:
            try:
                return recipe.of_two(self, other)
            except Exception:  # what is wrong is said by the general way
                pass
        return call(swapped, (self, other), {})

    return method


# Those that write where they read, for tensors of one floating-point type.
_UFUNCS: dict[str, Any] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.true_divide}


def _in_place(sign: str) -> Callable[..., Any]:
    operate, ufunc = _operator(sign), _UFUNCS.get(sign)

    def changed(a: Any, b: Any) -> Any:
        return operate(a, _operand(b))

    def method(self: Tensor, other: Any) -> Any:
        if ufunc is not None and _without_history(self, other):
            array = self._array
            value = other if other.__class__ is float else other._array
            writing(array)
            try:
                quietly(ufunc, array, value, array)
            except RuntimeError:  # another thread is at it
                return inplace.change(self, changed, other)
            self._counter.version += 1
            return self
        if not isinstance(other, (Tensor, int, float, np.generic, np.ndarray)):
            return NotImplemented
        return inplace.change(self, changed, other)

    return method


def _without_history(tensor: Tensor, other: Any) -> bool:
    """Whether a change in place is nothing but writing numbers."""
    array = tensor._array
    if tensor._base is not None or not array.flags.writeable or not tensor._node.dtype.is_floating:
        return False
    if modes._grad.on and tensor._node.requires_grad:
        return False
    if other.__class__ is float:
        return True
    if not isinstance(other, Tensor) or other._base is not None or other._node.dtype is not tensor._node.dtype:
        return False
    if (modes._grad.on and other._node.requires_grad) or other._array.shape not in (array.shape, ()):
        return False
    return not np.may_share_memory(array, other._array)


def _equip() -> None:
    """Give Tensor its operators, attributes and methods."""
    for name, sign in _BINARY.items():
        setattr(Tensor, f"__{name}__", _binary(sign, False))
        setattr(Tensor, f"__r{name}__", _binary(sign, True))
        if sign != "@":
            setattr(Tensor, f"__i{name}__", _in_place(sign))
    for name, sign in _COMPARISONS.items():
        setattr(Tensor, f"__{name}__", _binary(sign, False))
    for name, member in methods.METHODS.items():
        setattr(Tensor, name, member)
    for name in restride.NAMES:
        setattr(Tensor, f"{name}_", restride.restrided(_bound(REGISTRY[name]), name))
    setattr(Tensor, "as_strided", restride.as_strided)  # noqa: B010
    setattr(Tensor, "as_strided_", restride.as_strided_)  # noqa: B010
    setattr(Tensor, "fill_diagonal_", restride.fill_diagonal_)  # noqa: B010
    own = set(dir(Tensor))
    names = {key.rpartition(".")[2] for key, operation in REGISTRY.items() if operation.takes_tensor}
    for name in names - own:
        operation = find("", name)
        if operation is None:
            continue
        setattr(Tensor, name, function(operation, name, method=True))
        if not name.endswith("_") and f"{name}_" not in own:
            setattr(Tensor, f"{name}_", _checked_in_place(operation, f"{name}_"))
    convert = function(REGISTRY["type"], "type")

    def type_of(self: Tensor, dtype: Any = None) -> Any:
        return f"torch.{self.dtype.long_name}Tensor" if dtype is None else convert(self, dtype)

    for name in ATTRIBUTES:
        if name not in own:
            setattr(Tensor, name, attribute(name))
    transposed = attribute("T").fget

    def transposed_or_told(self: Tensor) -> Any:
        if self.ndim != 2:
            once(TRANSPOSE if self.ndim else TRANSPOSE_0, 2)
        return transposed(self)  # type: ignore[misc]

    setattr(Tensor, "T", property(transposed_or_told))  # noqa: B010
    for name in ("zero_", "fill_", "copy_"):
        setattr(Tensor, name, getattr(inplace, name))
    for method in sampled.IN_PLACE:
        setattr(Tensor, method.__name__, method)
    for function_ in (sampled.bernoulli, sampled.multinomial):
        setattr(Tensor, function_.__name__, function_)
    for name, sign in (("neg", "neg"), ("invert", "~")):
        operate = OPERATORS[sign]
        setattr(Tensor, f"__{name}__", lambda self, operate=operate: call(operate, (self,), {}))
    absolute = function(REGISTRY["abs"], "abs")
    extra: dict[str, Callable[..., Any]] = {
        "__pos__": lambda self: self,
        "__abs__": lambda self: absolute(self),
        "__getitem__": item_of,
        "type": type_of,
    }
    for name, method in extra.items():
        setattr(Tensor, name, method)


_equip()


def lookup(prefix: str, name: str) -> Any:
    """An operation of a module as a function, None where there is none."""
    assert prefix in PREFIXES
    if name.endswith("_") and not name.startswith("_"):
        return getattr(Tensor, name, None)  # the method, called as a function
    operation = find(prefix, name)
    return None if operation is None else function(operation, name)


NAMES: dict[str, Any] = {**CONSTANTS, **DTYPES, **ALIASES}
