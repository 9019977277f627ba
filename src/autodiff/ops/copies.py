"""Views as copies: `squeeze_copy` gives what `squeeze` does, in memory of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.ops.layout import VIEW, target_shape
from autodiff.ops.slices import sliced

_COPIES: dict[Primitive, Primitive] = {}


def _copying(view: Primitive) -> Primitive:
    """The operation that copies what a view shows."""
    if view not in _COPIES:
        assert isinstance(view.grad_fn, str)
        _COPIES[view] = Primitive(
            f"{view.name}_copy({view.signature_text.partition('(')[2]}",
            lambda *args: np.array(view.kernel(*args), order="C"),
            shape=view.shape,
            vjp=view.vjp,
            grad_fn=f"{view.grad_fn}_copy",
            doc=f"A copy of what {view.name} shows.",
        )
    return _COPIES[view]


def _copied(view: Node) -> Node:
    return _copying(view.op).make(view.args)  # type: ignore[no-any-return]


def _register(signature: str, view: str | Callable[..., Node], example: str, *samples: str) -> None:
    name = signature.partition("(")[0]

    def function(*args: Any) -> Node:
        return _copied((getattr(ops, view) if isinstance(view, str) else view)(*args))

    composite(
        signature,
        function,
        doc=f"A copy of what {name.removesuffix('_copy')} gives.",
        example=f"{name}({example})",
        samples=[f"{name}({sample}" for sample in samples],
    )


_register(
    "squeeze_copy(x, dim: any = None)",
    "squeeze",
    "[[1.], [2.]]",
    "x); x:2,1,3",
    "x, 1); x:2,1,3",
    "x, (0, 2)); x:1,2,1",
)
_register("unsqueeze_copy(x, dim: newdim)", "unsqueeze", "[1., 2.], 0", "x, 1); x:2,3")
_register("t_copy(x)", "t", "[[1., 2.], [3., 4.]]", "x); x:2,3")
_register("transpose_copy(x, dim0: dim, dim1: dim)", "transpose", "[[1., 2.], [3., 4.]], 0, 1", "x, 0, 1); x:2,3")
_register("permute_copy(x, dims: ints)", "permute", "[[1., 2.], [3., 4.]], [1, 0]", "x, (1, 0)); x:2,3")
_register(
    "view_copy(x, size: sizes)",
    lambda x, size: VIEW(x, target_shape(x, size)),
    "[1., 2., 3., 4.], [2, 2]",
    "x, (3, 2)); x:2,3",
    "x.T, (6,)); x:2,3",
)
_register("expand_copy(x, size: sizes)", "expand", "[1., 2.], [2, 2]", "x, (2, 3)); x:3")
_register("select_copy(x, dim: dim, index: int)", "select", "[[1., 2.], [3., 4.]], 0, 1", "x, 0, 1); x:2,3")
_register(
    "slice_copy(x, dim: dim = 0, start: int? = None, end: int? = None, step: int = 1)",
    sliced,
    "[1., 2., 3.], 0, 1",
    "x, 1, 1); x:2,3",
    "x, 0, 0, 3, 2); x:3,2",
)
_register(
    "unfold_copy(x, dimension: dim, size: int, step: int)", "unfold", "[1., 2., 3.], 0, 2, 1", "x, 1, 2, 1); x:2,3"
)
