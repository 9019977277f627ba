"""What lists, tuples, dicts, sets and iterators offer."""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict, deque
from types import GeneratorType
from typing import Any

from autodiff.program import limits
from autodiff.program.kinds.guards import WORD, bounded
from autodiff.program.kinds.items import CHANGED, INDEXED
from autodiff.program.kinds.objects import CLASS_TABLES
from autodiff.program.kinds.table import TITLES, Kind, Table, host, methods, register
from autodiff.program.kinds.texts import REPRS, repr_


def resolved(function: Any) -> Any:
    """Something callable as a host function that is safe to hand to the host."""
    from autodiff.program.kinds.calls import resolve

    return resolve(function)


def _sort(self: list[Any], *, key: Any = None, reverse: bool = False) -> None:
    self.sort(key=None if key is None else resolved(key), reverse=reverse)


def _extend(self: list[Any], iterable: Any) -> None:
    if iterable is self:
        iterable = list(self)
    items = list(bounded(iterable))
    limits.allocate(WORD * (len(self) + len(items)))
    self.extend(items)


def _copy_list(self: list[Any]) -> list[Any]:
    limits.allocate(WORD * len(self))
    return self.copy()


LISTS = host("append insert pop remove clear index count reverse") | methods(
    {"sort": _sort, "extend": _extend, "copy": _copy_list}
)
register(list, Kind("list", LISTS))
register(tuple, Kind("tuple", host("index count")))


def pairs(source: Any) -> Any:
    """What `dict` and `update` take: a mapping, or pairs, consumed with limits."""
    if isinstance(source, dict):
        return source
    return [_pair(item, i) for i, item in enumerate(bounded(source))]


def _pair(item: Any, i: int) -> Any:
    if isinstance(item, (tuple, list)):
        return item
    try:
        return tuple(bounded(item))
    except TypeError:
        raise TypeError(f"cannot convert dictionary update sequence element #{i} to a sequence") from None


def _update(self: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
    self.update(*(pairs(source) for source in args), **kwargs)


def _fromkeys(keys: Any, value: Any = None) -> dict[Any, Any]:
    return dict.fromkeys(bounded(keys), value)


DICTS = host("get keys values items pop popitem setdefault clear copy") | methods({"update": _update})
register(dict, Kind("dict", DICTS | {"fromkeys": lambda value: _fromkeys}))
CLASS_TABLES[dict] = {"fromkeys": lambda cls: _fromkeys}


def _of_iterables(cls: type, name: str) -> Any:
    operate = getattr(cls, name)

    def operated(self: Any, *others: Any, **named: Any) -> Any:
        if named:
            raise TypeError(f"{cls.__name__}.{name}() takes no keyword arguments")
        return operate(self, *(_as_set(other) for other in others))

    return operated


def _as_set(other: Any) -> Any:
    return other if isinstance(other, (set, frozenset, dict)) else list(bounded(other))


_SHARED = "union intersection difference symmetric_difference issubset issuperset isdisjoint".split()  # noqa: SIM905
_CHANGES = "update intersection_update difference_update symmetric_difference_update".split()  # noqa: SIM905


def _set_table(cls: type, names: list[str]) -> Table:
    return methods({name: _of_iterables(cls, name) for name in names})


register(set, Kind("set", host("add remove discard pop clear copy") | _set_table(set, _SHARED + _CHANGES)))
register(frozenset, Kind("frozenset", host("copy") | _set_table(frozenset, _SHARED)))
_VIEWS: tuple[Any, ...] = ({}.keys(), {}.values(), {}.items())
for _view in _VIEWS:
    register(
        type(_view), Kind(type(_view).__name__, host("isdisjoint") if type(_view) is not type({}.values()) else {})
    )

# collections


register(defaultdict, Kind("defaultdict", DICTS | host("default_factory")))
register(OrderedDict, Kind("OrderedDict", DICTS | host("move_to_end")))
register(
    Counter,
    Kind("Counter", DICTS | host("most_common total") | methods({"update": lambda self, *a, **k: _count(self, a, k)})),
)
register(
    deque,
    Kind(
        "deque",
        host("append appendleft pop popleft clear copy count index insert remove reverse rotate maxlen")
        | methods(
            {
                "extend": lambda self, items: self.extend(list(bounded(items))),
                "extendleft": lambda self, items: self.extendleft(list(bounded(items))),
            }
        ),
    ),
)


def _count(self: Any, args: Any, kwargs: Any) -> None:
    self.update(*(source if isinstance(source, dict) else list(bounded(source)) for source in args), **kwargs)


TITLES.update(
    {
        defaultdict: "collections.defaultdict",
        OrderedDict: "collections.OrderedDict",
        Counter: "collections.Counter",
        deque: "collections.deque",
    }
)


def _named(value: Any) -> str:
    """Python's texts of the collections that carry their name."""
    name = type(value).__name__
    if isinstance(value, defaultdict):
        return f"{name}({repr_(value.default_factory)}, {repr_(dict(value))})"
    if isinstance(value, deque):
        return f"{name}({repr_(list(value))}{'' if value.maxlen is None else f', maxlen={value.maxlen}'})"
    if not value:
        return f"{name}()"
    if isinstance(value, Counter):
        return f"{name}({repr_(dict(value.most_common()))})"
    return f"{name}({repr_(list(value.items()) if sys.version_info < (3, 12) else dict(value))})"


REPRS.update(dict.fromkeys((defaultdict, OrderedDict, Counter, deque), _named))
INDEXED.update((defaultdict, OrderedDict, Counter, deque))
CHANGED.update((defaultdict, OrderedDict, Counter, deque))

# Iterators: a generator of the program can be sent to and closed, the others are only gone through.


register(GeneratorType, Kind("generator", host("send close throw")))
_ITERATORS: tuple[Any, ...] = (
    zip(), map(str, ()), filter(None, ()), enumerate(()), reversed([]), iter([]), iter(()), iter({}), iter(set()),
    iter(""), iter("é"), iter(range(0)), iter(range(1 << 70)), iter({}.items()), iter({}.values()), reversed({}),
    iter(str, ""),
    reversed(()), reversed(range(0)),
)  # fmt: skip
for _iterator in _ITERATORS:
    register(type(_iterator), Kind(type(_iterator).__name__))
