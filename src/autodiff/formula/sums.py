"""Other forms of a sum: something taken out, brought over a common divisor, multiplied out, or put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import reduce
from math import gcd

from autodiff.formula import term as t
from autodiff.formula.term import Term
from autodiff.graph.sizes import Shape

MANY = 12  # of a sum with more parts, only what most parts share is tried
TRIED = 6
MULTIPLIED = 24  # parts, at most, of a product that is multiplied out


def forms(term: Term) -> Iterator[Term]:
    """Forms of a sum, all of them equal to it."""
    content = _content([t.split(arg)[0] for arg in term.args])
    if content not in (0, 1):
        inside = t.add([t.times(1 / content, arg) for arg in term.args])
        yield t.make("mul", (inside,), content, term.shape)
    few = len(term.args) <= MANY
    if few:
        yield from _same_divisors(term)
        yield from _alternatives(term)
        yield from over_common(term)
        yield from _nested_quotients(term)
        yield from _expanded(term)
        yield from _one_log(term)
        yield from _shared_sizes(term)
    yield from _shared_factors(term, few)
    yield from _shared_ends(term, few)
    yield from _one_sum(term)


def _same_divisors(term: Term) -> Iterator[Term]:
    """x/2 - sum(x)/6 as (x - sum(x)/3)/2."""
    coefficients = [t.split(arg)[0] for arg in term.args]
    for scale in {abs(c): None for c in coefficients if isinstance(c, Fraction) and c.denominator > 1}:
        inside = t.add([t.times(1 / scale, arg) for arg in term.args])
        if inside.kind == "add":
            yield t.make("mul", (inside,), scale, term.shape)


def _one_log(term: Term) -> Iterator[Term]:
    """log(a) - log(b) as log(a/b)."""
    logs = [(arg, *t.split(arg)) for arg in term.args]
    logs = [part for part in logs if part[2].kind == "fn" and part[2].data == ("log",)]
    for a, x, left in logs:
        for b, y, right in logs:
            if x > 0 and y == -x:
                ratio = t.fn("log", [t.mul([left.args[0], t.power(right.args[0], -1)])])
                yield t.add([*[arg for arg in term.args if arg is not a and arg is not b], t.times(x, ratio)])


def _shared_sizes(term: Term) -> Iterator[Term]:
    """a/(m*n) + b/(m*n) as (a + b)/(m*n): one size alone would leave the sum as long."""
    shared: dict[Term, Fraction] | None = None
    for arg in term.args:
        _, core = t.split(arg)
        sizes = {}
        for factor in core.args if core.kind == "mul" else (core,):
            base, exponent = t.power_of(factor)
            n = t.number_of(exponent)
            if base.kind == "dim" and isinstance(n, Fraction) and n < 0:
                sizes[base] = n
        shared = sizes if shared is None else {base: n for base, n in shared.items() if sizes.get(base) == n}
    if shared is not None and len(shared) > 1:
        above = [t.mul([arg, *[t.power(base, -n) for base, n in shared.items()]]) for arg in term.args]
        yield t.mul([t.add(above), *[t.power(base, n) for base, n in shared.items()]])


def _shared_factors(term: Term, few: bool) -> Iterator[Term]:
    shared: dict[Term, list[Term]] = {}
    for arg in term.args:
        for factor in _factors(arg):
            shared.setdefault(factor, []).append(arg)
    found = [(factor, parts) for factor, parts in shared.items() if len(parts) > 1]
    if not few:
        found = sorted(found, key=lambda item: -len(item[1]))[:TRIED]
    for factor, parts in found:
        whole = len(parts) == len(term.args)
        if whole or not few or factor.kind not in ("var", "pow"):
            yield from _taken_out(term, factor, parts)


# What a matrix product or an outer product begins or ends with: a name of the place, and what stands there.
Place = tuple[str, Term]


def _ends(term: Term) -> Iterator[tuple[Place, Term]]:
    """Each end of the term that could be taken out, and the rest."""
    coefficient, core = t.split(term)
    scalars: list[Term] = []
    if core.kind == "mul":
        scalars, core = t.scalars_of(core)
    rest: Callable[[Term], Term] = lambda x: t.mul([t.num(coefficient), *scalars, x])  # noqa: E731
    if core.kind == "chain":
        for place, end, others in (("left", core.args[0], core.args[1:]), ("right", core.args[-1], core.args[:-1])):
            yield (place, end), rest(t.chain(others) if len(others) > 1 else others[0])
        if len(core.args[-1].shape) == 1:  # the vector that a matrix stands before
            before = core.args[:-1]
            yield ("right", core.args[-1]), rest(t.chain(before) if len(before) > 1 else before[0])
    elif core.kind == "sum" and core.data in (((0,), False), ((1,), False)) and len(core.args[0].shape) == 2:
        (x,) = core.args
        summed = core.data[0][0]
        yield ("left", t.transpose(x) if summed == 0 else x), rest(t.ones((x.shape[summed],)))
    elif core.kind == "outer":
        u, v = core.args
        yield ("u", u), rest(v)
        yield ("v", v), rest(u)
        if u.kind == "chain":
            yield ("left", u.args[0]), rest(t.outer(t.chain(u.args[1:]) if len(u.args) > 2 else u.args[1], v))
        if v.kind == "chain":
            inner = t.chain(v.args[1:]) if len(v.args) > 2 else v.args[1]
            yield ("right", t.transpose(v.args[0])), rest(t.outer(u, inner))


JOIN: dict[str, Callable[[Term, Term], Term]] = {
    "left": lambda end, inside: t.chain([end, inside]),
    "right": lambda end, inside: t.chain([inside, end]),
    "u": t.outer,
    "v": lambda end, inside: t.outer(inside, end),
}


def _shared_ends(term: Term, few: bool) -> Iterator[Term]:
    shared: dict[Place, dict[Term, Term]] = {}
    for arg in term.args:
        for place, rest in _ends(arg):
            shared.setdefault(place, {})[arg] = rest
    found = [(place, parts) for place, parts in shared.items() if len(parts) > 1]
    if not few:
        found = sorted(found, key=lambda item: -len(item[1]))[:TRIED]
    for (where, end), parts in found:
        inside = t.add(list(parts.values()))
        if not inside.shape:
            continue
        negative = inside.kind == "add" and all(t.split(arg)[0] < 0 for arg in inside.args)
        if negative:
            joined = t.neg(JOIN[where](end, t.add([t.neg(arg) for arg in inside.args])))
        else:
            joined = JOIN[where](end, inside)
        others = [arg for arg in term.args if arg not in parts]
        yield t.add([*others, joined]) if others else joined


def _one_sum(term: Term) -> Iterator[Term]:
    """sum(x) - sum(y) + n*a as sum(x - y + a), n being how many there are."""
    whole: dict[Shape, list[tuple[Term, Term]]] = {}
    for arg in term.args:
        scalars, rest = _summand(arg) if not arg.shape else ([], None)
        if rest is not None:
            whole.setdefault(rest.shape, []).append((arg, t.mul([*scalars, rest])))
    for shape, parts in whole.items():
        inside = [part for _, part in parts]
        others = [arg for arg in term.args if not arg.shape and all(arg is not part for part, _ in parts)]
        tensors = [arg for arg in term.args if arg.shape]
        count = t.numel_term(shape)
        each = [t.mul([arg, t.power(count, -1)]) for arg in others]
        counted = [x for x in each if not _has_sizes(x)]
        if len(parts) + len(counted) > 1:
            left = [arg for arg, x in zip(others, each, strict=True) if _has_sizes(x)]
            one = t.make("sum", (t.add([*inside, *counted]),), (None, False), ())
            yield t.add([*tensors, *left, one])


def _summand(term: Term) -> tuple[list[Term], Term | None]:
    coefficient, core = t.split(term)
    factors = core.args if core.kind == "mul" else (core,)
    sums = [factor for factor in factors if factor.kind == "sum" and factor.data == (None, False)]
    if len(sums) != 1:
        return [], None
    others = [factor for factor in factors if factor is not sums[0]]
    return [t.num(coefficient), *others], sums[0].args[0]


def _has_sizes(term: Term) -> bool:
    _, core = t.split(term)
    return any(t.power_of(factor)[0].kind == "dim" for factor in (core.args if core.kind == "mul" else (core,)))


def spread(term: Term) -> Iterator[Term]:
    """sum(x + a) as sum(x) + n*a, for a sum over all elements."""
    (x,) = term.args
    if term.data == (None, False) and x.kind == "add":
        yield t.add([t.total(t.mul([arg, t.ones(x.shape)]), None, False) for arg in x.args])


def _spread_parts(term: Term) -> list[Term]:
    scalars, rest = _summand(term)
    if rest is None or rest.kind != "add" or term.shape:
        return [term]
    return [t.total(t.mul([*scalars, arg, t.ones(rest.shape)]), None, False) for arg in rest.args]


def _expanded(term: Term) -> Iterator[Term]:
    """Every product of sums multiplied out, where parts cancel."""
    parts: list[Term] = []
    for arg in term.args:
        parts.extend(inner for part in multiplied_out(arg, squares=True) for inner in _spread_parts(part))
        if len(parts) > MULTIPLIED:
            return
    if len(parts) > len(term.args):
        yield t.add(parts)


def multiplied_out(term: Term, squares: bool = False) -> list[Term]:
    """The parts of a product of sums; powers of sums stay, but for squares where these are asked for."""
    coefficient, core = t.split(term)
    parts = [t.num(coefficient)]
    for factor in core.args if core.kind == "mul" else (core,):
        terms = factor.args if factor.kind == "add" else (factor,)
        if squares and factor.kind == "pow" and factor.args[0].kind == "add" and t.number_of(factor.args[1]) == 2:
            terms = tuple(t.mul([a, b]) for a in factor.args[0].args for b in factor.args[0].args)
        if len(parts) * len(terms) > MULTIPLIED:
            return [term]
        parts = [t.mul([part, inner]) for part in parts for inner in terms]
    return parts


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
        if exponent.kind == "add" and any(part.kind == "num" for part in exponent.args):
            found.append(t.power(base, t.add([part for part in exponent.args if part.kind != "num"])))
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
    """What holds where the term is not zero."""
    _, core = t.split(term)
    factors = core.args if core.kind == "mul" else (core,)
    found = [arg.args[0] for arg in factors if arg.kind == "ind"]
    return found + [t.compare(">", arg.args[0], t.num(0)) for arg in factors if _is_relu(arg)]


def _is_relu(term: Term) -> bool:
    return term.kind == "fn" and term.data == ("relu",)


def _without(term: Term, condition: Term) -> Term:
    """The term where the condition holds."""
    coefficient, core = t.split(term)
    args = core.args if core.kind == "mul" else (core,)
    kept = [arg for arg in args if not (arg.kind == "ind" and arg.args[0] is condition) and arg.kind != "ones"]
    kept = [
        arg.args[0] if _is_relu(arg) and t.compare(">", arg.args[0], t.num(0)) is condition else arg for arg in kept
    ]
    return t.mul([t.num(coefficient), *kept])


def over_common(term: Term) -> Iterator[Term]:
    """The sum over a divisor of some of its parts, as it stands above and multiplied out."""
    divisors: dict[Term, Fraction] = {}
    for arg in term.args:
        _, core = t.split(arg)
        for factor in core.args if core.kind == "mul" else (core,):
            base, exponent = t.power_of(factor)
            n = t.number_of(exponent)
            if isinstance(n, Fraction) and n < 0 and base.kind != "dim":
                divisors[base] = max(divisors.get(base, Fraction(0)), -n)
    if len(divisors) > 1 and all(n <= 2 for n in divisors.values()):
        yield from _over_all(term, divisors)
    for base, n in divisors.items():
        if n > 2:
            continue
        above = [t.mul([arg, t.power(base, n)]) for arg in term.args]
        below = t.power(base, -n)
        if base.kind == "add" and n.denominator == 1:
            yield t.mul([t.add([part for rest in above for part in _without_powers(rest, base)]), below])
        else:
            yield t.mul([t.add(above), below])
        out = [part for rest in above for whole in _without_powers(rest, base) for part in multiplied_out(whole)]
        if len(out) <= MULTIPLIED:
            yield t.mul([t.add(out), below])


def _nested_quotients(term: Term) -> Iterator[Term]:
    """1/(1 + x/(x + 1)) + a as (x + 1)/(2*x + 1) + a, and that over common divisors."""
    parts = [_with_one_quotient(arg) for arg in term.args]
    if any(a is not b for a, b in zip(parts, term.args, strict=True)):
        whole = t.add(parts)
        yield whole
        if whole.kind == "add" and len(whole.args) <= MANY:
            yield from over_common(whole)


def _with_one_quotient(term: Term) -> Term:
    coefficient, core = t.split(term)
    factors = []
    for factor in core.args if core.kind == "mul" else (core,):
        base, exponent = t.power_of(factor)
        n = t.number_of(exponent)
        if base.kind == "add" and len(base.args) <= MANY and isinstance(n, Fraction) and n.denominator == 1:
            base = next((form for form in over_common(base) if form.kind != "add"), base)
            factor = t.power(base, exponent)
        factors.append(factor)
    return t.mul([t.num(coefficient), *factors, t.ones(term.shape)])


def _over_all(term: Term, divisors: dict[Term, Fraction]) -> Iterator[Term]:
    """a/b + c/d as (a*d + b*c)/(b*d), multiplied out."""
    above = [t.mul([arg, *[t.power(base, n) for base, n in divisors.items()]]) for arg in term.args]
    below = t.mul([t.power(base, -n) for base, n in divisors.items()])
    for base in divisors:
        above = [part for whole in above for part in _without_powers(whole, base)]
        if len(above) > MULTIPLIED:
            return
    out = [part for whole in above for part in multiplied_out(whole)]
    if len(out) <= MULTIPLIED:
        yield t.mul([t.add(out), below])


def _without_powers(term: Term, base: Term) -> list[Term]:
    """A product in which a sum stands (once or squared), multiplied out by that sum."""
    _, core = t.split(term)
    for factor in core.args if core.kind == "mul" else (core,):
        inner, exponent = t.power_of(factor)
        if inner is base and base.kind == "add" and t.number_of(exponent) in (1, 2):
            rest = t.mul([term, t.power(base, -1)])
            return [part for arg in base.args for part in _without_powers(t.mul([rest, arg]), base)]
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


LARGE = 40  # parts, and factors of each, from which on a sum is written with what all of them share


def over_each(term: Term) -> Term:
    """a*b*c*… times (1/a + 1/b + 1/c + …), for the derivative of a product of many factors, which is short so."""
    coefficient, core = t.split(term)
    if core.kind != "add" or len(core.args) < LARGE or any(len(arg.args) < LARGE for arg in core.args):
        return term
    counted = Counter(factor for arg in core.args for factor in arg.args)
    most: dict[Term, Fraction] = {}
    for factor, count in counted.items():
        base, exponent = t.power_of(factor)
        n = t.number_of(exponent)
        if 2 * count > len(core.args):
            if not isinstance(n, Fraction) or base.kind == "mul":
                return term
            most[base] = max(n, most.get(base, n))
    whole = [t.power(base, n) for base, n in most.items()]
    factors = set(whole)
    parts = []
    for arg in core.args:
        own = set(arg.args)
        missing = [factor for factor in whole if factor not in own]
        others = [factor for factor in arg.args if factor not in factors]
        if 2 * len(missing) > len(whole):
            return term
        parts.append(t.mul([t.num(t.split(arg)[0]), *others, *[t.power(factor, -1) for factor in missing]]))
    return t.mul([t.num(coefficient), *whole, t.add(parts)])
