"""Whether an answer and the key simplify to the same formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autodiff.errors import AutodiffError
from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.simplify import Simplifier
from autodiff.homework.setting import Setting
from autodiff.syntax.tree import Tree

if TYPE_CHECKING:
    from autodiff.homework.prepare import Prepared


def simplified(prepared: Prepared, tree: Tree) -> bool | None:
    """Whether both become the same term; None where one has no formula."""
    from autodiff.homework.check import evaluable

    setting: Setting = prepared.settings[0]
    t.forget()
    try:
        node = evaluable(setting, tree, prepared.question.let)
        answer, key = [Simplifier().simplify(term) for term in from_graph.convert([node, setting.gradient])]
    except (AutodiffError, RecursionError, ArithmeticError):
        return None
    return answer is key
