"""The mean's 1/n left out, put where there is none, or with another n.

mean(f(x)) = sum(f(x))/n, so its derivative has the factor 1/n that the sum's has not (Petersen & Pedersen, The Matrix
Cookbook, section 2; n is the number of elements that are averaged).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from autodiff.graph.node import Node
from autodiff.graph.sizes import concrete
from autodiff.homework.mistakes.walk import Rule, Slip, Walk, count, text

MEANS = frozenset(("mean", "nanmean", "var", "std", "kl_div", "cross_entropy"))  # and every loss
SUMS = frozenset(("sum", "nansum", "dot", "vdot", "trace"))


def counts(walk: Walk) -> Iterator[Slip]:
    """At each mean and each sum, another divisor."""
    for node in walk.pieces:
        operand = _counted(walk, node)
        if operand is None or not operand.shape:
            continue
        ratio = count(operand) / max(1, count(node))
        here = text(node)
        many = f"{walk.setting.many(operand.shape, node.shape)} elements"
        if _averages(node) and ratio != 1:
            says = f"this is the gradient without the 1/n of the mean: {here} averages over {many}"
            yield walk.slip("count", "no 1/n", node, _times(walk, node, ratio), says, _HINT)
            says = f"{here} is a mean, and this divides by its number of elements twice"
            yield walk.slip("count", "1/n^2", node, _times(walk, node, 1 / ratio), says, _HINT)
            if ratio > 1:
                says = f"{here} is a mean, and this divides by n - 1 in place of n"
                yield walk.slip("count", "1/(n-1)", node, _times(walk, node, ratio / (ratio - 1)), says, _HINT)
            if node.op.name in ("var", "std") and node.params[1] == 1 and ratio > 1:
                says = f"this divides by n, and {here} divides by n - 1"
                yield walk.slip("count", "1/n", node, _times(walk, node, (ratio - 1) / ratio), says, _HINT)
                says = f"this is the gradient without the 1/(n - 1) of {here}, where n is {many.split()[0]}"
                yield walk.slip("count", "no 1/(n-1)", node, _times(walk, node, ratio - 1), says, _HINT)
        elif node.op.name in SUMS:
            each = {"mean": (ratio, node.shape), "mean of all": (count(operand), ())}
            for label, (n, left) in each.items():
                many = walk.setting.many(operand.shape, left)
                says = f"this is divided by {many} as if {here} were a mean, and it is a sum"
                yield walk.slip("count", label, node, _times(walk, node, 1 / n), says, _HINT)


def other_counts(walk: Walk) -> Iterator[Slip]:
    """At each mean and each sum, another size for n: less likely, as a small number may come from elsewhere."""
    for node in walk.pieces:
        if _averages(node):
            yield from _other_counts(walk, node, True)
    for node in walk.pieces:
        if node.op.name in SUMS:
            yield from _other_counts(walk, node, False)


def _other_counts(walk: Walk, node: Node, averages: bool) -> Iterator[Slip]:
    operand = _counted(walk, node)
    if operand is None or not operand.shape:
        return
    ratio = count(operand) / max(1, count(node))
    here = text(node)
    many = f"{walk.setting.many(operand.shape, node.shape)} elements"
    scores = next((x for x in node.inputs if walk.depends(x)), operand)
    for label, n, shown in _sizes(walk, scores):
        if averages:
            says = f"{here} averages over {many}, and this divides by {shown}"
            yield walk.slip("count", f"1/{label}", node, _times(walk, node, ratio / n), says, _HINT)
        else:
            says = f"this is divided by {shown} as if {here} were a mean, and it is a sum"
            yield walk.slip("count", f"mean/{label}", node, _times(walk, node, 1 / n), says, _HINT)


def _counted(walk: Walk, node: Node) -> Node | None:
    """What is averaged or added up; nll_loss averages over its labels, each of which picks one of many classes."""
    if node.op.name == "nll_loss":
        return node.inputs[1]
    return next((x for x in node.inputs if walk.depends(x)), None)


def _averages(node: Node) -> bool:
    return node.op.name in MEANS or "loss" in node.op.name


_HINT = "count the elements: is it a sum or a mean, and of how many?"


def _sizes(walk: Walk, operand: Node) -> list[tuple[str, int, str]]:
    """Numbers that might be taken for n, under names that are the same whatever the sizes are, and as told."""
    setting = walk.setting
    shapes = {"operand": concrete(operand.shape), **setting.shapes}
    found = [(f"{name} numel", prod(shape), setting.many(shape)) for name, shape in shapes.items()]
    found += [(f"{name} {dim}", n, setting.named(n)) for name, shape in shapes.items() for dim, n in enumerate(shape)]
    found += [(name, n, name) for name, n in setting.sizes.items()]
    if not setting.sizes:  # nothing tells equal numbers apart
        by_number = {n: label for label, n, _ in reversed(found)}
        found = [(label, n, shown) for label, n, shown in found if by_number[n] == label]
    return [(label, n, shown) for label, n, shown in found if n != 1]


def _times(walk: Walk, node: Node, factor: float) -> Rule:
    return lambda g: [None if part is None else part * factor for part in walk.cotangents(node, g)]
