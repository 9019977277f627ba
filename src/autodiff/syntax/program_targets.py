"""What can be assigned to, and what Python calls the rest."""

from __future__ import annotations

from autodiff.syntax.program_source import (
    AsItem,
    refuse,
)
from autodiff.syntax.statements import (
    Comprehension,
    DictOf,
    FString,
    SetOf,
    Starred,
)
from autodiff.syntax.tree import (
    Attribute,
    Binary,
    Call,
    Constant,
    Index,
    ListOf,
    Name,
    Number,
    String,
    Tree,
    TupleOf,
    Unary,
)

_WHAT = {
    "Number": "literal",
    "String": "literal",
    "FString": "f-string expression",
    "Constant": "literal",
    "Call": "function call",
    "Compare": "comparison",
    "Unary": "expression",
    "Binary": "expression",
    "Conditional": "conditional expression",
    "Lambda": "lambda",
    "Comprehension": "comprehension",
    "DictOf": "dict literal",
    "SetOf": "set display",
    "Named": "named expression",
    "Yield": "yield expression",
}


def describe(tree: Tree) -> str:
    """What Python calls an expression that cannot be assigned to."""
    kind = type(tree).__name__
    if kind == "Constant":
        value = tree.value  # type: ignore[attr-defined]
        return "ellipsis" if value is ... else str(value)
    if kind == "Comprehension":
        which: str = tree.kind  # type: ignore[attr-defined]
        return "generator expression" if which == "generator" else f"{which} comprehension"
    return _WHAT.get(kind, "expression")


def _compares(tree: Tree) -> bool:
    """Whether Python takes the `=` after such an expression for a `==`."""
    if isinstance(tree, (Binary, Unary)):
        return tree.op not in ("and", "or", "not")
    if isinstance(tree, Comprehension):
        return tree.kind != "generator"
    if isinstance(tree, Constant):
        return tree.value is ...
    return isinstance(tree, (Number, String, FString, Call, DictOf, SetOf))


def target(tree: Tree, verb: str = "assign to", *, equals: bool = False, starred: bool = False) -> Tree:
    """The tree, if it can be assigned to (or deleted: then nothing is starred)."""
    waiting: list[tuple[Tree, bool]] = [(tree, starred)]
    while waiting:
        part, may_star = waiting.pop()
        if isinstance(part, (Name, Attribute, Index)):
            continue
        if isinstance(part, (TupleOf, ListOf)):
            if verb == "assign to" and sum(type(item) is Starred for item in part.items) > 1:
                refuse(part.span, "multiple starred expressions in assignment", "only one can take what is left")
            waiting.extend((item, verb == "assign to") for item in reversed(part.items))
        elif isinstance(part, AsItem):
            return tree  # nothing takes it, and so it is refused at the end
        elif isinstance(part, Starred):
            if verb != "assign to":
                refuse(part.span, f"cannot {verb} starred", "cannot stand here")
            if not may_star:
                refuse(
                    part.span,
                    "starred assignment target must be in a list or tuple",
                    "stands alone",
                    f"write {part.span.text}, with a comma",
                )
            waiting.append((part.value, False))
        else:
            what = describe(part)
            message = f"cannot {verb} {what}"
            if equals and part is tree and _compares(part):
                message += " here. Maybe you meant '==' instead of '='?"
            refuse(part.span, message, "cannot be changed", *(["to compare, write =="] if equals else []))
    return tree
