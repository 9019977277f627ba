"""What holds within a branch: where(x <= 0, exp(where(x < 0, x, 0)), 1) is where(x <= 0, exp(x), 1)."""

from __future__ import annotations

from collections.abc import Sequence

from autodiff.formula import term as t
from autodiff.formula.rewrite import postorder, rebuild
from autodiff.formula.term import Term

LARGEST = 60  # terms in a branch; larger ones stay as they are
STRICT = {"<=": "<", ">=": ">"}


def simplified(term: Term) -> Term:
    """A `where`, or a product with a condition, with what its branches repeat of the condition left out."""
    if term.kind == "fn" and term.data == ("where",):
        condition, yes, no = term.args
        clamped = _clamped(term)
        if clamped is not None:
            return clamped
        new = assuming(condition, yes), assuming(t.negation(condition), no)
        return term if new == (yes, no) else t.mul([t.where(condition, *new), t.ones(term.shape)])
    if term.kind == "mul":
        held = [arg for arg in term.args if arg.kind == "ind"]
        if len(held) == 1:
            rest = [arg for arg in term.args if arg is not held[0]]
            finite = not any(map(_has_pole, rest))  # where the condition does not hold, 0/0 would be no 0
            if finite and _is_zero_elsewhere(held[0].args[0], rest):
                return t.mul([t.num(term.data), *rest, t.ones(term.shape)])
            cut = _cut_off(held[0].args[0], rest) if finite else None
            if cut is not None:
                return t.mul([t.num(term.data), *cut, t.ones(term.shape)])
            new_rest = [assuming(held[0].args[0], arg) for arg in rest]
            if any(a is not b for a, b in zip(rest, new_rest, strict=True)):
                return t.mul([t.num(term.data), held[0], *new_rest, t.ones(term.shape)])
    return term


def _has_pole(factor: Term) -> bool:
    """Whether this divides by what may be zero."""
    for inner in postorder(factor, _within):
        base, exponent = t.power_of(inner)
        if base.kind != "dim" and (t.number_of(exponent) or 0) < 0:
            return True
    return False


def _is_zero_elsewhere(condition: Term, factors: Sequence[Term]) -> bool:
    """Whether a factor relu(x) says x > 0 already."""
    bases = [t.power_of(arg)[0] for arg in factors if (t.number_of(t.power_of(arg)[1]) or 0) > 0]
    positive = [base.args[0] for base in bases if base.kind == "fn" and base.data == ("relu",)]
    return any(condition is t.compare(op, x, t.num(0)) for x in positive for op in (">", ">="))


def _cut_off(condition: Term, factors: Sequence[Term]) -> list[Term] | None:
    """x*… where x > 0 as relu(x)*…"""
    for i, factor in enumerate(factors):
        base, exponent = t.power_of(factor)
        if (t.number_of(exponent) or 0) > 0 and condition in [t.compare(op, base, t.num(0)) for op in (">", ">=")]:
            cut = t.power(t.fn("relu", [base], (), base.shape), exponent)
            return [*factors[:i], cut, *factors[i + 1 :]]
    return None


def _clamped(term: Term) -> Term | None:
    """where(abs(x) > c, c*sign(x), x) for a positive number c: the derivative of Huber's loss."""
    condition, yes, no = term.args
    if condition.kind != "cmp":
        return None
    if condition.data in ("<", "<="):
        yes, no = no, yes
    size, bound = condition.args
    if size.kind != "fn" or size.data != ("abs",) or bound.kind != "num" or bound.data <= 0:
        return None
    if condition.data in ("==", "!=") or no.shape != term.shape or t.fn("abs", [no], (), no.shape) is not size:
        return None
    if yes is not t.mul([bound, t.fn("sign", [no], (), no.shape)]):
        return None
    return t.make("fn", (no,), ("clamp", t.neg(bound).data, bound.data), no.shape)


def assuming(condition: Term, term: Term) -> Term:
    """The term where the condition holds."""
    order = postorder(term, _within)
    if len(order) > LARGEST or not any(inner.kind == "ind" for inner in order):
        return term
    done: dict[Term, Term] = {}
    opposite = t.negation(condition)
    for inner in order:
        if inner.kind == "ind" and inner.args[0] is condition:
            done[inner] = t.ones(inner.shape)
        elif inner.kind == "ind" and inner.args[0] is opposite:
            done[inner] = t.zeros(inner.shape)
        elif inner.kind == "mul" and _repeats(condition, inner):
            done[inner] = t.mul([t.num(inner.data), *[done[a] for a in inner.args if a.kind != "ind"]])
        elif not _within(inner):
            done[inner] = inner
        else:
            args = [done[arg] for arg in inner.args]
            same = all(a is b for a, b in zip(args, inner.args, strict=True))
            done[inner] = inner if same else rebuild(inner, args)
    found = done[term]
    return found if found.shape == term.shape else t.mul([found, t.ones(term.shape)])


def _within(term: Term) -> bool:
    """Whether the elements of the term come from the same elements of its operands: the condition holds there too."""
    if term.kind == "fn":
        return term.data == ("where",) or (len(term.data) == 1 and term.data[0] in t.ELEMENTWISE)
    return term.kind in ("add", "mul", "pow")


def _repeats(condition: Term, product: Term) -> bool:
    """Whether this is where(x < 0, x*…, 0) under x <= 0: where x is 0, so is the product."""
    conditions = [arg.args[0] for arg in product.args if arg.kind == "ind"]
    if len(conditions) != 1 or condition.kind != "cmp" or conditions[0].kind != "cmp":
        return False
    (inner,) = conditions
    if inner.data != STRICT.get(condition.data) or inner.args != condition.args or not t.is_zero(inner.args[1]):
        return False
    return any(
        t.power_of(arg)[0] is inner.args[0] and (t.number_of(t.power_of(arg)[1]) or 0) > 0 for arg in product.args
    )
