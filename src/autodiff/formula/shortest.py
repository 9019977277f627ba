"""The shortest of a few forms: factors taken out of sums, sums over common divisors, signs where they cost nothing.

Every form is the same by algebra; which is shortest is what the printer says.  A budget of printed characters bounds
the search, so that it ends soon on any input, with the form that it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from math import gcd

from autodiff.formula import term as t
from autodiff.formula.printing import Printer, length
from autodiff.formula.rewrite import postorder, rebuild
from autodiff.formula.term import Term

# The shortest form


def shortest(term: Term, printer: Printer) -> Term:
    """The term with shared factors taken out of its sums, where that is shorter."""
    done: dict[Term, Term] = {}
    for inner in postorder(term):
        args = [done[arg] for arg in inner.args]
        new = inner if all(a is b for a, b in zip(args, inner.args, strict=True)) else rebuild(inner, args)
        if new.kind == "add":
            new = _best(new, printer)
        elif new.kind == "mul" and new.data != 1 and new.args[0].kind == "add":
            spread = t.add([t.times(new.data, arg) for arg in new.args[0].args]) if len(new.args) == 1 else new
            new = min((new, spread), key=lambda form: length(printer.text(form)))
        done[inner] = new
    return done[term]


def _best(term: Term, printer: Printer) -> Term:
    best, size = term, length(printer.text(term))
    for form in _factored(term):
        shorter = length(printer.text(form))
        if shorter < size or (shorter == size and form.kind == "mul" and form.data == -1 and best is term):
            best, size = form, shorter
    return best


def _factored(term: Term) -> list[Term]:
    """Forms of a sum with something taken out of some of its parts."""
    forms: list[Term] = []
    if len(term.args) > 12:
        return forms
    content = _content([t.split(arg)[0] for arg in term.args])
    if content not in (0, 1):
        inside = t.add([t.times(1 / content, arg) for arg in term.args])
        forms.append(t.make("mul", (inside,), content, term.shape))
    forms.extend(_alternatives(term))
    forms.extend(_over_common(term))
    shared: dict[Term, list[Term]] = {}
    for arg in term.args:
        for factor in _factors(arg):
            shared.setdefault(factor, []).append(arg)
    for factor, parts in shared.items():
        whole = len(parts) == len(term.args)
        if len(parts) > 1 and (whole or factor.kind not in ("var", "pow")):
            forms.extend(_taken_out(term, factor, parts))
    for end in (0, -1):
        chains: dict[Term, list[Term]] = {}
        for arg in term.args:
            core = _chain_of(arg)
            if core is not None:
                chains.setdefault(core.args[end], []).append(arg)
        for matrix, parts in chains.items():
            if len(parts) > 1:
                forms.extend(_chain_taken_out(term, matrix, parts, end))
    return [form for form in forms if form.shape == term.shape]


def _content(coefficients: list[t.Scalar]) -> Fraction:
    exact = [c for c in coefficients if isinstance(c, Fraction)]
    if len(exact) != len(coefficients):
        return Fraction(0)
    above = reduce(gcd, [abs(c.numerator) for c in exact])
    below = reduce(lambda a, b: a * b // gcd(a, b), [c.denominator for c in exact])
    sign = -1 if all(c < 0 for c in exact) else 1
    return Fraction(sign * above, below)


def _factors(term: Term) -> list[Term]:
    """Whole factors, and for powers each lower power that could be taken out."""
    _, core = t.split(term)
    found = []
    for factor in core.args if core.kind == "mul" else (core,):
        if factor.kind == "ones" or factor.kind == "num":
            continue
        found.append(factor)
        base, exponent = t.power_of(factor)
        n = t.number_of(exponent)
        if isinstance(n, Fraction) and n.denominator == 1:
            step = 1 if n > 0 else -1
            found.extend(t.power(base, k) for k in range(step, n.numerator, step))
    return found


def _alternatives(term: Term) -> Iterator[Term]:
    """Two parts with opposite conditions as one where."""
    for i, a in enumerate(term.args):
        for condition in _conditions(a):
            for b in term.args[i + 1 :]:
                if t.negation(condition) in _conditions(b):
                    rest = [arg for arg in term.args if arg is not a and arg is not b]
                    yes, no = _without(a, condition), _without(b, t.negation(condition))
                    yield t.add([*rest, t.make("fn", (condition, yes, no), ("where",), term.shape)])


def _conditions(term: Term) -> list[Term]:
    _, core = t.split(term)
    return [arg.args[0] for arg in (core.args if core.kind == "mul" else (core,)) if arg.kind == "ind"]


def _without(term: Term, condition: Term) -> Term:
    coefficient, core = t.split(term)
    args = core.args if core.kind == "mul" else (core,)
    kept = [arg for arg in args if not (arg.kind == "ind" and arg.args[0] is condition) and arg.kind != "ones"]
    return t.mul([t.num(coefficient), *kept])


def _over_common(term: Term) -> Iterator[Term]:
    """The sum over a common divisor that is itself a sum, multiplied out above."""
    divisors: dict[Term, Fraction] = {}
    for arg in term.args:
        _, core = t.split(arg)
        for factor in core.args if core.kind == "mul" else (core,):
            base, exponent = t.power_of(factor)
            n = t.number_of(exponent)
            if base.kind == "add" and isinstance(n, Fraction) and n < 0 and n.denominator == 1:
                divisors[base] = max(divisors.get(base, Fraction(0)), -n)
    for base, n in divisors.items():
        if n > 2:
            continue
        above: list[Term] = []
        for arg in term.args:
            rest = t.mul([arg, t.power(base, n)])
            above.extend(_multiplied_out(rest, base))
        yield t.mul([t.add(above), t.power(base, -n)])


def _multiplied_out(term: Term, base: Term) -> list[Term]:
    _, core = t.split(term)
    for factor in core.args if core.kind == "mul" else (core,):
        inner, exponent = t.power_of(factor)
        if inner is base and t.number_of(exponent) in (1, 2):
            rest = t.mul([term, t.power(base, -1)])
            return [part for arg in base.args for part in _multiplied_out(t.mul([rest, arg]), base)]
    return [term]


def _taken_out(term: Term, factor: Term, parts: list[Term]) -> Iterator[Term]:
    inside = t.add([t.mul([part, t.power(factor, -1)]) for part in parts])
    if inside.kind == "add" and len(_factors(inside)) == 1:
        best = inside
        for arg in inside.args:  # and what these have in common as well
            for other in _factors(arg):
                if all(other in _factors(a) for a in inside.args):
                    best = t.add([t.mul([a, t.power(other, -1)]) for a in inside.args])
                    factor = t.mul([factor, other])
                    break
            break
        inside = best
    product = t.mul([factor, inside])
    rest = [arg for arg in term.args if arg not in parts]
    yield t.add([*rest, product]) if rest else product


def _chain_of(term: Term) -> Term | None:
    _, core = t.split(term)
    return core if core.kind == "chain" else None


def _chain_taken_out(term: Term, matrix: Term, parts: list[Term], end: int) -> Iterator[Term]:
    inner = []
    for part in parts:
        coefficient, core = t.split(part)
        args = core.args[1:] if end == 0 else core.args[:-1]
        inner.append(t.times(coefficient, t.chain(args) if len(args) > 1 else args[0]))
    inside = t.add(inner)
    product = t.chain([matrix, inside] if end == 0 else [inside, matrix])
    rest = [arg for arg in term.args if arg not in parts]
    yield t.add([*rest, product]) if rest else product
