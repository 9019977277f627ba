"""Rewriting terms by the identities."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from autodiff.formula import branches, from_graph
from autodiff.formula import term as t
from autodiff.formula.identities import RULES, Rule
from autodiff.formula.rewrite import postorder, rebuild
from autodiff.formula.shortest import shortest
from autodiff.formula.term import Term
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64
from autodiff.graph.node import Node
from autodiff.graph.primitive import variable
from autodiff.syntax.parse import parse

__all__ = ["RULES", "Rule", "Simplifier", "postorder", "rebuild", "shortest"]

ROUNDS = 8
MANY = 60  # operands: in sums and products of more, no identities are looked for
LETTERS = "ab"


class _Compiled(NamedTuple):
    left: Term
    right: Term


_graphs: dict[str, Node] = {}  # of the rules' sides, which stay the same when terms are numbered anew


def _term_of(text: str) -> Term:
    node = _graphs.get(text)
    if node is None:
        scope = {letter: variable(letter, (), float64, False) for letter in LETTERS}
        node = _graphs[text] = Builder(scope).tensor(parse(text))
    return from_graph.convert([node])[0]


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
            new = branches.simplified(new)
            for rule in self.rules if len(new.args) <= MANY else ():
                found = _applied(rule, new)
                if found is not None:
                    new = t.mul([found, t.ones(new.shape)]) if found.shape != new.shape else found
                    break
            done[term] = new
        return done[root]


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
        yield from _match(pattern.args[0], _scaled(1 / Fraction(pattern.data), term), found)
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


def _scaled(factor: Fraction, term: Term) -> Term:
    """factor*term, of a sum the sum of multiples: what -a stands for in 1 - x is x - 1."""
    return t.add([t.times(factor, arg) for arg in term.args]) if term.kind == "add" else t.times(factor, term)


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
