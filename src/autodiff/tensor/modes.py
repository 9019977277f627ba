"""Grad mode and the default dtype: what holds for the operations that follow."""

from __future__ import annotations

from _thread import RLock, _local
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.dtypes import DType
from autodiff.graph.evaluate import evaluators
from autodiff.tensor.storage import value_of


class _GradMode(_local):
    """Grad mode, which each thread has for itself."""

    on = True


_grad = _GradMode()
_dtype = [dtypes.float32]


class _Mode(ContextDecorator):
    """A context manager and decorator that sets grad mode."""

    mode = True

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(_grad.on)
        _grad.on = self.mode

    def __exit__(self, *_: object) -> None:
        _grad.on = self._before.pop()

    def __call__(self, func: Callable[..., Any]) -> Any:
        mode = self.mode

        def inside(*args: Any, **kwargs: Any) -> Any:
            before, _grad.on = _grad.on, mode
            try:
                return func(*args, **kwargs)
            finally:
                _grad.on = before

        for name in ("__name__", "__qualname__", "__doc__"):
            setattr(inside, name, getattr(func, name, getattr(inside, name)))
        return inside


class no_grad(_Mode):  # noqa: N801
    """Results inside want no gradient. Source: PyTorch documentation, `torch.no_grad`."""

    mode = False

    def __new__(cls, func: Callable[..., Any] | None = None) -> Any:
        self = super().__new__(cls)
        if func is None:
            return self
        self.__init__()  # type: ignore[misc]
        return self(func)


class enable_grad(no_grad):  # noqa: N801
    """Results inside want gradients again, within `no_grad`."""

    mode = True


class set_grad_enabled(_Mode):  # noqa: N801
    """Sets grad mode at once, and until the end of a `with`."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self._first: bool | None = _grad.on
        self.mode = mode
        _grad.on = mode

    def __enter__(self) -> None:
        before = _grad.on if self._first is None else self._first
        self._first = None
        self._before.append(before)
        _grad.on = self.mode


def is_grad_enabled() -> bool:
    """Whether results of operands that want gradients want them too."""
    return _grad.on


def get_default_dtype() -> DType:
    """What a Python float becomes."""
    return _dtype[0]


def set_default_dtype(dtype: DType) -> None:
    """Say what a Python float becomes; raises TypeError for dtypes that are not floating."""
    if not isinstance(dtype, DType) or not dtype.is_floating:
        if not isinstance(dtype, DType):
            raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
        raise TypeError("only floating-point types are supported as the default type")
    _dtype[0] = dtype


def as_dtype(value: Any) -> DType | None:
    """A dtype given as such, as its name, or as a Python type."""
    if value is None or isinstance(value, DType):
        return value
    return {float: get_default_dtype(), int: dtypes.int64, bool: dtypes.bool_}[value]


class _LinAlgError(RuntimeError):
    """What `torch.linalg` raises for singular matrices."""


_CLASSES: dict[str, type[Exception]] = {
    c.__name__: c
    for c in (
        TypeError, ValueError, IndexError, RuntimeError, AttributeError, NotImplementedError, MemoryError, NameError,
        OverflowError, ZeroDivisionError, KeyError, _LinAlgError,
    )
}  # fmt: skip
_CLASSES["torch._C._LinAlgError"] = _CLASSES["LinAlgError"] = _LinAlgError
LinAlgError = _LinAlgError


def translated(error: AutodiffError) -> Exception:
    """The exception that PyTorch would have raised."""
    return _CLASSES.get(error.type, RuntimeError)(error.message)


class OutOfMemoryError(RuntimeError, MemoryError):
    """There is no memory for a tensor: PyTorch raises RuntimeError, Python MemoryError."""


def out_of_memory(error: MemoryError) -> OutOfMemoryError:
    """PyTorch's error where memory cannot be had."""
    count = 1
    for size in getattr(error, "shape", ()):
        count *= size
    wanted = count * getattr(getattr(error, "dtype", None), "itemsize", 1)
    return OutOfMemoryError(
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to"
        f" allocate {wanted} bytes. Error code 12 (Cannot allocate memory)"
    )


_LOCK = RLock()  # the stacks and the remembered calls belong to one thread at a time


class _Session:
    """Has no state of its own: what it sets is on stacks."""

    __slots__ = ()

    def __enter__(self) -> None:
        _LOCK.acquire()
        evaluators.append(value_of)
        dtypes.defaults.append(_dtype[0])

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        evaluators.pop()
        dtypes.defaults.pop()
        _LOCK.release()
        if isinstance(error, AutodiffError):
            raise translated(error) from error
        if isinstance(error, MemoryError) and not isinstance(error, OutOfMemoryError):
            raise out_of_memory(error) from error


_SESSION = _Session()


def session() -> _Session:
    """Operations inside compute at once with the default dtype; errors come out as Python's."""
    return _SESSION
