"""The eager Tensor.

A tensor is an array, a node that stands for it in the graph, and the version counter of its memory.  An operation is
called on the nodes of its tensors, computed at once, and wrapped again (what is large may wait until somebody looks,
which `autodiff.tensor.pending` sees to); without grad mode, or where nothing wants a
gradient, what it made is kept as a constant, so that no history grows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from autodiff.graph.dtypes import DType, dtype_of
from autodiff.graph.node import Node
from autodiff.graph.primitive import PICK, VARIABLE, variable
from autodiff.graph.shown import grad_fn as grad_fn_name
from autodiff.graph.sizes import broadcast, contiguous_strides, show
from autodiff.ops.convert import CLONE
from autodiff.tensor import modes
from autodiff.tensor.engine import GradFn, grad_fn_of
from autodiff.tensor.grad_fns import WATCHED
from autodiff.tensor.guards import NO_GRAD, SEVERAL, Zeros, forbidden, refuse_zeros
from autodiff.tensor.modes import session
from autodiff.tensor.small import CHANGE_NON_LEAF, CPU, DETACH_INSTEAD, NOT_A_LEAF, PRINT, Device, Handle, Size
from autodiff.tensor.storage import Counter, Pending, Record, held, record, writing
from autodiff.tensor.views import AS_STRIDED, GRADIENT, OTHER_DATA, Path, element, origin, places_between, stepped
from autodiff.tensor.warned import TO_SCALAR, once

CPP_NAMES = {
    "float16": "c10::Half", "float32": "float", "float64": "double", "bool": "bool", "int8": "signed char",
    "int16": "short int", "int32": "int", "int64": "long int", "uint8": "unsigned char",
}  # fmt: skip
GRAD_DTYPE = (
    "attempting to assign a gradient with dtype '{}' to a tensor with grad_dtype '{}'. The gradient must match the"
    " tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with a"
    " specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its"
    " gradient may break downstream systems that assume they match."
)
TO_NUMPY = "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
NO_GRAD_FOR_INTEGERS = "Only Tensors of floating point and complex dtype can require gradients"


class Form:
    """What operations on tensors depend on besides their numbers; tensors that are alike in it share one."""

    __slots__ = ()


_forms: dict[Any, Form] = {}
_FORMS = 4096  # kept


def form_of(tensor: Tensor) -> Form:
    """The form of a tensor: shape, strides, dtype, and whether it wants a gradient."""
    found = tensor._form
    if found is None:
        node, array = tensor._current, tensor._array
        found = form_named((array.shape, array.strides, node.dtype, node.requires_grad))
        if tensor._base is None:
            tensor._form = found
    return found


def form_named(key: Any) -> Form:
    """The form that is known by a key."""
    found = _forms.get(key)
    if found is None:
        if len(_forms) >= _FORMS:
            _forms.clear()
        found = _forms[key] = Form()
    return found


if TYPE_CHECKING:  # every operation is a method; `autodiff.tensor.namespace` adds them
    from autodiff.tensor.operations import Operations
else:
    Operations = object


class Tensor(Operations):
    """A tensor with PyTorch's eager semantics. Source: PyTorch documentation, `torch.Tensor`, `torch.autograd`."""

    # What few tensors have is in a dict that few of them make.
    __slots__ = ("__dict__", "__weakref__", "_array", "_base", "_counter", "_form", "_grad", "_node", "_seen")
    __array_priority__ = 1000  # NumPy leaves operators to us

    _array: np.ndarray[Any, Any]
    _node: Node
    _counter: Counter
    _base: Tensor | None
    _form: Form | None  # None where it is not known yet, and for views, whose node may change
    _path: Path = ()
    _meta: str | None = None  # what a view was made by, where that forbids writing through it
    _seen: int  # the version when the node was made
    _moves: int = 0  # how often the tensor was transposed and the like in place
    _since: int = 0  # how often the base had been when the path was made
    _grad: Tensor | None
    _was: Node  # the leaf that it was while it wanted a gradient
    _hooks: dict[int, Any] | None = None
    _afterwards: dict[int, Any] | None = None  # hooks for when `grad` has received something
    _immutable: bool = False  # whether PyTorch would have zeros without memory here
    _retains: bool = False  # whether `grad` was asked for though the tensor is no leaf

    def __init__(self, *data: Any) -> None:
        if data and all(isinstance(size, int) for size in data):
            array = np.zeros(data, modes.get_default_dtype().numpy)
        else:
            array = np.array(data[0] if data else [], dtype=modes.get_default_dtype().numpy)
        _fill(self, array, held(array), Counter())

    # Autograd

    @property
    def _current(self) -> Node:
        """The node that stands for the tensor now: views see what was written to their memory."""
        base = self._base
        if base is not None and (
            self._counter.version != self._seen or not self._node.requires_grad or self._node.eager.nobody
        ):
            self._renew(base)
        return self._node

    def _renew(self, base: Tensor) -> None:
        """Be a view of what the base is by now; raises RuntimeError for views that may not be."""
        if not base.requires_grad and (not self._node.requires_grad or self._node.op is VARIABLE):
            if self._node.eager.nobody:
                self._stand_for(held(self._array))
            return
        if self._counter.version == self._seen:
            if not self._node.requires_grad and self.dtype.is_floating:
                seen = self._seen
                self._become_leaf(True)
                self._node.eager.leaf = of_array(self._array)  # PyTorch has nobody there to receive a gradient
                self._node.eager.nobody = True
                self._seen = seen
            return
        if self._meta is not None:
            raise RuntimeError(forbidden(self, "its base or another view of its base has been"))
        array = self._array
        # It wants a gradient also where the base no longer does: there is a history.
        node = Node(AS_STRIDED, (base._node,), (self._way(),), array.shape, self._node.dtype, True)
        node.eager = Record(array)
        node._strides = tuple([step // array.itemsize for step in array.strides])
        self._go_on(node)

    def _look_at(self, array: np.ndarray[Any, Any], node: Node, path: Path) -> None:
        """Show the same memory in another way, which a view operation on this tensor leads to."""
        base = self._base
        way = None if base is None else (*self._way(), *path)
        self._array = array
        self._counter.version += 1
        if base is None or way is None:
            self._moves += 1
            if node.requires_grad or not self._node.requires_grad:
                self._stand_for(node if node.requires_grad else held(array))  # hooks stay where they are
            else:
                self._keep_history(array)
            return
        self._path = way
        if node.requires_grad or not self.requires_grad:
            self._stand_for(node if node.requires_grad else held(array))
        elif self._meta is None:  # without grad mode: the base knows
            self._renew(base)

    def _keep_history(self, array: np.ndarray[Any, Any]) -> None:
        """Show memory of another form, with the history that there was."""
        if self._node.op is VARIABLE:
            self._become_leaf(True)
            return
        dtype = dtype_of(array)
        if array.shape == self._node.shape and dtype is self._node.dtype and not self._saves_itself():
            self._stand_for(self._node)  # what others saved of it is whatever it is by now
            self._node._strides = tuple(step // array.itemsize for step in array.strides)
            return
        other = Node(OTHER_DATA, (self._node,), (array.shape, dtype), array.shape, dtype, True)
        other.eager = Record(array)
        other._strides = tuple(step // array.itemsize for step in array.strides)
        self._stand_for(other)

    def _saves_itself(self) -> bool:
        """Whether the operation that made this tensor reads its result in backward."""
        from autodiff.tensor.engine import saved

        node = self._node
        if node.op is OTHER_DATA or record(node).function is not None:
            return True
        with session():
            if node.op is not PICK:
                return node in saved(node)
            parent = node.inputs[0]
            if record(parent).function is not None:
                return True
            return any(part.op is PICK and part.params == node.params for part in saved(parent))

    def _way(self) -> Path:
        """How to get here from the base, which may have been transposed in place since."""
        base = self._base
        assert base is not None
        if base._moves != self._since:
            self._path, self._since = places_between(base._array, self._array), base._moves
        return self._path

    def _go_on(self, node: Node) -> None:
        """Continue from another node, as behind a write: `grad` follows there, hooks do not."""
        before = record(origin(self._node))
        self._stand_for(node)
        self._hooks = None
        if before.retained is self:
            before.retained, record(node).retained = None, self

    def _stand_for(self, node: Node) -> None:
        """Be what a node made; its value is this tensor's memory."""
        known = record(node)
        known.value = self._array
        known.counter, known.version = self._counter, self._counter.version
        known.owner = self._node.eager.owner = ref(self)  # who stood for it is asked when a version is wrong
        self._node = node
        self._form = None
        self._seen = self._counter.version

    @property
    def requires_grad(self) -> bool:
        if self._node.requires_grad and (self._base is None or not self._node.eager.nobody):
            return True
        return self._base is not None and self._base._node.requires_grad and self.dtype.is_floating

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted.__class__ is not bool:
            raise RuntimeError("requires_grad must be a bool")
        if not self._was_leaf:
            raise RuntimeError(CHANGE_NON_LEAF + (DETACH_INSTEAD if not wanted else ""))
        if wanted and not self.dtype.is_floating:
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        self._set_requires_grad(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Make a leaf want its gradient, or not; raises RuntimeError for non-leaves and integers."""
        if requires_grad.__class__ is not bool:
            raise TypeError(
                "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not"
                f" {type(requires_grad).__name__}"
            )
        if not self._was_leaf:
            if requires_grad:
                return self
            raise RuntimeError(CHANGE_NON_LEAF + DETACH_INSTEAD)
        self._set_requires_grad(requires_grad)
        return self

    def _set_requires_grad(self, wanted: bool) -> None:
        if wanted and not self.dtype.is_floating:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if wanted is not self._node.requires_grad or (wanted and self._node.eager.nobody):
            seen = self._seen
            self._become_leaf(wanted)
            self._seen = seen if self._base is not None else self._seen

    def _become_leaf(self, requires_grad: bool) -> None:
        """Be a leaf; one that wants its gradient again is the leaf that it was."""
        node, before = held(self._array), self._node
        if requires_grad:
            leaf = self.__dict__.pop("_was", None)
            if leaf is None or leaf.shape != node.shape or leaf.dtype is not node.dtype:
                leaf = variable("", node.shape, node.dtype, True)
                leaf.eager, leaf._strides = node.eager, node._strides
            node = leaf
            node.eager.leaf = self
        elif before.op is VARIABLE:
            self._was = before
        self._stand_for(node)

    @property
    def is_leaf(self) -> bool:
        node = self._current
        return not node.requires_grad or node.op is VARIABLE

    @property
    def _was_leaf(self) -> bool:
        """Whether it is a leaf as long as nobody asks a view what was written to its base."""
        return not self._node.requires_grad or self._node.op is VARIABLE

    @property
    def grad_fn(self) -> GradFn | None:
        node = self._current
        if not node.requires_grad or node.op is VARIABLE:
            return None
        if node.eager.__class__ is Pending:
            self._array  # noqa: B018  (what it saves may be asked for when the tensor is gone)
        return grad_fn_of(node)

    @property
    def grad(self) -> Tensor | None:
        if self._grad is None and not self._was_leaf and not self._retains:
            warnings.warn(NOT_A_LEAF, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {_type(value)}")
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value.dtype is not self.dtype:
                raise RuntimeError(GRAD_DTYPE.format(CPP_NAMES[value.dtype.name], self.dtype.long_name))
            if value.shape != self.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size"
                    f" '{list(self.shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def _accumulate(self, g: Node, keep: bool) -> None:
        """Add a gradient, in place unless a graph is wanted."""
        if not self._node.requires_grad:
            return
        earlier = self._grad
        if keep:
            self._grad = of_node(GRADIENT.make((g,))) if earlier is None else earlier + of_node(g)
        else:
            self._add(record(g).value, False)

    def _retain(self, g: Node, keep: bool) -> None:
        """Add to the gradient of a non-leaf, never in place."""
        earlier = self._grad
        if keep:
            self._grad = of_node(CLONE.make((g,))) if earlier is None else earlier + of_node(g)
        else:
            value = record(g).value
            self._grad = of_array(np.array(value) if earlier is None else earlier._array + value)

    def _add(self, g: Any, ours: bool) -> None:
        """Add a gradient's numbers; an array that is `ours` may be kept."""
        if not self._node.requires_grad:
            return
        if self._node.op is not VARIABLE:
            raise RuntimeError("leaf variable has been moved into the graph interior")
        earlier = self._grad
        target = self if earlier is None else earlier
        if np.shape(g) != target._array.shape:
            g, ours = _spread(g, target), False
        if earlier is None:
            fresh = ours and g.__class__ is np.ndarray and g.base is None and g.flags.writeable
            self._grad = of_array(g if fresh else np.array(g))
            if g.__class__ is Zeros:
                self._grad._immutable = True
        else:
            refuse_zeros(earlier)
            writing(earlier._array)
            np.add(earlier._array, g, out=earlier._array)
            earlier._counter.version += 1

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add to the `grad` of the leaves (or of `inputs`) the derivative of this tensor."""
        from autodiff.tensor.differentiate import backward

        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def retain_grad(self) -> None:
        """Have `grad` of a non-leaf filled by backward."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if not self._was_leaf and not self._retains:
            record(origin(self._current)).retained = self
            self._retains = True

    @property
    def retains_grad(self) -> bool:
        return self._retains

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Handle:
        """Call hook with the gradient of this tensor whenever it is computed; what it returns takes its place."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self._hooks is None:  # else it goes where the first one was, as PyTorch has it
            self._hooks = {}
            if self.grad_fn is None:
                WATCHED[0] = True
            else:
                hang(origin(self._node), self._hooks)
        return Handle(self._hooks, hook)

    def detach(self) -> Tensor:
        """The same memory, and no gradient."""
        made = alias(self, self._counter)
        if self._immutable:
            made._immutable = True
        return made

    @property
    def data(self) -> Tensor:
        """The same memory, no gradient, and writes to it are not noticed by backward."""
        return alias(self, Counter())

    @data.setter
    def data(self, value: Tensor) -> None:
        if self.requires_grad and not value.dtype.is_floating:
            raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
        writing(self._array)
        seen, known = self._seen, self._base is not None  # what was written to the base may forbid this view
        self._array = value._array
        self._form = None
        node = self._node
        if not self.is_leaf:
            self._keep_history(value._array)  # what its own operation saved stays what it was
        elif node.shape == value._node.shape and node.dtype is value.dtype:
            record(node).value = self._array
            node._strides = tuple(step // self._array.itemsize for step in self._array.strides)
        else:
            self._become_leaf(self.requires_grad)
        if known:
            self._seen = seen

    @property
    def _version(self) -> int:
        return self._counter.version

    @property
    def device(self) -> Device:
        return CPU

    # Shape and type

    @property
    def shape(self) -> Size:
        return Size(self._node.shape)  # type: ignore[arg-type]

    @property
    def dtype(self) -> DType:
        return self._node.dtype

    @property
    def ndim(self) -> int:
        return len(self._node.shape)

    @property
    def nbytes(self) -> int:
        return int(self._array.nbytes)

    def size(self, dim: int | None = None) -> Any:
        if dim is None:
            return self.shape
        if not self.ndim:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        if not -max(self.ndim, 1) <= dim < max(self.ndim, 1):
            low, high = -max(self.ndim, 1), max(self.ndim, 1) - 1
            raise IndexError(f"Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})")
        return self._node.shape[dim]

    def dim(self) -> int:
        return len(self._node.shape)

    def numel(self) -> int:
        return prod(self._node.shape)  # type: ignore[arg-type]

    def stride(self, dim: int | None = None) -> Any:
        """How many elements lie between neighbours along each dim, or along one."""
        array = self._array
        if self._base is None and array.base is None and array.flags.c_contiguous:
            steps = contiguous_strides(array.shape)
        else:
            steps = tuple(step // array.itemsize for step in array.strides)
        return steps if dim is None else steps[dim]

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    # Values

    if not TYPE_CHECKING:  # which would take any name then

        def __getattr__(self, name: str) -> Any:
            if name == "_array":  # which waits
                from autodiff.tensor.pending import settle

                settle([self._node])
                return self._array
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def _seen_array(self) -> np.ndarray[Any, Any]:
        """The elements, to be looked at and not to be kept."""
        if self._node.eager.__class__ is not Pending:
            return self._array
        from autodiff.tensor.pending import look

        return look(self)

    def item(self) -> Any:
        """The only element as a Python number; raises RuntimeError where there is not exactly one."""
        array = self._seen_array()
        if array.size != 1:
            raise RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar")
        return array.item()

    def tolist(self) -> Any:
        if self._immutable:
            raise RuntimeError("tolist() shouldn't be called on a tensor with unallocated storage")
        return self._seen_array().tolist()

    def numpy(self) -> np.ndarray[Any, Any]:
        """A read-only copy; raises RuntimeError for tensors that want a gradient, in grad mode."""
        if self.requires_grad and modes.is_grad_enabled():
            raise RuntimeError(TO_NUMPY)
        array = self._seen_array().copy()
        array.flags.writeable = False
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __bool__(self) -> bool:
        array = self._seen_array()
        if array.size != 1:
            many = "more than one value" if array.size else "no values"
            raise RuntimeError(f"Boolean value of Tensor with {many} is ambiguous")
        return bool(array.item())

    def __float__(self) -> float:
        return float(self._scalar())

    def __int__(self) -> int:
        return int(self._scalar())

    def _scalar(self) -> Any:
        array = self._seen_array()
        if array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        if self.requires_grad:
            once(TO_SCALAR)
        return array.item()

    def __index__(self) -> int:
        if self._array.size != 1 or self.dtype.is_floating:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def __format__(self, spec: str) -> str:
        if not self.ndim and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __repr__(self) -> str:
        show = import_module("autodiff.report.tensors").format_tensor  # a higher layer, and only to be looked at
        try:
            node = self._current
            name = None if self.is_leaf else grad_fn_name(node)
        except RuntimeError:  # a view that was not to be written to
            node, name = self._node, "Invalid"
        text: str = show(
            self._seen_array(),
            requires_grad=node.requires_grad,
            grad_fn=name,
            default_dtype=modes.get_default_dtype().name,
            **PRINT,
        )
        return text

    __hash__ = object.__hash__

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (Tensor, int, float)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool((self._array == _plain_value(element)).any())

    def __setitem__(self, items: Any, value: Any) -> None:
        from autodiff.tensor.inplace import put

        put(self, items, value)

    def __deepcopy__(self, memo: Any) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the"
                " moment."
            )
        copied = of_array(self._array.copy())
        return copied.requires_grad_(self.requires_grad)


def _spread(g: Any, target: Tensor) -> np.ndarray[Any, Any]:
    """A gradient in the shape of data that were exchanged; raises RuntimeError where it does not broadcast to it."""
    with session():
        shape = broadcast(target._array.shape, np.shape(g))
    if shape != target._array.shape:
        raise RuntimeError(
            f"output with shape {show(target._array.shape)} doesn't match the broadcast shape {show(shape)}"
        )
    return np.broadcast_to(g, shape)  # type: ignore[arg-type]


def hang(node: Node, hooks: dict[int, Any]) -> None:
    """Have hooks called with the gradient of what a node made."""
    known = record(node)
    known.hooks = (*known.hooks, hooks)
    if node.op is PICK:
        parent = record(node.inputs[0])
        parent.hooked = (*parent.hooked, node)


def _fill(tensor: Tensor, array: np.ndarray[Any, Any], node: Node, counter: Counter) -> None:
    tensor._array = array
    tensor._counter = counter
    tensor._base = None
    tensor._grad = None
    tensor._node = node
    tensor._stand_for(node)


def new(array: np.ndarray[Any, Any], node: Node, counter: Counter) -> Tensor:
    """A tensor over this memory, which a node stands for."""
    tensor = Tensor.__new__(Tensor)
    _fill(tensor, array, node, counter)
    return tensor


def view_of(node: Node | None, value: np.ndarray[Any, Any], source: Tensor, path: Path) -> Tensor:
    """A view of a tensor's memory, made by a node where it wants a gradient."""
    if not value.ndim and not np.may_share_memory(value, source._array):
        value = element(source._array, path)
    if 1 in value.shape:
        value = stepped(value, source._current, path)
    tensor = new(value, node if node is not None and node.requires_grad else held(value), source._counter)
    if value.flags.c_contiguous and 1 in value.shape:
        tensor._node._strides = tuple(step // value.itemsize for step in value.strides)
    base = source._base
    if base is None:
        tensor._base, tensor._path, tensor._since = source, path, source._moves
    else:
        tensor._base, tensor._path, tensor._since = base, (*source._way(), *path), base._moves
    several = path and path[-1][2] is not None
    tensor._meta = NO_GRAD if not modes._grad.on else SEVERAL if several else source._meta
    return tensor


def of_array(array: np.ndarray[Any, Any]) -> Tensor:
    """A leaf over this memory."""
    return new(array, held(array), Counter())


def of_node(node: Node) -> Tensor:
    """A tensor of its own for what a node made."""
    array = record(node).value
    if not node.requires_grad:
        return of_array(array)
    counter = record(node).counter
    tensor = Tensor.__new__(Tensor)
    _fill(tensor, array, held(array), counter or Counter())
    tensor._node = node
    tensor._form = None
    record(node).owner = ref(tensor)
    if counter is None:
        record(node).counter = tensor._counter
    return tensor


def alias(tensor: Tensor, counter: Counter) -> Tensor:
    """Another tensor over the same memory, without history."""
    return new(tensor._array, held(tensor._array), counter)


def _plain_value(value: Any) -> Any:
    return value._array if isinstance(value, Tensor) else value


def _type(value: object) -> str:
    return type(value).__name__
