"""`torch.func`: functions that make functions. Source: PyTorch documentation of that module.

Arguments and results may be dicts, lists and tuples of tensors.  `vmap` calls the function once for each slice and
stacks what comes back: the answers are PyTorch's, the speed is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.tensor import functional, modes
from autodiff.tensor.differentiate import grad as _grad
from autodiff.tensor.namespace import stack
from autodiff.tensor.tensor import Tensor

Function = Callable[..., Any]


# Trees of tensors


def flattened(tree: Any) -> list[Any]:
    """What is in a tree of dicts, lists and tuples, from left to right."""
    found: list[Any] = []
    pending = [tree]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(reversed(list(value.values())))
        elif isinstance(value, (list, tuple)):
            pending.extend(reversed(value))
        else:
            found.append(value)
    return found


def rebuilt(tree: Any, leaves: Any) -> Any:
    """A tree of the same form with other leaves."""
    source = iter(leaves)

    def build(value: Any) -> Any:
        if isinstance(value, dict):
            return type(value)((key, build(item)) for key, item in value.items())
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(build(item) for item in value))
        if isinstance(value, (list, tuple)):
            return type(value)([build(item) for item in value])
        return next(source)

    return build(tree)


def _fresh(tree: Any) -> tuple[Any, list[Tensor]]:
    """A tree whose tensors are new, want gradients and know where they came from, and these tensors."""
    given = flattened(tree)
    for value in given:
        if not isinstance(value, Tensor):
            raise ValueError(f"Expected all inputs to be tensors, got {type(value).__name__}")
    made = [t.view_as(t) if t.requires_grad else t.detach().requires_grad_() for t in given]
    return rebuilt(tree, made), made


def _chosen(args: tuple[Any, ...], argnums: Any) -> tuple[list[Any], Any, list[Tensor]]:
    """Arguments with fresh ones where they are differentiated for, these as a tree, and their tensors."""
    given = list(args)
    if isinstance(argnums, int):
        given[argnums], wanted = _fresh(args[argnums])
        return given, args[argnums], wanted
    tree = tuple(args[place] for place in argnums)
    made, wanted = _fresh(tree)
    for place, value in zip(argnums, made, strict=True):
        given[place] = value
    return given, tree, wanted


def _outside(args: Any) -> bool:
    """Whether somebody outside wants the gradients of what comes back."""
    return modes.is_grad_enabled() and any(isinstance(a, Tensor) and a.requires_grad for a in flattened(args))


def _released(tree: Any, keep: bool) -> Any:
    """A result without its graph, unless that is wanted."""
    if keep:
        return tree
    return rebuilt(tree, [leaf.detach() if isinstance(leaf, Tensor) else leaf for leaf in flattened(tree)])


def _slopes(output: Tensor, wanted: list[Tensor], weights: Any = None) -> list[Any]:
    if not output.requires_grad:
        return [t.new_zeros(t.shape) for t in wanted]
    return list(_grad(output, wanted, weights, create_graph=True, allow_unused=True, materialize_grads=True))


# Transforms


def grad_and_value(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """A function that gives the gradient and the value of one with a scalar result."""

    def both(*args: Any, **kwargs: Any) -> Any:
        given, tree, wanted = _chosen(args, argnums)
        with modes.enable_grad():
            result = func(*given, **kwargs)
            if has_aux and not (isinstance(result, tuple) and len(result) == 2):
                raise RuntimeError(
                    "grad_and_value(f)(*args): output of function f should be a tuple: (output, aux) if has_aux is True"
                )
            value, aux = result if has_aux else (result, None)
            if not isinstance(value, Tensor):
                raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(value)}")
            if value.ndim:
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with"
                    f" {value.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
                )
            found = _slopes(value, wanted)
        keep = _outside(args)
        slopes = rebuilt(tree, _released(found, keep))
        value, aux = _released(value, keep), _released(aux, keep)
        return (slopes, (value, aux)) if has_aux else (slopes, value)

    return both


def grad(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """A function that gives the gradient of one with a scalar result."""
    both = grad_and_value(func, argnums, has_aux)

    def slopes(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return slopes


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The result, and a function from cotangents to the gradients of the primals."""
    given, wanted = _fresh(primals)
    with modes.enable_grad():
        result = func(*given)
    value, aux = result if has_aux else (result, None)
    outputs, keep = flattened(value), _outside(primals)

    def pull(*cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        weights = flattened(cotangents)
        if len(weights) != len(outputs):
            raise RuntimeError(f"Expected {len(outputs)} cotangents, got {len(weights)}")
        found = [t.new_zeros(t.shape) for t in wanted]
        for output, weight in zip(outputs, weights, strict=True):
            if output.requires_grad:
                found = [a + b for a, b in zip(found, _slopes(output, wanted, weight), strict=True)]
        found = _released(found, keep or _outside(cotangents))
        return rebuilt(primals, found)

    shown = _released(value, keep)
    return (shown, pull, _released(aux, keep)) if has_aux else (shown, pull)


def jvp(func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The result, and its derivative along the tangents."""
    auxiliary: list[Any] = []

    def plain(*leaves: Any) -> Any:
        result = func(*rebuilt(tuple(primals), leaves))
        if has_aux:
            result, aux = result
            auxiliary[:] = [_released(aux, False)]
        return result

    found = functional.jvp(plain, tuple(flattened(tuple(primals))), tuple(flattened(tuple(tangents))))
    return (*found, auxiliary[0]) if has_aux else found


def jacrev(func: Function, argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None) -> Function:
    """A function that gives the Jacobian: for each tensor of the result, one block for each of the arguments."""

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        given, tree, wanted = _chosen(args, argnums)
        with modes.enable_grad():
            result = func(*given, **kwargs)
            value, aux = result if has_aux else (result, None)
            blocks = [rebuilt(tree, _block(output, wanted)) for output in flattened(value)]
        keep = _outside(args)
        found = rebuilt(value, [_released(block, keep) for block in blocks])
        return (found, _released(aux, keep)) if has_aux else found

    return jacobian


def _block(output: Tensor, wanted: list[Tensor]) -> list[Any]:
    """The derivatives of every element of a result for every element of the arguments."""
    if not output.numel():
        return [t.new_zeros((*output.shape, *t.shape)) for t in wanted]
    rows = []
    for i in range(output.numel()):
        weights: Any = output.detach().new_zeros(output.numel())
        weights[i] = 1
        rows.append(_slopes(output, wanted, weights.view(output.shape)))
    columns = zip(*rows, strict=True)
    return [stack(list(c)).reshape((*output.shape, *t.shape)) for c, t in zip(columns, wanted, strict=True)]


def jacfwd(
    func: Function, argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error", chunk_size: int | None = None
) -> Function:
    """As `jacrev`, which gives the same numbers."""
    return jacrev(func, argnums, has_aux=has_aux)


def hessian(func: Function, argnums: Any = 0) -> Function:
    """A function that gives the second derivatives."""
    return jacrev(jacrev(func, argnums), argnums)


# Slices


def vmap(
    func: Function, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *, chunk_size: int | None = None
) -> Function:
    """A function over slices along a dim of its arguments, with the results stacked along one."""

    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, dims = flattened(args), _dims(args, in_dims)
        counts = {leaf.shape[d] for leaf, d in zip(leaves, dims, strict=True) if d is not None}
        if not counts:
            raise ValueError("vmap: at least one of in_dims must not be None")
        if len(counts) > 1:
            sizes = [leaf.shape[d] for leaf, d in zip(leaves, dims, strict=True) if d is not None]
            raise ValueError(
                f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the"
                " mapped dimension"
            )
        (count,) = counts
        results = []
        for i in range(count):
            row = [leaf if d is None else leaf.select(d, i) for leaf, d in zip(leaves, dims, strict=True)]
            results.append(func(*rebuilt(args, row), **kwargs))
        return _stacked(func, results, out_dims)

    return mapped


def _dims(args: Any, in_dims: Any) -> list[Any]:
    """For each tensor of the arguments the dim that is gone along, None for those that stay as they are."""
    if isinstance(in_dims, int):
        return [in_dims if isinstance(leaf, Tensor) else None for leaf in flattened(args)]
    if len(in_dims) != len(args):
        raise ValueError(
            "vmap: in_dims is not compatible with the structure of inputs:"
            f" got {len(in_dims)} in_dims but {len(args)} inputs"
        )
    found: list[Any] = []
    for arg, dim in zip(args, in_dims, strict=True):
        leaves = flattened(arg)
        found.extend([dim] * len(leaves) if dim is None or isinstance(dim, int) else flattened(dim))
    return found


def _stacked(func: Function, results: list[Any], out_dims: Any) -> Any:
    columns = list(zip(*(flattened(result) for result in results), strict=True))
    dims = [out_dims] * len(columns) if isinstance(out_dims, int) else flattened(out_dims)
    for column in columns:
        if not isinstance(column[0], Tensor):
            name = getattr(func, "__name__", "f")
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(column[0])}. Did you mean to set"
                " out_dims= to None for output?"
            )
    return rebuilt(results[0], [stack(list(c), d) for c, d in zip(columns, dims, strict=True)])


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
