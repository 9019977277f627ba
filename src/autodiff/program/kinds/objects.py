"""A program's own classes and functions, their instances, and the classes of everything else.

Classes of a program are host classes: `own_classes` says which.  Attributes of their instances are found as Python
finds them, along the order of the bases, as long as the namespace that has the name belongs to the program; of a host
base only what its table offers is there.
"""

from __future__ import annotations

from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    WrapperDescriptorType,
)
from typing import Any
from weakref import WeakSet

from autodiff.errors import AutodiffError
from autodiff.program.kinds.table import (
    FAMILIES,
    INSIDES,
    KINDS,
    MISSING,
    TITLES,
    Kind,
    Table,
    class_name,
    host,
    is_dunder,
    kind_of,
    method,
    no_attribute,
    register,
    type_name,
    unreachable,
)

own_classes: WeakSet[type] = WeakSet()
own_code: set[CodeType] = set()
# What host bases offer to instances of the program's subclasses, and to the subclasses themselves.
BASES: dict[type, Table] = {}
CLASS_TABLES: dict[type, Table] = {}
# Functions of ours that stand for Python's built-in ones: they are not bound when they are found in a class.
UNBOUND: set[Any] = set()

OPERATOR_METHODS = frozenset(
    f"__{name}__"
    for name in """init call repr str len getitem setitem delitem contains iter next reversed enter exit eq ne lt le gt
    ge hash bool format neg pos abs invert float int index round trunc floor ceil add sub mul truediv floordiv mod pow
    matmul and or xor lshift rshift divmod radd rsub rmul rtruediv rfloordiv rmod rpow rmatmul rand ror rxor rlshift
    rrshift rdivmod iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift
    post_init""".split()  # noqa: SIM905
)
FUNCTIONS = (
    FunctionType, BuiltinFunctionType, MethodType, MethodWrapperType, WrapperDescriptorType, MethodDescriptorType,
)  # fmt: skip


def own(cls: type) -> type:
    """Make a class known as one of the program's."""
    own_classes.add(cls)
    KINDS[cls] = OWN
    return cls


def is_own(value: Any) -> bool:
    """Whether a value is an instance of a class of the program."""
    return type(value) in own_classes


def is_own_function(value: Any) -> bool:
    return type(value) is FunctionType and value.__code__ in own_code


def own_method(value: Any, name: str) -> bool:
    """Whether the program has defined this operator method for a value."""
    cls = type(value)
    if cls not in own_classes:
        return False
    return any(name in base.__dict__ for base in cls.__mro__ if base in own_classes)


def is_class(value: Any) -> bool:
    return isinstance(value, type)


def class_of(value: Any) -> Any:
    """`type(value)`; the class of classes is the builtin `type`."""
    if isinstance(value, type):
        from autodiff.program.kinds.builtins import BUILTINS

        return BUILTINS["type"]
    return type(value)


# Instances


def _bases_table(cls: type, name: str) -> Any:
    for base, table in BASES.items():
        if cls is base or (base is BaseException and issubclass(cls, BaseException)):
            getter = table.get(name)
            if getter is not None:
                return getter
    return None


def along(value: Any, cls: type, order: tuple[type, ...], name: str) -> Any:
    """What the bases in this order make of a name, for an instance or (value is cls) for a class."""
    if name.startswith("_") and _inner(cls, name):
        return MISSING
    for base in order:
        if name in base.__dict__ and base in own_classes:
            if is_dunder(name) and name not in OPERATOR_METHODS:
                return MISSING
            return _bound(base.__dict__[name], value, cls)
        getter = None if base in own_classes else _bases_table(base, name)
        if getter is not None:
            return getter(value)
    return MISSING


def _bound(found: Any, value: Any, cls: type) -> Any:
    """What a class's attribute is, asked of an instance or (value is cls) of the class."""
    kind = type(found)
    if kind is FunctionType:
        return found if value is cls or found in UNBOUND else MethodType(found, value)
    if kind is staticmethod:
        return found.__func__
    if kind is classmethod:
        return MethodType(found.__func__, cls)
    if kind is property and value is not cls:
        if found.fget is None:
            raise AttributeError(f"property of '{cls.__qualname__}' object has no getter")
        return found.fget(value)
    return found


def _find_own(value: Any, name: str) -> Any:
    cls = type(value)
    found = _shadowing(cls, name)
    if found is not None:
        return _bound(found, value, cls)
    if not is_dunder(name):
        stored = getattr(value, "__dict__", {})
        if name in stored and not _hidden(value, name):
            return stored[name]
    found = along(value, cls, cls.__mro__, name)
    if found is MISSING:
        for base, kind in FAMILIES:
            if isinstance(value, base):
                found = kind.find(value, name)
                if found is not MISSING:
                    return found
        if name == "__doc__":
            return cls.__dict__.get("__doc__")
        return MISSING
    return found


def _shadowing(cls: type, name: str) -> property | None:
    """A property of the class, which comes before what the instance has."""
    for base in cls.__mro__:
        found = base.__dict__.get(name)
        if found is not None:
            return found if type(found) is property and base in own_classes else None
    return None


def _hidden(value: Any, name: str) -> bool:
    """Whether an attribute that an instance keeps is the library's own."""
    return name.startswith("_") and _inner(type(value), name)


def _inner(cls: type, name: str) -> bool:
    """Whether a name that begins with `_` is one that the library uses for itself in a class."""
    if is_dunder(name):
        return False
    return any(name in names and issubclass(cls, base) for base, names in HIDDEN.items()) or any(
        name in base.__dict__ for base in cls.__mro__ if base not in own_classes
    )


def check_member(cls: type, name: str, value: Any) -> None:
    """Raise for what the library would use as its own, or call though a program may not, in a class or its instances.

    `not-reachable` for names of the library's inside, TypeError for classes that nobody may make instances of.
    """
    if name.startswith("_") and _inner(cls, name):
        raise unreachable(name, f"the class '{class_name(cls)}'")
    if isinstance(value, type) and any(base in BASES and base is not object for base in cls.__mro__):
        from autodiff.program.kinds.calls import resolve

        resolve(value)


HIDDEN: dict[type, frozenset[str]] = {}


def _set_own(value: Any, change: tuple[str, Any]) -> None:
    name, new = change
    found = _shadowing(type(value), name)
    if found is not None:
        if found.fset is None:
            raise AttributeError(f"property '{name}' of '{type(value).__qualname__}' object has no setter")
        found.fset(value, new)
        return
    if _hidden(value, name):
        raise unreachable(name, f"'{type_name(value)}' object")
    if isinstance(new, type):
        check_member(type(value), name, new)
    setattr(value, name, new)  # a name that is not dunder, on an object that the program made


def find_stored(value: Any, name: str) -> bool:
    """Whether an instance itself has an attribute."""
    return name in value.__dict__ or any(
        name in value.__dict__.get(group, ()) for names in HIDDEN.values() for group in names
    )


def _delete_own(which: tuple[Any, str]) -> None:
    value, name = which
    found = _shadowing(type(value), name)
    if found is not None:
        if found.fdel is None:
            raise AttributeError(f"property '{name}' of '{type(value).__qualname__}' object has no deleter")
        found.fdel(value)
    elif find_stored(value, name) and not _hidden(value, name):
        delattr(value, name)
    else:
        raise no_attribute(f"'{type_name(value)}' object has no attribute '{name}'", name, list(value.__dict__))


OWN = Kind("object", finder=_find_own, changes={"*": _set_own}, frees={"*": _delete_own}, callable=True)


def own_names(value: Any) -> list[str]:
    """The names that an instance or a class of the program offers."""
    cls = value if isinstance(value, type) else type(value)
    found = {name for base in cls.__mro__ if base in own_classes for name in base.__dict__}
    if not isinstance(value, type):
        found |= set(getattr(value, "__dict__", {}))
    return sorted(name for name in found if not is_dunder(name))


def refuse_object(value: Any, name: str) -> AutodiffError | None:
    """The error for a missing attribute of instances, classes and modules of the program; None for other values."""
    if isinstance(value, type):
        if (is_dunder(name) and name not in OPERATOR_METHODS) or name in INSIDES:
            return unreachable(name, f"the class '{class_name(value)}'")
        known = own_names(value) if value in own_classes else list(KINDS[value].table) if value in KINDS else []
        return no_attribute(f"type object '{class_name(value)}' has no attribute '{name}'", name, known)
    if is_own(value):
        if (is_dunder(name) and name not in OPERATOR_METHODS) or name in INSIDES:
            return unreachable(name, f"'{type_name(value)}' object")
        return no_attribute(f"'{type_name(value)}' object has no attribute '{name}'", name, own_names(value))
    return None


class Super:
    """`super()` in a method of `cls`, called with `value`: attributes of the bases that come after it."""

    __slots__ = ("cls", "value")

    def __init__(self, cls: type, value: Any) -> None:
        if not isinstance(cls, type):
            raise TypeError(f"super() argument 1 must be a type, not {type_name(cls)}")
        if not (isinstance(value, cls) or (isinstance(value, type) and issubclass(value, cls))):
            raise TypeError("super(type, obj): obj must be an instance or subtype of type")
        self.cls = cls
        self.value = value


def _find_super(value: Super, name: str) -> Any:
    of = value.value
    cls = of if isinstance(of, type) else type(of)
    order = cls.__mro__
    return along(of, cls, order[order.index(value.cls) + 1 :], name)


register(Super, Kind("super", finder=_find_super))


# Classes


def _find_class(cls: type, name: str) -> Any:
    if name in ("__name__", "__qualname__"):
        return class_name(cls)
    if name == "__module__" and cls in own_classes:
        return "__main__"
    if name == "__doc__":
        return cls.__dict__.get("__doc__") if cls in own_classes else None
    if cls in own_classes:
        found = along(cls, cls, cls.__mro__, name)
        if found is not MISSING:
            return found
    for base in cls.__mro__:
        table = CLASS_TABLES.get(base)
        if table is not None and name in table:
            return table[name](cls)
        if base is not object and base in BASES and name == "__init__":
            return base.__init__  # type: ignore[misc]
    if cls is object and name == "__init__":
        return object.__init__
    if cls in own_classes:
        return MISSING
    kind = KINDS.get(cls)
    if kind is not None and name in kind.table and not is_dunder(name):
        return _unbound(cls, name)
    return MISSING


def _unbound(cls: type, name: str) -> Any:
    """`str.upper`: a method that is given its value."""
    getter = KINDS[cls].table[name]

    def call(*args: Any, **kwargs: Any) -> Any:
        if not args:
            raise TypeError(f"unbound method {class_name(cls)}.{name}() needs an argument")
        if not isinstance(args[0], cls):
            raise TypeError(
                f"descriptor '{name}' for '{class_name(cls)}' objects doesn't apply to a '{type_name(args[0])}' object"
            )
        return getter(args[0])(*args[1:], **kwargs)

    call.__name__ = call.__qualname__ = name
    return call


def _set_class(cls: type, change: tuple[str, Any]) -> None:
    name, new = change
    if cls not in own_classes:
        raise TypeError(f"cannot set '{name}' attribute of immutable type '{class_name(cls)}'")
    check_member(cls, name, new)
    setattr(cls, name, new)


def _delete_class(which: tuple[type, str]) -> None:
    cls, name = which
    if cls not in own_classes:
        raise TypeError(f"cannot set '{name}' attribute of immutable type '{class_name(cls)}'")
    if name not in cls.__dict__:
        raise no_attribute(f"type object '{class_name(cls)}' has no attribute '{name}'", name, own_names(cls))
    delattr(cls, name)


CLASS = Kind("type", finder=_find_class, changes={"*": _set_class}, frees={"*": _delete_class}, callable=True)
register(type, CLASS, family=True)


# Functions, properties, exceptions


def _find_function(function: Any, name: str) -> Any:
    if name in ("__name__", "__qualname__"):
        return getattr(function, name)
    if name == "__doc__":
        return function.__doc__ if is_own_function(_plain(function)) else None
    if name == "__module__" and is_own_function(_plain(function)):
        return "__main__"
    if is_own_function(function) and not is_dunder(name):
        return function.__dict__.get(name, MISSING)
    return MISSING


def _plain(function: Any) -> Any:
    return function.__func__ if type(function) is MethodType else function


def _set_function(function: Any, change: tuple[str, Any]) -> None:
    name, new = change
    if not is_own_function(function):
        raise AttributeError(f"'{type_name(function)}' object has no attribute '{name}'")
    function.__dict__[name] = new


def _delete_function(which: tuple[Any, str]) -> None:
    function, name = which
    if not is_own_function(function) or name not in function.__dict__:
        raise AttributeError(f"'{type_name(function)}' object has no attribute '{name}'")
    del function.__dict__[name]


for _type in FUNCTIONS:
    register(
        _type,
        Kind(
            "function",
            finder=_find_function,
            changes={"*": _set_function},
            frees={"*": _delete_function},
            callable=True,
        ),
    )


def _accessor(part: str) -> Any:
    def with_accessor(self: property, function: Any) -> property:
        from autodiff.program.kinds.calls import resolve

        return getattr(self, part)(None if function is None else resolve(function))  # type: ignore[no-any-return]

    return method(with_accessor)


register(property, Kind("property", {part: _accessor(part) for part in ("getter", "setter", "deleter")}))
register(staticmethod, Kind("staticmethod", callable=True))
register(classmethod, Kind("classmethod"))
register(type(NotImplemented), Kind("NotImplementedType"))
register(type(None), Kind("NoneType"))
register(type(Ellipsis), Kind("ellipsis"))
register(object, Kind("object"))


def _find_exception(error: BaseException, name: str) -> Any:
    if name == "value" and isinstance(error, StopIteration):
        return error.value
    if name == "code" and isinstance(error, SystemExit):
        return error.code
    if name == "name" and isinstance(error, (NameError, AttributeError, ImportError)):
        return error.name
    return MISSING


EXCEPTION = register(BaseException, Kind("exception", host("args"), finder=_find_exception), family=True)


def _init(cls: type) -> Any:
    """The initialiser of a host base, bound to an instance."""
    return lambda value: MethodType(cls.__init__, value)  # type: ignore[misc]


def _object_init(value: Any) -> Any:
    def init(*args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            raise TypeError("object.__init__() takes exactly one argument (the instance to initialize)")

    return init


def _shown(how: str) -> Any:
    def getter(value: Any) -> Any:
        from autodiff.program.kinds import texts

        return lambda: texts.default_repr(value) if how == "repr" else texts.default_text(value)

    return getter


BASES[BaseException] = {
    **EXCEPTION.table,
    "__init__": _init(BaseException),
    "__str__": _shown("str"),
    "__repr__": _shown("repr"),
}
BASES[object] = {
    "__init__": _object_init,
    "__repr__": _shown("repr"),
    "__str__": _shown("repr"),
    "__eq__": lambda value: lambda other: True if value is other else NotImplemented,
}

__all__ = ["CLASS", "EXCEPTION", "OWN", "TITLES", "Super", "kind_of", "own", "own_classes", "own_code"]
