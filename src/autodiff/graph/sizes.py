"""Shapes without values: a dimension is an int or a named size.

A `Size` is a polynomial with integer coefficients over size names (`m*n + 1`), so that shapes of flattened,
concatenated or repeated tensors have one normal form and compare structurally.  All shape arithmetic that
operations share is here; it raises PyTorch's errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from autodiff.errors import AutodiffError


class Size:
    """A non-constant polynomial over size names; operators return an int where the result is constant."""

    __slots__ = ("terms",)

    def __init__(self, terms: tuple[tuple[tuple[str, ...], int], ...]) -> None:
        self.terms = terms  # sorted ((names…), coefficient), no zero coefficients

    @staticmethod
    def named(name: str) -> Size:
        return Size((((name,), 1),))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)

    def __add__(self, other: Dim) -> Dim:
        return _collect(self.terms + _terms(other))

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        return self + other * -1

    def __rsub__(self, other: Dim) -> Dim:
        return self * -1 + other

    def __mul__(self, other: Dim) -> Dim:
        products = [(tuple(sorted(a + b)), p * q) for a, p in self.terms for b, q in _terms(other)]
        return _collect(products)

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        quotient = divide(self, other)
        if quotient is None:
            raise _needs_sizes(f"{self} is not known to be a multiple of {other}")
        return quotient

    def __rfloordiv__(self, other: Dim) -> Dim:
        raise _needs_sizes(f"{other} is not known to be a multiple of {self}")

    def __lt__(self, other: object) -> bool:
        raise _needs_sizes(f"whether {self} is less than {other} depends on its value")

    __gt__ = __le__ = __ge__ = __lt__

    def __repr__(self) -> str:
        text = ""
        for names, coefficient in self.terms:
            factors = list(names)
            if abs(coefficient) != 1 or not names:
                factors.insert(0, str(abs(coefficient)))
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} {'*'.join(factors)}"
        return text.removeprefix(" + ").replace(" - ", "-", 1) if text.startswith(" - ") else text.removeprefix(" + ")


Dim: TypeAlias = int | Size
Shape: TypeAlias = tuple[Dim, ...]


def _needs_sizes(why: str) -> AutodiffError:
    return AutodiffError("needs-value", why, help="give the sizes as numbers, or give the variable a value")


def _terms(dim: Dim) -> tuple[tuple[tuple[str, ...], int], ...]:
    if isinstance(dim, Size):
        return dim.terms
    return (((), dim),) if dim else ()


def _collect(products: Iterable[tuple[tuple[str, ...], int]]) -> Dim:
    total: dict[tuple[str, ...], int] = {}
    for names, coefficient in products:
        total[names] = total.get(names, 0) + coefficient
    terms = tuple(sorted((item for item in total.items() if item[1]), key=lambda item: (-len(item[0]), item[0])))
    if not terms:
        return 0
    if len(terms) == 1 and not terms[0][0]:
        return terms[0][1]
    return Size(terms)


def divide(a: Dim, b: Dim) -> Dim | None:
    """a / b when it is exact for every value of the names, else None (b must be a single term)."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b if b and a % b == 0 else None
    divisor = _terms(b)
    if len(divisor) != 1:
        return 1 if a == b else None
    names, coefficient = divisor[0]
    quotient = []
    for term, factor in _terms(a):
        rest = list(term)
        for name in names:
            if name not in rest:
                return None
            rest.remove(name)
        if factor % coefficient:
            return None
        quotient.append((tuple(rest), factor // coefficient))
    return _collect(quotient)


def is_concrete(shape: Shape) -> bool:
    return all(isinstance(dim, int) for dim in shape)


def concrete(shape: Shape) -> tuple[int, ...]:
    """The shape as integers; raises `needs-value` when a size is only a name."""
    for dim in shape:
        if not isinstance(dim, int):
            raise _needs_sizes(f"the size {dim} has no value here")
    return shape  # type: ignore[return-value]


def numel(shape: Shape) -> Dim:
    """Number of elements."""
    total: Dim = 1
    for dim in shape:
        total = total * dim
    return total


def show(shape: Iterable[Dim]) -> str:
    """`[2, 3]`, as PyTorch writes shapes in messages."""
    return "[" + ", ".join(map(str, shape)) + "]"


def size_text(shape: Iterable[Dim]) -> str:
    """`torch.Size([2, 3])`."""
    return f"torch.Size({show(shape)})"


def broadcast(a: Shape, b: Shape, operands: Sequence[int] = (0, 1)) -> Shape:
    """The common shape of two; raises `shape-mismatch`, PyTorch's message, naming the operands at fault."""
    if a == b:
        return a
    if len(a) < len(b):
        padded, longer, swapped = a, b, True
    else:
        padded, longer, swapped = b, a, False
    offset = len(longer) - len(padded)
    result = list(longer)
    for i in range(len(padded) - 1, -1, -1):
        p, q = padded[i], longer[offset + i]
        if p == q or p == 1:
            continue
        if q == 1:
            result[offset + i] = p
            continue
        first, second = (p, q) if swapped else (q, p)
        raise AutodiffError(
            "shape-mismatch",
            f"The size of tensor a ({first}) must match the size of tensor b ({second})"
            f" at non-singleton dimension {offset + i}",
            operands=operands,
            help="counted from the last dimension, sizes must be equal, or one of them 1",
        )
    return tuple(result)


def broadcast_all(shapes: Sequence[Shape]) -> Shape:
    result: Shape = ()
    for position, shape in enumerate(shapes):
        result = broadcast(result, shape, (0, position))
    return result


def normalize_dim(dim: int, rank: int, operand: int = 0) -> int:
    """`dim` counted from the front; raises `dim-out-of-range` with PyTorch's message. A scalar has one virtual dim."""
    extent = max(rank, 1)
    if not -extent <= dim < extent:
        raise AutodiffError(
            "dim-out-of-range",
            f"Dimension out of range (expected to be in range of [{-extent}, {extent - 1}], but got {dim})",
            type="IndexError",
            operands=(operand,),
            help=f"dims are counted 0 to {extent - 1} from the front, -1 to {-extent} from the back"
            if extent > 1
            else "there is one dim, 0",
        )
    return dim % extent


def normalize_dims(dims: Iterable[int], rank: int) -> tuple[int, ...]:
    """Every dim counted from the front, in the order given; raises for one that appears twice."""
    result: list[int] = []
    for dim in dims:
        normal = normalize_dim(dim, rank)
        if normal in result:
            raise AutodiffError("bad-value", f"dim {normal} appears multiple times in the list of dims", operands=(0,))
        result.append(normal)
    return tuple(result)


def reduced(shape: Shape, dims: Iterable[int] | None, keepdim: bool) -> Shape:
    """What remains of a shape when `dims` (normalised; None is all) are reduced."""
    gone = set(range(len(shape))) if dims is None else set(dims)
    if keepdim:
        return tuple(1 if i in gone else dim for i, dim in enumerate(shape))
    return tuple(dim for i, dim in enumerate(shape) if i not in gone)


def infer_view(shape: Shape, target: Sequence[Dim]) -> Shape:
    """The target of a view with its -1 filled in; raises `bad-view`."""
    for place, dim in enumerate(target):
        if isinstance(dim, int) and dim < -1:
            raise AutodiffError("bad-view", f"invalid shape dimension {dim} at index {place} of shape {show(target)}")
    count = numel(shape)
    unknown = [i for i, dim in enumerate(target) if dim == -1]
    if len(unknown) > 1:
        raise AutodiffError("bad-view", "only one dimension can be inferred")
    known = numel(tuple(dim for dim in target if dim != -1))
    wrong = AutodiffError(
        "bad-view",
        f"shape '{show(target)}' is invalid for input of size {count}",
        operands=(0,),
        help="the sizes must multiply to the number of elements; -1 stands for what is left",
    )
    if not unknown:
        if known != count:
            raise wrong
        return tuple(target)
    if known == 0:
        if count != 0:
            raise wrong
        raise AutodiffError(
            "bad-view",
            f"cannot reshape tensor of 0 elements into shape {show(target)} because the unspecified dimension size"
            " -1 can be any value and is ambiguous",
        )
    rest = divide(count, known)
    if rest is None:
        raise wrong
    return tuple(rest if dim == -1 else dim for dim in target)


def contiguous_strides(shape: Shape) -> Shape:
    """Strides, in elements, of a tensor laid out row by row."""
    strides: list[Dim] = []
    step: Dim = 1
    for dim in reversed(shape):
        strides.append(step)
        step = step * (1 if dim == 0 else dim)
    return tuple(reversed(strides))
