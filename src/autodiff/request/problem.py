"""A request as a `Problem`: checked key by key, and filled in from what the command line gives.

What a request leaves out, or has null for, is taken from `Given`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError, Source
from autodiff.graph import values
from autodiff.graph.dtypes import DTYPES, DType, float16, float32, float64
from autodiff.graph.lookup import did_you_mean, find_dtype
from autodiff.request.arguments import Value, normal_name, tensor_data
from autodiff.solve import DEFAULT_LIMIT_BYTES, Leaf, Problem

KEYS = ("id", "expr", "vars", "let", "wrt", "gradient", "dtype", "retain_grad", "backward")
VARIABLE_KEYS = ("data", "dtype", "requires_grad", "shape")
DEFAULTS = {
    "float64": float64,
    "float32": float32,
    "float16": float16,
    "double": float64,
    "float": float32,
    "half": float16,
}


class Given:
    """What the command line says, and every request may say otherwise."""

    __slots__ = (
        "backward", "dtype", "expr", "gradient", "let", "limit_bytes", "retain_grad", "tangents", "variables", "wrt",
    )  # fmt: skip

    def __init__(
        self,
        expr: str | None = None,
        variables: Mapping[str, Value] | None = None,
        *,
        let: Mapping[str, str] | None = None,
        wrt: list[str] | None = None,
        gradient: Value | None = None,
        tangents: Mapping[str, Value] | None = None,
        dtype: DType = float64,
        retain_grad: list[str] | None = None,
        backward: bool = True,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ) -> None:
        self.expr = expr
        self.variables = variables or {}
        self.let = let or {}
        self.wrt = wrt
        self.gradient = gradient
        self.tangents = tangents or {}
        self.dtype = dtype
        self.retain_grad = retain_grad or []
        self.backward = backward
        self.limit_bytes = limit_bytes


def problem(request: Mapping[str, Any], given: Given, keys: tuple[str, ...] = KEYS) -> Problem:
    """What a request asks; raises `bad-request` for one that is none, and what is wrong with its data."""
    for key in request:
        if key not in keys:
            raise AutodiffError(
                "bad-request",
                f"a request has no key {key!r:.60}",
                type="KeyError",
                help=did_you_mean(key, list(keys)) or ["its keys are " + ", ".join(keys)],
            )
    dtype = given.dtype
    if request.get("dtype") is not None:
        dtype = default_dtype(_text(request, "dtype"))
    expr = given.expr if request.get("expr") is None else _text(request, "expr")
    if expr is None:
        raise AutodiffError("bad-request", "a request needs expr, the expression", type="KeyError", help=_example())
    let = dict(given.let)
    if request.get("let") is not None:
        for name, text in _names(request, "let").items():
            if not isinstance(text, str):
                raise _wrong(f"let.{name}", "a text, an expression", text)
            let[name] = text
    gradient = request.get("gradient")
    backward = request.get("backward")
    if backward is not None and not isinstance(backward, bool):
        raise _wrong("backward", "true or false", backward)
    if gradient is not None:
        weights: np.ndarray | None = located("gradient", leaf_of, "gradient", gradient, dtype).array
    else:
        weights = given.gradient.array(dtype) if given.gradient is not None else None
    return Problem(
        expr,
        _variables(request, given, dtype),
        let=let,
        wrt=given.wrt if request.get("wrt") is None else _list_of_names(request, "wrt"),
        gradient=weights,
        dtype=dtype,
        backward=given.backward if backward is None else backward,
        retain_grad=given.retain_grad if request.get("retain_grad") is None else _list_of_names(request, "retain_grad"),
        limit_bytes=given.limit_bytes,
    )


def tangents(request: Mapping[str, Any], given: Given, dtype: DType) -> dict[str, np.ndarray]:
    """The tangents of a request and of what was given, by variable; the request wins."""
    arrays = {name: value.array(dtype) for name, value in given.tangents.items()}
    own = {} if request.get("tangents") is None else _names(request, "tangents")
    for name, data in own.items():
        if data is not None:
            arrays[name] = located(f"tangents.{name}", leaf_of, f"tangents.{name}", data, dtype).array
    return arrays


def _variables(request: Mapping[str, Any], given: Given, dtype: DType) -> dict[str, Leaf]:
    leaves: dict[str, Leaf] = {}
    own = {} if request.get("vars") is None else _names(request, "vars")
    for name, value in given.variables.items():
        if own.get(name) is None:
            leaves[name] = Leaf(value.array(dtype))
    for name, data in own.items():
        if data is not None:
            leaves[name] = located(f"vars.{name}", leaf_of, f"vars.{name}", data, dtype)
    return leaves


def default_dtype(name: str) -> DType:
    """The floating-point dtype of that name; raises `bad-request`."""
    found = DEFAULTS.get(name.removeprefix("torch."))
    if found is None:
        message = f"dtype is float64, float32 or float16, not {name!r:.40}"
        raise AutodiffError("bad-request", message, type="TypeError", help=did_you_mean(name, list(DEFAULTS)))
    return found


def located(name: str, function: Callable[..., Any], *args: Any) -> Any:
    """function(*args), whose errors are in that place of a request."""
    try:
        return function(*args)
    except AutodiffError as error:
        if error.code != "bad-request":  # those name the place themselves
            error.found_in(Source(name, ""))
        raise


def leaf_of(place: str, data: Any, dtype: DType) -> Leaf:
    """A variable's value as JSON has it."""
    if isinstance(data, dict):
        return _described(place, data, dtype)
    return Leaf(_array(place, data, dtype))


def _array(place: str, data: Any, dtype: DType) -> np.ndarray:
    if not isinstance(data, (int, float, list)) and not (isinstance(data, str) and data in values.NONFINITE):
        error = _wrong(place, "a number or nested lists of numbers", data)
        error.help = _without_quotes(data) if isinstance(data, str) else []
        raise error
    return tensor_data(data, dtype)


def _without_quotes(text: str) -> list[str]:
    """What a text in place of numbers was meant for."""
    if text.startswith("@"):
        return ["files are read for arguments of the command line alone, x=@x.json"]
    folded = text.strip().lower().lstrip("+-")
    named = {"nan": "NaN", "inf": "Infinity", "infinity": "Infinity"}.get(folded)
    if named is not None:
        sign = "-" if text.strip().startswith("-") and named != "NaN" else ""
        return [f'write "{sign}{named}"']
    try:
        float(text)
    except ValueError:
        return ["expressions belong in let; a value is numbers alone"] if len(text) <= 60 else []
    return [f"write it without quotes: {text.strip():.40}"]


def _described(place: str, about: dict[str, Any], dtype: DType) -> Leaf:
    """`{"data": …, "dtype": "int64", "requires_grad": false, "shape": [0, 3]}`."""
    for key in about:
        if key not in VARIABLE_KEYS:
            help = did_you_mean(key, list(VARIABLE_KEYS)) or ["the keys of a variable are " + ", ".join(VARIABLE_KEYS)]
            raise AutodiffError("bad-request", f"{place} has no key {key!r:.60}", type="KeyError", help=help)
    data, wanted, shape, grad = [about.get(key) for key in ("data", "dtype", "shape", "requires_grad")]
    if data is None:
        example = 'such as {"data": [1, 2], "dtype": "float32"}'
        raise AutodiffError("bad-request", f"{place} needs data", type="KeyError", help=example)
    if grad is not None and not isinstance(grad, bool):
        raise _wrong(f"{place}.requires_grad", "true or false", grad)
    array = _array(f"{place}.data", data, dtype)
    if wanted is not None:
        array = values.array(data, _named_dtype(f"{place}.dtype", wanted))
    if shape is not None:
        array = _reshaped(place, array, shape)
    return Leaf(array, grad)


def _named_dtype(place: str, name: Any) -> DType:
    found = find_dtype(name.removeprefix("torch.")) if isinstance(name, str) else None
    if found is None:
        error = _wrong(place, "one of " + ", ".join(DTYPES), name)
        error.help = did_you_mean(name, list(DTYPES)) if isinstance(name, str) else []
        raise error
    return found


def _reshaped(place: str, array: np.ndarray, shape: Any) -> np.ndarray:
    if not isinstance(shape, list) or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in shape):
        if isinstance(shape, list):
            shape = next(n for n in shape if not isinstance(n, int) or isinstance(n, bool) or n < 0)
            kind = f"{shape}" if isinstance(shape, int) and not isinstance(shape, bool) else _kind(shape)
            message = f"{place}.shape must be a list of sizes, and holds {kind}"
            raise AutodiffError("bad-request", message, type="TypeError", help="sizes are integers from 0")
        raise _wrong(f"{place}.shape", "a list of sizes", shape)
    try:
        return array.reshape(shape)
    except (ValueError, OverflowError):
        message = f"{place}.shape is {shape!r:.60}, and {place}.data has {array.size} numbers"
        raise AutodiffError("bad-request", message, type="ValueError") from None


def _text(request: Mapping[str, Any], key: str) -> str:
    value = request[key]
    if not isinstance(value, str):
        raise _wrong(key, "a text", value)
    return value


def _names(request: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = request[key]
    if not isinstance(value, dict):
        raise _wrong(key, "an object, a name and its value each", value)
    for name in value:
        if not name.isidentifier():
            raise AutodiffError("bad-request", f"{name!r:.60} in {key} is not a name", type="ValueError")
    return {normal_name(name): item for name, item in value.items()}


def _list_of_names(request: Mapping[str, Any], key: str) -> list[str]:
    value = request[key]
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        odd = next((name for name in value if not isinstance(name, str)), value) if isinstance(value, list) else value
        raise _wrong(key, "a list of names", odd, "holds" if isinstance(value, list) else "is")
    return value


def _wrong(place: str, wanted: str, got: Any, verb: str = "is") -> AutodiffError:
    return AutodiffError("bad-request", f"{place} must be {wanted}, and {verb} {_kind(got)}", type="TypeError")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return "a number"
    kinds = {str: "the text", list: "a list", dict: "an object", type(None): "null"}
    name = kinds.get(type(value), "something else")
    return f"{name} {value!r:.40}" if isinstance(value, str) else name


def _example() -> str:
    return 'such as {"expr": "sum(x^2)", "vars": {"x": [1, 2]}}'
