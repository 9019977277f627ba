"""Products, transposes and sums of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence

from autodiff.formula.term.algebra import add, dim_term, mul, numel_term, outer, power, power_of, scalars_of
from autodiff.formula.term.core import (
    ELEMENTWISE,
    TRANSPOSES,
    Term,
    common_shape,
    eye,
    is_zero,
    make,
    num,
    number_of,
    ones,
    spend,
    zeros,
)
from autodiff.formula.term.functions import fn
from autodiff.formula.term.laws import MAKERS, rewritten
from autodiff.formula.term.units import item
from autodiff.graph.sizes import Shape, reduced

# Matrices


def transpose(x: Term) -> Term:
    """The transpose, at the leaves; remembered, and found without recursion: terms may be thousands deep."""
    stack = [x]
    while stack:
        top = stack[-1]
        if top in TRANSPOSES or len(top.shape) < 2:
            stack.pop()
            continue
        missing = [arg for arg in _passed_through(top) if len(arg.shape) == 2 and arg not in TRANSPOSES]
        if missing:
            stack.extend(missing)
        else:
            TRANSPOSES[top] = _transposed(top)
            stack.pop()
    return x if len(x.shape) < 2 else TRANSPOSES[x]


def _passed_through(x: Term) -> Sequence[Term]:
    """The operands that a transpose passes on to."""
    if x.kind in ("chain", "add", "mul"):
        return x.args
    if x.kind == "pow" and number_of(x.args[1]) is not None:
        return x.args[:1]
    if x.kind == "fn" and x.data[0] in ELEMENTWISE and len(x.args) == 1:
        return x.args
    return ()


def _transposed(x: Term) -> Term:
    found = rewritten("T", x)
    if found is not None:
        return found
    kind = x.kind
    if kind == "chain":
        return chain([TRANSPOSES.get(arg) or transpose(arg) for arg in reversed(x.args)])
    if kind == "fn" and x.data == ("inv",) and transpose(x.args[0]) is x.args[0]:
        return x
    if kind == "col":
        return make("row", x.args, None, (1, x.args[0].shape[0]))
    if kind == "row":
        return column(x.args[0])
    if kind == "add":
        return add([_turned(arg) for arg in x.args])
    if kind == "mul":
        return mul([num(x.data), *[_turned(arg) for arg in x.args]])
    if kind == "pow" and number_of(x.args[1]) is not None:
        return power(transpose(x.args[0]), x.args[1])
    if kind == "fn" and x.data[0] in ELEMENTWISE and len(x.args) == 1:
        return fn(x.data[0], [transpose(x.args[0])], x.data[1:], x.shape[::-1])
    return make("t", (x,), None, x.shape[::-1])


def _turned(x: Term) -> Term:
    """An operand of a matrix-shaped sum or product, transposed with it."""
    return column(x) if len(x.shape) == 1 else transpose(x)


def column(x: Term) -> Term:
    scalars, rest = scalars_of(x)
    if scalars:
        return mul([*scalars, column(rest)])
    if x.kind == "ones":
        return ones((x.shape[0], 1))
    return make("col", (x,), None, (x.shape[0], 1))


def row(x: Term) -> Term:
    scalars, rest = scalars_of(x)
    if scalars:
        return mul([*scalars, row(rest)])
    if x.kind == "ones":
        return ones((1, x.shape[0]))
    return make("row", (x,), None, (1, x.shape[0]))


def flat(x: Term) -> Term | None:
    """The vector in a row or column."""
    if x.kind in ("row", "col"):
        return x.args[0]
    if x.kind == "ones" and 1 in x.shape:
        return ones((x.shape[0] if x.shape[1] == 1 else x.shape[1],))
    if x.kind == "mul":
        scalars, rest = scalars_of(x)
        inner = flat(rest) if scalars else None
        return mul([*scalars, inner]) if inner is not None else None
    return None


def chain_shape(args: Sequence[Term]) -> Shape:
    first = args[0].shape[:-1]
    return (*first, *args[-1].shape[1:]) if len(args[-1].shape) == 2 else first


def chain(terms: Sequence[Term]) -> Term:
    """The matrix product; the first and the last may be vectors."""
    joined = _joined(terms)
    if joined is not None:
        return joined
    args: list[Term] = []
    scalars: list[Term] = []
    for place, term in enumerate(terms):
        out, rest = scalars_of(term)
        scalars.extend(out)
        flat = rest.kind == "chain" and len(rest.shape) == 2
        args.extend(rest.args if flat else _inner(rest, place == len(terms) - 1))
    shape = chain_shape(args)
    if any(is_zero(arg) for arg in args) or any(number_of(s) == 0 for s in scalars):
        return zeros(shape)
    result = _chain(args, shape)
    return mul([*scalars, result]) if scalars else result


PLAIN = ("var", "t", "chain")
SPECIAL_KINDS = ("ones", "col", "row", "outer", "eye")


def _joined(terms: Sequence[Term]) -> Term | None:
    """The product of plain matrices and chains of them: only where two meet is there something to look at."""
    args: list[Term] = []
    for term in terms:
        if term.kind not in PLAIN or len(term.shape) != 2 or 1 in term.shape:
            return None
        new = term.args if term.kind == "chain" else (term,)
        if args and (
            _meeting(args[-1], new[0]) is not None or args[-1].kind in SPECIAL_KINDS or new[0].kind in SPECIAL_KINDS
        ):
            return None
        args.extend(new)
    spend(len(args) // 16)
    return make("chain", args, None, chain_shape(args))


def _inner(term: Term, last: bool) -> Sequence[Term]:
    """A vector that is itself a chain `A @ x` at an end."""
    if term.kind == "chain" and len(term.shape) == 1:
        if last:
            return term.args
        return [term.args[-1], *[transpose(arg) for arg in reversed(term.args[:-1])]]
    return [term]


def _chain(args: list[Term], shape: Shape) -> Term:
    args = _cancelled(args)
    if not args:
        return eye(shape[0])
    if len(args) == 1:
        return args[0]
    for i, arg in enumerate(args):
        if arg.kind == "col" and i + 1 < len(args) and args[i + 1].kind == "row":
            return chain([*args[:i], outer(arg.args[0], args[i + 1].args[0]), *args[i + 2 :]])
        if arg.kind == "ones" and len(arg.shape) == 2 and 0 < i < len(args) - 1:
            left = chain([*args[:i], ones(arg.shape[:1])])
            right = chain([ones(arg.shape[1:]), *args[i + 1 :]])
            return outer(left, right) if left.shape and right.shape else mul([left, right])
        if arg.kind == "outer":
            left = chain([*args[:i], arg.args[0]]) if i else arg.args[0]
            right = chain([arg.args[1], *args[i + 1 :]]) if i + 1 < len(args) else arg.args[1]
            return outer(left, right) if left.shape and right.shape else mul([left, right])
    if args[-1].kind == "col":
        return _as_column(chain([*args[:-1], args[-1].args[0]]), shape)
    if args[0].kind == "row":
        inner = chain([args[0].args[0], *args[1:]])
        return row(inner) if inner.shape else mul([inner, ones(shape)])
    vectors = len(args[0].shape) == 1, len(args[-1].shape) == 1
    if vectors == (True, False):
        args = [*[transpose(arg) for arg in reversed(args[1:])], args[0]]
        vectors = False, True
    if vectors == (True, True):
        if args[0].kind == "unit":
            args = [*[transpose(arg) for arg in reversed(args[1:])], args[0]]
        if args[-1].kind == "unit":
            return item(chain(args[:-1]) if len(args) > 2 else args[0], args[-1].data)
        if args[0].kind == "ones" and len(args) > 1:
            args = [*[transpose(arg) for arg in reversed(args[1:])], args[0]]
        turned = [transpose(arg) for arg in reversed(args)]
        first = (turns(turned), turned[0].id) < (turns(args), args[0].id)
        if first and args[-1].kind != "ones" and turned[-1].kind != "ones":
            args = turned
    if vectors[1] and args[-1].kind == "unit":
        line = item(transpose(args[-2]), args[-1].data)
        return chain([*args[:-2], line]) if len(args) > 2 else line
    found = _meeting(args[-2], args[-1]) if vectors[1] else None
    if found is not None:
        return chain([*args[:-2], found]) if len(args) > 2 else found
    return make("chain", args, None, shape)


def _as_column(x: Term, shape: Shape) -> Term:
    return column(x) if x.shape else mul([x, ones(shape)])


def turns(args: Sequence[Term]) -> int:
    return sum(arg.kind == "t" for arg in args)


def _cancelled(args: list[Term]) -> list[Term]:
    """Without identities and without matrices next to their inverses."""
    result: list[Term] = []
    for arg in args:
        found = _meeting(result[-1], arg) if result else None
        if found is None:
            result.append(arg)
            continue
        result.pop()
        if found.kind != "eye" or not result:
            result.append(found)
    return result


def _meeting(a: Term, b: Term) -> Term | None:
    """What two neighbours in a product are together, where a law says it."""
    x, y = (a.args[0], b.args[0]) if a.kind == "t" and b.kind == "t" else (a, b)
    plain = x.kind != "fn" and y.kind != "fn"  # no law is about those: this is asked often
    return None if plain and a.kind != "eye" and b.kind not in ("eye", "ones") else rewritten("@", a, b)


# Sums over elements


def _as_trace(x: Term) -> Term | None:
    """sum(A*B.T) as trace(A @ B)."""
    if x.kind != "mul" or len(x.args) != 2 or any(len(a.shape) != 2 for a in x.args):
        return None
    a, b = x.args
    if (a.kind == "t") == (b.kind == "t") or "ones" in (a.kind, b.kind):
        return None
    matrix, other = (b, a) if a.kind == "t" else (a, b)
    if matrix.shape != x.shape or other.shape != x.shape:
        return None
    product = chain([matrix, other.args[0]])
    return make("fn", (product,), ("trace",), ()) if product.kind == "chain" else None


def total(x: Term, dims: tuple[int, ...] | None, keepdim: bool) -> Term:
    """The sum of all elements (dims None), or along dims."""
    rank = len(x.shape)
    if dims is None or len(dims) == rank:
        result = _total(x)
        return mul([result, ones((1,) * rank)]) if keepdim else result
    shape = reduced(x.shape, dims, keepdim)
    if is_zero(x):
        return zeros(shape)
    scalars, rest = scalars_of(x)
    if rest.kind == "fn" and rest.data in (("softmax", dims), ("one_hot", dims)):
        return mul([*scalars, ones(shape)])
    if rest.kind == "ones":
        counts = [dim_term(x.shape[d]) for d in dims]
        return mul([*scalars, *counts, ones(shape)])
    if scalars:
        return mul([*scalars, total(rest, dims, keepdim)])
    if x.kind == "add" and all(_adds_up(arg, dims) for arg in x.args):
        return add([total(mul([arg, ones(x.shape)]), dims, keepdim) for arg in x.args])
    if x.kind == "add" and len(x.args) <= FEW and any(_is_mean(arg) for arg in x.args):
        parts = add([total(mul([arg, ones(x.shape)]), dims, keepdim) for arg in x.args])
        if is_zero(parts):  # of a difference to the mean
            return zeros(shape)
    if rank == 2 and keepdim:
        inner = total(x, dims, False)
        return column(inner) if dims == (1,) else row(inner)
    if rank == 2:
        if _is_turned(x):
            return total(transpose(x), (1 - dims[0],), False)
        if x.kind == "outer":
            return mul([_total(x.args[dims[0]]), x.args[1 - dims[0]]])
        if x.kind == "mul":
            fixed = [a for a in x.args if (len(a.shape) == 1 if dims == (0,) else _is_column(a))]
            others = [a for a in x.args if a not in fixed and a.kind != "ones"]
            if fixed and common_shape(others) == x.shape:
                out = [_vector_of(a) for a in fixed]
                return mul([*out, total(mul(others), dims, False)])
            across = [a for a in x.args if (len(a.shape) == 1 if dims == (1,) else _is_column(a))]
            others = [a for a in x.args if a not in across and a.kind != "ones"]
            if across and not fixed and not others:
                return mul([_total(mul([_vector_of(a) for a in across])), ones(shape)])
            if across and not fixed and common_shape(others) == x.shape:
                vector = mul([_vector_of(a) for a in across])
                matrix = mul(others)
                return chain([matrix if dims == (1,) else transpose(matrix), vector])
            if fixed and len(fixed) + sum(a.kind == "ones" for a in x.args) == len(x.args):
                out = [_vector_of(a) for a in fixed]
                return mul([*out, dim_term(x.shape[dims[0]])])
    separate = _separate_sum(x, dims) if rank > 2 and keepdim else None
    return separate if separate is not None else make("sum", (x,), (dims, keepdim), shape)


def _separate_sum(x: Term, dims: tuple[int, ...]) -> Term | None:
    """Of factors of which each goes along the summed dims or along the others: those of a Kronecker product."""
    if x.kind != "mul" or any(len(arg.shape) != len(x.shape) for arg in x.args):
        return None
    factors = [arg for arg in x.args if arg.kind != "ones"]
    summed = [arg for arg in factors if all(size == 1 for d, size in enumerate(arg.shape) if d not in dims)]
    others = [arg for arg in factors if arg not in summed]
    if not summed or any(arg.shape[d] != 1 for arg in others for d in dims):
        return None
    inner = common_shape(summed)
    counts = [dim_term(x.shape[d]) for d in dims if inner[d] == 1 != x.shape[d]]
    return mul([num(x.data), *counts, _total(mul(summed)), *others, ones(reduced(x.shape, dims, True))])


def _is_turned(x: Term) -> bool:
    """Whether this is a transpose, or a power or function of one."""
    while len(x.args) and len(x.shape) == 2 and (x.kind == "pow" or (x.kind == "fn" and x.data[0] in ELEMENTWISE)):
        x = x.args[0]
    return x.kind == "t"


def _is_column(x: Term) -> bool:
    """Whether this is a column of a vector or a power of one."""
    return x.kind == "col" or (x.kind == "pow" and x.args[0].kind == "col" and not x.args[1].shape)


def _vector_of(x: Term) -> Term:
    if x.kind == "pow" and x.args[0].kind == "col":
        return power(x.args[0].args[0], x.args[1])
    return x.args[0] if x.kind == "col" else x


FEW = 4  # parts of a sum that is looked at for a difference to a mean


def _is_mean(x: Term) -> bool:
    """Whether this is a multiple of a sum along a dim."""
    _, rest = scalars_of(x)
    return (rest.args[0] if rest.kind in ("col", "row") else rest).kind == "sum"


def _adds_up(x: Term, dims: tuple[int, ...]) -> bool:
    """Whether the sum along dims is known: of one-hot rows, of what is the same along them."""
    _, rest = scalars_of(x)
    alike = len(rest.shape) == 0 or all(rest.shape[d] == 1 for d in dims) or rest.kind == "ones"
    return alike or (rest.kind == "fn" and rest.data in (("softmax", dims), ("one_hot", dims)))


def _before_reshape(x: Term) -> Term | None:
    """A product of powers of tensors that all had another shape, in that shape."""
    found = []
    for factor in x.args if x.kind == "mul" else (x,):
        base, exponent = power_of(factor)
        if base.kind != "fn" or base.data[0] != "reshape" or number_of(exponent) is None:
            return None
        found.append(power(base.args[0], exponent))
    same = all(factor.shape == found[0].shape for factor in found)
    return mul([num(x.data) if x.kind == "mul" else num(1), *found]) if same else None


def _countable(x: Term) -> bool:
    """Whether the sum over this needs no elements: of a number, an identity, a product of sums."""
    _, rest = scalars_of(x)
    return not rest.shape or rest.kind in ("ones", "eye", "outer")


def _total(x: Term) -> Term:
    if not x.shape:
        return x
    if is_zero(x):
        return num(0)
    found = rewritten("sum", x) if len(x.shape) == 2 else None
    if found is not None:
        return found
    scalars, rest = scalars_of(x) if len(x.shape) != 2 else ([], x)
    if scalars:
        return mul([*scalars, _total(rest)])
    if x.kind == "ones" and len(x.shape) != 2:
        return numel_term(x.shape)
    if x.kind == "unit":
        return num(1)
    if x.kind in ("col", "row") or (x.kind == "fn" and x.data[0] == "reshape"):
        return _total(x.args[0])
    before = _before_reshape(x)
    if before is not None:
        return _total(before)
    if x.kind == "fn" and x.data[0] in ("softmax", "one_hot") and len(x.data) == 2:
        return numel_term(tuple([size for d, size in enumerate(x.shape) if (d,) != x.data[1]]))
    if x.kind == "fn" and x.data == ("diag",) and len(x.args[0].shape) == 2:
        return MAKERS["trace"](x.args[0])
    if x.kind == "mul" and len(x.shape) == 2 and any(arg.kind == "eye" for arg in x.args):
        others = [arg for arg in x.args if arg.kind != "eye"]
        if common_shape(others) == x.shape:
            return MAKERS["trace"](mul([num(x.data), *others]))
    turned = _as_trace(x)
    if turned is not None:
        return turned
    vectors = x.kind == "mul" and all(a.shape == x.shape and a.kind not in ("ones", "ind") for a in x.args)
    if vectors and len(x.shape) == 1 and len(x.args) == 2:
        return chain([x.args[0], x.args[1]])
    if x.kind == "mul" and len(x.shape) == 2:
        product = next((a for a in x.args if a.kind == "outer"), None)
        others = [a for a in x.args if a is not product and a.kind != "ones"]
        if product is not None and common_shape(others) == x.shape:
            return chain([product.args[0], mul(others), product.args[1]])
    if x.kind == "add" and all(_countable(arg) for arg in x.args):
        return add([_total(mul([arg, ones(x.shape)])) for arg in x.args])
    return make("sum", (x,), (None, False), ())


MAKERS.update({"@": chain, "sum": total, "T": transpose, "outer": outer})
