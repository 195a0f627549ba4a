"""Small modules that follow the contracts of frameworks, for tests where these are not installed.

Each one has the names that an adapter uses, and calls the adapter as the framework does.
"""

import dataclasses
import sys
import warnings
from types import ModuleType
from typing import ClassVar

import numpy as np


def _modules(**contents):
    """Modules by their dotted names (``__`` stands for a dot), each with its names."""
    modules = {}
    for key, names in contents.items():
        name = key.replace("__", ".")
        modules[name] = ModuleType(name)
        vars(modules[name]).update(names)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(modules[parent], child, modules[name])
    return modules


# PyTorch ------------------------------------------------------------------------------------------


class Tensor(np.ndarray):
    """An array with the methods of tensors that adapters use."""

    device = "cpu"

    def detach(self):
        return self

    def clone(self):
        return self.copy()

    def to(self, *kinds):
        dtypes = [kind for kind in kinds if not isinstance(kind, str)]
        return self.astype(dtypes[0]) if dtypes else self

    def numpy(self):
        return np.asarray(self)

    def new_tensor(self, array):
        return np.array(array, self.dtype).view(Tensor)


class TorchModule:
    """What `torch.nn.Module` does for a layer without weights."""

    def __init__(self):
        self.training = True

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)


def torch():
    """The modules of PyTorch."""
    rng = np.random.default_rng(0)

    def manual_seed(seed):
        nonlocal rng
        rng = np.random.default_rng(seed)

    names = {
        "Tensor": Tensor, "float16": np.dtype("float16"), "float32": np.dtype("float32"),
        "float64": np.dtype("float64"), "manual_seed": manual_seed,
        "randint": lambda low, high, size: rng.integers(low, high, size).view(Tensor),
        "from_numpy": lambda array: array.view(Tensor),
        "as_tensor": lambda values: np.asarray(values).view(Tensor),
        "tensor": lambda values: np.array(values, np.float32).view(Tensor),
    }  # fmt: skip
    return _modules(torch=names, torch__nn={"Module": TorchModule})


# torch-audiomentations ----------------------------------------------------------------------------


class ObjectDict(dict):
    """A dict whose items are attributes."""

    __getattr__ = dict.__getitem__


class TorchTransform(TorchModule):
    """`BaseWaveformTransform` with the modes per_example and per_batch."""

    def __init__(
        self, mode="per_example", p=0.5, p_mode=None, sample_rate=None, target_rate=None,
        output_type=None,
    ):  # fmt: skip
        super().__init__()
        if output_type is None:
            warnings.warn("output_type", FutureWarning, stacklevel=2)
        self.mode, self.p, self.sample_rate = mode, p, sample_rate
        self.transform_parameters = {}
        self.are_parameters_frozen = False

    def freeze_parameters(self):
        self.are_parameters_frozen = True

    def forward(self, samples=None, sample_rate=None, targets=None, target_rate=None):
        if not self.training:
            return ObjectDict(
                samples=samples, sample_rate=sample_rate, targets=targets, target_rate=target_rate
            )
        sample_rate = sample_rate or self.sample_rate
        if not self.are_parameters_frozen:
            acts = np.random.default_rng(0).random(len(samples)) < self.p
            self.transform_parameters = {"should_apply": acts}
        acts = self.transform_parameters["should_apply"]
        result = samples.clone()
        if acts.any():
            chosen = result[acts]
            if self.mode == "per_batch":
                chosen = chosen.reshape(1, -1, samples.shape[-1])
            arguments = {
                "samples": chosen, "sample_rate": sample_rate, "targets": targets,
                "target_rate": target_rate,
            }  # fmt: skip
            if not self.are_parameters_frozen:
                self.randomize_parameters(**arguments)
            done = self.apply_transform(**arguments)
            result[acts] = done.samples.reshape(result[acts].shape)
        return ObjectDict(
            samples=result, sample_rate=sample_rate, targets=targets, target_rate=target_rate
        )


def torch_audiomentations():
    """The modules of torch-audiomentations."""
    return _modules(
        torch_audiomentations={},
        torch_audiomentations__core={},
        torch_audiomentations__core__transforms_interface={"BaseWaveformTransform": TorchTransform},
        torch_audiomentations__utils={},
        torch_audiomentations__utils__object_dict={"ObjectDict": ObjectDict},
    )


# lhotse -------------------------------------------------------------------------------------------


class AudioTransform:
    """lhotse's transforms: known by the names of their classes, described by their fields."""

    KNOWN_TRANSFORMS: ClassVar[dict] = {}

    def __init_subclass__(cls, **kwargs):
        AudioTransform.KNOWN_TRANSFORMS.setdefault(cls.__name__, cls)
        super().__init_subclass__(**kwargs)

    def to_dict(self):
        return {"name": type(self).__name__, "kwargs": dataclasses.asdict(self)}

    @staticmethod
    def from_dict(data):
        return AudioTransform.KNOWN_TRANSFORMS[data["name"]](**data["kwargs"])


def lhotse():
    """The modules of lhotse."""
    return _modules(
        lhotse={},
        lhotse__augmentation={"AudioTransform": AudioTransform},
        lhotse__augmentation__torchaudio={"CODECS": {"mulaw": object}},
        lhotse__utils={"fastcopy": dataclasses.replace},
    )


# NeMo ---------------------------------------------------------------------------------------------


def nemo():
    """The module of NeMo's perturbations."""
    types: dict = {}

    def register_perturbation(name, perturbation):
        if name in types:
            raise KeyError(name)
        types[name] = perturbation

    folders = ("nemo", "collections", "asr", "parts", "preprocessing")
    contents = {"__".join(folders[: k + 1]): {} for k in range(len(folders))}
    names = {"perturbation_types": types, "register_perturbation": register_perturbation}
    return _modules(**contents, **{"__".join([*folders, "perturb"]): names})


def install(monkeypatch, modules):
    """Let imports find these modules, and forget adapters that imported others."""
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    import celpvq.augment

    for name in ("torch", "torch_audiomentations", "lhotse", "nemo"):
        monkeypatch.delitem(sys.modules, f"celpvq.augment.{name}", raising=False)
        if name in vars(celpvq.augment):
            monkeypatch.delattr(celpvq.augment, name)
