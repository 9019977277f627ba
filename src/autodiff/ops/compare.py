"""Comparisons and logic. Their results are bool or integer, and no gradient flows through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.elementwise import Elementwise, elementwise
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import strengthen
from autodiff.ops.checks import integers_only, not_implemented


def _comparison(name: str, sign: str, kernel: Callable[..., Any], *aliases: str) -> Elementwise:
    operation = elementwise(
        f"{name}(x, y)",
        kernel,
        computes="bool",
        aliases=aliases,
        text=f"x {sign} y",
        doc=f"Whether x {sign} y, element by element.",
        example=f"{name}([1., 2., 3.], 2)",
    )
    OPERATORS[sign] = operation
    return operation


eq = _comparison("eq", "==", np.equal)
ne = _comparison("ne", "!=", np.not_equal, "not_equal")
lt = _comparison("lt", "<", np.less, "less")
le = _comparison("le", "<=", np.less_equal, "less_equal")
gt = _comparison("gt", ">", np.greater, "greater")
ge = _comparison("ge", ">=", np.greater_equal, "greater_equal")


def _logical(name: str, kernel: Callable[..., Any], says: str) -> Elementwise:
    return elementwise(
        f"logical_{name}(x, y)",
        kernel,
        computes="bool",
        doc=f"{says}, element by element; what is not zero counts as true.",
        example=f"logical_{name}([1., 0., 2.], [0., 0., 1.])",
    )


logical_and = _logical("and", np.logical_and, "Whether both x and y are true")
logical_or = _logical("or", np.logical_or, "Whether x or y is true")
logical_xor = _logical("xor", np.logical_xor, "Whether one of x and y is true")
logical_not = elementwise(
    "logical_not(x)",
    np.logical_not,
    computes="bool",
    doc="Whether x is zero, element by element.",
    example="logical_not([1., 0.])",
)


def _bitwise(name: str, sign: str, kernel: Callable[..., Any], says: str) -> Elementwise:
    return elementwise(
        f"bitwise_{name}(x, y)",
        kernel,
        computes="promote",
        keeps_numbers=True,
        check=integers_only(f"bitwise_{name}_cpu"),
        layout="like",
        text=sign and f"x {sign} y",
        doc=f"{says} of integers; of truth values the logical one.",
        example=f"bitwise_{name}([6, 5], 3)",
    )


bitwise_and = _bitwise("and", "&", np.bitwise_and, "Bitwise and")
bitwise_or = _bitwise("or", "|", np.bitwise_or, "Bitwise or")
bitwise_xor = _bitwise("xor", "", np.bitwise_xor, "Bitwise exclusive or")
bitwise_not = elementwise(
    "bitwise_not(x)",
    np.invert,
    computes="promote",
    keeps_numbers=True,
    check=integers_only("bitwise_not_cpu", 1),
    text="~x",
    doc="Bitwise not of integers; of truth values the logical one.",
    example="bitwise_not([True, False])",
)


def _invert(x: Node) -> Node:
    if x.dtype.is_floating:
        raise AutodiffError(
            "bad-dtype",
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors",
            type="TypeError",
            operands=(0,),
        )
    return bitwise_not(x)  # type: ignore[no-any-return]


OPERATORS.update({"&": bitwise_and, "|": bitwise_or, "~": _invert})


def _shift(name: str, kernel: Callable[..., Any], says: str) -> Elementwise:
    def check(x: Node, y: Node) -> None:
        for node in (x, y):
            if node.dtype.is_floating:
                raise not_implemented(kernel_name, node.dtype, (0, 1))

    kernel_name = f"{'lshift' if name == 'left' else 'rshift'}_cpu"
    return elementwise(
        f"bitwise_{name}_shift(x, y)",
        kernel,
        computes="promote",
        keeps_numbers=True,
        check=check,
        doc=f"x {says} y bits.",
        example=f"bitwise_{name}_shift([1, 8], 1)",
    )


bitwise_left_shift = _shift("left", np.left_shift, "shifted to the left by")
bitwise_right_shift = _shift("right", np.right_shift, "shifted to the right by")


def _question(name: str, kernel: Callable[..., Any], says: str) -> Elementwise:
    return elementwise(
        f"{name}(x)",
        kernel,
        computes="bool",
        doc=f"Whether each element is {says}.",
        example=f"{name}([1., -inf, nan])",
    )


isnan = _question("isnan", np.isnan, "NaN")
isinf = _question("isinf", np.isinf, "infinite")
isposinf = _question("isposinf", lambda x: np.equal(x, np.inf), "positive infinity")
isneginf = _question("isneginf", lambda x: np.equal(x, -np.inf), "negative infinity")
isfinite = _question("isfinite", np.isfinite, "neither infinite nor NaN")
isreal = _question("isreal", lambda x: np.ones(np.shape(x), bool), "real")
signbit = _question(
    "signbit",
    lambda x: np.signbit(x) if np.asarray(x).dtype.kind == "f" else np.less(x, 0),
    "negative, or a negative zero",
)


def _check_close(x: Node, y: Node, rtol: Any, atol: Any, equal_nan: bool) -> None:
    if x.dtype is not y.dtype and not (x.weak or y.weak):
        raise AutodiffError("bad-dtype", f"{x.dtype.long_name} did not match {y.dtype.long_name}", operands=(0, 1))
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not value >= 0:
            raise AutodiffError("bad-value", f"{name} must be greater than or equal to zero, but got {float(value):g}")


def _close(x: Any, y: Any, rtol: float, atol: float, equal_nan: bool) -> Any:
    close = np.equal(x, y)
    if equal_nan:
        close = close | (np.not_equal(x, x) & np.not_equal(y, y))
    error = np.abs(np.subtract(x, y, dtype=np.result_type(x, y, np.float16)))
    return close | (np.isfinite(error) & (error <= atol + np.abs(np.multiply(rtol, y))))


isclose = elementwise(
    "isclose(x, y, rtol: Number = 1e-05, atol: Number = 1e-08, equal_nan: bool = False)",
    _close,
    computes="bool",
    check=_check_close,
    doc="Whether |x - y| <= atol + rtol*|y|, element by element.",
    example="isclose([1., 2.], [1., 2.001])",
)
composite(
    "allclose(x, y, rtol: Number = 1e-05, atol: Number = 1e-08, equal_nan: bool = False)",
    lambda x, y, rtol, atol, equal_nan: ops.all(isclose(x, y, rtol, atol, equal_nan)),
    doc="Whether all elements are close, a truth value.",
    example="allclose([1., 2.], [1., 2.001])",
)


def _equal(x: Node, y: Node) -> Node:
    x, y = strengthen(x, x.dtype), strengthen(y, y.dtype)
    if x.shape != y.shape:
        return ops.full((), False, dtype=dtypes.bool_)  # type: ignore[no-any-return]
    return ops.all(eq(x, y))  # type: ignore[no-any-return]


composite(
    "equal(x, y)",
    _equal,
    doc="Whether x and y have the same shape and elements, a truth value.",
    example="equal([1., 2.], [1., 2.])",
)
