"""The modules below `torch`, each member imported when it is first asked for.

`MODULES` maps the names of PyTorch's modules, without `torch`, to module objects: put them into `sys.modules` and
programs that say `import torch.nn.functional as F` run on this package.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from autodiff.tensor.layers import HOMES as LAYERS
from autodiff.tensor.namespace import lookup


class Namespace(ModuleType):
    """A module whose members live elsewhere: operations under a prefix, and names of this package's modules."""

    def __init__(self, name: str, prefix: str | None = None, homes: dict[str, str] | None = None) -> None:
        super().__init__(f"torch.{name}", f"PyTorch's `torch.{name}`.")
        self._prefix = prefix
        self._homes = {
            member.partition("=")[0]: (home, member.rpartition("=")[2])
            for home, members in (homes or {}).items()
            for member in members.split()
        }
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        found = MODULES.get(f"{self.__name__.removeprefix('torch.')}.{name}")
        if found is None and name in self._homes:
            home, own = self._homes[name]
            found = getattr(import_module(f"autodiff.tensor.{home}"), own)
        if found is None and self._prefix is not None:
            found = lookup(self._prefix, name)
        if found is None:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        below = self.__name__.removeprefix("torch.") + "."
        inner = [name.removeprefix(below) for name in MODULES if name.startswith(below)]
        return sorted({*super().__dir__(), *self._homes, *(name for name in inner if "." not in name)})


_SCHEDULERS = (
    "CosineAnnealingLR ExponentialLR LambdaLR LinearLR LRScheduler MultiStepLR MultiplicativeLR ReduceLROnPlateau"
    " SequentialLR StepLR"
)
_CYCLES = "ConstantLR CosineAnnealingWarmRestarts CyclicLR OneCycleLR PolynomialLR"
_DATA = "DataLoader Dataset RandomSampler SequentialSampler Subset TensorDataset random_split"
NN_UTILS = (
    "clip_grad_norm_ clip_grad_value_ clip_grads_with_norm_ get_total_norm parameters_to_vector vector_to_parameters"
)
OPTIMIZERS = {
    "optim": "Adam AdamW Optimizer SGD",
    "optimizers": "ASGD Adadelta Adagrad Adamax NAdam RAdam RMSprop Rprop",
    "lbfgs": "LBFGS",
}
_INIT = (
    "calculate_gain constant_ dirac_ eye_ kaiming_normal_ kaiming_uniform_ normal_ ones_ orthogonal_ sparse_"
    " trunc_normal_ uniform_ xavier_normal_ xavier_uniform_ zeros_"
)
MODULES: dict[str, ModuleType] = {
    module.__name__.removeprefix("torch."): module
    for module in (
        Namespace(
            "autograd",
            homes={
                "differentiate": "backward grad",
                "function": "Function",
                "anomaly": "detect_anomaly set_detect_anomaly",
                "modes": "enable_grad no_grad set_grad_enabled",
                "inference": "inference_mode",
                "checking": "gradcheck gradgradcheck",
                "methods": "Variable",
            },
        ),
        Namespace(
            "autograd.forward_ad",
            homes={
                "forward_ad": "UnpackedDualTensor dual_level enter_dual_level exit_dual_level make_dual unpack_dual"
            },
        ),
        Namespace("autograd.function", homes={"function": "Function FunctionCtx=Context once_differentiable"}),
        Namespace("autograd.functional", homes={"functional": "hessian hvp jacobian jvp vhp vjp"}),
        Namespace(
            "autograd.grad_mode", homes={"modes": "enable_grad no_grad set_grad_enabled", "inference": "inference_mode"}
        ),
        Namespace(
            "autograd.graph",
            homes={
                "grad_fns": "Node=GradFn",
                "graph": "register_multi_grad_hook increment_version GradientEdge get_gradient_edge",
                "devices": "save_on_cpu",
            },
        ),
        Namespace(
            "func", homes={"transforms": "functional_call grad grad_and_value hessian jacfwd jacrev jvp vjp vmap"}
        ),
        Namespace("linalg", "linalg", {"modes": "LinAlgError"}),
        Namespace(
            "nn",
            homes=LAYERS,
        ),
        Namespace("nn.functional", "F", {"sampled": "dropout"}),
        Namespace("nn.init", homes={"initialise": _INIT}),
        Namespace("nn.parameter", homes={"module": "Parameter"}),
        Namespace("nn.utils", homes={"nn_utils": NN_UTILS}),
        Namespace("optim", homes=OPTIMIZERS),
        Namespace("optim.lr_scheduler", homes={"schedulers": _SCHEDULERS, "cycles": _CYCLES}),
        Namespace("special", "special"),
        Namespace("accelerator", homes={"devices": "is_available current_accelerator device_count synchronize"}),
        Namespace("backends"),
        Namespace("backends.mps", homes={"devices": "is_available"}),
        Namespace(
            "cuda",
            homes={"devices": "is_available device_count manual_seed manual_seed_all empty_cache synchronize"},
        ),
        Namespace("utils"),
        Namespace("utils.checkpoint", homes={"checkpoint": "checkpoint"}),
        Namespace("utils.data", homes={"data": _DATA}),
    )
}
