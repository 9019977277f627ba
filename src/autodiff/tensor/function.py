"""`autograd.Function`: operations whose derivative a user writes.

`forward` runs without grad mode, and what it returns gets a node of its own whose rule is the user's `backward`, which
runs in grad mode when a graph is wanted: so a Function is differentiable as often as its backward is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.graph import dtypes
from autodiff.graph.node import Node
from autodiff.graph.primitive import VARIABLE, Primitive, pick
from autodiff.tensor import modes
from autodiff.tensor.engine import FREED, modified
from autodiff.tensor.guards import FUNCTION, SEVERAL, forbidden
from autodiff.tensor.modes import session
from autodiff.tensor.storage import Counter, Record, held, record
from autodiff.tensor.tensor import Tensor, of_array, of_node
from autodiff.tensor.views import COPY_SLICES, place_of_view, private

NOT_RETURNED = (
    "Some elements marked as dirty during the forward method were not returned as output. The inputs that are modified"
    " inplace must all be outputs of the Function."
)
NO_INPUT = (
    "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated should be"
    " passed to ctx.mark_dirty()."
)
DIRTY_VIEW = (
    "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return more than"
    " one Tensor. This is not supported by the current autograd engine. You should either make sure the input is not a"
    " view (using .clone() for example) or make your Function only return one Tensor (potentially splitting it into two"
    " Functions: one doing the inplace that returns a single Tensor and a second one that does the other operations)."
    " You can ask on the forum https://discuss.pytorch.org/ if you need help to do this change."
)
LEAF = "a leaf Variable that requires grad has been used in an in-place operation."
STATIC = (
    "should not be instantiated. Methods on autograd functions are all static, so you should invoke them on the class"
    " itself. Instantiating an autograd function will raise an error in a future version of PyTorch."
)


class Context:
    """What forward hands to backward: saved tensors, and any attributes."""

    def __init__(self) -> None:
        self._to_save: tuple[Any, ...] = ()
        self._saved: tuple[Any, ...] = ()
        self._versions: tuple[int, ...] = ()
        self._freed = False
        self._plain: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._materialize = True
        self._shown: Any = None  # how `grad_fn` shows it
        self._made: dict[int, Node] = {}  # the results, as this made them
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward, which refuses them if they were changed in place since."""
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `jvp`, which is never called here."""

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved; raises RuntimeError after the buffers were freed, or if it was changed since."""
        if self._freed:
            raise RuntimeError(FREED)
        for tensor, version in zip(self._saved, self._versions, strict=False):
            if tensor is not None and tensor._counter.version != version:
                raise modified(self._made.get(id(tensor)) or tensor._current, tensor._counter.version, version)
        return self._saved

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which results no gradient flows through."""
        self._plain = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward has changed in place."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (or None) for results without a gradient."""
        self._materialize = value

    def _keep(self, results: tuple[Any, ...], fresh: list[Any]) -> None:
        """Save what forward asked to be saved."""
        for i, tensor in enumerate(self._to_save):
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {i} is of type {type(tensor).__name__}"
                )
        self._saved = tuple(_replaced(tensor, results, fresh) for tensor in self._to_save)
        self._versions = tuple(tensor._counter.version if tensor is not None else 0 for tensor in self._saved)
        self._made = {id(t): t._node for t in fresh if isinstance(t, Tensor) and t.requires_grad}


def _never(*_: Any) -> Any:
    raise AssertionError("the value of a Function is known")


class Function:
    """Base of operations with a derivative of their own. Source: PyTorch documentation, `torch.autograd.Function`."""

    _operation: Primitive | None = None
    _context: type[Context] = Context

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(f"{type(self)} {STATIC}", DeprecationWarning, stacklevel=2)

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The result; the context comes first, unless there is a `setup_context`."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Fill the context from inputs and output."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """One gradient (or None) for each argument of forward."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with"
            " backward mode AD."
        )

    vjp = backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and record the result.

        Raises what forward raises, TypeError for what cannot be saved, and RuntimeError for leaves changed in place.
        """
        cls._prepare()
        if kwargs:
            args, kwargs = _positional(cls, args, kwargs), {}
        ctx = cls._context()
        ctx.needs_input_grad = tuple(isinstance(value, Tensor) and value.requires_grad for value in args)
        tracked = modes.is_grad_enabled() and any(ctx.needs_input_grad)
        nodes = [value._current for value in args if isinstance(value, Tensor)] if tracked else []
        with modes.no_grad():
            if cls.setup_context is not Function.setup_context:
                returned = cls.forward(*args)
                cls.setup_context(ctx, args, returned)
            else:
                returned = cls.forward(ctx, *args)
        results = returned if isinstance(returned, tuple) else (returned,)
        _check_marks(ctx, results)
        for tensor in ctx._dirty:
            tensor._counter.version += 1
        if tracked:
            fresh = _Recorded(cls, ctx, args, results).wrapped(nodes)
            ctx._keep(results, fresh)
        else:
            fresh = [_untracked(t, args, ctx._dirty) if isinstance(t, Tensor) else t for t in results]
        return tuple(fresh) if isinstance(returned, tuple) else fresh[0]

    @classmethod
    def _prepare(cls) -> None:
        if "_operation" in cls.__dict__:
            return
        title = f"{cls.__name__}Backward"
        cls._context = type(title, (Context,), {"__module__": "torch.autograd.function"})
        cls._operation = private(
            f"{cls.__name__}(tensors: Tensors)", _never, vjp_all=_never, grad_fn=title, doc="A user's function."
        )


def _positional(cls: type[Function], args: Any, kwargs: Any) -> tuple[Any, ...]:
    """Arguments that were given by name, in the order of forward."""
    from inspect import signature

    own = cls.setup_context is not Function.setup_context
    bound = signature(cls.forward).bind(*(args if own else (None, *args)), **kwargs)
    bound.apply_defaults()
    return bound.args if own else bound.args[1:]


def _check_marks(ctx: Context, results: tuple[Any, ...]) -> None:
    """Refuse what is no tensor among what forward marked, and changed inputs that it did not return."""
    for tensor in ctx._dirty:
        if not isinstance(tensor, Tensor):
            raise RuntimeError("mark_dirty can only accept variables, but argument ")
    if not all(isinstance(tensor, Tensor) for tensor in ctx._plain):
        raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got ")
    if not all(_among(tensor, results) for tensor in ctx._dirty):
        raise RuntimeError(NOT_RETURNED)


def _untracked(t: Tensor, args: Any, dirty: tuple[Any, ...]) -> Tensor:
    """A result that no gradient flows through."""
    given, changed = _among(t, args), _among(t, dirty)
    if not t.requires_grad:
        if given and not changed:
            t = _alias(t)
    elif given:
        t = t.detach()
    elif t._base is None:
        t._become_leaf(False)
    if t._base is not None and not (given and changed):
        t._meta = FUNCTION
    return t


def _among(value: Any, others: Any) -> bool:
    return isinstance(value, Tensor) and any(value is other for other in others)


def _alias(tensor: Tensor) -> Tensor:
    with modes.no_grad():
        return tensor.view_as(tensor)


class _Recorded:
    """One call of a Function that wants gradients: its node, and its results as what that made."""

    def __init__(self, cls: type[Function], ctx: Context, args: Any, results: tuple[Any, ...]) -> None:
        self.cls = cls
        self.ctx = ctx
        self.results = results
        # The arguments are needed for their places and forms alone: keeping them would keep their memory.
        self.wanted = [(t.shape, t.dtype) if isinstance(t, Tensor) else None for t in args]
        self.args = args
        self.forms = [(tuple(t.shape), t.dtype) if isinstance(t, Tensor) else None for t in results]

    def wrapped(self, inputs: list[Node]) -> list[Any]:
        """The results as tensors that one node made."""
        op = self.cls._operation
        assert op is not None
        several = len(self.results) != 1 or self.forms[0] is None
        known: Record
        if several:
            forms = tuple(form or ((), dtypes.int64) for form in self.forms)
            node = Node(op, tuple(inputs), (len(inputs),), (), dtypes.int64, True, results=forms)
            known = node.eager = Record(tuple(t._array if isinstance(t, Tensor) else None for t in self.results))
        else:
            form = self.forms[0]
            assert form is not None
            node = Node(op, tuple(inputs), (len(inputs),), *form, True)
            known = node.eager = Record(self.results[0]._array)
        known.context = self.ctx
        known.function = self.pulled
        fresh = [
            self._result(t, pick(node, i) if several else node) if isinstance(t, Tensor) else t
            for i, t in enumerate(self.results)
        ]
        views = [t for t in fresh if isinstance(t, Tensor) and t._base is not None]
        if sum(isinstance(t, Tensor) and t.requires_grad for t in fresh) > 1:
            for view in views:
                view._meta = SEVERAL
        del self.args
        return fresh

    def _result(self, t: Tensor, made: Node) -> Tensor:
        given = _among(t, self.args)
        dirty = _among(t, self.ctx._dirty)
        if _among(t, self.ctx._plain) or not t.dtype.is_floating:
            return _untracked(t, self.args, self.ctx._dirty)
        made.eager = made.eager or Record(t._array)
        if dirty:
            return self._changed(t, made, given)
        if given:
            t = _alias(t)
        made.eager.value, made.eager.counter = t._array, t._counter
        made._strides = tuple(step // t._array.itemsize for step in t._array.strides)
        t._stand_for(made)
        if t._base is not None:
            t._meta = FUNCTION
        return t

    def _changed(self, t: Tensor, made: Node, given: bool) -> Tensor:
        base = t._base
        if t._node.op is VARIABLE and t._node.requires_grad:
            raise RuntimeError(LEAF)
        if not given:
            warnings.warn(NO_INPUT, UserWarning, stacklevel=5)
        if base is not None and len(self.results) > 1:
            raise RuntimeError(DIRTY_VIEW)
        if base is not None and t._meta is not None:
            raise RuntimeError(forbidden(t, "is being"))
        if base is not None and base.is_leaf and base.requires_grad:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
        if base is None:
            t._go_on(made)
        else:
            with session():
                made.eager.value = t._array
                slices = COPY_SLICES.make((base._current, made, t._way()))
                record(slices).written = place_of_view(made, t._node)
                base._go_on(slices)
        t._grad = None
        return t

    def pulled(self, ctx: Context, g: Any, freed: bool, create: bool) -> list[Node | None]:
        """What the user's backward gives for the tensors among the arguments."""
        ctx._freed = freed
        gradients: list[Any] = []
        for given, form in zip(g if isinstance(g, list) else [g], self.forms, strict=True):
            if given is not None:
                gradients.append(of_node(given))
            elif form is not None and ctx._materialize:
                gradients.append(of_array(np.zeros(form[0], form[1].numpy)))
            else:
                gradients.append(None)
        backward = self.cls.backward
        if backward is Function.backward and self.cls.vjp is not Function.backward:
            backward = self.cls.vjp
        returned = backward(ctx, *gradients)
        return self._checked(returned if isinstance(returned, tuple) else (returned,), create)

    def _checked(self, values: tuple[Any, ...], create: bool) -> list[Node | None]:
        title, count = f"{self.cls.__name__}Backward", len(self.wanted)
        while len(values) > count and values[-1] is None:
            values = values[:-1]
        if len(values) != count:
            raise RuntimeError(
                f"function {title} returned an incorrect number of gradients (expected {count}, got {len(values)})"
            )
        found: list[Node | None] = []
        for i, (form, value) in enumerate(zip(self.wanted, values, strict=True)):
            if form is None:
                if value is not None:
                    raise RuntimeError(
                        f"function {title} returned a gradient different than None at position {i + 1}, but the"
                        " corresponding forward input was not a Variable"
                    )
                continue
            if value is None:
                found.append(None)
                continue
            if not isinstance(value, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(value).__name__})")
            found.append(_fitted(title, i, value, form, create))
        return found


def _fitted(title: str, i: int, value: Tensor, form: Any, create: bool) -> Node:
    """A gradient summed to the shape and converted to the dtype of its argument."""
    shape, dtype = form
    if value.shape != shape:
        if not _broadcasts(shape, value.shape):
            raise RuntimeError(
                f"Function {title} returned an invalid gradient at index {i} - got {list(value.shape)} but expected"
                f" shape compatible with {list(shape)}"
            )
        value = value.sum_to_size(shape)
    if value.dtype is not dtype:
        value = value.to(dtype)
    return value._current if create else held(value._array)


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a backward that cannot itself be differentiated: a second derivative is an error."""

    def guarded(ctx: Any, *args: Any) -> Any:
        with modes.no_grad():
            returned = backward(ctx, *args)
        if not modes.is_grad_enabled() or not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return returned
        results = returned if isinstance(returned, tuple) else (returned,)
        marked = tuple(_refusing(r) if isinstance(r, Tensor) else r for r in results)
        return marked if isinstance(returned, tuple) else marked[0]

    return guarded


def _refuse(ctx: Any, *_: Any) -> Any:
    raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def _refusing(tensor: Tensor) -> Tensor:
    """A tensor through which no gradient may go."""
    if not tensor.dtype.is_floating:
        return tensor
    leaf = tensor.detach().requires_grad_()
    op = private("Error(x)", _never, shape=lambda x: x.shape, vjp_all=_never, grad_fn="Error", doc="No derivative.")
    node = Node(op, (leaf._current,), (), leaf._current.shape, leaf.dtype, True)
    known = node.eager = Record(tensor._array)
    known.context, known.function, known.counter = Context(), _refuse, Counter()
    return of_node(node)


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(small, large) == tuple(large)
    except ValueError:
        return False


def _replaced(tensor: Any, old: tuple[Any, ...], new: list[Any]) -> Any:
    """A result that was saved, as the tensor that the caller gets."""
    return next((n for o, n in zip(old, new, strict=True) if o is tensor), tensor)


__all__ = ["Context", "Function", "once_differentiable", "record"]
