"""Other forms of a product: a minus sign put into a difference, a coefficient or a divisor into a sum."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from autodiff.formula import sums
from autodiff.formula import term as t
from autodiff.formula.rewrite import rebuild
from autodiff.formula.term import Term


def forms(term: Term) -> Iterator[Term]:
    """Forms of a product, a chain or an outer product, all of them equal to it."""
    if term.kind != "mul":
        return
    if len(term.args) == 1 and term.args[0].kind == "add" and term.data != 1:
        yield t.add([t.times(term.data, arg) for arg in term.args[0].args])
    if term.data < 0:
        yield from _turned_differences(term)
    yield from _divided_sums(term)
    yield from _same_up_to_a_number(term)
    yield from _differences_of_squares(term)
    yield from _diagonals(term)
    if any(f.kind == "add" and any(_has_unit(arg) for arg in f.args) for f in term.args):
        yield t.add(sums.multiplied_out(term))
    yield from _over_common(term)
    yield from _doubled_angles(term)
    yield from _softmaxes(term)


def _turned_differences(term: Term) -> Iterator[Term]:
    """-2*(a - b) @ c as 2*(b - a) @ c."""
    for i, factor in enumerate(term.args):
        others = [*term.args[:i], *term.args[i + 1 :]]
        for turned in _negatives(factor):
            yield t.mul([t.num(-term.data), turned, *others, t.ones(term.shape)])


LINEAR = ("mul", "chain", "outer", "sum", "col", "row")  # in each of the operands
DEPTH = 4


def _negatives(term: Term, depth: int = 0) -> Iterator[Term]:
    """What -term is when a difference in it is turned round."""
    if _is_difference(term):
        yield _turned(term)
    elif term.kind == "fn" and term.data == ("log",):
        if _divisors(term.args[0]):
            yield t.fn("log", [t.power(term.args[0], -1)])
    elif term.kind in LINEAR and depth < DEPTH:
        for i, inner in enumerate(term.args):
            for turned in _negatives(inner, depth + 1):
                yield rebuild(term, [*term.args[:i], turned, *term.args[i + 1 :]])


def _is_difference(term: Term) -> bool:
    return term.kind == "add" and any(t.split(arg)[0] < 0 for arg in term.args)


def _turned(term: Term) -> Term:
    return t.add([t.neg(arg) for arg in term.args])


def _divided_sums(term: Term) -> Iterator[Term]:
    """1/(x^2*(1 + y^2/x^2)) as 1/(x^2 + y^2)."""
    for factor in term.args:
        inside, exponent = t.power_of(factor)
        n = t.number_of(exponent)
        if inside.kind != "add" or not isinstance(n, Fraction):
            continue
        for other in term.args:
            base, power = t.power_of(other)
            m = t.number_of(power)
            if other is factor or not isinstance(m, Fraction) or (m / n).denominator != 1 or m / n < 1:
                continue
            if not any(base in _divisors(arg) for arg in inside.args):
                continue
            if n.denominator != 1 and not _is_positive(base):
                continue  # 1/(a*sqrt(1 - x^2/a^2)) has the sign of a
            scale = t.power(base, m / n)
            rest = [arg for arg in term.args if arg is not factor and arg is not other]
            within = t.add([t.mul([arg, scale]) for arg in inside.args])
            yield t.mul([t.num(term.data), *rest, t.power(within, exponent), t.ones(term.shape)])


def _is_positive(term: Term) -> bool:
    """Whether a number is seen not to be negative."""
    base, exponent = t.power_of(term)
    n = t.number_of(exponent)
    if isinstance(n, Fraction) and n != 1:
        return n.denominator != 1 or n.numerator % 2 == 0
    if base.kind == "mul":
        return base.data > 0 and all(map(_is_positive, base.args))
    return base.kind in ("dim", "ind") or (base.kind == "fn" and base.data[0] in POSITIVE)


POSITIVE = ("exp", "abs", "norm", "std", "var", "cosh", "sigmoid", "relu", "softmax")


def _same_up_to_a_number(term: Term) -> Iterator[Term]:
    """(2 - 2*x^2)/sqrt(1 - x^2) as 2*sqrt(1 - x^2)."""
    bases = [t.power_of(factor)[0] for factor in term.args]
    for i, factor in enumerate(term.args):
        base, exponent = t.power_of(factor)
        n = t.number_of(exponent)
        if base.kind != "add" or not isinstance(n, Fraction) or n.denominator != 1:
            continue
        first = t.split(base.args[0])[0]
        for other in bases:
            if other is base or other.kind != "add" or len(other.args) != len(base.args):
                continue
            ratio = first / t.split(other.args[0])[0]
            if t.add([t.times(ratio, arg) for arg in other.args]) is base:
                rest = [arg for k, arg in enumerate(term.args) if k != i]
                yield t.mul([t.num(term.data), t.num(ratio**n.numerator), t.power(other, exponent), *rest])


def _differences_of_squares(term: Term) -> Iterator[Term]:
    """1/((1 - x)*(1 + x)) as 1/(1 - x^2)."""
    pairs = [t.power_of(factor) for factor in term.args]
    sums_of_two = [(i, *pair) for i, pair in enumerate(pairs) if pair[0].kind == "add" and len(pair[0].args) == 2]
    for i, a, n in sums_of_two:
        for k, b, m in sums_of_two:
            if i >= k or n is not m or not isinstance(t.number_of(n), Fraction):
                continue
            p, q = (t.times(Fraction(1, 2), x) for x in (t.add([a, b]), t.sub(a, b)))  # a = p + q, b = p - q
            if "add" in (t.split(p)[1].kind, t.split(q)[1].kind):
                continue
            square = t.sub(t.power(p, 2), t.power(q, 2))
            rest = [arg for j, arg in enumerate(term.args) if j not in (i, k)]
            yield t.mul([t.num(term.data), *rest, t.power(square, n), t.ones(term.shape)])


def _diagonals(term: Term) -> Iterator[Term]:
    """A*eye(n) as diag(diag(A))."""
    others = [arg for arg in term.args if arg.kind != "eye"]
    matrices = [arg for arg in others if len(arg.shape) == 2]
    if len(others) < len(term.args) and matrices:
        numbers = [arg for arg in others if not arg.shape]
        if len(numbers) + len(matrices) == len(others):
            yield t.mul([t.num(term.data), *numbers, t.diagonal(t.diagonal(t.mul(matrices)))])


def _has_unit(term: Term) -> bool:
    return any(factor.kind == "unit" for factor in (term.args if term.kind == "mul" else (term,)))


def _doubled_angles(term: Term) -> Iterator[Term]:
    """2*sin(x)*cos(x) as sin(2*x)."""
    for sine, cosine in (("sin", "cos"), ("sinh", "cosh")):
        for factor in term.args:
            if factor.kind != "fn" or factor.data != (sine,):
                continue
            other = t.fn(cosine, factor.args, (), factor.shape)
            if other in term.args:
                rest = [arg for arg in term.args if arg is not factor and arg is not other]
                double = t.fn(sine, [t.times(Fraction(2), factor.args[0])], (), factor.shape)
                yield t.mul([t.num(term.data), t.num(Fraction(1, 2)), *rest, double, t.ones(term.shape)])


def _softmaxes(term: Term) -> Iterator[Term]:
    """exp(x)/sum(exp(x)) as softmax(x, 0), also where the exponentials stand in a matrix product."""
    for divisor in term.args:
        base, exponent = t.power_of(divisor)
        line = base.args[0] if base.kind in ("col", "row") else base
        if line.kind != "sum" or t.number_of(exponent) != -1:
            continue
        (summed,) = line.args
        dims = tuple(range(len(summed.shape))) if line.data[0] is None else line.data[0]
        if summed.kind != "fn" or summed.data != ("exp",) or len(dims) != 1:
            continue
        if len(line.shape) == 1 and dims != ((1,) if base.kind == "col" else (0,)):
            continue
        shares = t.make("fn", summed.args, ("softmax", dims), summed.shape)
        rest = [arg for arg in term.args if arg is not divisor]
        for i, factor in enumerate(rest):
            if factor is summed:
                new = shares
            elif factor.kind in ("chain", "outer") and not divisor.shape and summed in factor.args:
                where = factor.args.index(summed)
                new = rebuild(factor, [*factor.args[:where], shares, *factor.args[where + 1 :]])
            else:
                continue
            yield t.mul([t.num(term.data), *rest[:i], new, *rest[i + 1 :], t.ones(term.shape)])


def _over_common(term: Term) -> Iterator[Term]:
    """A factor that is a sum brought over a common divisor, when another factor then cancels or merges."""
    for factor in term.args:
        base, exponent = t.power_of(factor)
        if base.kind == "add" and len(base.args) <= sums.MANY and t.number_of(exponent) in (1, -1):
            rest = [arg for arg in term.args if arg is not factor]
            for form in sums.over_common(base):
                yield t.mul([t.num(term.data), *rest, t.power(form, exponent), t.ones(term.shape)])


def _divisors(term: Term) -> list[Term]:
    _, core = t.split(term)
    found = []
    for factor in core.args if core.kind == "mul" else (core,):
        base, exponent = t.power_of(factor)
        n = t.number_of(exponent)
        if isinstance(n, Fraction) and n < 0:
            found.append(base)
    return found
