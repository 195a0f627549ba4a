"""The training loop of the enhancement network."""

import hashlib
import io
import json
import math
import pickle
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..._threads import in_order
from ..._types import F64
from ...codec.common import enhancement_tables
from ...codec.common.table_set import TableSet
from ...codec.format.modes import SAMPLERATE
from ...errors import ArgumentError
from ...output import write_file
from ..corpus import Clip, balanced, hold_back
from ..progress import Log
from . import material
from .losses import Disturbance, Intelligibility, LogSpectra, LongTermSpectrum, RootSpectra
from .material import Coded, Conditions
from .network import Enhancer
from .parts import Batch, Parts

_SHORTEST_LEVEL = 1e-6  # power of a part that is trained on: -60 dB of full scale
_WARM_UP = 50  # steps
_EAGER = 5  # steps of a process before a graph is made of one
_AVERAGED = 0.995  # of the averaged weights, per step
_REPORT = 50  # steps
_CHECKED = 4.0  # minutes of held-back speech


class Weights(NamedTuple):
    """The share of each loss in their sum."""

    disturbance: float
    intelligibility: float
    log_spectra: float
    root_spectra: float
    long_term: float


_WEIGHTS = (Weights(6.0, 24.0, 0.2, 0.3, 6.0),) * 5
_FINISH_WEIGHTS = (
    Weights(9.0, 24.0, 0.15, 0.3, 6.0),
    Weights(8.0, 24.0, 0.2, 0.3, 6.0),
    Weights(7.0, 24.0, 0.5, 0.35, 6.0),
    Weights(7.0, 24.0, 0.3, 0.3, 6.0),
    Weights(7.0, 24.0, 0.3, 0.3, 6.0),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; the provenance of the weights records it.

    Training has two stages. The second one, `finish`, begins at a lower rate of learning, and
    weighs the losses by bit rate: low rates lack quality most, middle ones the exact spectrum.
    """

    seed: int = 1
    held_back: float = 0.08  # share of the clips, other speakers
    minutes: float = 200.0  # of speech
    times: int = 6  # that each clip is coded, each time as another voice
    steps: int = 22_000
    batch: int = 40
    frames: int = 160  # of a part
    rate: float = 3e-3  # of learning, at the start
    weights: tuple[Weights, ...] = _WEIGHTS  # by bit rate
    finish: float = 1 / 11  # share of the steps
    finish_rate: float = 4e-4
    finish_weights: tuple[Weights, ...] = _FINISH_WEIGHTS

    @property
    def finish_step(self) -> int:
        """The first step of the second stage."""
        return round(self.steps * (1 - self.finish))


class Losses(nn.Module):
    """All losses of the plan."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(
            [Disturbance(), Intelligibility(), LogSpectra(), RootSpectra(), LongTermSpectrum()]
        )

    def forward(self, ref: Tensor, deg: Tensor) -> Tensor:
        """Return the losses (batch, 5) of signals (batch, n), in the order of `Weights`."""
        return torch.stack([part(ref, deg) for part in self.parts], dim=1)


class _Graph:
    """A step as one graph of GPU kernels: it has thousands of them, and each would be launched."""

    def __init__(
        self, update: Callable[..., Tensor], batch: Batch, adam: torch.optim.Optimizer
    ) -> None:
        self._inputs = [x.clone() for x in batch]
        self._graph = torch.cuda.CUDAGraph()
        adam.zero_grad()
        with torch.cuda.graph(self._graph):
            self._means = update(*self._inputs)

    def __call__(self, batch: Batch) -> Tensor:
        """Take the step with `batch`; return the means of the losses."""
        for own, new in zip(self._inputs, batch, strict=True):
            own.copy_(new)
        self._graph.replay()
        return self._means.clone()


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Trainer:
    """The network, its averaged weights and the optimizer, with a checkpoint of all of it."""

    def __init__(self, plan: Plan, path: Path, identity: str) -> None:
        self.plan, self.path, self.device = plan, path, _device()
        self.key = hashlib.sha256(identity.encode()).hexdigest()
        torch.manual_seed(plan.seed)
        self.net = Enhancer().to(self.device)
        self.average = Enhancer().to(self.device)
        self.losses = Losses().to(self.device)
        self.rate = torch.zeros((), device=self.device)  # of learning, in this step
        self.share = torch.zeros((), device=self.device)  # of this step in the averaged weights
        self.weights = torch.zeros(5, 5, device=self.device)  # of each rate and loss, in this step
        self.adam = torch.optim.Adam(
            self.net.parameters(), lr=self.rate, betas=(0.9, 0.99), capturable=self._on_gpu
        )
        self._graph: _Graph | None = None
        self._eager_left = _EAGER
        self.step = 0

    @property
    def _on_gpu(self) -> bool:
        return self.device.type == "cuda"

    def start(self, coded: Sequence[Coded]) -> None:
        """Take the statistics of the features from the material."""
        features = np.concatenate([clip.features for clip in coded[:400]]).astype(np.float32)
        mean, spread = features.mean(axis=0), features.std(axis=0)
        self.net.mean.copy_(torch.tensor(mean))
        self.net.scale.copy_(torch.tensor(1 / np.maximum(spread, 0.05)))
        self.average.load_state_dict(self.net.state_dict())

    def resume(self) -> bool:
        """Go on from the checkpoint, if it belongs to this training; return whether it does."""
        try:
            kept = torch.load(self.path, map_location=self.device, weights_only=True)
        except FileNotFoundError:
            return False
        except (pickle.UnpicklingError, RuntimeError, EOFError, zipfile.BadZipFile):  # damaged
            return False
        if not isinstance(kept, dict) or kept.get("key") != self.key:
            return False
        self.net.load_state_dict(kept["net"])
        self.average.load_state_dict(kept["average"])
        self.adam.load_state_dict(kept["adam"])
        for group in self.adam.param_groups:
            group["lr"] = self.rate
        self.step = kept["step"]
        return True

    def save(self) -> None:
        """Write the checkpoint."""
        data = io.BytesIO()
        modules = {"net": self.net, "average": self.average, "adam": self.adam}
        state = {name: module.state_dict() for name, module in modules.items()}
        torch.save({"key": self.key, "step": self.step, **state}, data)
        write_file(self.path, data.getvalue())

    def advance(self, parts: Parts) -> Tensor:
        """Train on one batch; return the means of the losses."""
        torch.set_flush_denormal(True)  # numbers near 0 would take most of the time
        try:
            return self._advance(parts)
        finally:
            torch.set_flush_denormal(False)

    def _advance(self, parts: Parts) -> Tensor:
        plan = self.plan
        batch = parts.draw(plan.batch, np.random.default_rng([plan.seed, self.step]))
        last = self.step >= plan.finish_step
        rate, weights = (
            (plan.finish_rate, plan.finish_weights) if last else (plan.rate, plan.weights)
        )
        first, n = (
            (plan.finish_step, plan.steps - plan.finish_step) if last else (0, plan.finish_step)
        )
        progress = min((self.step - first) / n, 1.0)
        rate = rate * min(1, (self.step - first + 1) / _WARM_UP)
        self.rate.fill_(rate * max(0.02, 0.5 + 0.5 * math.cos(math.pi * progress)))
        self.weights.copy_(torch.tensor(weights))
        self.step += 1
        self.share.fill_(1 - min(_AVERAGED, self.step / (self.step + 20)))
        if not self._on_gpu or self._eager_left:  # they make what a graph may not: plans, states
            self._eager_left = max(self._eager_left - 1, 0)
            return self._update(*batch)
        if self._graph is None:
            self._graph = _Graph(self._update, batch, self.adam)
        return self._graph(batch)

    def _update(self, ref: Tensor, speech: Tensor, features: Tensor, lag: Tensor) -> Tensor:
        """Take one step; return the means of the losses."""
        heard = ((ref**2).mean(1) > _SHORTEST_LEVEL).float()[:, None]
        losses = self.losses(ref, self.net(speech, features, lag)) * heard
        weights = self.weights.repeat(-(-len(ref) // len(self.weights)), 1)[: len(ref)]
        total = heard.sum().clamp_min(1)
        self.adam.zero_grad()
        ((losses * weights).sum() / total).backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.adam.step()
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(now, self.share)
        return (losses.sum(0) / total).detach()

    @torch.no_grad()
    def evaluate(self, batches: Sequence[Batch]) -> tuple[Tensor, Tensor]:
        """Return the means of the losses of speech as it was decoded, and enhanced."""
        found = []
        for ref, speech, features, lag in batches:
            enhanced = self.average(speech, features, lag)
            found.append(torch.stack([self.losses(ref, x).mean(0) for x in (speech, enhanced)]))
        before, after = torch.stack(found).mean(0)
        return before, after


def _coded(
    clips: Sequence[Clip], plan: Plan, conditions: Conditions, tables: TableSet, kept: Path,
    source: str,
) -> list[Coded]:  # fmt: skip
    """Return the first minutes of the clips, coded: from the file `kept`, or made and kept."""
    key = hashlib.sha256(source.encode()).hexdigest()
    coded = material.load(kept, key)
    if coded is None:
        recordings = _read(clips, plan.minutes)
        coded = material.code(recordings, conditions, tables, plan.seed, plan.times)
        material.save(kept, key, coded)
    return coded


def _read(clips: Sequence[Clip], minutes: float) -> list[F64]:
    """Return the first recordings that fill `minutes`."""
    recordings: list[F64] = []
    room = minutes * 60 * SAMPLERATE
    for x in in_order(Clip.read, clips):
        recordings.append(x)
        room -= len(x)
        if room <= 0:
            break
    return recordings


def train(clips: Sequence[Clip], plan: Plan, tables: TableSet, work: Path, log: Log) -> TableSet:
    """Return `tables` with an enhancement network trained on the clips.

    Parameters
    ----------
    clips : sequence of Clip
        Recordings of at least some minutes in all.
    plan : Plan
        How much of everything.
    tables : TableSet
        The tables that the speech is coded with.
    work : Path
        Where the checkpoint is kept; a run of the same plan on the same clips goes on from there.
    log : callable
        Takes lines of text about the progress.
    """
    kept, held = hold_back(clips, plan.held_back, plan.seed)
    kept, held = balanced(kept, plan.seed), balanced(held, plan.seed)
    conditions = Conditions()
    codec = {name: tables.arrays[name] for name in tables.arrays if "enhancement" not in name}
    plain = TableSet(codec, tables.provenance)
    sizes = [(clip.path.name, clip.path.stat().st_size) for clip in kept]
    source = json.dumps(
        [plan.seed, plan.held_back, plan.minutes, plan.times, asdict(conditions), plain.hash, sizes]
    )
    identity = source + json.dumps(asdict(plan))
    trainer = Trainer(plan, work.with_name(work.name + ".pt"), identity)
    resumed = trainer.resume()

    log(f"{len(kept)} clips, {len(held)} clips held back")
    material_path = work.with_name(work.name + ".material.npz")
    coded = _coded(kept, plan, conditions, plain, material_path, source)
    checked = material.code(
        _read(held, min(_CHECKED, plan.minutes)), material.CLEAN, plain, plan.seed
    )
    n_minutes = sum(len(clip.ref) for clip in coded) / SAMPLERATE / 60
    log(f"{len(coded)} clips of {n_minutes:.1f} minutes, coded")
    log(f"on {trainer.device}; {'goes on' if resumed else 'starts'} at step {trainer.step}")
    if not resumed:
        trainer.start(coded)
    if not checked:
        raise ArgumentError("training: no clip to hold back; give more speakers")
    parts = Parts(coded, plan.frames, trainer.device)
    fixed = list(Parts(checked, plan.frames, trainer.device).middles(plan.batch))
    _loop(trainer, parts, fixed, log)

    before, after = trainer.evaluate(fixed)
    provenance = dict(tables.provenance)
    provenance["enhancement"] = {
        "plan": asdict(plan), "conditions": asdict(conditions), "clips": len(coded),
        "minutes": round(n_minutes, 1), "steps": trainer.step, "torch": str(torch.__version__),
        "tables": plain.hash,
        "sources": sorted({clip.source for clip in kept[: len(coded)]}),
        "held_back_losses": {"decoded": _rounded(before), "enhanced": _rounded(after)},
    }  # fmt: skip
    arrays = enhancement_tables.quantize(trainer.average.weights())
    return TableSet({**codec, **arrays}, provenance)


def _rounded(values: Tensor) -> list[float]:
    return [round(x, 4) for x in values.tolist()]


def _loop(trainer: Trainer, parts: Parts, fixed: Sequence[Batch], log: Log) -> None:
    """Train until the last step, with reports and checkpoints."""
    means, start, first = [], time.monotonic(), trainer.step
    while trainer.step < trainer.plan.steps:
        means.append(trainer.advance(parts))
        done = trainer.step == trainer.plan.steps
        if trainer.step % _REPORT == 0 or done:
            pace = (time.monotonic() - start) / (trainer.step - first)
            left = pace * (trainer.plan.steps - trainer.step) / 60
            text = _rounded(torch.stack(means).mean(0))
            log(f"step {trainer.step} of {trainer.plan.steps}, {left:.0f} min left: {text}")
            means = []
        if trainer.step % (10 * _REPORT) == 0 or done:
            trainer.save()
            before, after = (_rounded(x) for x in trainer.evaluate(fixed))
            log(f"held back: decoded {before}, enhanced {after}")
