"""What values offer: Python's own answers, and no way into Python's objects."""

from __future__ import annotations

import copy
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

import pytest

import autodiff.program.kinds.arrays
import autodiff.program.kinds.layers
import autodiff.program.kinds.tensors  # noqa: F401  (all tables are there)
from autodiff.errors import AutodiffError
from autodiff.program import kinds
from autodiff.program.kinds import modules, objects, table
from autodiff.program.kinds.table import KINDS
from autodiff.tensor import layers

CALLS: list[tuple[Any, str, tuple[Any, ...]]] = [
    ("a,b,c", "split", (",", 1)), ("a b", "split", ()), ("a,b", "rsplit", (",",)), ("a\nb", "splitlines", ()),
    ("-", "join", (["a", "b"],)), ("-", "join", (["a", 1],)), ("-", "join", (5,)), ("-", "join", ("abc",)),
    ("abc", "replace", ("b", "xy")), ("aaa", "replace", ("a", "b", 2)), ("abc", "replace", ("", "-")),
    ("abc", "center", (8, "*")), ("abc", "center", ()), ("5", "zfill", (3,)), ("a\tb", "expandtabs", (4,)),
    ("abc", "startswith", (("x", "a"),)), ("abc", "index", ("z",)), ("abc", "find", ("c", 1)), ("aXb", "swapcase", ()),
    ("pre-x", "removeprefix", ("pre-",)), ("a=b", "partition", ("=",)), ("abc", "upper", (1,)), ("x1", "isalnum", ()),
    (5, "bit_length", ()), (-5, "bit_count", ()), (1.5, "is_integer", ()), (0.5, "as_integer_ratio", ()),
    ([3, 1, 2], "sort", ()), ([3, 1], "append", (5,)), ([3, 1], "append", ()), ([1, 2], "pop", (9,)), ([], "pop", ()),
    ([1, 2], "insert", (0, 7)), ([1, 2], "remove", (5,)), ([1, 2], "index", (2,)), ([1], "extend", ((2, 3),)),
    ([1], "extend", (5,)), ([1, 2], "reverse", ()), ([1, 2], "copy", ()), ([1, 1], "count", (1,)),
    ((1, 2), "index", (2,)), ((1, 2), "count", (2,)), ({"a": 1}, "get", ("a",)), ({"a": 1}, "get", ("z", 0)),
    ({"a": 1}, "pop", ("z",)), ({"a": 1}, "update", ({"b": 2},)), ({"a": 1}, "update", ([("b", 2)],)),
    ({"a": 1}, "update", ([5],)), ({"a": 1}, "update", ([(1, 2, 3)],)), ({"a": 1}, "items", ()), ({"a": 1}, "keys", ()),
    ({"a": 1}, "setdefault", ("b", 2)), ({"a": 1}, "popitem", ()), ({}, "popitem", ()), ({"a": 1}, "fromkeys", ("xy",
    0)),
    ({1, 2}, "union", ([3], (4,))), ({1, 2}, "add", (3,)), ({1, 2}, "add", ([],)), ({1, 2}, "remove", (9,)),
    ({1, 2}, "issubset", ([1, 2, 3],)), ({1, 2}, "update", ([5], {6})), (frozenset((1,)), "union", ((2,),)),
    ({1, 2}, "difference", (5,)), (range(5), "index", (3,)), (range(5), "count", (2.0,)), (range(5), "index", (9,)),
    (slice(1, 9, 2), "indices", (5,)), (defaultdict(int, a=1), "get", ("a",)), (Counter("aab"), "most_common", (1,)),
    (OrderedDict(a=1, b=2), "move_to_end", ("a",)), (deque([1, 2]), "appendleft", (0,)), (deque([1, 2]), "rotate",
    (1,)),
]  # fmt: skip


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize(("value", "name", "args"), CALLS)
def test_methods_are_the_hosts(value: Any, name: str, args: tuple[Any, ...]) -> None:
    ours, theirs = copy.deepcopy(value), copy.deepcopy(value)
    result, expected = outcome(kinds.get(ours, name), *args), outcome(getattr(theirs, name), *args)
    assert kinds.repr_(result) == repr(expected)
    assert kinds.repr_(ours) == repr(theirs)


TEXTS: list[Any] = [
    [], [1, "a", None], (), (1,), (1, (2,)), {}, {"a": [1]}, set(), {1}, frozenset(), frozenset({1}), range(3),
    slice(1, 2),
    1.0, 1e300, float("nan"), True, None, "it's", 'say "x"', "\n", Ellipsis, NotImplemented, ValueError("x"),
    KeyError("k"),
    ValueError(), ValueError(1, "a"), [ValueError("x")], int, list, [str], type(None), {1: 2}.keys(), {1: 2}.values(),
    {1: 2}.items(), defaultdict(list, a=[1]), Counter("aab"), Counter(), OrderedDict(a=1), OrderedDict(), deque([1]),
    deque([1], 3), 1j, [[[]], {}], {"k": (1, [2, {3}])},
]  # fmt: skip


@pytest.mark.parametrize("value", TEXTS, ids=repr)
def test_texts_are_the_hosts(value: Any) -> None:
    assert (kinds.text(value), kinds.repr_(value)) == (str(value), repr(value))


@pytest.mark.parametrize(
    ("value", "name", "message"),
    [
        ([], "push", "'list' object has no attribute 'push'"),
        ("", "encode", "'str' object has no attribute 'encode'"),
        (1, "foo", "'int' object has no attribute 'foo'"),
        (None, "x", "'NoneType' object has no attribute 'x'"),
        (int, "foo", "type object 'int' has no attribute 'foo'"),
        (kinds.find_module("torch"), "foo", "module 'torch' has no attribute 'foo'"),
        (kinds.find_module("math"), "foo", "module 'math' has no attribute 'foo'"),
    ],
)
def test_missing_attributes_have_pythons_message(value: Any, name: str, message: str) -> None:
    with pytest.raises(AutodiffError) as caught:
        kinds.get(value, name)
    assert (caught.value.type, caught.value.message) == ("AttributeError", message)


def test_a_near_miss_is_named() -> None:
    with pytest.raises(AutodiffError) as caught:
        kinds.get([], "apend")
    assert caught.value.help == ["did you mean 'append'?"]


def everything() -> dict[str, Any]:
    """A value of each kind, and every module with all that it has in its table."""
    torch: Any = kinds.find_module("torch")
    tensor = kinds.get(torch, "tensor")([1.0, 2.0], requires_grad=True)
    made = (tensor * 2).sum()
    found: dict[str, Any] = {
        "str": "a", "int": 1, "bool": True, "float": 1.5, "complex": 1j, "list": [1], "tuple": (1,), "dict": {1: 2},
        "set": {1}, "frozenset": frozenset((1,)), "range": range(3), "slice": slice(1), "None": None,
        "error": ValueError("x"),
        "tensor": tensor, "shape": tensor.shape, "dtype": tensor.dtype, "grad_fn": made.grad_fn,
        "several": tensor.max(0),
        "generator": (i for i in (1,)), "function": everything, "method": [].append, "bound": "".join, "class": int,
        "array": tensor.detach().numpy(), "number": tensor.detach().numpy()[0], "linear": layers.Linear(2, 2),
        "sequential": layers.Sequential(layers.Linear(1, 1)), "property": property(), "keys": {1: 2}.keys(),
        "handle": tensor.register_hook(lambda g: None), "device": kinds.get(tensor, "device"), "counter": Counter("a"),
        "optimizer": kinds.call(kinds.get(kinds.get(torch, "optim"), "SGD"), [[tensor]], {"lr": 0.1}),
        "mode": kinds.call(kinds.get(torch, "no_grad"), [], {}), "deque": deque([1]),
        "partial": kinds.call(kinds.get(kinds.find_module("functools"), "partial"), [len], {}),
        **{f"{name}": module for name in modules.module_names() if (module := kinds.find_module(name))},
        **kinds.BUILTINS,
    }  # fmt: skip
    return found


UNSAFE = (
    types.ModuleType, types.FrameType, types.CodeType, types.TracebackType, types.MappingProxyType, types.CellType,
    types.GetSetDescriptorType, types.MemberDescriptorType,
)  # fmt: skip


def attributes(value: Any) -> dict[str, Any]:
    """All that a value's table gives, without what it refuses."""
    names = set(table.names(value)) | {"__name__", "__qualname__", "__doc__", "__class__", "__module__", "__init__"}
    if isinstance(value, modules.Module):
        names |= set(value.members)
    if isinstance(value, type):
        names |= set(KINDS[value].table) if value in KINDS else set()
    found = {}
    for name in sorted(names):
        try:
            found[name] = kinds.get(value, name)
        except (AutodiffError, AttributeError, RuntimeError, KeyError, ValueError):
            continue
    return found


@pytest.mark.filterwarnings("ignore:The .grad attribute")
@pytest.mark.filterwarnings("ignore:The use of `x.T`", "ignore:Tensor.T is deprecated")
def test_no_two_steps_lead_inside_the_host() -> None:
    seen = 0
    dangerous: set[Any] = {
        eval,
        exec,
        compile,
        open,
        __import__,
        globals,
        locals,
        vars,
        getattr,
        setattr,
        delattr,
        input,
        type,
        object.__subclasshook__,
    }
    for start, value in everything().items():
        for first, inner in attributes(value).items():
            for second, innermost in [("", inner), *attributes(inner).items()]:
                where = f"{start}.{first}.{second}"
                seen += 1
                assert not isinstance(innermost, UNSAFE), where
                assert not (callable(innermost) and getattr(innermost, "__hash__", None) and innermost in dangerous), (
                    where
                )
    assert seen > 10_000


def walked(value: Any, steps: list[str]) -> Any:
    """Where attribute steps lead, None where one is refused."""
    try:
        for step in steps:
            value = kinds.get(value, step)
    except (AutodiffError, AttributeError):
        return None
    return ("reached", value)


@pytest.mark.parametrize(
    "path",
    ["__class__.__bases__", "__class__.__mro__", "__class__.mro", "__class__.__subclasses__", "__class__.__dict__",
     "__init__.__globals__", "__dict__", "__reduce__", "__reduce_ex__", "__getattribute__", "__subclasshook__",
     "__class__.__class__.__bases__", "__class__.__init_subclass__", "__doc__.__class__.__base__"],
)  # fmt: skip
def test_dunder_walks_end(path: str) -> None:
    for name, value in everything().items():
        assert walked(value, path.split(".")) is None, f"{name}.{path}"


@pytest.mark.parametrize(
    "name",
    ["gi_frame", "f_back", "tb_frame", "__traceback__", "__code__", "__globals__", "__self__", "__func__",
     "__closure__", "__wrapped__", "__context__", "__cause__", "__objclass__"],
)  # fmt: skip
def test_insides_are_out_of_reach(name: str) -> None:
    nothing: list[Any] = []
    values: list[Any] = [everything, nothing.append, "".join, (i for i in nothing), ValueError("x"), property()]
    for value in [*values, kinds.BUILTINS["sorted"]]:
        with pytest.raises(AutodiffError) as caught:
            kinds.get(value, name)
        assert caught.value.code == "not-reachable"


def test_what_cannot_be_called_is_refused() -> None:
    for value in (5, "a", None, [1], types.ModuleType, types.FunctionType, type, types.CodeType, Ellipsis):
        with pytest.raises(TypeError):
            kinds.call(value, [], {})


def test_own_classes_offer_what_they_define() -> None:
    def init(self: Any, x: int) -> None:
        self.x = x

    own = objects.own(type("Point", (), {"__init__": init, "y": 2, "double": property(lambda self: 2 * self.x)}))
    point = kinds.call(own, [3], {})
    assert (kinds.get(point, "x"), kinds.get(point, "y"), kinds.get(point, "double")) == (3, 2, 6)
    kinds.set(point, "z", 5)
    assert kinds.get(point, "z") == 5
    kinds.delete(point, "z")
    for name, message in (("z", "'Point' object has no attribute 'z'"), ("q", "'Point' object has no attribute 'q'")):
        with pytest.raises(AutodiffError, match=message):
            kinds.get(point, name)
    with pytest.raises(AttributeError, match="property 'double' of 'Point' object has no setter"):
        kinds.set(point, "double", 1)
    for name in ("__class__", "__dict__", "__init__"):
        with pytest.raises(AutodiffError) as caught:
            kinds.set(point, name, dict)
        assert caught.value.code == "not-reachable"
    assert kinds.repr_(point).startswith("<__main__.Point object at 0x7f")


def test_made_up_addresses_stay_and_are_not_the_hosts() -> None:
    values = [[1], [1], object(), everything]
    numbers = [kinds.BUILTINS["id"](value) for value in values]
    assert numbers == [kinds.BUILTINS["id"](value) for value in values]
    assert len(set(numbers)) == len(values)
    assert not set(numbers) & {id(value) for value in values}


def test_type_makes_no_classes() -> None:
    with pytest.raises(AutodiffError) as caught:
        kinds.BUILTINS["type"]("A", (), {})
    assert caught.value.code == "not-reachable"
    assert kinds.repr_(kinds.BUILTINS["type"](int)) == "<class 'type'>"


def test_arrays_hold_numbers_only() -> None:
    numpy: Any = kinds.find_module("numpy")
    for given in (["a"], [object()], [None]):
        with pytest.raises(TypeError, match="hold numbers"):
            kinds.get(numpy, "array")(given)
    for dtype in ("O", "object", object, "V8", "U5"):
        with pytest.raises(TypeError, match="hold numbers"):
            kinds.get(numpy, "zeros")(3, dtype=dtype)
