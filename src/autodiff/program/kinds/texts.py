"""`str` and `repr` of every value, without addresses, and without recursion for nested collections."""

from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType
from typing import Any
from weakref import ref

from autodiff.program import limits
from autodiff.program.kinds.objects import is_own, own_classes, own_method
from autodiff.program.kinds.table import TITLES, type_name

ATOMS = frozenset((int, float, bool, str, type(None), complex, range, type(Ellipsis), type(NotImplemented)))
RECURSIVE: dict[type, str] = {list: "[...]", dict: "{...}", tuple: "(...)"}
NESTED = frozenset((list, tuple, dict, set, frozenset, slice))
FIRST = 0x7F0000000000
KEPT = 4096
_numbers: dict[int, tuple[Any, int]] = {}
_next = [0]
# Texts of host types that are no nested collections; `str` where it is not `repr`.
REPRS: dict[type, Callable[[Any], str]] = {}
STRS: dict[type, Callable[[Any], str]] = {}
DEPTH = 900  # of nested collections: CPython raises RecursionError near it


def identity(value: Any) -> int:
    """A made-up number that stays with an object for as long as it lives, in place of its address."""
    found = _numbers.get(id(value))
    if found is not None and _alive(found[0]) is value:
        return found[1]
    if len(_numbers) >= KEPT:
        for key in [key for key, (holder, _) in _numbers.items() if _alive(holder) is None] or list(_numbers)[
            : KEPT // 2
        ]:
            del _numbers[key]
    try:
        holder: Any = ref(value)
    except TypeError:
        holder = lambda: value  # noqa: E731
    _next[0] += 1
    number = FIRST + 16 * _next[0]
    _numbers[id(value)] = (holder, number)
    return number


def _alive(holder: Any) -> Any:
    return holder()


def text(value: Any) -> str:
    """`str(value)`."""
    cls = type(value)
    if cls is str:
        return value  # type: ignore[no-any-return]
    if cls in ATOMS:
        return str(value)
    if own_method(value, "__str__"):
        made = str(value)
        return made
    return default_text(value)


def default_text(value: Any) -> str:
    if isinstance(value, BaseException):
        return _exception_text(value)
    show = next((show for of, show in STRS.items() if isinstance(value, of)), repr_)
    return show(value)


def _exception_text(error: BaseException) -> str:
    args = error.args
    if not args:
        return ""
    if len(args) > 1:
        return repr_(args)
    return repr_(args[0]) if isinstance(error, KeyError) else text(args[0])


def ascii_(value: Any) -> str:
    """`ascii(value)`."""
    return repr_(value).encode("ascii", "backslashreplace").decode("ascii")


def repr_(value: Any) -> str:
    """`repr(value)`."""
    cls = type(value)
    if cls in ATOMS:
        return repr(value)
    if own_method(value, "__repr__"):
        return repr(value)
    if cls in NESTED:
        return _nested(value)
    return default_repr(value)


def default_repr(value: Any) -> str:
    """The text of a value that says nothing of itself."""
    cls = type(value)
    if isinstance(value, type):
        return f"<class '{title(value)}'>"
    show = REPRS.get(cls) or next((show for of, show in REPRS.items() if isinstance(value, of)), None)
    if show is not None:
        return show(value)
    if isinstance(value, BaseException):
        return f"{type_name(value)}({', '.join(map(repr_, value.args))})"
    if isinstance(value, tuple):
        return _nested(value)
    return plain_repr(value)


def plain_repr(value: Any) -> str:
    return f"<{title(type(value))} object at {identity(value):#x}>"


def title(cls: type) -> str:
    """The full name of a class."""
    if cls in own_classes:
        return f"__main__.{cls.__qualname__}"
    return TITLES.get(cls, cls.__name__)


def _function(value: Any) -> str:
    from autodiff.program.kinds.objects import is_own_function

    if is_own_function(value):
        return f"<function {value.__qualname__} at {identity(value):#x}>"
    return f"<built-in function {value.__name__}>"


def _method(value: Any) -> str:
    from autodiff.program.kinds.objects import is_own_function

    name = value.__func__.__name__
    if is_own_function(value.__func__):
        return f"<bound method {value.__func__.__qualname__} of {repr_(value.__self__)}>"
    return f"<built-in method {name} of {type_name(value.__self__)} object at {identity(value.__self__):#x}>"


def _builtin(value: Any) -> str:
    owner = getattr(value, "__self__", None)
    if owner is None or type(owner).__name__ == "module":
        return f"<built-in function {value.__name__}>"
    return f"<built-in method {value.__name__} of {type_name(owner)} object at {identity(owner):#x}>"


REPRS.update(
    {
        FunctionType: _function,
        BuiltinFunctionType: _builtin,
        MethodType: _method,
        GeneratorType: lambda g: f"<generator object {g.__qualname__} at {identity(g):#x}>",
        type({}.keys()): lambda keys: f"dict_keys({repr_(list(keys))})",
        type({}.values()): lambda values: f"dict_values({repr_(list(values))})",
        type({}.items()): lambda items: f"dict_items({repr_(list(items))})",
    }
)


# Collections


class _Open:
    """A collection whose items are being written: what is left of them, and how it ends."""

    __slots__ = ("end", "first", "items", "value")

    def __init__(self, value: Any, items: Any, end: str) -> None:
        self.value = value
        self.items = items
        self.end = end
        self.first = True


def _nested(value: Any) -> str:
    """A collection with all that is in it; what contains itself is shown as `[...]` there."""
    pieces: list[str] = []
    stack: list[_Open] = []
    inside: set[int] = set()
    size = 0
    _enter(value, pieces, stack, inside)
    while stack:
        top = stack[-1]
        pair = next(top.items, _END)
        if pair is _END:
            pieces.append(top.end)
            inside.discard(id(top.value))
            stack.pop()
            continue
        limits.tick()
        before, item = pair  # type: ignore[misc]
        pieces.append(("" if top.first else ", ") + before)
        top.first = False
        if type(item) in NESTED and not is_own(item):
            _enter(item, pieces, stack, inside)
        else:
            pieces.append(repr_(item))
            size += len(pieces[-1])
            if size > 1 << 20:
                limits.allocate(2 * size)
    return "".join(pieces)


class _End:
    __slots__ = ()


_END = _End()


def _enter(value: Any, pieces: list[str], stack: list[_Open], inside: set[int]) -> None:
    cls = type(value)
    if id(value) in inside:
        pieces.append(RECURSIVE.get(cls, f"{type_name(value)}(...)"))
        return
    if len(stack) >= DEPTH:
        raise RecursionError("maximum recursion depth exceeded while getting the repr of an object")
    start, end = _brackets(value, cls)
    pieces.append(start)
    if cls is dict:
        items: Any = ((f"{repr_(key)}: ", item) for key, item in list(value.items()))
    elif cls is slice:
        items = (("", item) for item in (value.start, value.stop, value.step))
    else:
        items = (("", item) for item in list(value))
    inside.add(id(value))
    stack.append(_Open(value, items, end))


def _brackets(value: Any, cls: type) -> tuple[str, str]:
    if cls is list:
        return "[", "]"
    if cls is dict:
        return "{", "}"
    if cls is set:
        return ("{", "}") if value else ("set(", ")")
    if cls is frozenset:
        return ("frozenset({", "})") if value else ("frozenset(", ")")
    if cls is slice:
        return "slice(", ")"
    return "(", ",)" if len(value) == 1 else ")"
