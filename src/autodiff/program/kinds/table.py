"""Kinds of values, and the one way to their attributes.

A Kind is a table: for each name that values of a host type offer, a function that takes the value to the attribute.
Nothing here, nor anywhere else in programs, asks the host for an attribute by a name that is not in a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from operator import attrgetter
from types import MethodType
from typing import Any, Final

from autodiff.errors import AutodiffError


class _Missing:
    __slots__ = ()


MISSING: Final = _Missing()
Getter = Callable[[Any], Any]
Table = dict[str, Getter]

# Not dunder, and still ways into the host's objects.
INSIDES = frozenset(
    """gi_frame gi_code gi_yieldfrom gi_running cr_frame cr_code ag_frame f_back f_builtins f_code f_globals
    f_locals f_lineno f_trace tb_frame tb_next tb_lineno tb_lasti co_code co_consts co_names func_globals
    func_code im_func im_self mro format_map with_traceback add_note fget fset fdel ctypes""".split()  # noqa: SIM905
)


class Kind:
    """What values of one host type offer: `name` is what messages call it."""

    __slots__ = ("callable", "changes", "finder", "frees", "name", "table")

    def __init__(
        self,
        name: str,
        table: Table | None = None,
        *,
        changes: dict[str, Callable[[Any, Any], None]] | None = None,
        frees: dict[str, Callable[[Any], None]] | None = None,
        callable: bool = False,
        finder: Callable[[Any, str], Any] | None = None,
    ) -> None:
        self.name = name
        self.table = table if table is not None else {}
        self.changes = changes or {}
        self.frees = frees or {}
        self.callable = callable
        self.finder = finder

    def find(self, value: Any, name: str) -> Any:
        """An attribute, MISSING where there is none."""
        getter = self.table.get(name)
        if getter is not None:
            return getter(value)
        return MISSING if self.finder is None else self.finder(value, name)


KINDS: dict[type, Kind] = {}
FAMILIES: list[tuple[type, Kind]] = []  # for subclasses, the most special first
NOTHING = Kind("object")
# What a class is called to a program, where that is not the host's name.
TITLES: dict[type, str] = {}


def register(of: type, kind: Kind, *, family: bool = False) -> Kind:
    """Say what values of a host type offer; with `family`, those of its subclasses too."""
    KINDS[of] = kind
    if family:
        FAMILIES.insert(0, (of, kind))
    return kind


def kind_of(value: Any) -> Kind:
    """The kind of a value; values of unknown types offer nothing."""
    cls = type(value)
    kind = KINDS.get(cls)
    if kind is None:
        kind = next((kind for base, kind in FAMILIES if isinstance(value, base)), NOTHING)
    return kind


def host(*names: str) -> Table:
    """Attributes that the host's own are safe as."""
    return {name: attrgetter(name) for name in " ".join(names).split()}


def method(function: Callable[..., Any]) -> Getter:
    """A method that is a function of the value and the arguments."""
    return partial(MethodType, function)


def methods(functions: dict[str, Callable[..., Any]]) -> Table:
    return {name: method(function) for name, function in functions.items()}


def type_name(value: Any) -> str:
    """What messages call the type of a value."""
    return class_name(type(value))


def class_name(cls: type) -> str:
    """A class's name, without the module that it is from."""
    title = TITLES.get(cls)
    return cls.__name__ if title is None else title.rpartition(".")[2]


def is_dunder(name: str) -> bool:
    """Whether a name is Python's own, or one that no program can spell, under which `places` keeps its notes."""
    return (name.startswith("__") and name.endswith("__")) or name.startswith("_<")


def unreachable(name: str, owner: str) -> AutodiffError:
    """The error for what Python has and programs are kept from."""
    return AutodiffError(
        "not-reachable",
        f"'{name}' of {owner} is not within a program's reach",
        type="AttributeError",
        says="this leads inside Python's own objects",
        help="programs reach what tensors, numbers, strings and collections offer, and what they define themselves",
    )


def no_attribute(message: str, name: str, known: Iterable[str]) -> AutodiffError:
    """The error for an attribute that does not exist, with the names that come close."""
    from autodiff.graph.lookup import did_you_mean

    return AutodiffError(
        "unknown-attribute",
        message,
        type="AttributeError",
        help=did_you_mean(name, [other for other in known if not other.startswith("_")]),
    )


def refuse(value: Any, name: str) -> AutodiffError:
    """The error for an attribute that a value does not offer."""
    owner = f"'{type_name(value)}' object"
    if is_dunder(name) or name in INSIDES:
        return unreachable(name, owner)
    return no_attribute(f"{owner} has no attribute '{name}'", name, names(value))


def names(value: Any) -> list[str]:
    """The attributes that a value offers by its table."""
    return sorted(kind_of(value).table)


def find(value: Any, name: str) -> Any:
    """An attribute of a value, MISSING where it has none."""
    kind = KINDS.get(type(value))
    if kind is None:
        kind = kind_of(value)
    getter = kind.table.get(name)
    if getter is not None:
        return getter(value)
    if kind.finder is not None:
        found = kind.finder(value, name)
        if found is not MISSING:
            return found
    if name == "__class__":
        from autodiff.program.kinds.objects import class_of

        return class_of(value)
    return MISSING


def get(value: Any, name: str) -> Any:
    """`value.name`; raises `unknown-attribute` and `not-reachable`."""
    kind = KINDS.get(type(value))
    if kind is not None:
        getter = kind.table.get(name)
        if getter is not None:
            return getter(value)
    found = find(value, name)
    if found is MISSING:
        raise _refusal(value, name)
    return found


def _refusal(value: Any, name: str) -> AutodiffError:
    """`refuse`, said in the words of the value's kind."""
    from autodiff.program.kinds.objects import refuse_object

    return refuse_object(value, name) or refuse(value, name)


def set(value: Any, name: str, new: Any) -> None:
    """`value.name = new`; raises `unknown-attribute` and `not-reachable`, and what the value says to it."""
    kind = kind_of(value)
    change = kind.changes.get(name) or kind.changes.get("*")
    if change is None or is_dunder(name):
        raise _read_only(value, name, kind)
    if change is kind.changes.get(name):
        change(value, new)
    else:
        change(value, (name, new))


def delete(value: Any, name: str) -> None:
    """`del value.name`; raises as `set` does."""
    kind = kind_of(value)
    free = kind.frees.get(name)
    if free is not None:
        free(value)
    elif "*" in kind.frees and not is_dunder(name):
        kind.frees["*"]((value, name))
    else:
        raise _read_only(value, name, kind)


def _read_only(value: Any, name: str, kind: Kind) -> AutodiffError:
    if is_dunder(name) or name in INSIDES:
        return unreachable(name, f"'{type_name(value)}' object")
    if name in kind.table:
        return AutodiffError(
            "unknown-attribute",
            f"'{type_name(value)}' object attribute '{name}' is read-only",
            type="AttributeError",
        )
    return refuse(value, name)
