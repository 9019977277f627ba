"""Sums, products and powers in normal form: flat, with like terms and like factors collected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from autodiff.formula.term.core import (
    CORES,
    Scalar,
    Term,
    common_shape,
    is_zero,
    make,
    num,
    number_of,
    one,
    ones,
    spend,
    zeros,
)
from autodiff.graph.sizes import Dim, Shape

# A product of more factors is one factor of others, so that long products do not grow quadratically.
WIDE = 500

# What `units` adds: factors beside a vector that has only one element.
OF_VECTORS: list[Callable[[list[Term]], list[Term]]] = []

# Sums


def split(term: Term) -> tuple[Scalar, Term]:
    """A term as coefficient and the rest."""
    if term.kind == "num":
        return term.data, num(1)
    if term.kind == "mul":
        core = term if term.data == 1 else CORES.get(term)
        if core is None:
            core = CORES[term] = product(Fraction(1), list(term.args), term.shape)
        return term.data, core
    return Fraction(1), term


def unbroadcast(term: Term) -> Term:
    """A product without its factor of ones."""
    if term.kind == "ones":
        return num(1)
    if term.kind == "mul" and term.shape and any(arg.kind == "ones" for arg in term.args):
        return product(term.data, [arg for arg in term.args if arg.kind != "ones"], None)
    return term


def add(terms: Sequence[Term]) -> Term:
    shape = common_shape(terms)
    rows_are_vectors = len(shape) == 2 and shape[0] != 1
    found: dict[Term, Scalar] = {}
    stack: list[tuple[Scalar, Term]] = [(Fraction(1), term) for term in reversed(terms)]
    while stack:
        factor, term = stack.pop()
        spend(1 + len(term.args) // 16)
        coefficient, core = split(unbroadcast(term))
        coefficient = coefficient * factor
        if core.kind == "add":
            stack.extend((coefficient, arg) for arg in reversed(core.args))
        elif coefficient:
            if rows_are_vectors and core.kind == "row":
                core = core.args[0]
            found[core] = found.get(core, Fraction(0)) + coefficient
    cores = sorted(found.items(), key=lambda item: item[0].id)
    args = [times(coefficient, core) for core, coefficient in cores if coefficient]
    if not args:
        return zeros(shape)
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
        return product(term.data * coefficient, list(term.args), term.shape)
    return make("mul", (term,), coefficient, term.shape)


def neg(term: Term) -> Term:
    return times(Fraction(-1), term)


def sub(a: Term, b: Term) -> Term:
    return add([a, neg(b)])


# Products and powers


def product(coefficient: Scalar, factors: list[Term], shape: Shape | None) -> Term:
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
    spend(len(terms))
    coefficient: Scalar = Fraction(1)
    powers: dict[Term, Term] = {}  # by base, the exponent
    exponents: list[Term] = []  # of e
    first = one()
    stack = list(reversed(terms))
    while stack:
        term = stack.pop()
        if term.kind == "num":
            coefficient = coefficient * term.data
        elif term.kind == "mul":
            coefficient = coefficient * term.data
            if len(term.args) > WIDE:
                wide = split(term)[1]
                powers[wide] = add([powers[wide], first]) if wide in powers else first
            else:
                stack.extend(reversed(term.args))
                spend(len(term.args))
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
        factor = base if exponent is first else power(base, exponent)
        again = (
            again
            or (factor.kind in ("num", "mul") and len(factor.args) <= WIDE)
            or (factor.kind == "fn" and factor.data[0] == "exp")
        )
        if not (factor.kind == "num" and factor.data == 1) and factor.kind != "ones":
            factors.append(factor)
    if exponents:
        factor = exp(add(exponents))
        again = again or factor.kind == "pow" or (factor.kind != "fn" and _is_merged(factor))
        factors.append(factor)
    if len(factors) > 1 and any(factor.kind == "unit" for factor in factors):
        elements = OF_VECTORS[0](factors)
        if any(a is not b for a, b in zip(elements, factors, strict=False)) or len(elements) < len(factors):
            factors, again = elements, any(factor.shape for factor in factors if factor.kind != "unit")
    if again:
        return mul([num(coefficient), *factors, ones(shape)])
    return product(coefficient, _outer_factors(factors), shape)


def _is_merged(factor: Term) -> bool:
    """Whether a power turned into something that a product is to take in."""
    if factor.kind in ("num", "mul"):
        return len(factor.args) <= WIDE
    return factor.kind == "fn" and factor.data[0] == "exp"


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
    return term, one()


def power(base: Term, exponent: Term | int | Fraction) -> Term:
    if not isinstance(exponent, Term):
        exponent = num(exponent)
    n = number_of(exponent)
    if n is None:
        if base.kind == "fn" and base.data[0] == "exp":
            return exp(mul([base.args[0], exponent]))
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
    if base.kind == "fn" and base.data[0] == "std" and isinstance(n, Fraction) and n % 2 == 0:
        return power(make("fn", base.args, ("var", *base.data[1:]), base.shape), n / 2)
    if (base.kind == "mul" and base.args[-1].kind == "ones") or (base.kind == "mul" and base.args[0].kind == "ones"):
        return mul([power(unbroadcast(base), exponent), ones(base.shape)])
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


def exp(x: Term) -> Term:
    """e^x; logarithms in the exponent become powers."""
    if is_zero(x):
        return ones(x.shape)
    parts = list(x.args) if x.kind == "add" else [x]
    found = _softmax(x, parts) if x.kind == "add" else None
    if found is not None:
        return found
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
    if x.kind == "fn" and x.data[0] == "log_softmax":
        return make("fn", x.args, ("softmax", *x.data[1:]), x.shape)
    return make("fn", (x,), ("exp",), x.shape)


def _softmax(x: Term, parts: Sequence[Term]) -> Term | None:
    """e^(x - logsumexp(x)), the sum along one dim or over all elements of a vector."""
    for part in parts:
        coefficient, core = split(part)
        along = core.args[0] if core.kind in ("col", "row") else core
        if coefficient != -1 or along.kind != "fn" or along.data[0] != "logsumexp":
            continue
        (inner,) = along.args
        dims = along.data[1]
        if len(along.shape) == 1 and dims != ((1,) if core.kind == "col" else (0,)):
            continue  # the sums along the other dim: X - logsumexp(X, 1) for a square X
        placed = len(along.shape) <= 1 or along.data[2]
        if placed and len(dims) == 1 and sub(x, part) is inner:
            return make("fn", (inner,), ("softmax", dims), inner.shape)
    return None


# Sizes, scalar factors, and the one product of matrices that products make by themselves


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


def scalars_of(x: Term) -> tuple[list[Term], Term]:
    """The scalar factors of a tensor, and the rest."""
    if x.kind != "mul" or not x.shape:
        return [], x
    scalars = [arg for arg in x.args if not arg.shape]
    if not scalars and x.data == 1:
        return [], x
    rest = product(Fraction(1), [arg for arg in x.args if arg.shape], x.shape)
    return [num(x.data), *scalars], rest


def outer(u: Term, v: Term) -> Term:
    su, u = scalars_of(u)
    sv, v = scalars_of(v)
    shape = (u.shape[0], v.shape[0])
    if u.kind == "ones" and v.kind == "ones":
        return mul([*su, *sv, ones(shape)])
    return mul([*su, *sv, make("outer", (u, v), None, shape)]) if su or sv else make("outer", (u, v), None, shape)
