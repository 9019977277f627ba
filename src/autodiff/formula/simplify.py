"""Rewriting terms: identities as data, and the shortest of a few forms.

An identity is written in the language: `sin(a)^2 + cos(a)^2` is `1`.  Its letters stand for any term.  A sum or
product on the left matches within a larger one; in a sum also any multiple of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import NamedTuple

from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.printing import Printer, length
from autodiff.formula.term import Term
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64
from autodiff.graph.op import variable
from autodiff.syntax.parse import parse

ROUNDS = 8
LETTERS = "ab"


class Rule(NamedTuple):
    """left = right, for letters between low and high."""

    left: str
    right: str
    low: float = -2.0
    high: float = 2.0


RULES = [
    Rule("1/(1 + exp(a))", "sigmoid(-a)"),
    Rule("exp(a)*sigmoid(-a)", "sigmoid(a)"),
    Rule("(1 + exp(a))*sigmoid(-a)", "1"),
    Rule("sigmoid(a)/(1 - sigmoid(a))", "exp(a)"),
    Rule("sin(a)^2 + cos(a)^2", "1"),
    Rule("1 - sin(a)^2", "cos(a)^2"),
    Rule("1 - cos(a)^2", "sin(a)^2"),
    Rule("1 + tan(a)^2", "1/cos(a)^2"),
    Rule("1 + sin(a)^2/cos(a)^2", "1/cos(a)^2"),
    Rule("sin(a)/cos(a)", "tan(a)"),
    Rule("tan(a)*cos(a)", "sin(a)"),
    Rule("cosh(a)^2 - sinh(a)^2", "1"),
    Rule("sinh(a)/cosh(a)", "tanh(a)"),
    Rule("exp(log(a))", "a", 0.1, 3.0),
    Rule("log(exp(a))", "a"),
    Rule("1 + expm1(a)", "exp(a)"),
    Rule("abs(a)*sign(a)", "a"),
    Rule("a*sign(a)", "abs(a)"),
    Rule("relu(a)*where(a > 0, 1.0, 0.0)", "relu(a)"),
]


class _Compiled(NamedTuple):
    left: Term
    right: Term


def _term_of(text: str) -> Term:
    scope = {letter: variable(letter, (), float64, False) for letter in LETTERS}
    return from_graph.convert([Builder(scope).tensor(parse(text))])[0]


class Simplifier:
    """Applies the rules of one expression's terms; terms are numbered anew for each."""

    def __init__(self) -> None:
        self.rules: list[_Compiled] = []
        for rule in RULES:
            left, right = _term_of(rule.left), _term_of(rule.right)
            if left is not right:
                self.rules.append(_Compiled(left, right))
        self.done: dict[Term, Term] = {}

    def simplify(self, term: Term) -> Term:
        for _ in range(ROUNDS):
            again = self._pass(term)
            if again is term:
                break
            term = again
        return term

    def _pass(self, root: Term) -> Term:
        done = self.done
        for term in postorder(root):
            if term in done:
                continue
            args = [done[arg] for arg in term.args]
            new = term if all(a is b for a, b in zip(args, term.args, strict=True)) else rebuild(term, args)
            for rule in self.rules:
                found = _applied(rule, new)
                if found is not None:
                    new = t.mul([found, t.ones(new.shape)]) if found.shape != new.shape else found
                    break
            done[term] = new
        return done[root]


def postorder(root: Term) -> list[Term]:
    """All terms in a term, operands first."""
    order: list[Term] = []
    seen: set[Term] = set()
    stack: list[tuple[Term, bool]] = [(root, False)]
    while stack:
        term, ready = stack.pop()
        if ready:
            order.append(term)
        elif term not in seen:
            seen.add(term)
            stack.append((term, True))
            stack.extend((arg, False) for arg in term.args)
    return order


def rebuild(term: Term, args: Sequence[Term]) -> Term:
    """The same operation of other operands, in normal form."""
    kind, data = term.kind, term.data
    if kind == "add":
        return t.add([*args])
    if kind == "mul":
        return t.mul([t.num(data), *args, t.ones(term.shape)])
    if kind == "pow":
        return t.power(args[0], args[1])
    if kind == "chain":
        return t.chain(args)
    if kind == "t":
        return t.transpose(args[0])
    if kind == "outer":
        return t.outer(*args)
    if kind == "col":
        return t.column(args[0])
    if kind == "row":
        return t.row(args[0])
    if kind == "sum":
        return t.total(args[0], *data)
    if kind == "fn" and len(data) == 1:
        return t.fn(data[0], args, (), term.shape)
    if kind == "cmp":
        return t.compare(data, *args)
    return t.make(kind, args, data, term.shape)


# Matching


def _applied(rule: _Compiled, term: Term) -> Term | None:
    """The right side, where the left side is the term or a part of its sum or product."""
    left = rule.left
    if left.kind == "add" and term.kind == "add":
        return _in_sum(rule, term)
    if left.kind == "mul" and term.kind == "mul":
        for rest, found in _subset(list(left.args), list(term.args), {}):
            right = _substituted(rule.right, found)
            return t.mul([t.num(term.data / left.data), *rest, right])
        return None
    if left.kind == term.kind or (left.kind == "mul" and len(left.args) == 1):
        for found in _match(left, term, {}):
            return _substituted(rule.right, found)
    return None


def _in_sum(rule: _Compiled, term: Term) -> Term | None:
    first, *others = rule.left.args
    coefficient, core = t.split(first)
    if core.kind == "num":  # the constant matches least of all: begin with another
        first, others = others[0], [first, *others[1:]]
        coefficient, core = t.split(first)
    for i, arg in enumerate(term.args):
        multiple, inner = t.split(arg)
        for found in _match(core, inner, {}):
            scale = multiple / coefficient
            wanted = [t.times(scale, other) for other in others]
            rest = [other for j, other in enumerate(term.args) if j != i]
            for left_over, letters in _subset(wanted, rest, found):
                return t.add([*left_over, t.times(scale, _substituted(rule.right, letters))])
    return None


def _subset(
    patterns: list[Term], terms: list[Term], found: dict[str, Term]
) -> Iterator[tuple[list[Term], dict[str, Term]]]:
    """Ways to match every pattern with another term: the terms left over, and what letters stand for."""
    if not patterns:
        yield terms, found
        return
    # Letters alone match anything, so they come last.
    ordered = sorted(patterns, key=lambda pattern: pattern.kind == "var")
    for i, term in enumerate(terms):
        for more in _match(ordered[0], term, found):
            yield from _subset(ordered[1:], terms[:i] + terms[i + 1 :], more)


def _match(pattern: Term, term: Term, found: dict[str, Term]) -> Iterator[dict[str, Term]]:
    if pattern.kind == "var":
        bound = found.get(pattern.data)
        if bound is None:
            yield {**found, pattern.data: term}
        elif bound is term:
            yield found
        return
    if pattern.kind == "mul" and len(pattern.args) == 1 and pattern.args[0].kind == "var":
        if term.kind == "num" and term.data == 0:
            return
        yield from _match(pattern.args[0], t.times(1 / Fraction(pattern.data), term), found)
        return
    if pattern.kind == "num":
        if term.kind == "num" and term.data == pattern.data:
            yield found
        return
    if pattern.kind != term.kind or pattern.data != term.data or len(pattern.args) != len(term.args):
        return
    if pattern.kind in ("add", "mul"):
        for rest, more in _subset(list(pattern.args), list(term.args), found):
            if not rest:
                yield more
        return
    states = [found]
    for p, a in zip(pattern.args, term.args, strict=True):
        states = [more for state in states for more in _match(p, a, state)]
    yield from states


def _substituted(right: Term, found: dict[str, Term]) -> Term:
    done: dict[Term, Term] = {}
    for term in postorder(right):
        if term.kind == "var":
            done[term] = found.get(term.data, term)
        else:
            args = [done[arg] for arg in term.args]
            if term.kind == "fn":
                done[term] = t.fn(term.data[0], args)
            elif term.kind == "mul":
                done[term] = t.mul([t.num(term.data), *args])
            else:
                done[term] = rebuild(term, args) if args else term
    return done[right]


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
