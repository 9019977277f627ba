"""What a dialogue shows of its own accord: the values of expressions that stand as statements.

As in Python these are those at the top and in the blocks of `if`, `for`, `while`, `with` and `try`, and none inside a
function or a class.
"""

from __future__ import annotations

from autodiff.syntax import statements as s
from autodiff.syntax.tree import Call, Name, Tree

ECHO = "<echo>"  # the name of the function that is called with each value; no program can spell it


def echoing(body: list[Tree]) -> list[Tree]:
    """The statements, changed so that they hand such values to what is known as ECHO."""
    todo = [body]
    while todo:
        block = todo.pop()
        for i, tree in enumerate(block):
            if isinstance(tree, s.ExprStatement):
                span = tree.span
                block[i] = s.ExprStatement(span, Call(span, Name(span, ECHO), [tree.value], []))
            elif isinstance(tree, (s.If, s.For, s.While)):
                todo += [tree.body, tree.orelse]
            elif isinstance(tree, s.With):
                todo.append(tree.body)
            elif isinstance(tree, s.Try):
                todo += [tree.body, tree.orelse, tree.finalbody, *(handler.body for handler in tree.handlers)]
    return body


__all__ = ["ECHO", "echoing"]
