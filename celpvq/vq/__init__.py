"""Vector quantizers for any vectors: design, search, measures and theory.

A codeword is a vector of a codebook, and an index is its number.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..errors import NotFittedError as NotFittedError
    from .deterministic_annealing import DeterministicAnnealing as DeterministicAnnealing
    from .entropy_constrained import EntropyConstrainedVQ as EntropyConstrainedVQ
    from .full_search import m_best as m_best
    from .full_search import nearest as nearest
    from .huffman import average_rate as average_rate
    from .huffman import huffman_lengths as huffman_lengths
    from .index_assignment import assign_indices as assign_indices
    from .index_assignment import channel_distortion as channel_distortion
    from .lbg import LBG as LBG
    from .measures import cell_usage as cell_usage
    from .measures import distortion as distortion
    from .measures import index_entropy as index_entropy
    from .measures import perplexity as perplexity
    from .measures import psnr as psnr
    from .measures import sqnr as sqnr
    from .mini_batch import MiniBatchVQ as MiniBatchVQ
    from .multistage import MultistageVQ as MultistageVQ
    from .neural_gas import NeuralGas as NeuralGas
    from .online import OnlineVQ as OnlineVQ
    from .predictive import PredictiveVQ as PredictiveVQ
    from .product import ProductVQ as ProductVQ
    from .self_organizing_map import SelfOrganizingMap as SelfOrganizingMap
    from .shape_gain import ShapeGainVQ as ShapeGainVQ
    from .simulated_annealing import SimulatedAnnealing as SimulatedAnnealing
    from .split import SplitVQ as SplitVQ
    from .straight_through import StraightThroughVQ as StraightThroughVQ
    from .theory import gersho_constant as gersho_constant
    from .theory import lloyd_max_gaussian as lloyd_max_gaussian
    from .theory import shannon_distortion_gauss_markov as shannon_distortion_gauss_markov
    from .theory import shannon_distortion_gaussian as shannon_distortion_gaussian
    from .theory import zador_bound as zador_bound
    from .tree import TreeVQ as TreeVQ

_HOME = {
    "DeterministicAnnealing": "deterministic_annealing",
    "EntropyConstrainedVQ": "entropy_constrained",
    "LBG": "lbg",
    "MiniBatchVQ": "mini_batch",
    "MultistageVQ": "multistage",
    "NeuralGas": "neural_gas",
    "NotFittedError": ".errors",
    "OnlineVQ": "online",
    "PredictiveVQ": "predictive",
    "ProductVQ": "product",
    "SelfOrganizingMap": "self_organizing_map",
    "ShapeGainVQ": "shape_gain",
    "SimulatedAnnealing": "simulated_annealing",
    "SplitVQ": "split",
    "StraightThroughVQ": "straight_through",
    "TreeVQ": "tree",
    "assign_indices": "index_assignment",
    "average_rate": "huffman",
    "cell_usage": "measures",
    "channel_distortion": "index_assignment",
    "distortion": "measures",
    "gersho_constant": "theory",
    "huffman_lengths": "huffman",
    "index_entropy": "measures",
    "lloyd_max_gaussian": "theory",
    "m_best": "full_search",
    "nearest": "full_search",
    "perplexity": "measures",
    "psnr": "measures",
    "shannon_distortion_gauss_markov": "theory",
    "shannon_distortion_gaussian": "theory",
    "sqnr": "measures",
    "zador_bound": "theory",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
