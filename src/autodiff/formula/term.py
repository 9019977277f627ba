"""Algebraic terms: sums, products, powers and matrix chains in normal form, with exact coefficients.

Terms are made by the functions below and are interned: equal terms are the same object.  Normal form means: sums and
products are flat, like terms and like factors are collected, transposes stand at the leaves, scalars stand outside of
matrix chains, and a product with a vector is written with the vector on the right.  A scalar in a sum or product is
broadcast without saying so; `ones` is a factor that only gives a shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from autodiff.graph.sizes import Dim, Shape, broadcast, reduced

Scalar = Fraction | float

# Functions of one operand that work element by element: a transpose passes through them.
ELEMENTWISE: set[str] = set()


class Term:
    """`kind` says what it is, `args` its operands, `data` all else; equality is identity."""

    __slots__ = ("args", "data", "id", "kind", "shape")

    def __init__(self, kind: str, args: tuple[Term, ...], data: Any, shape: Shape, id: int) -> None:
        self.kind = kind
        self.args = args
        self.data = data
        self.shape = shape
        self.id = id

    def __repr__(self) -> str:
        return f"<{self.kind} #{self.id} {self.data} {[a.id for a in self.args]}>"


_known: dict[Any, Term] = {}


def forget() -> None:
    """Start numbering anew, so that the order of terms depends on one expression alone."""
    _known.clear()


def make(kind: str, args: Iterable[Term], data: Any, shape: Shape) -> Term:
    args = tuple(args)
    key = (kind, args, data, type(data), shape)
    found = _known.get(key)
    if found is None:
        found = _known[key] = Term(kind, args, data, shape, len(_known))
    return found


# Leaves


def num(value: Scalar | int) -> Term:
    return make("num", (), Fraction(value) if isinstance(value, int) else value, ())


def var(name: str, shape: Shape) -> Term:
    return make("var", (), name, shape)


def ones(shape: Shape) -> Term:
    return make("ones", (), None, shape) if shape else num(1)


def zeros(shape: Shape) -> Term:
    return make("mul", (ones(shape),), Fraction(0), shape) if shape else num(0)


def eye(size: Dim) -> Term:
    return make("eye", (), None, (size, size)) if size != 1 else ones((1, 1))


def dim_term(size: Dim) -> Term:
    """A size as a number."""
    if isinstance(size, int):
        return num(size)
    products = []
    for names, coefficient in size.terms:
        products.append(mul([num(coefficient), *[make("dim", (), name, ()) for name in names]]))
    return add(products)


def numel_term(shape: Shape) -> Term:
    return mul([dim_term(size) for size in shape])


def is_zero(term: Term) -> bool:
    return (term.kind in ("num", "mul")) and term.data == 0


def number_of(term: Term) -> Scalar | None:
    """The number that a term is, else None."""
    return term.data if term.kind == "num" else None


def diagonal(x: Term) -> Term:
    """The diagonal of a matrix, or the matrix of a diagonal."""
    if x.kind == "t":
        return diagonal(x.args[0])
    if x.kind == "outer":
        return mul([*x.args])
    scalars, rest = _scalars(x)
    if scalars:
        return mul([*scalars, diagonal(rest)])
    if len(x.shape) == 1:
        return eye(x.shape[0]) if x.kind == "ones" else make("fn", (x,), ("diag",), (x.shape[0], x.shape[0]))
    if x.kind == "eye":
        return ones(x.shape[:1])
    return make("fn", (x,), ("diag",), x.shape[:1])


def common_shape(terms: Iterable[Term]) -> Shape:
    shape: Shape = ()
    for term in terms:
        shape = broadcast(shape, term.shape)
    return shape


# Sums


def split(term: Term) -> tuple[Scalar, Term]:
    """A term as coefficient and the rest."""
    if term.kind == "num":
        return term.data, num(1)
    if term.kind == "mul":
        return term.data, _product(Fraction(1), list(term.args), term.shape)
    return Fraction(1), term


def _unbroadcast(term: Term) -> Term:
    """A product without its factor of ones."""
    if term.kind == "ones":
        return num(1)
    if term.kind == "mul" and any(arg.kind == "ones" for arg in term.args):
        return _product(term.data, [arg for arg in term.args if arg.kind != "ones"], None)
    return term


def add(terms: Sequence[Term]) -> Term:
    shape = common_shape(terms)
    found: dict[Term, Scalar] = {}
    stack: list[tuple[Scalar, Term]] = [(Fraction(1), term) for term in reversed(terms)]
    while stack:
        factor, term = stack.pop()
        coefficient, core = split(_unbroadcast(term))
        coefficient = coefficient * factor
        if core.kind == "add":
            stack.extend((coefficient, arg) for arg in reversed(core.args))
        elif coefficient:
            found[core] = found.get(core, Fraction(0)) + coefficient
    args = [times(coefficient, core) for core, coefficient in found.items() if coefficient]
    if not args:
        return zeros(shape)
    args.sort(key=lambda arg: split(arg)[1].id)
    total = args[0] if len(args) == 1 else make("add", args, None, common_shape(args))
    return total if total.shape == shape else mul([total, ones(shape)])


def times(coefficient: Scalar, term: Term) -> Term:
    """coefficient*term for a term in normal form."""
    if coefficient == 1:
        return term
    if term.kind == "num":
        return num(term.data * coefficient)
    if coefficient == 0:
        return zeros(term.shape)
    if term.kind == "mul":
        return _product(term.data * coefficient, list(term.args), term.shape)
    return make("mul", (term,), coefficient, term.shape)


def neg(term: Term) -> Term:
    return times(Fraction(-1), term)


def sub(a: Term, b: Term) -> Term:
    return add([a, neg(b)])


# Products and powers


def _product(coefficient: Scalar, factors: list[Term], shape: Shape | None) -> Term:
    """A product of collected factors; ones are added if these have not the shape."""
    natural = common_shape(factors)
    if shape is not None and natural != shape:
        factors = [*factors, ones(shape)]
        natural = shape
    if not factors:
        return num(coefficient)
    if len(factors) == 1 and coefficient == 1:
        return factors[0]
    factors.sort(key=lambda factor: factor.id)
    return make("mul", factors, coefficient, natural)


def mul(terms: Sequence[Term]) -> Term:
    """The product, element by element, with everything broadcast to a common shape."""
    shape = common_shape(terms)
    if len(shape) == 2 and shape[0] != 1:
        terms = [term.args[0] if term.kind == "row" else term for term in terms]
    coefficient: Scalar = Fraction(1)
    powers: dict[Term, Term] = {}  # by base, the exponent
    exponents: list[Term] = []  # of e
    stack = list(reversed(terms))
    while stack:
        term = stack.pop()
        if term.kind == "num":
            coefficient = coefficient * term.data
        elif term.kind == "mul":
            coefficient = coefficient * term.data
            stack.extend(reversed(term.args))
        elif term.kind == "ones":
            pass
        elif term.kind == "fn" and term.data[0] == "exp":
            exponents.append(term.args[0])
        else:
            base, exponent = power_of(term)
            if base.kind == "ind":
                exponent = num(1)
            powers[base] = add([powers[base], exponent]) if base in powers and base.kind != "ind" else exponent
    if coefficient == 0:
        return zeros(shape)
    factors: list[Term] = []
    again = False
    for base, exponent in powers.items():
        factor = power(base, exponent)
        again = again or factor.kind in ("num", "mul") or (factor.kind == "fn" and factor.data[0] == "exp")
        if not (factor.kind == "num" and factor.data == 1) and factor.kind != "ones":
            factors.append(factor)
    if exponents:
        factor = exp(add(exponents))
        again = again or factor.kind in ("num", "mul", "pow")
        factors.append(factor)
    if again:
        return mul([num(coefficient), *factors, ones(shape)])
    return _product(coefficient, _outer_factors(factors), shape)


def _outer_factors(factors: list[Term]) -> list[Term]:
    """Columns times rows are outer products."""
    columns = [f for f in factors if f.kind == "col"]
    rows = [f for f in factors if len(f.shape) == 1 or f.kind == "row"]
    if not columns or not rows:
        return factors
    rest = [f for f in factors if f not in columns and f not in rows]
    u = mul([f.args[0] for f in columns])
    v = mul([f.args[0] if f.kind == "row" else f for f in rows])
    (cu, nu), (cv, nv) = split(u), split(v)
    if cu != 1 or cv != 1 or len(nu.shape) != 1 or len(nv.shape) != 1:
        return factors
    return [*rest, outer(u, v)]


def power_of(term: Term) -> tuple[Term, Term]:
    """A term as base and exponent."""
    if term.kind == "pow":
        return term.args[0], term.args[1]
    return term, num(1)


def power(base: Term, exponent: Term | int | Fraction) -> Term:
    if not isinstance(exponent, Term):
        exponent = num(exponent)
    n = number_of(exponent)
    if n is None:
        shape = common_shape([base, exponent])
        return make("pow", (base, exponent), None, shape)
    if n == 0:
        return ones(base.shape)
    if n == 1 or base.kind == "ones":
        return base
    whole = isinstance(n, Fraction) and n.denominator == 1
    if base.kind == "num":
        if isinstance(n, Fraction) and whole and (base.data != 0 or n > 0) and abs(n) < 64:
            return num(base.data ** int(n))
        root = _root(base.data, n)
        if root is not None:
            return num(root)
    if base.kind == "mul":
        if whole:
            return mul([power(num(base.data), exponent), *[power(arg, exponent) for arg in base.args]])
        root = _root(base.data, n) if base.data != 1 else None
        if root is not None:
            return mul([num(root), power(split(base)[1], exponent)])
    if base.kind == "pow" and whole:
        return power(base.args[0], mul([base.args[1], exponent]))
    if base.kind == "fn" and base.data[0] == "exp":
        return exp(mul([base.args[0], exponent]))
    if base.kind == "fn" and base.data[0] == "abs" and n % 2 == 0:
        return power(base.args[0], exponent)
    if base.kind == "ind" and n > 0:
        return base
    return make("pow", (base, exponent), None, base.shape)


def _root(value: Scalar, n: Scalar) -> Fraction | None:
    """value^n where it is rational."""
    if not isinstance(value, Fraction) or not isinstance(n, Fraction) or value <= 0 or n.denominator > 4:
        return None
    parts = []
    for part in (value.numerator, value.denominator):
        if part > 10**12:
            return None
        root = round(part ** (1 / n.denominator))
        if root**n.denominator != part:
            return None
        parts.append(root)
    return Fraction(parts[0], parts[1]) ** n.numerator if abs(n.numerator) < 20 else None


# Functions


def fn(name: str, args: Sequence[Term], params: tuple[Any, ...] = (), shape: Shape | None = None) -> Term:
    """A call; `params` are the arguments that are no terms."""
    special = SPECIAL.get(name)
    if special is not None and not params:
        found = special(*args)
        if found is not None:
            return found
    return make("fn", args, (name, *params), common_shape(args) if shape is None else shape)


def _known_value(name: str, values: dict[Any, Any]) -> Callable[[Term], Term | None]:
    def special(x: Term) -> Term | None:
        n = number_of(x)
        if n is not None and n in values:
            return num(values[n])
        return None

    return special


def _odd(name: str) -> Callable[[Term], Term | None]:
    def special(x: Term) -> Term | None:
        if is_zero(x):
            return x
        coefficient, _ = split(x)
        if coefficient < 0 and x.kind != "num":
            return neg(fn(name, [neg(x)], (), x.shape))
        return None

    return special


def _even(name: str, at_zero: int) -> Callable[[Term], Term | None]:
    def special(x: Term) -> Term | None:
        if is_zero(x):
            return mul([num(at_zero), ones(x.shape)])
        coefficient, _ = split(x)
        return fn(name, [neg(x)], (), x.shape) if coefficient < 0 and x.kind != "num" else None

    return special


def exp(x: Term) -> Term:
    """e^x; logarithms in the exponent become powers."""
    if is_zero(x):
        return ones(x.shape)
    parts = list(x.args) if x.kind == "add" else [x]
    factors = []
    rest = []
    for part in parts:
        coefficient, core = split(part)
        if core.kind == "fn" and core.data == ("log",) and isinstance(coefficient, Fraction):
            factors.append(power(core.args[0], coefficient))
        else:
            rest.append(part)
    if factors:
        return mul([*factors, exp(add(rest))] if rest else factors)
    for part in parts:
        coefficient, core = split(part)
        if core.kind == "fn" and core.data[0] == "logsumexp" and coefficient == -1 and x.kind == "add":
            inner = sub(x, part)
            if inner is core.args[0]:
                return make("fn", (inner,), ("softmax", core.data[1]), inner.shape)
    if x.kind == "fn" and x.data[0] == "log_softmax":
        return make("fn", x.args, ("softmax", *x.data[1:]), x.shape)
    return make("fn", (x,), ("exp",), x.shape)


def _log(x: Term) -> Term | None:
    if x.kind == "fn" and x.data == ("exp",):
        return x.args[0]
    if x.kind == "num" and x.data == 1:
        return num(0)
    return None


def _abs(x: Term) -> Term | None:
    coefficient, core = split(x)
    if x.kind == "num":
        return num(abs(x.data))
    if coefficient < 0:
        return fn("abs", [neg(x)], (), x.shape)
    if core.kind == "fn" and core.data[0] in ("abs", "exp", "sigmoid"):
        return x
    return None


def inverse(x: Term) -> Term:
    coefficient, core = split(x)
    if coefficient != 1 and core.kind != "num":
        return mul([power(num(coefficient), -1), inverse(core)])
    scalars, rest = _scalars(x)
    if scalars and rest.shape == x.shape:
        return mul([*[power(s, -1) for s in scalars], inverse(rest)])
    if x.kind == "eye":
        return x
    if x.kind == "fn" and x.data == ("inv",):
        return x.args[0]
    if x.kind == "t":
        return transpose(inverse(x.args[0]))
    if x.kind == "chain" and all(len(a.shape) == 2 and a.shape[0] == a.shape[1] for a in x.args):
        return chain([inverse(a) for a in reversed(x.args)])
    return make("fn", (x,), ("inv",), x.shape)


def determinant(x: Term) -> Term:
    if x.kind == "t":
        x = x.args[0]
    if x.kind == "eye":
        return num(1)
    if x.kind == "fn" and x.data == ("inv",):
        return power(determinant(x.args[0]), -1)
    return make("fn", (x,), ("det",), ())


def trace(x: Term) -> Term:
    scalars, rest = _scalars(x)
    if scalars:
        return mul([*scalars, trace(rest)])
    if x.kind == "t":
        return trace(x.args[0])
    if x.kind == "eye":
        return dim_term(x.shape[0])
    if x.kind == "outer":
        return chain([x.args[0], x.args[1]])
    if is_zero(x):
        return num(0)
    return make("fn", (x,), ("trace",), ())


SPECIAL: dict[str, Callable[..., Term | None]] = {
    "exp": exp,
    "log": _log,
    "abs": _abs,
    "inv": inverse,
    "det": determinant,
    "trace": trace,
    "sqrt": lambda x: power(x, Fraction(1, 2)),
    "rsqrt": lambda x: power(x, Fraction(-1, 2)),
    "reciprocal": lambda x: power(x, -1),
    **{name: _odd(name) for name in ("sin", "tan", "sinh", "tanh", "asin", "atan", "asinh", "erf", "sign")},
    **{name: _even(name, 1) for name in ("cos", "cosh")},
}


# Matrices


def transpose(x: Term) -> Term:
    if len(x.shape) < 2:
        return x
    kind = x.kind
    if kind in ("t", "eye"):
        return x.args[0] if kind == "t" else x
    if kind == "chain":
        return chain([transpose(arg) for arg in reversed(x.args)])
    if kind == "outer":
        return outer(x.args[1], x.args[0])
    if kind == "fn" and x.data == ("inv",) and transpose(x.args[0]) is x.args[0]:
        return x
    if kind == "col":
        return make("row", x.args, None, (1, x.args[0].shape[0]))
    if kind == "row":
        return column(x.args[0])
    if kind == "ones":
        return ones(x.shape[::-1])
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
    scalars, rest = _scalars(x)
    if scalars:
        return mul([*scalars, column(rest)])
    if x.kind == "ones":
        return ones((x.shape[0], 1))
    return make("col", (x,), None, (x.shape[0], 1))


def row(x: Term) -> Term:
    scalars, rest = _scalars(x)
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
        scalars, rest = _scalars(x)
        inner = flat(rest) if scalars else None
        return mul([*scalars, inner]) if inner is not None else None
    return None


def _scalars(x: Term) -> tuple[list[Term], Term]:
    """The scalar factors of a tensor, and the rest."""
    if x.kind != "mul" or not x.shape:
        return [], x
    scalars = [arg for arg in x.args if not arg.shape]
    if not scalars and x.data == 1:
        return [], x
    rest = _product(Fraction(1), [arg for arg in x.args if arg.shape], x.shape)
    return [num(x.data), *scalars], rest


def outer(u: Term, v: Term) -> Term:
    su, u = _scalars(u)
    sv, v = _scalars(v)
    shape = (u.shape[0], v.shape[0])
    if u.kind == "ones" and v.kind == "ones":
        return mul([*su, *sv, ones(shape)])
    return mul([*su, *sv, make("outer", (u, v), None, shape)]) if su or sv else make("outer", (u, v), None, shape)


def chain_shape(args: Sequence[Term]) -> Shape:
    first = args[0].shape[:-1]
    return (*first, *args[-1].shape[1:]) if len(args[-1].shape) == 2 else first


def chain(terms: Sequence[Term]) -> Term:
    """The matrix product; the first and the last may be vectors."""
    args: list[Term] = []
    scalars: list[Term] = []
    for term in terms:
        out, rest = _scalars(term)
        scalars.extend(out)
        args.extend(rest.args if rest.kind == "chain" and len(rest.shape) == 2 else _inner(rest, terms))
    shape = chain_shape(args)
    if any(is_zero(arg) for arg in args) or any(number_of(s) == 0 for s in scalars):
        return zeros(shape)
    result = _chain(args, shape)
    return mul([*scalars, result]) if scalars else result


def _inner(term: Term, terms: Sequence[Term]) -> Sequence[Term]:
    """A vector that is itself a chain `A @ x` at an end."""
    if term.kind == "chain" and len(term.shape) == 1:
        if term is terms[-1]:
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
        if args[0].kind == "ones" and len(args) > 1:
            args = [*[transpose(arg) for arg in reversed(args[1:])], args[0]]
        turned = [transpose(arg) for arg in reversed(args)]
        first = (_turns(turned), turned[0].id) < (_turns(args), args[0].id)
        if first and args[-1].kind != "ones" and turned[-1].kind != "ones":
            args = turned
    if args[-1].kind == "ones" and vectors[1]:
        last = total(args[-2], (len(args[-2].shape) - 1,), False)
        return chain([*args[:-2], last]) if len(args) > 2 else last
    if vectors[1] and args[-2].kind == "fn" and args[-2].data[0] == "diag":
        return (
            chain([*args[:-2], mul([args[-2].args[0], args[-1]])])
            if len(args) > 2
            else mul([args[-2].args[0], args[-1]])
        )
    return make("chain", args, None, shape)


def _as_column(x: Term, shape: Shape) -> Term:
    return column(x) if x.shape else mul([x, ones(shape)])


def _turns(args: Sequence[Term]) -> int:
    return sum(arg.kind == "t" for arg in args)


def _cancelled(args: list[Term]) -> list[Term]:
    """Without identities and without matrices next to their inverses."""
    result: list[Term] = []
    for arg in args:
        if arg.kind == "eye":
            continue
        if result and len(arg.shape) == 2 and len(result[-1].shape) == 2 and _inverses(result[-1], arg):
            result.pop()
            continue
        result.append(arg)
    return result


def _inverses(a: Term, b: Term) -> bool:
    if a.kind == "t" and b.kind == "t":
        a, b = a.args[0], b.args[0]
    return (a.kind == "fn" and a.data == ("inv",) and a.args[0] is b) or (
        b.kind == "fn" and b.data == ("inv",) and b.args[0] is a
    )


# Sums over elements


def total(x: Term, dims: tuple[int, ...] | None, keepdim: bool) -> Term:
    """The sum of all elements (dims None), or along dims."""
    rank = len(x.shape)
    if dims is None or len(dims) == rank:
        result = _total(x)
        return mul([result, ones((1,) * rank)]) if keepdim else result
    shape = reduced(x.shape, dims, keepdim)
    if is_zero(x):
        return zeros(shape)
    scalars, rest = _scalars(x)
    if rest.kind == "ones":
        counts = [dim_term(x.shape[d]) for d in dims]
        return mul([*scalars, *counts, ones(shape)])
    if scalars:
        return mul([*scalars, total(rest, dims, keepdim)])
    if rank == 2 and keepdim:
        inner = total(x, dims, False)
        return column(inner) if dims == (1,) else row(inner)
    if rank == 2:
        if x.kind == "t":
            return total(x.args[0], (1 - dims[0],), False)
        if x.kind == "outer":
            return mul([_total(x.args[dims[0]]), x.args[1 - dims[0]]])
        if x.kind == "mul":
            fixed = [a for a in x.args if (len(a.shape) == 1 if dims == (0,) else a.kind == "col")]
            others = [a for a in x.args if a not in fixed and a.kind != "ones"]
            if fixed and common_shape(others) == x.shape:
                out = [a.args[0] if a.kind == "col" else a for a in fixed]
                return mul([*out, total(mul(others), dims, False)])
            across = [a for a in x.args if (len(a.shape) == 1 if dims == (1,) else a.kind == "col")]
            others = [a for a in x.args if a not in across and a.kind != "ones"]
            if across and not fixed and common_shape(others) == x.shape:
                vector = mul([a.args[0] if a.kind == "col" else a for a in across])
                matrix = mul(others)
                return chain([matrix if dims == (1,) else transpose(matrix), vector])
            if fixed and len(fixed) + sum(a.kind == "ones" for a in x.args) == len(x.args):
                out = [a.args[0] if a.kind == "col" else a for a in fixed]
                return mul([*out, dim_term(x.shape[dims[0]])])
    return make("sum", (x,), (dims, keepdim), shape)


def _total(x: Term) -> Term:
    if not x.shape:
        return x
    scalars, rest = _scalars(x)
    if scalars:
        return mul([*scalars, _total(rest)])
    if is_zero(x):
        return num(0)
    if x.kind == "ones":
        return numel_term(x.shape)
    if x.kind == "eye":
        return dim_term(x.shape[0])
    if x.kind == "outer":
        return mul([_total(x.args[0]), _total(x.args[1])])
    if x.kind in ("t", "col", "row") or (x.kind == "fn" and x.data[0] == "reshape"):
        return _total(x.args[0])
    vectors = x.kind == "mul" and all(a.shape == x.shape and a.kind != "ones" for a in x.args)
    if vectors and len(x.shape) == 1 and len(x.args) == 2:
        return chain([x.args[0], x.args[1]])
    if x.kind == "mul" and len(x.shape) == 2:
        product = next((a for a in x.args if a.kind == "outer"), None)
        others = [a for a in x.args if a is not product and a.kind != "ones"]
        if product is not None and common_shape(others) == x.shape:
            return chain([product.args[0], mul(others), product.args[1]])
    if x.kind == "add" and any(not arg.shape for arg in x.args):
        return add([_total(mul([arg, ones(x.shape)])) for arg in x.args])
    return make("sum", (x,), (None, False), ())


# Conditions

OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


def compare(op: str, a: Term, b: Term) -> Term:
    """A comparison; relu(x) <= 0 is x <= 0."""
    if a.kind == "fn" and a.data == ("relu",) and is_zero(b) and op in ("<=", ">"):
        a = a.args[0]
    a, b = _unbroadcast(a), num(0) if is_zero(b) else _unbroadcast(b)
    return make("cmp", (a, b), op, common_shape([a, b]))


def negation(condition: Term) -> Term:
    if condition.kind == "cmp":
        a, b = condition.args
        return make("cmp", (a, b), OPPOSITE[condition.data], condition.shape)
    if condition.kind == "fn" and condition.data == ("not",):
        return condition.args[0]
    return make("fn", (condition,), ("not",), condition.shape)


def indicator(condition: Term) -> Term:
    """1 where the condition holds, else 0; printed as where(condition, …, 0)."""
    return make("ind", (condition,), None, condition.shape)


def where(condition: Term, a: Term, b: Term) -> Term:
    shape = common_shape([condition, a, b])
    if a is b:
        return mul([a, ones(shape)])
    if is_zero(b):
        return mul([indicator(condition), a, ones(shape)])
    if is_zero(a):
        return mul([indicator(negation(condition)), b, ones(shape)])
    parts = (condition, _unbroadcast(a), _unbroadcast(b))
    return mul([make("fn", parts, ("where",), common_shape(parts)), ones(shape)])
