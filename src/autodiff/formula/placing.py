"""Elements that indices name, as algebra: taken from a tensor, and added up at their places in the gradient."""

from __future__ import annotations

import numpy as np

from autodiff.formula import classes
from autodiff.formula import term as t
from autodiff.formula.term import Term
from autodiff.graph.dtypes import BOOL
from autodiff.graph.node import Node
from autodiff.graph.sizes import Dim
from autodiff.ops.index_select import INDEX_ADD


def read_index(node: Node, inputs: list[Term]) -> Term | None:
    """x[i], x[:, i] or x[i, j]; of one-hot rows the rows."""
    dims = node.params[-1]
    if dims != tuple(range(dims[0], dims[0] + len(dims))) or any(i.dtype.kind == BOOL for i in node.inputs[1:]):
        return None
    return t.make("fn", inputs, ("taken", dims[0]), node.shape)


def read_index_put(node: Node, inputs: list[Term]) -> Term | None:
    """Added up in zeros: with one index index_add, with one for each row a product with one-hot rows."""
    *_, dims, accumulate = node.params
    into, *indices, values = inputs
    places = node.inputs[1:-1]
    if not accumulate or not t.is_zero(into):
        return None
    if len(indices) == 1 and len(places[0].shape) == 1:
        return _added(node, into, dims[0], indices[0], values)
    rows = dims == (0, 1) and len(node.shape) == 2 and all(len(place.shape) == 1 for place in places)
    if rows and _counts_up(places[0], node.shape[0]):
        return t.mul([_column(values), classes.marks(indices[1], node.shape)])
    if dims != tuple(range(len(dims))):
        return None
    scalars, rest = t.scalars_of(values)
    return t.mul([*scalars, t.make("fn", (into, *indices, rest), ("index_put",), node.shape)])


def read_arange(node: Node, inputs: list[Term]) -> Term | None:
    start, step, count, dtype = node.params
    if isinstance(start, int) and isinstance(step, int) and isinstance(count, int) and not dtype.is_floating:
        return t.make("fn", (), ("arange", start, start + step * count, step), node.shape)
    return None


def read_scatter_add(node: Node, inputs: list[Term]) -> Term | None:
    """One element for each row of zeros: a product with one-hot rows."""
    into, index, values = inputs
    dim, shape = node.params[0], node.shape
    if not t.is_zero(into) or len(shape) != 2 or dim != 1 or node.inputs[1].shape != (shape[0], 1):
        return None
    labels = _unsqueezed(node.inputs[1], index)
    return None if labels is None else t.mul([values, classes.marks(labels, shape), t.ones(shape)])


def read_embedding(node: Node, inputs: list[Term]) -> Term | None:
    _, longest, *_ = node.params
    return t.make("fn", (inputs[1], inputs[0]), ("taken", 0), node.shape) if longest is None else None


def read_share(node: Node, inputs: list[Term]) -> Term | None:
    padding, by_frequency, _ = node.params
    return t.ones(node.shape) if padding < 0 and not by_frequency else None


def read_embedding_backward(node: Node, inputs: list[Term]) -> Term | None:
    if len(node.inputs[0].shape) != 1:
        return None
    return _added(node, t.zeros(node.shape), 0, inputs[0], inputs[1])


def _added(node: Node, into: Term, dim: int, index: Term, values: Term) -> Term:
    scalars, rest = t.scalars_of(values)
    whole = t.make("fn", (into, index, rest), ("call", INDEX_ADD, (dim,)), node.shape)
    return t.mul([*scalars, whole])


def _column(values: Term) -> Term:
    return t.column(values) if values.shape else values


def _counts_up(index: Node, size: Dim) -> bool:
    """Whether the index is arange(size)."""
    while index.op.hidden and len(index.inputs) == 1:
        index = index.inputs[0]
    known = classes.known_labels(index)
    if known is not None:
        return known.shape == (size,) and bool((known == np.arange(len(known))).all())
    return index.op.name == "arange" and index.params[:2] == (0, 1) and index.shape == (size,)


def _unsqueezed(node: Node, index: Term) -> Term | None:
    """What stands in a column of labels."""
    if index.kind == "col":
        return index.args[0]
    call = index.kind == "fn" and index.data[0] == "call" and index.data[1].name == "unsqueeze"
    if call and index.data[2] == (1,):
        return index.args[0]
    known = classes.known_labels(node)
    if known is None:
        return None
    return t.make("const", (), (tuple(known[:, 0].tolist()), "i"), (node.shape[0],))


TABLE = {
    "arange": read_arange,
    "index": read_index,
    "index_put": read_index_put,
    "scatter_add": read_scatter_add,
    "embedding": read_embedding,
    "embedding_share": read_share,
    "embedding_backward": read_embedding_backward,
}
