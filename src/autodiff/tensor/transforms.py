"""`torch.func`: functions that make functions. Source: PyTorch documentation of that module.

`vmap` calls the function once for each slice and stacks what comes back: the answers are PyTorch's, the speed is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.tensor import functional, modes
from autodiff.tensor.differentiate import grad as _grad
from autodiff.tensor.namespace import stack
from autodiff.tensor.tensor import Tensor

Function = Callable[..., Any]


def _places(argnums: Any) -> tuple[int, ...]:
    return (argnums,) if isinstance(argnums, int) else tuple(argnums)


def _leaves(args: tuple[Any, ...], argnums: Any) -> tuple[list[Any], list[Tensor]]:
    """Arguments in which those to differentiate for are fresh, and these."""
    given = list(args)
    wanted = []
    for place in _places(argnums):
        given[place] = given[place].view_as(given[place]) if given[place].requires_grad else given[place].detach()
        if not given[place].requires_grad:
            given[place].requires_grad_()
        wanted.append(given[place])
    return given, wanted


def grad_and_value(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """A function that gives the gradient and the value of one with a scalar result."""

    def both(*args: Any, **kwargs: Any) -> Any:
        given, wanted = _leaves(args, argnums)
        outer = any(isinstance(a, Tensor) and a.requires_grad for a in args)
        with modes.enable_grad():
            result = func(*given, **kwargs)
            value, aux = result if has_aux else (result, None)
            if not isinstance(value, Tensor):
                raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(value)}")
            if value.ndim:
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with"
                    f" {value.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
                )
            if not value.requires_grad:
                found: tuple[Any, ...] = tuple(t.new_zeros(t.shape) for t in wanted)
            else:
                found = _grad(value, wanted, create_graph=True, allow_unused=True, materialize_grads=True)
        if not (outer and modes.is_grad_enabled()) and not _inside[0]:
            found, value = tuple(g.detach() for g in found), value.detach()
            aux = aux.detach() if isinstance(aux, Tensor) else aux
        slopes = found[0] if isinstance(argnums, int) else found
        return (slopes, (value, aux)) if has_aux else (slopes, value)

    return _nested(both)


_inside = [0]  # how many transforms are being computed


def _nested(function: Function) -> Function:
    """While a transform runs, those inside of it keep their graphs."""

    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return called


def grad(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """A function that gives the gradient of one with a scalar result."""
    both = grad_and_value(func, argnums, has_aux)

    def slopes(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return slopes


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The result, and a function from cotangents to the gradients of the primals."""
    given, wanted = _leaves(primals, range(len(primals)))
    with modes.enable_grad():
        result = func(*given)
    value, aux = result if has_aux else (result, None)
    several = isinstance(value, (tuple, list))
    outputs = list(value) if several else [value]

    def pull(*cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> tuple[Any, ...]:
        together = len(cotangents) == 1 and isinstance(cotangents[0], (tuple, list))
        weights = list(cotangents[0]) if together else cotangents
        return _grad(outputs, wanted, list(weights), retain_graph=True, allow_unused=True, materialize_grads=True)

    shown = type(value)(o.detach() for o in outputs) if several else value.detach()
    return (shown, pull, aux) if has_aux else (shown, pull)


def jvp(func: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    """The result, and its derivative along the tangents."""
    return functional.jvp(func, tuple(primals), tuple(tangents))


def jacrev(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """A function that gives the Jacobian."""

    def jacobian(*args: Any) -> Any:
        places = _places(argnums)

        def inner(*chosen: Any) -> Any:
            given = list(args)
            for place, value in zip(places, chosen, strict=True):
                given[place] = value
            return func(*given)

        keep = any(args[place].requires_grad for place in places)
        found = functional.jacobian(inner, tuple(args[place] for place in places), create_graph=keep)
        if isinstance(argnums, int):
            several = isinstance(found, tuple) and found and isinstance(found[0], tuple)
            return tuple(block[0] for block in found) if several else found[0]
        return found

    return jacobian


jacfwd = jacrev


def hessian(func: Function, argnums: int = 0) -> Function:
    """A function that gives the second derivatives of one with a scalar result."""

    def second(*args: Any) -> Any:
        def inner(value: Any) -> Any:
            given = list(args)
            given[argnums] = value
            return func(*given)

        return functional.hessian(inner, args[argnums])

    return second


def vmap(func: Function, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", **_: Any) -> Function:
    """A function over slices along a dim of its arguments, with the results stacked along one."""

    def mapped(*args: Any, **kwargs: Any) -> Any:
        dims = in_dims if isinstance(in_dims, (tuple, list)) else (in_dims,) * len(args)
        counts = {a.shape[d] for a, d in zip(args, dims, strict=True) if d is not None}
        if not counts:
            raise ValueError("vmap: at least one of in_dims must not be None")
        if len(counts) > 1:
            raise ValueError("vmap: Expected all tensors to have the same size in the mapped dimension")
        (count,) = counts
        rows = [
            func(*(a if d is None else a.select(d, i) for a, d in zip(args, dims, strict=True)), **kwargs)
            for i in range(count)
        ]
        if isinstance(rows[0], tuple):
            outs = out_dims if isinstance(out_dims, (tuple, list)) else (out_dims,) * len(rows[0])
            return tuple(stack(list(column), dim) for column, dim in zip(zip(*rows, strict=True), outs, strict=True))
        return stack(rows, out_dims)

    return mapped


def functional_call(module: Any, parameters: Any, args: Any = None, kwargs: Any = None) -> Any:
    """Call a module with other parameters, given by their dotted names."""
    named: dict[str, Any] = {}
    for part in parameters if isinstance(parameters, (tuple, list)) else (parameters,):
        named.update(part)
    kept: list[tuple[dict[str, Any], str, Any]] = []
    modules = dict(module.named_modules())
    try:
        for name, value in named.items():
            path, _, last = name.rpartition(".")
            home = modules[path]
            group = home._parameters if last in home._parameters else home._buffers
            kept.append((group, last, group[last]))
            group[last] = value
        given = args if isinstance(args, tuple) else () if args is None else (args,)
        return module(*given, **(kwargs or {}))
    finally:
        for group, last, value in reversed(kept):
            group[last] = value
