"""`numpy` as tutorials use it: constants, constructors, elementary functions, and arrays of numbers.

Arrays hold numbers and booleans; there are no arrays of objects, and nothing of NumPy that reads, writes or evaluates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from operator import index
from typing import Any

import numpy as np

from autodiff.program import limits
from autodiff.program.kinds.calls import CONSTRUCTORS
from autodiff.program.kinds.guards import bounded
from autodiff.program.kinds.items import CHANGED, INDEXED
from autodiff.program.kinds.modules import Module
from autodiff.program.kinds.operators import ARRAY_CHECKS
from autodiff.program.kinds.table import TITLES, Kind, Table, host, method, register, type_name
from autodiff.tensor.tensor import Tensor

ITEM = 8  # bytes of a number, at most
DTYPES = """float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_"""
ATTRIBUTES = "shape ndim size dtype T itemsize nbytes real"
METHODS = """sum mean std var min max argmin argmax prod cumsum cumprod reshape flatten ravel transpose squeeze swapaxes
    dot item tolist all any round clip fill sort argsort nonzero diagonal trace"""
FUNCTIONS = """abs absolute add all allclose amax amin any append arccos arcsin arctan arctan2 argmax argmin
    argsort argwhere array_equal atleast_1d atleast_2d average cbrt ceil clip concatenate copy
    corrcoef cos cosh count_nonzero cov cross cumprod cumsum deg2rad degrees diag diff divide dot
    equal exp exp2 expand_dims expm1 fabs flip floor floor_divide fmax fmin greater greater_equal
    hstack hypot inner interp isclose isfinite isinf isnan isscalar less less_equal log log10 log1p
    log2 logaddexp logical_and logical_not logical_or matmul max maximum mean median min minimum mod
    moveaxis multiply negative nan_to_num nonzero not_equal percentile polyfit polyval power prod
    rad2deg radians ravel reciprocal remainder reshape roll round rint shape sign sin sinh size sort
    split sqrt square squeeze stack std subtract sum swapaxes tan tanh tensordot trace transpose
    trapezoid tril triu true_divide trunc unique var vdot vstack where zeros_like ones_like
    full_like"""
LINALG = """norm inv det solve eigh eigvalsh qr cholesky matrix_rank pinv lstsq svd slogdet matrix_power cond"""


def _dtype(given: Any) -> Any:
    """A dtype of numbers; raises TypeError for any other."""
    if given is None:
        return None
    if isinstance(given, np.dtype) and given.kind in "biuf":
        return given
    names = {*DTYPES.split(), "bool", "float", "int"}
    if given in (float, int, bool) or (isinstance(given, str) and given in names):
        return np.dtype(given)
    if isinstance(given, type) and issubclass(given, np.generic) and np.dtype(given).kind in "biuf":
        return given
    raise TypeError("arrays of a program hold numbers; use float32, float64, int64 or bool")


def _plain(value: Any) -> Any:
    """An argument as NumPy may have it."""
    if isinstance(value, Tensor):
        return value.numpy()
    if hasattr(type(value), "__next__"):
        return [_plain(item) for item in bounded(value)]
    if type(value) in (list, tuple) and any(isinstance(item, Tensor) for item in value):
        return type(value)([_plain(item) for item in value])
    return value


def _numeric(result: Any) -> Any:
    """A result, if it holds nothing but numbers."""
    if isinstance(result, np.ndarray) and result.dtype.kind not in "biuf":
        raise TypeError("arrays of a program hold numbers (no texts, objects or complex numbers)")
    if type(result) is list:
        return [_numeric(item) for item in result]
    if isinstance(result, tuple):
        return tuple(_numeric(item) for item in result)
    return result


def _function(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        args = tuple(_plain(arg) for arg in args)
        if "dtype" in kwargs:
            kwargs["dtype"] = _dtype(kwargs["dtype"])
        kwargs = {key: _plain(value) for key, value in kwargs.items()}
        _check_together(args)
        return _numeric(function(*args, **kwargs))

    called.__name__ = called.__qualname__ = name
    return called


def _check_together(args: tuple[Any, ...]) -> None:
    """Ask for the memory that arrays take when they are broadcast together."""
    shapes = [arg.shape for arg in args if isinstance(arg, np.ndarray)]
    if len(shapes) > 1:
        with suppress(ValueError):  # shapes that do not fit are NumPy's to refuse
            limits.allocate(ITEM * math.prod(np.broadcast_shapes(*shapes)))


def _check_two(a: Any, b: Any) -> None:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        _check_together((a, b))


ARRAY_CHECKS.append(_check_two)


def _sizes(shape: Any) -> Any:
    given = shape if isinstance(shape, (tuple, list)) else (shape,)
    sizes = tuple(map(index, given))
    limits.allocate(ITEM * math.prod(max(size, 0) for size in sizes))
    return sizes


def _filled(make: Callable[..., Any], name: str) -> Callable[..., Any]:
    def filled(shape: Any, *args: Any, dtype: Any = None, **_: Any) -> Any:
        sizes = _sizes(shape)
        if name != "full" and args:
            dtype, args = args[0], ()
        return _numeric(make(sizes, *map(_plain, args), dtype=_dtype(dtype)))

    filled.__name__ = filled.__qualname__ = name
    return filled


def array(object: Any, dtype: Any = None, *, copy: Any = True, ndmin: int = 0) -> Any:
    """An array of numbers from a number, nested lists, an array or a tensor."""
    return _numeric(np.array(_plain(object), dtype=_dtype(dtype), ndmin=ndmin))


def arange(*args: Any, dtype: Any = None, **_: Any) -> Any:
    """Numbers from start up to stop, without it, in steps."""
    numbers = [float(arg) for arg in args]
    start, stop, step = (0.0, numbers[0], 1.0) if len(numbers) == 1 else (*numbers, 1.0)[:3]
    if step and math.isfinite(span := (stop - start) / step):
        limits.allocate(int(ITEM * max(span, 0)))
    return _numeric(np.arange(*args, dtype=_dtype(dtype)))


def linspace(start: Any, stop: Any, num: int = 50, **kwargs: Any) -> Any:
    """Numbers at equal distances."""
    num = index(num)
    limits.allocate(ITEM * max(num, 0))
    kwargs["dtype"] = _dtype(kwargs.get("dtype"))
    return _numeric(np.linspace(start, stop, num, **kwargs))


def eye(n: int, m: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """The identity matrix."""
    rows, columns = _sizes((n, n if m is None else m))
    return np.eye(rows, columns, k, dtype=_dtype(dtype) or float)


def meshgrid(*arrays: Any, indexing: str = "xy") -> Any:
    """Coordinates of a grid."""
    limits.allocate(ITEM * len(arrays) * math.prod(np.size(_plain(a)) for a in arrays))
    axes: list[Any] = [_plain(a) for a in arrays]
    return list(np.meshgrid(*axes, indexing="ij" if indexing == "ij" else "xy"))


def outer(a: Any, b: Any) -> Any:
    """The products of all pairs."""
    limits.allocate(ITEM * np.size(_plain(a)) * np.size(_plain(b)))
    return _numeric(np.outer(_plain(a), _plain(b)))


def tile(a: Any, reps: Any) -> Any:
    """An array several times, side by side."""
    times = reps if isinstance(reps, (tuple, list)) else (reps,)
    limits.allocate(ITEM * np.size(_plain(a)) * math.prod(max(int(r), 0) for r in times))
    return _numeric(np.tile(_plain(a), reps))


def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Every element several times."""
    times = int(np.sum(repeats)) if isinstance(repeats, (list, tuple, np.ndarray)) else int(repeats)
    limits.allocate(ITEM * np.size(_plain(a)) * max(times, 0))
    return _numeric(np.repeat(_plain(a), repeats, axis))


def set_printoptions(*, precision: Any = None, suppress: Any = None, **_: Any) -> None:
    """How arrays are printed: digits, and whether without exponents."""
    if precision is not None and not (isinstance(precision, int) and 0 <= precision <= 100):
        raise ValueError("precision is a number of digits up to 100")
    np.set_printoptions(precision=precision, suppress=suppress)


def make(name: str) -> Module:
    """`numpy` or `numpy.linalg`."""
    if name == "numpy.linalg":
        functions = {f: _function(getattr(np.linalg, f), f) for f in LINALG.split()}
        return Module(name, {**functions, "LinAlgError": np.linalg.LinAlgError})
    from autodiff.program.kinds.modules import find_module

    members: dict[str, Any] = {f: _function(getattr(np, f), f) for f in FUNCTIONS.split() if hasattr(np, f)}
    members |= {f.__name__: f for f in (arange, linspace, eye, meshgrid, outer, tile, repeat, set_printoptions, array)}
    members |= {f: _filled(getattr(np, f), f) for f in ("zeros", "ones", "full")}
    members |= {
        "asarray": array,
        "identity": eye,
        "empty": members["zeros"],  # what memory held before is none of a program's business
        "empty_like": members["zeros_like"],
        "pi": math.pi,
        "e": math.e,
        "inf": math.inf,
        "nan": math.nan,
        "newaxis": None,
        "ndarray": np.ndarray,
        "linalg": find_module("numpy.linalg"),
        "dtype": np.dtype,
        "bool": np.bool_,
        "long": np.int64,
        "__version__": np.__version__,
        **{kind: getattr(np, kind) for kind in DTYPES.split()},
    }
    return Module("numpy", members)


def _astype(self: Any, dtype: Any, *_: Any, **__: Any) -> Any:
    limits.allocate(ITEM * self.size)
    return self.astype(_dtype(dtype))


def _copy(self: Any) -> Any:
    limits.allocate(self.nbytes)
    return self.copy()


def _checked_method(name: str) -> Any:
    found = getattr(np.ndarray, name)

    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "dtype" in kwargs:
            kwargs["dtype"] = _dtype(kwargs["dtype"])
        return _numeric(found(self, *map(_plain, args), **kwargs))

    return method(called)


_ARRAY: Table = (
    host(ATTRIBUTES)
    | {name: _checked_method(name) for name in METHODS.split()}
    | {"astype": method(_astype), "copy": method(_copy)}
)
register(np.ndarray, Kind("numpy.ndarray", _ARRAY))
_SCALAR = host("item tolist dtype shape ndim size real") | {"astype": method(lambda self, dtype: _dtype(dtype)(self))}
for _name in DTYPES.split():
    _cls = getattr(np, _name)
    register(_cls, Kind(_name, _SCALAR | (host("is_integer") if _name.startswith("float") else {})))
    CONSTRUCTORS[_cls] = lambda value=0, cls=_cls: _numeric(cls(_plain(value)))
    TITLES[_cls] = f"numpy.{_cls.__name__}"


register(np.dtype, Kind("dtype", host("name kind itemsize")), family=True)
CONSTRUCTORS[np.dtype] = _dtype
TITLES[np.ndarray] = "numpy.ndarray"
INDEXED.add(np.ndarray)
CHANGED.add(np.ndarray)


def _register_texts() -> None:
    from autodiff.program.kinds.texts import REPRS, STRS

    REPRS.update({np.ndarray: repr, np.generic: repr, np.dtype: repr})
    STRS.update({np.ndarray: str, np.generic: str, np.dtype: str})


_register_texts()

__all__ = ["array", "make", "type_name"]
