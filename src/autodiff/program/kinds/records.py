"""`dataclasses`, `namedtuple`, `contextlib` and `abc` for programs: records, contexts made of generators, bases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import namedtuple
from collections.abc import Callable
from functools import wraps
from types import MethodType
from typing import Any
from weakref import WeakKeyDictionary

from autodiff.errors import Source, Span
from autodiff.program.kinds.calls import CONSTRUCTORS, resolve
from autodiff.program.kinds.guards import bounded
from autodiff.program.kinds.items import INDEXED
from autodiff.program.kinds.objects import BASES, own_classes
from autodiff.program.kinds.table import TITLES, Kind, class_name, host, method, register
from autodiff.program.kinds.texts import REPRS, repr_
from autodiff.program.parameters import Signature
from autodiff.syntax.statements import Parameter

MADE = object()  # stands for a default that is made for every record
NOWHERE = Span(Source("", ""), 0, 0)
# The annotated names of a program's classes, in their order.
ANNOTATED: WeakKeyDictionary[type, list[str]] = WeakKeyDictionary()

# namedtuple


def named_tuple(typename: str, field_names: Any, *, defaults: Any = None, rename: bool = False, **_: Any) -> type:
    """`collections.namedtuple`; raises as it does for names that are none."""
    names = field_names if isinstance(field_names, str) else list(bounded(field_names))
    make: Any = namedtuple
    made = make(typename, names, rename=rename, defaults=None if defaults is None else list(bounded(defaults)))
    fields = made._fields
    table = host("index count", *fields) | {
        "_fields": lambda value: fields,
        "_asdict": method(lambda self: dict(zip(fields, self, strict=True))),
        "_replace": method(lambda self, **changes: made(**{**dict(zip(fields, self, strict=True)), **changes})),
    }
    register(made, Kind(typename, table))
    INDEXED.add(made)
    CONSTRUCTORS[made] = made
    TITLES[made] = f"__main__.{typename}"

    def text(value: Any) -> str:
        shown = (f"{name}={repr_(item)}" for name, item in zip(fields, value, strict=True))
        return f"{typename}({', '.join(shown)})"

    REPRS[made] = text
    return made  # type: ignore[no-any-return]


# dataclasses


class Field:
    """`dataclasses.field`: a default, or what makes one."""

    __slots__ = ("compare", "default", "factory", "init", "repr")

    def __init__(
        self, default: Any = ..., default_factory: Any = None, init: bool = True, repr: bool = True,
        compare: bool = True, **_: Any,
    ) -> None:  # fmt: skip
        self.default = default
        self.factory = None if default_factory is None else resolve(default_factory)
        self.init = init
        self.repr = repr
        self.compare = compare


register(Field, Kind("Field"))
_fields: WeakKeyDictionary[type, dict[str, Field]] = WeakKeyDictionary()


def dataclass(cls: Any = None, *, frozen: bool = False, order: bool = False, eq: bool = True, **_: Any) -> Any:
    """Give a class `__init__`, `__repr__` and `__eq__` by its annotations; raises TypeError where Python does."""
    if cls is None:
        return lambda given: dataclass(given, frozen=frozen, order=order, eq=eq)
    if cls not in own_classes:
        raise TypeError(f"dataclass() wants a class, not {class_name(type(cls))}")
    fields: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        fields.update(_fields.get(base, {}))
    for name in ANNOTATED.get(cls, ()):
        fields[name] = _field(cls, name)
    _check_order(fields)
    _fields[cls] = fields
    made: dict[str, Any] = {"__init__": _init(cls, fields, frozen), "__repr__": _repr(fields)}
    if eq:
        made["__eq__"] = _compared(fields, lambda a, b: a == b)
    if order:
        made["__lt__"] = _compared(fields, lambda a, b: a < b)
        made["__le__"] = _compared(fields, lambda a, b: a <= b)
    for name, function in made.items():
        if name not in cls.__dict__ or name == "__init__":
            setattr(cls, name, function)
    if eq and frozen and "__hash__" not in cls.__dict__:
        cls.__hash__ = lambda self: hash(_values(self, fields))
    return cls


def _field(cls: type, name: str) -> Field:
    given = cls.__dict__.get(name, ...)
    if isinstance(given, Field):
        if given.default is ...:
            delattr(cls, name)
        else:
            setattr(cls, name, given.default)
        return given
    if isinstance(given, (list, dict, set)):
        raise ValueError(f"mutable default {type(given)} for field {name} is not allowed: use default_factory")
    return Field(given)


def _check_order(fields: dict[str, Field]) -> None:
    optional = False
    for name, field in fields.items():
        if field.default is not ... or field.factory is not None:
            optional = True
        elif optional and field.init:
            raise TypeError(f"non-default argument '{name}' follows default argument")


def _init(cls: type, fields: dict[str, Field], frozen: bool) -> Callable[..., None]:
    wanted = [name for name, field in fields.items() if field.init]
    parameters = [Parameter(NOWHERE, name, "plain", None) for name in ("self", *wanted)]
    signature = Signature(parameters, f"{cls.__qualname__}.__init__")
    defaults: dict[str, Any] = {n: MADE for n in wanted if fields[n].factory is not None}
    defaults |= {n: fields[n].default for n in wanted if fields[n].default is not ...}

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        given = dict(zip(signature.names, signature.bind((self, *args), kwargs, defaults), strict=True))
        for name, field in fields.items():
            value = given.get(name, MADE)
            if value is MADE and field.factory is not None:
                value = field.factory()
            if value is not MADE:
                self.__dict__[name] = value
        after = getattr(cls, "__post_init__", None)
        if after is not None:
            after(self)

    return __init__


def _values(value: Any, fields: dict[str, Field]) -> tuple[Any, ...]:
    return tuple(value.__dict__.get(name) for name, field in fields.items() if field.compare)


def _repr(fields: dict[str, Field]) -> Callable[[Any], str]:
    def __repr__(self: Any) -> str:  # noqa: N807
        shown = (f"{name}={repr_(self.__dict__.get(name))}" for name, field in fields.items() if field.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    return __repr__


def _compared(fields: dict[str, Field], how: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compare(self: Any, other: Any) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        return how(_values(self, fields), _values(other, fields))

    return compare


def asdict(value: Any) -> dict[str, Any]:
    """The fields of a record by name, of records inside too."""
    return {name: _plain(value.__dict__.get(name)) for name in _known(value)}


def _plain(value: Any) -> Any:
    if type(value) in _fields:
        return asdict(value)
    if type(value) in (list, tuple):
        return type(value)(_plain(item) for item in value)
    return value


def _known(value: Any) -> dict[str, Field]:
    found = _fields.get(type(value))
    if found is None:
        raise TypeError("asdict() should be called on dataclass instances")
    return found


def replace(value: Any, **changes: Any) -> Any:
    """A record with other values in some fields."""
    fields = _known(value)
    return type(value)(**{name: value.__dict__[name] for name, f in fields.items() if f.init} | changes)


# contextlib


def context_manager(function: Any) -> Callable[..., Any]:
    """`contextlib.contextmanager`: a generator with one `yield` as a context."""
    from contextlib import contextmanager

    return wraps(function)(contextmanager(resolve(function)))


class Suppress:
    """`contextlib.suppress`."""

    __slots__ = ("kinds",)

    def __init__(self, *kinds: Any) -> None:
        self.kinds = kinds

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, *_: Any) -> bool:
        return kind is not None and issubclass(kind, self.kinds)


class NullContext:
    """`contextlib.nullcontext`."""

    __slots__ = ("value",)

    def __init__(self, enter_result: Any = None) -> None:
        self.value = enter_result

    def __enter__(self) -> Any:
        return self.value

    def __exit__(self, *_: Any) -> None:
        return None


for _cls, _title in ((Suppress, "contextlib.suppress"), (NullContext, "contextlib.nullcontext")):
    register(_cls, Kind(_title))
    CONSTRUCTORS[_cls] = _cls
    TITLES[_cls] = _title

# abc

BASES[ABC] = {"__init__": lambda value: MethodType(lambda self: None, value)}
TITLES[ABC] = "abc.ABC"


def members(name: str) -> dict[str, Any]:
    """The names of one of these modules."""
    if name == "dataclasses":
        return {"dataclass": dataclass, "field": Field, "asdict": asdict, "replace": replace}
    if name == "contextlib":
        return {"contextmanager": context_manager, "suppress": Suppress, "nullcontext": NullContext}
    return {"ABC": ABC, "abstractmethod": abstractmethod}


CONSTRUCTORS[Field] = Field
