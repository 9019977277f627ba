"""Sums and products with divisors as one quotient of polynomials in lowest terms: (x^2 - 1)/(x - 1) as x + 1.

What is no sum, product or whole power counts as a letter.  Divisors stay the factors that they were written as.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from autodiff.formula import term as t
from autodiff.formula.rewrite import postorder
from autodiff.formula.term import Term

Monomial = tuple[int, ...]  # exponents, a letter each
Polynomial = dict[Monomial, Fraction]

LETTERS = 4  # of a quotient with more, or of polynomials with more or higher parts than these, nothing is tried
PARTS = 40
DEGREE = 16


class _TooLargeError(Exception):
    """The polynomials would be too large."""


class _Quotient(NamedTuple):
    above: Polynomial
    below: list[tuple[Polynomial, int]]  # different factors, each to a power


def forms(term: Term) -> Iterator[Term]:
    """The term as a quotient in lowest terms, where it divides by a sum."""
    order = postorder(term, _is_rational)
    if not any(_divides(inner) for inner in order) or not _is_rational(term):
        return
    letters = {inner: None for inner in order if not _is_rational(inner) and inner.kind not in ("num", "ones")}
    if not letters or len(letters) > LETTERS:
        return
    try:
        found = _reduced(_Reader(list(letters)).read(order))
    except _TooLargeError:
        return
    yield _term_of(found, list(letters), term)


def _is_rational(term: Term) -> bool:
    return term.kind in ("add", "mul") or (term.kind == "pow" and _whole(term) is not None)


def _whole(term: Term) -> int | None:
    n = t.number_of(term.args[1])
    return int(n) if isinstance(n, Fraction) and n.denominator == 1 and abs(n) <= DEGREE else None


def _divides(term: Term) -> bool:
    return term.kind == "pow" and term.args[0].kind == "add" and (_whole(term) or 0) < 0


class _Reader:
    def __init__(self, letters: list[Term]) -> None:
        self.one: Monomial = (0,) * len(letters)
        self.known: dict[Term, _Quotient] = {}
        for i, letter in enumerate(letters):
            self.known[letter] = _Quotient({(*self.one[:i], 1, *self.one[i + 1 :]): Fraction(1)}, [])

    def read(self, order: list[Term]) -> _Quotient:
        """The last of terms of which operands come first."""
        for term in order:
            if term not in self.known:
                self.known[term] = self._quotient(term)
        return self.known[order[-1]]

    def _number(self, value: t.Scalar) -> Polynomial:
        if not isinstance(value, Fraction):
            raise _TooLargeError
        return {self.one: value} if value else {}

    def _quotient(self, term: Term) -> _Quotient:
        if term.kind == "num":
            return _Quotient(self._number(term.data), [])
        if term.kind == "ones":
            return _Quotient(self._number(Fraction(1)), [])
        parts = [self.known[arg] for arg in term.args if arg in self.known]
        if term.kind == "mul":
            result = _Quotient(self._number(term.data), [])
            for part in parts:
                result = _Quotient(_times(result.above, part.above), _merged(result.below, part.below, 1))
            return result
        if term.kind == "add":
            return _sum(parts)
        return self._power(parts[0], _whole(term) or 0)

    def _power(self, base: _Quotient, n: int) -> _Quotient:
        if n >= 0:
            return _Quotient(_raised(base.above, n, self.one), [(factor, k * n) for factor, k in base.below])
        if not base.above:
            raise _TooLargeError
        above = self._number(Fraction(1))
        for factor, k in base.below:
            above = _times(above, _raised(factor, -n * k, self.one))
        if len(base.above) > 1:
            return _Quotient(above, [(base.above, -n)])
        ((monomial, coefficient),) = base.above.items()
        single = [tuple(e if i == j else 0 for j in range(len(monomial))) for i, e in enumerate(monomial)]
        letters = [({tuple(min(e, 1) for e in m): Fraction(1)}, -n * max(m)) for m in single if any(m)]
        return _Quotient({m: c * coefficient**n for m, c in above.items()}, letters)


# Polynomials


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    if len(a) * len(b) > PARTS * PARTS:
        raise _TooLargeError
    product: Polynomial = {}
    for m, x in a.items():
        for n, y in b.items():
            both = tuple(map(int.__add__, m, n))
            product[both] = product.get(both, Fraction(0)) + x * y
    product = {m: c for m, c in product.items() if c}
    if len(product) > PARTS or any(max(m, default=0) > DEGREE for m in product):
        raise _TooLargeError
    return product


def _raised(base: Polynomial, n: int, one: Monomial) -> Polynomial:
    result: Polynomial = {one: Fraction(1)}
    for _ in range(n):
        result = _times(result, base)
    return result


def _merged(
    a: list[tuple[Polynomial, int]], b: list[tuple[Polynomial, int]], sign: int
) -> list[tuple[Polynomial, int]]:
    """Factors of both, each to the sum of its powers (sign 1) or to the higher of them (sign 0)."""
    merged = list(a)
    for factor, n in b:
        for i, (other, m) in enumerate(merged):
            if other == factor:
                merged[i] = (factor, m + n if sign else max(m, n))
                break
        else:
            merged.append((factor, n))
    return merged


def _sum(parts: list[_Quotient]) -> _Quotient:
    below: list[tuple[Polynomial, int]] = []
    for part in parts:
        below = _merged(below, part.below, 0)
    total: Polynomial = {}
    for part in parts:
        above = part.above
        for factor, n in below:
            own = next((k for other, k in part.below if other == factor), 0)
            for _ in range(n - own):
                above = _times(above, factor)
        for m, c in above.items():
            total[m] = total.get(m, Fraction(0)) + c
    return _Quotient({m: c for m, c in total.items() if c}, below)


def _divided(a: Polynomial, b: Polynomial) -> tuple[Polynomial, Polynomial]:
    """The quotient and what is left, by the leading parts; nothing is left where b is a factor of a."""
    lead = max(b)
    quotient: Polynomial = {}
    rest = dict(a)
    while rest:
        top = max(rest)
        step = tuple(map(int.__sub__, top, lead))
        if min(step, default=0) < 0:
            break
        factor = rest[top] / b[lead]
        quotient[step] = factor
        for m, c in b.items():
            place = tuple(map(int.__add__, step, m))
            rest[place] = rest.get(place, Fraction(0)) - factor * c
            if not rest[place]:
                del rest[place]
    return quotient, rest


def _common(a: Polynomial, b: Polynomial) -> Polynomial:
    """The greatest common divisor of two polynomials in one letter."""
    while b:
        a, b = b, _divided(a, b)[1]
    return a


def _reduced(whole: _Quotient) -> _Quotient:
    above, below = whole.above, []
    single = bool(above) and len(next(iter(above))) == 1
    for factor, n in whole.below:
        while n and above:
            quotient, rest = _divided(above, factor)
            if rest:
                break
            above, n = quotient, n - 1
        common = _common(factor, above) if n == 1 and single and above else None
        if common is not None and max(common) != (0,):
            above = _divided(above, common)[0]
            factor = _divided(factor, common)[0]
        if n:
            content = _content(factor)
            above = {m: c / content**n for m, c in above.items()}
            below.append(({m: c / content for m, c in factor.items()}, n))
    return _Quotient(above, below)


def _content(polynomial: Polynomial) -> Fraction:
    """What its coefficients have in common, so that these are whole numbers."""
    above = gcd(*[c.numerator for c in polynomial.values()])
    return Fraction(above, lcm(*[c.denominator for c in polynomial.values()]))


def _term_of(quotient: _Quotient, letters: list[Term], like: Term) -> Term:
    def polynomial(parts: Polynomial) -> Term:
        return t.add(
            [
                t.mul([t.num(c), *[t.power(letter, n) for letter, n in zip(letters, m, strict=True)]])
                for m, c in sorted(parts.items())
            ]
            or [t.num(0)]
        )

    below = [t.power(polynomial(factor), -n) for factor, n in quotient.below]
    return t.mul([polynomial(quotient.above), *below, t.ones(like.shape)])
