"""Losses of classes as algebra: the element that a label names, and the gradient of that, a row of zeros but for it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autodiff.formula import term as t
from autodiff.formula.term import Term
from autodiff.graph.node import Node
from autodiff.graph.primitive import CONSTANT
from autodiff.graph.sizes import Shape

IGNORED = -100  # unless another label is named


class _Shares(NamedTuple):
    """The labels of places, what each place counts, and what they count together; None where each counts 1."""

    labels: Term
    each: Term | None
    together: Term


def read_nll(node: Node, inputs: list[Term]) -> Term | None:
    """The loss itself: a call, unless the scores are all alike."""
    x, target, weight, reduction, ignored = node.op.arrange(node.inputs, node.params)
    axis = 0 if len(x.shape) == 1 else 1
    shares = _shares(target, inputs[1], inputs[2] if weight is not None else None, ignored)
    if shares is None:
        return None
    scalars, rest = t.scalars_of(inputs[0])
    if rest.kind == "ones" or not rest.shape:
        each = t.mul([t.num(1) if shares.each is None else shares.each, t.ones(node.shape)])
        alike = {"mean": t.num(1), "sum": shares.together}.get(reduction, each)
        return t.neg(t.mul([*scalars, *([rest] if not rest.shape else []), alike]))
    scores, labels = inputs[:2]
    if len(x.shape) == 4 and _is_reshape(scores, 3) and _is_reshape(labels, 2) and reduction != "none":
        (scores,), (labels,) = scores.args, labels.args
    name = "nll_loss"
    if scores.kind == "fn" and scores.data == ("log_softmax", (axis,)):
        name, scores = "cross_entropy", scores.args[0]
    return t.make("fn", (scores, labels, *inputs[2:]), (name, reduction, ignored), node.shape)


def _is_reshape(x: Term, rank: int) -> bool:
    return x.kind == "fn" and x.data[0] == "reshape" and len(x.args[0].shape) == rank


def read_nll_backward(node: Node, inputs: list[Term]) -> Term | None:
    """-g where the label is, 0 elsewhere; weighted, and for a mean divided by all weights."""
    _, target, weight, size, reduction, ignored = node.op.arrange(node.inputs, node.params)
    shares = _shares(target, inputs[1], inputs[2] if weight is not None else None, ignored)
    if shares is None:
        return None
    factors = [t.num(-1), _along_classes(inputs[0], target.shape, size), marks(shares.labels, size)]
    if shares.each is not None:
        factors.append(_along_classes(shares.each, target.shape, size))
    if reduction == "mean":
        factors.append(t.power(shares.together, -1))
    return t.mul([*factors, t.ones(node.shape)])


def read_one_hot(node: Node, inputs: list[Term]) -> Term | None:
    (classes,) = node.params
    return marks(inputs[0], (*node.inputs[0].shape, classes), len(node.shape) - 1)


def marks(labels: Term, shape: Shape, axis: int | None = None) -> Term:
    """1 where the label is, along the dim of classes, which is the first of a vector, otherwise the second."""
    if axis is None:
        axis = 0 if len(shape) == 1 else 1
    number = t.number_of(labels)
    if number is not None and len(shape) == 1:
        return t.unit(shape[0], int(number))
    return t.make("fn", (labels,), ("one_hot", (axis,)), shape)


def _along_classes(x: Term, places: Shape, shape: Shape) -> Term:
    """Something of each place, to be multiplied with all classes."""
    if len(shape) == 1 or not x.shape:
        return x
    if x.kind == "ones":
        return t.ones((*shape[:1], 1, *shape[2:]))
    if len(shape) == 2:
        return t.column(x)
    scalars, rest = t.scalars_of(x)
    wide = (shape[0], 1, *shape[2:])
    return t.mul([*scalars, t.ones(wide) if rest.kind == "ones" else t.make("fn", (rest,), ("unsqueezed", 1), wide)])


def before_reshape(x: Term, shape: Shape) -> Term | None:
    """Of labels that were reshaped, and of what belongs to each place, that before, for scores of this shape."""
    if x.kind != "fn" or x.data not in (("one_hot", (1,)), ("unsqueezed", 1)):
        return None
    labels = x.args[0]
    if labels.kind != "fn" or labels.data[0] != "reshape" or labels.args[0].shape != (*shape[:1], *shape[2:]):
        return None
    (before,) = labels.args
    return marks(before, shape) if x.data[0] == "one_hot" else _along_classes(before, before.shape, shape)


def _shares(target: Node, labels: Term, weight: Term | None, ignored: int) -> _Shares | None:
    """What the places count; labels that are not known are taken for classes, unless the ignored one could be."""
    factors = []
    known = known_labels(target)
    if known is None and ignored >= 0:
        factors.append(t.indicator(t.compare("!=", labels, t.num(ignored))))
    elif known is not None and (known == ignored).any():
        counts = known != ignored
        if not counts.shape or not counts.any():
            return None
        factors.append(t.make("const", (), (_nested(counts.astype(int).tolist()), "i"), target.shape))
        labels = t.make("const", (), (_nested(np.where(counts, known, 0).tolist()), "i"), target.shape)
    if weight is not None:
        number = t.number_of(labels)
        whole = t.scalars_of(weight)[1].kind == "ones"
        taken = weight if number is None else t.item(weight, int(number))
        if whole:
            taken = t.mul([*t.scalars_of(weight)[0], t.ones(target.shape)])
        elif number is None:
            taken = t.make("fn", (weight, labels), ("taken", 0), target.shape)
        factors.append(taken)
    if not factors:
        return _Shares(labels, None, t.numel_term(target.shape))
    each = t.mul([*factors, t.ones(target.shape)])
    count = t.num(int((known != ignored).sum())) if known is not None and weight is None else t.total(each, None, False)
    return _Shares(labels, each, count)


def is_never_ignored(node: Node, label: Term) -> bool:
    """Whether cross_entropy compares labels with the ignored one that they are not: they are taken for classes."""
    if t.number_of(t.unbroadcast(label)) != IGNORED or node.span is None or "cross_entropy" not in node.span.text:
        return False
    known = known_labels(node.inputs[0])
    return known is None or not (known == IGNORED).any()


def known_labels(target: Node) -> np.ndarray | None:
    """The labels, where they are numbers."""
    while target.op.hidden and len(target.inputs) == 1:
        target = target.inputs[0]
    return np.asarray(target.params[0]) if target.op is CONSTANT else None


def _nested(data: object) -> object:
    return tuple(map(_nested, data)) if isinstance(data, list) else data


TABLE = {"nll_loss": read_nll, "nll_loss_backward": read_nll_backward, "one_hot": read_one_hot}
