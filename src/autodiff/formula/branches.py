"""What holds within a branch: where(x <= 0, exp(where(x < 0, x, 0)), 1) is where(x <= 0, exp(x), 1)."""

from __future__ import annotations

from autodiff.formula import term as t
from autodiff.formula.rewrite import postorder, rebuild
from autodiff.formula.term import Term

LARGEST = 60  # terms in a branch; larger ones stay as they are
STRICT = {"<=": "<", ">=": ">"}


def simplified(term: Term) -> Term:
    """A `where`, or a product with a condition, with what its branches repeat of the condition left out."""
    if term.kind == "fn" and term.data == ("where",):
        condition, yes, no = term.args
        new = assuming(condition, yes), assuming(t.negation(condition), no)
        return term if new == (yes, no) else t.mul([t.where(condition, *new), t.ones(term.shape)])
    if term.kind == "mul":
        held = [arg for arg in term.args if arg.kind == "ind"]
        if len(held) == 1:
            rest = [arg for arg in term.args if arg is not held[0]]
            new_rest = [assuming(held[0].args[0], arg) for arg in rest]
            if any(a is not b for a, b in zip(rest, new_rest, strict=True)):
                return t.mul([t.num(term.data), held[0], *new_rest, t.ones(term.shape)])
    return term


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
