"""What an expression is worth, or of which class, as far as that is known without running it."""

from __future__ import annotations

from typing import Any

from autodiff.graph.op import ATTRIBUTES, Operation
from autodiff.program.kinds import builtins, table
from autodiff.program.kinds.calls import CONSTRUCTORS
from autodiff.program.kinds.items import get_item
from autodiff.program.kinds.modules import Module, found_names, module_names
from autodiff.program.kinds.objects import BASES, HIDDEN, own_classes, own_names
from autodiff.program.kinds.table import KINDS, MISSING
from autodiff.program.session import Session
from autodiff.program.signatures import source_of
from autodiff.syntax import statements as s
from autodiff.syntax import tree as t
from autodiff.syntax.tree import Tree
from autodiff.tensor import Size, Tensor
from autodiff.tensor.small import Named

# What methods of tensors return where that is no tensor.
RETURNED = {"tolist": list, "item": float, "backward": type(None), "stride": tuple, "dim": int, "numel": int}
OF_TENSORS = {"shape": Size, "ndim": int, "requires_grad": bool, "is_leaf": bool, "grad": Tensor, "data": Tensor}
CREATORS = ("tensor", "as_tensor", "rand", "rand_like", "randn", "randn_like", "randint", "randint_like", "randperm")


class Guess:
    """A value, or only its class."""

    __slots__ = ("cls", "value")

    def __init__(self, value: Any = MISSING, cls: type | None = None) -> None:
        self.value = value
        self.cls = type(value) if cls is None else cls


def guess(session: Session, tree: Tree) -> Guess | None:
    """What an expression is, None where it cannot be known."""
    known = _GUESSES.get(type(tree))
    if known is not None:
        return known(session, tree)  # type: ignore[no-any-return]
    cls = _LITERALS.get(type(tree))
    return None if cls is None else Guess(cls=cls)


def _name(session: Session, tree: t.Name) -> Guess | None:
    found = session.globals.get(tree.id, MISSING)
    if found is MISSING:
        found = session.known.get(tree.id, MISSING)
    return None if found is MISSING else Guess(found)


def _attribute(session: Session, tree: t.Attribute) -> Guess | None:
    owner = guess(session, tree.value)
    if owner is None:
        return None
    if owner.value is not MISSING:
        found = _found(owner.value, tree.name)
        if found is not MISSING and found is not None:
            return Guess(found)
    if issubclass(owner.cls, Tensor):
        if tree.name in OF_TENSORS:
            return Guess(cls=OF_TENSORS[tree.name])
        if tree.name in ATTRIBUTES:
            return Guess(cls=Tensor)
        return Guess(getattr(Tensor, tree.name)) if tree.name in KINDS[Tensor].table else None
    return None


def _found(value: Any, name: str) -> Any:
    """An attribute, unless a property of the program would have to be run for it."""
    if any(isinstance(base.__dict__.get(name), property) for base in type(value).__mro__ if base in own_classes):
        return MISSING
    return table.find(value, name)


def _call(session: Session, tree: t.Call) -> Guess | None:
    function = guess(session, tree.function)
    if function is None or function.value is MISSING:
        return None
    called = function.value
    if isinstance(called, type):
        return Guess(cls=called) if called in own_classes or called in CONSTRUCTORS else None
    name = getattr(called, "__name__", "")
    if isinstance(tree.function, t.Attribute):
        owner = guess(session, tree.function.value)
        if owner is not None and issubclass(owner.cls, Tensor):
            return Guess(cls=RETURNED.get(name, Tensor))
        if owner is not None and owner.cls is Module and name in CREATORS:
            return Guess(cls=Tensor)
    return Guess(cls=Tensor) if isinstance(source_of(called), Operation) else None


def _index(session: Session, tree: t.Index) -> Guess | None:
    owner = guess(session, tree.value)
    if owner is None:
        return None
    if issubclass(owner.cls, Tensor):
        return Guess(cls=Tensor)
    key = tree.items[0] if len(tree.items) == 1 else None
    if type(owner.value) in (list, tuple, dict) and isinstance(key, (t.Number, t.String)):
        return Guess(get_item(owner.value, key.value))
    return None


def _operation(session: Session, tree: t.Binary | t.Unary) -> Guess | None:
    operands = (tree.operand,) if isinstance(tree, t.Unary) else (tree.left, tree.right)
    found = [guess(session, operand) for operand in operands]
    return next((Guess(cls=Tensor) for each in found if each is not None and issubclass(each.cls, Tensor)), None)


_GUESSES: dict[type, Any] = {
    t.Name: _name, t.Attribute: _attribute, t.Call: _call, t.Index: _index, t.Binary: _operation, t.Unary: _operation,
}  # fmt: skip
_LITERALS: dict[type, type] = {
    t.String: str, s.FString: str, t.ListOf: list, t.TupleOf: tuple, s.DictOf: dict, s.SetOf: set,
}  # fmt: skip


def members_of(found: Guess, word: str) -> list[str]:
    """The names that may stand behind its dot and begin as the word does."""
    value = found.value
    if isinstance(value, Module):
        return _members(value, word)
    if found.cls in own_classes:
        return [*_of_own(found.cls, value), *_stored(value)]
    if value is MISSING:
        return list(KINDS[found.cls].table) if found.cls in KINDS else []
    return [*builtins.dir_(value), *_stored(value), *(value.fields if isinstance(value, Named) else ())]


def _of_own(cls: type, value: Any) -> list[str]:
    """What instances of a class of the program have: by themselves, by class, and from the library."""
    names = own_names(cls if value is MISSING else value)
    for base in cls.__mro__:
        names += BASES.get(base, {}) if base is not object else ()
    return names


def _stored(value: Any) -> list[str]:
    """What an instance keeps in groups, such as the parameters and layers of a network."""
    names: list[str] = []
    for base, groups in HIDDEN.items():
        if isinstance(value, base):
            kept = [value.__dict__.get(group) for group in groups]
            names += [name for group in kept if isinstance(group, dict) for name in group if isinstance(name, str)]
    return names


def _members(module: Module, word: str) -> list[str]:
    """What a module has, and what it would find."""
    below = {name.removeprefix(f"{module.name}.") for name in module_names() if name.startswith(f"{module.name}.")}
    names = {*module.members, *(name for name in below if "." not in name)}
    if module.finder is not None:
        for name in found_names(module):
            if name.startswith(word) and name not in names and module.finder(name) is not None:
                names.add(name)
    return [name for name in names if name.startswith(word)]


__all__ = ["Guess", "guess", "members_of"]
