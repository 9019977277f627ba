"""`grad_fn`: what people see of the nodes that backward goes through, and the hooks that they hang there.

Source: PyTorch documentation, `torch.autograd.graph.Node`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff.graph.node import Node
from autodiff.graph.primitive import BROADCAST, CONSTANT, CONVERT, PICK, VARIABLE
from autodiff.graph.shown import edges, grad_fn, visible
from autodiff.tensor.small import Handle
from autodiff.tensor.storage import record
from autodiff.tensor.views import others_written

# PyTorch's names for what an operation saves of its second operand; the first is `self`, the result is `result`.
SECOND = {
    "PowBackward0": "exponent", "PowBackward1": "exponent", "DotBackward0": "tensor", "MmBackward0": "mat2",
    "MvBackward0": "vec", "BmmBackward0": "mat2", "MseLossBackward0": "target", "GatherBackward0": "index",
    "SmoothL1LossBackward0": "target", "HuberLossBackward0": "target", "BinaryCrossEntropyBackward0": "target",
    "MaskedFillBackward0": "mask", "IndexSelectBackward0": "index",
}  # fmt: skip
FIRST = {"WhereBackward0": "condition"}
WATCHED = [False]  # whether any leaf has ever had a hook


class GradFn:
    """A node as `grad_fn` shows it: `name()`, `next_functions`, what it saved, and hooks around it."""

    _names: dict[str, type[GradFn]] = {}  # noqa: RUF012

    def __init__(self, node: Node, name: str) -> None:
        self._node = node
        self._name = name
        self._before: dict[int, Any] | None = None
        self._after: dict[int, Any] | None = None
        self.metadata: dict[Any, Any] = {}

    def name(self) -> str:
        return self._name

    @property
    def next_functions(self) -> tuple[tuple[GradFn | None, int], ...]:
        """Whom the gradients are handed on to, and as which of their results."""
        return tuple((grad_fn_of(node) if node is not None else None, number) for node, number in numbered(self._node))

    @property
    def variable(self) -> Any:
        """The leaf, of an AccumulateGrad."""
        if self._node.op is not VARIABLE:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute 'variable'")
        return self._node.eager.leaf

    @property
    def requires_grad(self) -> bool:
        return True

    def register_hook(self, fn: Callable[..., Any]) -> Handle:
        """Call fn(gradients of the operands, gradients of the results) after the node; it may return other ones."""
        WATCHED[0] = WATCHED[0] or self._node.op is VARIABLE
        if self._after is None:
            self._after = {}
        return Handle(self._after, fn)

    def register_prehook(self, fn: Callable[..., Any]) -> Handle:
        """Call fn(gradients of the results) before the node; it may return other ones."""
        WATCHED[0] = WATCHED[0] or self._node.op is VARIABLE
        if self._before is None:
            self._before = {}
        return Handle(self._before, fn)

    def _sequence_nr(self) -> int:
        return self._node.index

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_saved_"):
            return _saved(self, name.removeprefix("_saved_"))
        context = self.__dict__.get("_node") and self._node.eager.context
        if context is not None and context is not self and not name.startswith("__"):
            return getattr(context, name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *("_saved_" + name for name in _names(self._node))]

    def __repr__(self) -> str:
        home = "torch.autograd.function." if self._node.eager.function is not None else ""
        return f"<{home}{type(self).__name__} object at {id(self):#x}>"


def numbered(node: Node) -> list[tuple[Node | None, int]]:
    """The nodes that a node hands gradients on to, and which of their results is meant."""
    if node.op is VARIABLE:
        return []
    found: list[tuple[Node | None, int]] = []
    shown = edges(node)
    # Plain numbers are no operands that PyTorch knows of.
    if node.op.edges is None and len(shown) == len(node.inputs) == 1:
        shown = [edge for edge in shown if not (node.inputs[0].op is CONSTANT and node.inputs[0].weak)]
    operands = node.inputs
    if node.eager is not None and node.eager.written is not None:
        operands = (node.inputs[0], *others_written(node))
    numbers = {visible(operand): _number(operand) for operand in operands}
    several: dict[Node, list[int]] = {}
    for operand in operands:
        if operand.requires_grad:
            several.setdefault(visible(operand), []).append(_number(operand))
    for edge in shown:
        if edge is None or (edge.eager is not None and edge.eager.nobody):
            found.append((None, 0))
            continue
        left = several.get(edge)
        found.append((edge, left.pop(0) if left else numbers.get(edge, 0)))
    return found


def result_of(node: Node) -> tuple[Node, int]:
    """The visible node behind an operand, and which of its results it is."""
    return visible(node), _number(node)


def _number(node: Node) -> int:
    """Which result of the visible operation an operand is."""
    while node.op.hidden and node.inputs:
        if node.op is PICK:
            return int(node.params[0])
        node = node.inputs[0]
    return 0


def grad_fn_of(node: Node) -> GradFn:
    """The one GradFn of a node that wants a gradient."""
    node = visible(node)
    known = record(node)
    context = known.context
    if isinstance(context, GradFn):
        return context
    shown: GradFn | None = None if context is None else context._shown
    if shown is not None:
        return shown
    if node.op is VARIABLE:
        name, kind = "torch::autograd::AccumulateGrad", "AccumulateGrad"
    else:
        name = grad_fn(node) or ""
        kind = name.rpartition("::")[2]
        if name == "NotImplemented":
            name = "torch::autograd::NotImplemented"
    home = "torch.autograd.function" if known.function is not None else __name__
    cls = GradFn._names.setdefault(kind, type(kind, (GradFn,), {"__module__": home}))
    shown = cls(node, name)
    if known.function is None:
        known.context = shown
    else:
        known.context._shown = shown
    return shown


# What was saved


def _roles(node: Node) -> list[tuple[str, Any]]:
    """The arguments of a node under PyTorch's names: operands as nodes, parameters as they are."""
    title = grad_fn(node) or ""
    roles: list[tuple[str, Any]] = []
    tensors = 0
    for param, value in zip(node.op.signature.params, node.args, strict=False):
        if param.kind == "Tensor":
            if tensors == 0:
                roles.append((FIRST.get(title, "self"), value))
            elif tensors == 1:
                roles.append((SECOND.get(title, "other"), value))
            else:
                roles.append((param.name, value))
            tensors += 1
        elif param.kind != "Tensors":
            roles.append((param.name, value))
    return roles


def _names(node: Node) -> list[str]:
    if node.op is VARIABLE or node.eager.function is not None:
        return []
    from autodiff.tensor.engine import saved
    from autodiff.tensor.modes import session

    with session():
        kept = saved(node)
    found = ["result"] if node in kept else []
    for name, value in _roles(node):
        known = not isinstance(value, Node) or value in kept or (value.weak and name == "exponent")
        if known or _behind(value) in {_behind(k) for k in kept}:
            found.append(name)
    return found


def _behind(node: Node) -> Node:
    while node.op in (BROADCAST, CONVERT):
        node = node.inputs[0]
    return node


def _saved(shown: GradFn, name: str) -> Any:
    from autodiff.tensor.engine import FREED
    from autodiff.tensor.tensor import of_array, of_node

    node = shown._node
    if name == "self_sym_sizes" and node.inputs:
        return tuple(_behind(node.inputs[0]).shape)
    if name not in _names(node):
        raise AttributeError(f"'{type(shown).__name__}' object has no attribute '_saved_{name}'")
    value = node if name == "result" else dict(_roles(node))[name]
    if not isinstance(value, Node):
        return value
    if node.eager.freed:
        raise RuntimeError(FREED)
    value = _behind(value)
    if value.weak:
        return record(value).value
    owner = value.eager.owner and value.eager.owner()
    if owner is not None and owner._node is value:
        return owner
    return of_node(value) if value.requires_grad else of_array(record(value).value)


# Hooks


def before(shown: GradFn, received: Sequence[Any], create: bool) -> list[Any]:
    """Gradients of the results as the hooks before a node leave them."""
    values = _tensors(received)
    for hook in list((shown._before or {}).values()):
        returned = hook(values)
        if returned is not None:
            values = _checked(hook, returned, values)
    return [None if value is None else _node(value, create) for value in values]


def after(shown: GradFn, made: Sequence[Any], received: Sequence[Any], create: bool) -> list[Any]:
    """Gradients of the operands as the hooks behind a node leave them."""
    values, given = _tensors(made), _tensors(received)
    for hook in list((shown._after or {}).values()):
        returned = hook(values, given)
        if returned is not None:
            values = _checked(hook, returned, values)
    return [None if value is None else _node(value, create) for value in values]


def _tensors(nodes: Sequence[Any]) -> tuple[Any, ...]:
    from autodiff.tensor.tensor import of_node

    return tuple(None if node is None else of_node(node) for node in nodes)


def _node(tensor: Any, create: bool) -> Node:
    from autodiff.tensor.storage import held

    return tensor._current if create else held(tensor._array)


def _checked(hook: Any, returned: Any, expected: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(returned, tuple):
        raise TypeError(f"expected tuple, but hook returned '{_type(returned)}'")
    if len(returned) != len(expected):
        raise RuntimeError(
            f"hook '{hook_name(hook)}' has returned an incorrect number of values (got {len(returned)}, but expected"
            f" {len(expected)})"
        )
    for value, was in zip(returned, expected, strict=True):
        check_replacement(hook, value, was)
    return returned


def check_replacement(hook: Any, value: Any, was: Any) -> None:
    """Refuse what a hook returned for a gradient if it has another shape or dtype."""
    if value is None or was is None:
        return
    from autodiff.tensor.tensor import Tensor

    if not isinstance(value, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{_type(value)}'")
    if value.dtype is not was.dtype:
        raise RuntimeError(
            f"hook '{hook_name(hook)}' has changed the type of value (was torch.{was.dtype.long_name}Tensor got"
            f" torch.{value.dtype.long_name}Tensor)"
        )
    if value.shape != was.shape:
        raise RuntimeError(f"hook '{hook_name(hook)}' has changed the size of value")


def hook_name(hook: Any) -> str:
    """What messages call a hook."""
    return str(getattr(hook, "__name__", type(hook).__name__))


def _type(value: object) -> str:
    return type(value).__name__
