"""einsum: products of labelled tensors, summed over labels.

Permutations and one `bmm` for each pair of operands, arranged as PyTorch does, so that the graph is the same.
"""

from __future__ import annotations

from collections import deque

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node
from autodiff.graph.op import ops, register
from autodiff.graph.primitive import strengthen
from autodiff.graph.sizes import Dim, numel
from autodiff.ops.layout import VIEW
from autodiff.ops.matmul import bmm
from autodiff.ops.operands import Operands
from autodiff.ops.reduce import SUM

ELLIPSIS = "..."


def _mistake(message: str, code: str = "bad-value", operands: tuple[int, ...] = (0,)) -> AutodiffError:
    return AutodiffError(code, f"einsum(): {message}", operands=operands)


def _ellipsis_at(text: str, i: int) -> bool:
    return text[i : i + 3] == ELLIPSIS


def _input_labels(left: str, count: int) -> list[list[str]]:
    """The labels of each operand; raises PyTorch's errors."""
    labels: list[list[str]] = [[] for _ in range(count)]
    current, i = 0, 0
    while i < len(left):
        char = left[i]
        if char == ".":
            if ELLIPSIS in labels[current]:
                raise _mistake(f"found '.' for operand {current} for which an ellipsis was already found")
            if not _ellipsis_at(left, i):
                raise _mistake(f"found '.' for operand {current} that is not part of any ellipsis")
            labels[current].append(ELLIPSIS)
            i += 2
        elif char == ",":
            current += 1
            if current >= count:
                raise _mistake("fewer operands were provided than specified in the equation")
        elif char != " ":
            _check_letter(char, i)
            labels[current].append(char)
        i += 1
    if current != count - 1:
        raise _mistake("more operands were provided than specified in the equation")
    return labels


def _check_letter(char: str, index: int) -> None:
    if not (char.isascii() and char.isalpha()):
        raise _mistake(
            f"invalid subscript given at index {index} in the equation string, subscripts must be in [a-zA-Z]"
        )


def _output_labels(right: str, seen: list[str], offset: int) -> list[str]:
    labels: list[str] = []
    i = 0
    while i < len(right):
        char = right[i]
        if char == ".":
            if ELLIPSIS in labels:
                raise _mistake("found '.' for output but an ellipsis (...) was already found")
            if not _ellipsis_at(right, i):
                raise _mistake("found '.' for output that is not part of any ellipsis (...)")
            labels.append(ELLIPSIS)
            i += 2
        elif char != " ":
            _check_letter(char, offset + i)
            if char in labels:
                raise _mistake(f"output subscript {char} appears more than once in the output")
            if char not in seen:
                raise _mistake(f"output subscript {char} does not appear in the equation for any input operand")
            labels.append(char)
        i += 1
    return labels


def _ellipsis_rank(labels: list[list[str]], operands: list[Node]) -> int:
    """The most dims that an ellipsis covers; raises where labels and dims do not match."""
    covered = 0
    for i, (names, operand) in enumerate(zip(labels, operands, strict=True)):
        rank, count = len(operand.shape), len(names)
        if ELLIPSIS in names:
            count -= 1
            if count > rank:
                raise _mistake(
                    f"the number of subscripts in the equation ({count}) is more than the number of dimensions ({rank})"
                    f" for operand {i}",
                    "bad-rank",
                    (i + 1,),
                )
            covered = max(covered, rank - count)
        elif count != rank:
            raise _mistake(
                f"the number of subscripts in the equation ({count}) does not match the number of dimensions ({rank})"
                f" for operand {i} and no ellipsis was given",
                "bad-rank",
                (i + 1,),
            )
    return covered


class _Plan:
    """Where each label's dim goes in the common order: the output's dims, then those that are summed."""

    def __init__(self, equation: str, operands: list[Node]) -> None:
        left, arrow, right = equation.partition("->")
        self.labels = _input_labels(left, len(operands))
        self.wide = _ellipsis_rank(self.labels, operands)
        seen = [label for names in self.labels for label in names if label != ELLIPSIS]
        if arrow:
            output = _output_labels(right, seen, len(left) + 2)
        else:
            output = [ELLIPSIS, *sorted((label for label in seen if seen.count(label) == 1), key=_order)]
        summed = sorted({label for label in seen if label not in output}, key=_order)
        self.place: dict[str, int] = {}
        rank = 0
        for label in [*output, *([] if ELLIPSIS in output else [ELLIPSIS]), *summed]:
            if label == ELLIPSIS and ELLIPSIS not in output:
                self.output_rank = rank
            self.place[label] = rank
            rank += self.wide if label == ELLIPSIS else 1
        self.rank = rank
        self.output_rank = sum(self.wide if label == ELLIPSIS else 1 for label in output)
        self.sizes: dict[tuple[str, int], Dim] = {}
        self.uses = [0] * rank  # by how many operands a dim is not of size one

    def saw(self, label: str, i: int, size: Dim) -> Dim | None:
        """Note the extent of a label; returns an earlier one that disagrees."""
        if size == 1:
            return None
        self.uses[self.place[label] + i] += 1
        earlier = self.sizes.setdefault((label, i), size)
        return None if earlier == size else earlier


def _order(label: str) -> tuple[bool, str]:
    return label.islower(), label


def _aligned(plan: _Plan, position: int, x: Node) -> Node:
    """An operand with all dims of the plan, in its order; repeated labels take the diagonal."""
    order = [-1] * plan.rank
    names = plan.labels[position]
    whole = len(x.shape)
    dim = 0
    for label in names:
        if label == ELLIPSIS:
            covered = whole - (len(names) - 1)
            for i in range(plan.wide - covered, plan.wide):
                size = x.shape[dim]
                earlier = plan.saw(label, i, size)
                if earlier is not None:
                    raise _mistake(
                        f"dimension {dim} covered by ellipsis in operand {position}has size {size} which does not"
                        f" broadcast with previously seen ellipsis with size {earlier} for the respective dimension",
                        "shape-mismatch",
                        (position + 1,),
                    )
                order[plan.place[label] + i] = dim
                dim += 1
            continue
        place, size = plan.place[label], x.shape[dim]
        if order[place] == -1:
            earlier = plan.saw(label, 0, size)
            if earlier is not None:
                raise _mistake(
                    f"subscript {label} has size {size} for operand {position} which does not broadcast with previously"
                    f" seen size {earlier}",
                    "shape-mismatch",
                    (position + 1,),
                )
            order[place] = dim
            dim += 1
            continue
        first = order[place]
        if size != x.shape[first]:
            raise _mistake(
                f"subscript {label} is repeated for operand {position} but the sizes don't match, {size} !="
                f" {x.shape[first]}",
                "shape-mismatch",
                (position + 1,),
            )
        x = ops.movedim(ops.diagonal(x, 0, first, dim), (-1,), (first,))
    for place in range(plan.rank):
        if order[place] == -1:
            x = ops.unsqueeze(x, dim)
            order[place] = dim
            dim += 1
    return ops.permute(x, tuple(order))  # type: ignore[no-any-return]


def _sum_product(left: Node, right: Node, sum_dims: list[int]) -> Node:
    """left*right, broadcast, with dims summed and kept. Source: PyTorch's `sumproduct_pair`."""
    if not sum_dims:
        return left * right
    both: list[int] = []
    only_left: list[int] = []
    only_right: list[int] = []
    for i in range(len(left.shape)):
        if i in sum_dims:
            continue
        in_left, in_right = left.shape[i] != 1, right.shape[i] != 1
        (both if in_left and in_right else only_left if in_left else only_right).append(i)
    count = numel(tuple(left.shape[i] for i in both))
    total = numel(tuple(left.shape[i] for i in sum_dims))
    rows = numel(tuple(left.shape[i] for i in only_left))
    columns = numel(tuple(right.shape[i] for i in only_right))
    size = (
        *[left.shape[i] for i in (*both, *only_left)],
        *[1] * len(sum_dims),
        *[right.shape[i] for i in only_right],
    )
    order = [*both, *only_left, *sum_dims, *only_right]
    a = ops.reshape(ops.permute(left, tuple(order)), (count, rows, total))
    b = ops.reshape(ops.permute(right, (*both, *sum_dims, *only_right, *only_left)), (count, total, columns))
    back = [0] * len(order)
    for place, dim in enumerate(order):
        back[dim] = place
    return ops.permute(VIEW(bmm(a, b), size), tuple(back))  # type: ignore[no-any-return]


def _contract(plan: _Plan, a: Node, b: Node) -> Node:
    """The product of two operands, summed over the dims that no other operand has."""
    shared: list[int] = []
    in_a: list[int] = []
    in_b: list[int] = []
    for dim in range(plan.output_rank, plan.rank):
        if a.shape[dim] != 1 and b.shape[dim] != 1:
            plan.uses[dim] -= 1
            if plan.uses[dim] == 1:
                shared.append(dim)
                plan.uses[dim] = 0
        elif plan.uses[dim] == 1 and (a.shape[dim] != 1 or b.shape[dim] != 1):
            (in_a if a.shape[dim] != 1 else in_b).append(dim)
            plan.uses[dim] = 0
    a = SUM(a, tuple(in_a), True) if in_a else a
    b = SUM(b, tuple(in_b), True) if in_b else b
    return _sum_product(a, b, shared)


def _einsum(equation: str, operands: list[Node]) -> Node:
    if not operands:
        raise AutodiffError(
            "missing-argument",
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its"
            " subscripts list",
            type="ValueError",
        )
    operands = [strengthen(operand, operand.dtype) for operand in operands]
    plan = _Plan(equation, operands)
    waiting = deque(_aligned(plan, position, operand) for position, operand in enumerate(operands))
    while len(waiting) > 1:
        waiting.appendleft(_contract(plan, waiting.popleft(), waiting.popleft()))
    result = waiting[0]
    if plan.rank == plan.output_rank:
        return result
    if len(operands) > 1:
        return VIEW(result, result.shape[: plan.output_rank])  # type: ignore[no-any-return]
    return SUM(result, tuple(range(plan.output_rank, plan.rank)), False)  # type: ignore[no-any-return]


einsum = Operands(
    "einsum(equation: str, operands: Tensors)",
    _einsum,
    doc="Products of tensors summed over the labels that the equation leaves out of the result.",
    example="einsum('ij,jk->ik', [[1., 2.], [3., 4.]], [[1., 0.], [0., 2.]])",
    samples=[
        "einsum('ij,jk->ik', x, y); x:2,3, y:3,2",
        "einsum('bij,bjk', x, y); x:2,2,3, y:2,3,2",
        "einsum('i,j->ij', x, y); x:2, y:3",
        "einsum('ii->i', x); x:3,3",
        "einsum('ii', x); x:3,3",
        "einsum('ij->ji', x); x:2,3",
        "einsum('...ij,...j->...i', x, y); x:2,2,3, y:3",
        "einsum('i,ij,j->', x, y, z); x:2, y:2,3, z:3",
        "einsum('ij,ij->i', x, y); x:2,3, y:2,3",
    ],
)
register(einsum)
