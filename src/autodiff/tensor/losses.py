"""`torch.nn`: losses. Source: PyTorch documentation, `torch.nn`."""

from __future__ import annotations

from typing import Any

from autodiff.tensor.module import Module
from autodiff.tensor.parts import MODULES, chosen, operation
from autodiff.tensor.tensor import Tensor

_HOME = MODULES + "loss"
_OLD = ("size_average", "reduce")  # positions that options of long ago still hold


def _loss(name: str, function: str, order: str, inputs: int = 2, **options: Any) -> Any:
    """A loss: a function of its inputs, and its options in PyTorch's order, with those of long ago."""
    names = order.split()
    defaults = {**dict.fromkeys(_OLD), **options, "reduction": "mean"}
    own = [*options, "reduction"]

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        given = chosen(name, names, defaults, args, kwargs)
        for key in own:
            if key in ("weight", "pos_weight"):
                self.register_buffer(key, given[key])
            else:
                setattr(self, key, given[key])

    def forward(self: Any, *args: Any) -> Any:
        if len(args) != inputs:
            raise TypeError(f"{name}.forward() takes {inputs + 1} positional arguments but {len(args) + 1} were given")
        return operation(function)(*args, **{key: getattr(self, key) for key in own})

    members = {"__init__": init, "forward": forward, "__doc__": f"`F.{function}`.", "__module__": _HOME}
    return type(name, (Module,), members)


_PLAIN = "size_average reduce reduction"
_WEIGHED = "weight size_average reduce reduction"
_INDEXED = "weight size_average ignore_index reduce reduction"
_MARGIN = "margin size_average reduce reduction"
MSELoss = _loss("MSELoss", "mse_loss", _PLAIN)
L1Loss = _loss("L1Loss", "l1_loss", _PLAIN)
SmoothL1Loss = _loss("SmoothL1Loss", "smooth_l1_loss", f"{_PLAIN} beta", beta=1.0)
HuberLoss = _loss("HuberLoss", "huber_loss", "reduction delta", delta=1.0)
KLDivLoss = _loss("KLDivLoss", "kl_div", f"{_PLAIN} log_target", log_target=False)
BCELoss = _loss("BCELoss", "binary_cross_entropy", _WEIGHED, weight=None)
BCEWithLogitsLoss = _loss(
    "BCEWithLogitsLoss", "binary_cross_entropy_with_logits", f"{_WEIGHED} pos_weight", weight=None, pos_weight=None
)
CrossEntropyLoss = _loss(
    "CrossEntropyLoss", "cross_entropy", f"{_INDEXED} label_smoothing", weight=None, ignore_index=-100,
    label_smoothing=0.0,
)  # fmt: skip
NLLLoss = _loss("NLLLoss", "nll_loss", _INDEXED, weight=None, ignore_index=-100)
SoftMarginLoss = _loss("SoftMarginLoss", "soft_margin_loss", _PLAIN)
HingeEmbeddingLoss = _loss("HingeEmbeddingLoss", "hinge_embedding_loss", _MARGIN, margin=1.0)
MarginRankingLoss = _loss("MarginRankingLoss", "margin_ranking_loss", _MARGIN, 3, margin=0.0)
CosineEmbeddingLoss = _loss("CosineEmbeddingLoss", "cosine_embedding_loss", _MARGIN, 3, margin=0.0)
MultiLabelMarginLoss = _loss("MultiLabelMarginLoss", "multilabel_margin_loss", _PLAIN)
MultiLabelSoftMarginLoss = _loss("MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss", _WEIGHED, weight=None)
MultiMarginLoss = _loss("MultiMarginLoss", "multi_margin_loss", f"p margin {_WEIGHED}", p=1, margin=1.0, weight=None)
PoissonNLLLoss = _loss(
    "PoissonNLLLoss", "poisson_nll_loss", "log_input full size_average eps reduce reduction", log_input=True,
    full=False, eps=1e-8,
)  # fmt: skip
GaussianNLLLoss = _loss("GaussianNLLLoss", "gaussian_nll_loss", "full eps reduction", 3, full=False, eps=1e-6)
TripletMarginLoss = _loss(
    "TripletMarginLoss", "triplet_margin_loss", f"margin p eps swap {_PLAIN}", 3, margin=1.0, p=2.0, eps=1e-6,
    swap=False,
)  # fmt: skip


class PairwiseDistance(Module):
    """`F.pairwise_distance`."""

    __module__ = MODULES + "distance"

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Any:
        return operation("pairwise_distance")(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """`F.cosine_similarity`."""

    __module__ = MODULES + "distance"

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Any:
        return operation("cosine_similarity")(x1, x2, self.dim, self.eps)
