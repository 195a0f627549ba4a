"""The examples with small settings: what each of them is there to show."""

import io
import re
import sys

import digits
import image_blocks
import neighbours
import numpy as np
import palette
import pytest
import speakers
import textures
import video
import weights
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def _one_thread():
    """Small work is done soonest alone, however many processors are busy."""
    with threadpool_limits(1):
        yield


def figures_of(example, *args, **kwargs):
    """The figures of an example, once its picture is drawn."""
    result = example.measure(*args, **kwargs)
    picture = io.BytesIO()
    example.draw(result).savefig(picture, dpi=40)
    assert picture.getvalue().startswith(b"\x89PNG")
    return result.figures


@pytest.fixture(scope="module")
def part_of_training(speech_dir):
    def part(name):
        if not (speech_dir / "train" / name).is_dir():
            pytest.skip(f"no recordings: expected {name} in {speech_dir / 'train'}")
        return speech_dir / "train" / name

    return part


def test_blocks_by_vq_beat_scalars_at_the_same_rate_on_both_photographs():
    quality = figures_of(image_blocks)
    for name, gain in {"pagoda (trained on)": 1.5, "flower": 0.2}.items():
        means, transform, vq = (value for key, value in quality.items() if key.startswith(name))
        assert means < transform < vq - gain


@pytest.mark.parametrize("rows", [1, 2])
def test_quantizing_means_leaves_the_same_bits_for_each_block(rows):
    blocks = np.random.default_rng(1).uniform(0, 255, (500, 16))
    coded = image_blocks.of_means(blocks, blocks, rows, 2).reshape(-1, rows, 4 // rows, 2, 2)
    assert np.ptp(coded, axis=(2, 4)).max() == 0
    assert len(np.unique(coded)) == 2 ** (8 // (2 * rows))


def test_a_designed_palette_beats_median_cut_and_a_grid():
    quality = figures_of(palette, every=16)
    for name in ("pagoda", "flower"):
        designed = quality[f"{name}: LBG, 16 [dB PSNR]"]
        assert designed > quality[f"{name}: median cut, 16 [dB PSNR]"] + 1
        assert designed > quality[f"{name}: regular grid, 16 [dB PSNR]"] + 5


def test_clusters_tell_digits_and_more_of_them_tell_more():
    accuracy = list(figures_of(digits, (10, 40)).values())
    assert 0.65 < accuracy[0] < accuracy[1]
    assert accuracy[1] > 0.9


def test_codebooks_tell_speakers_and_mixtures_started_from_them_too(part_of_training):
    accuracy = figures_of(speakers, part_of_training("arabic-sc"), n_speakers=20, lengths=(1, 4))
    assert accuracy["speakers"] == 20
    for models in ("codebooks", "mixtures"):
        assert 0.5 < accuracy[f"{models}, 1 s: accuracy"] < accuracy[f"{models}, 4 s: accuracy"]
        assert accuracy[f"{models}, 4 s: accuracy"] > 0.7


def test_histograms_of_designed_codewords_tell_textures_better_than_of_noise():
    accuracy = figures_of(textures)
    designed = accuracy["128 codewords: accuracy"]
    assert designed > 0.87
    assert designed > accuracy["128 codewords of noise: accuracy"] + 0.05
    assert designed > accuracy["mean and deviation: accuracy"] + 0.15


def test_motion_compensation_gives_more_quality_for_fewer_bits():
    figures = figures_of(video, n_frames=8, n_learnt=3)
    assert figures["motion compensated [bit/pixel]"] < figures["each frame alone [bit/pixel]"]
    assert figures["motion compensated [dB PSNR]"] > figures["each frame alone [dB PSNR]"] + 1.5


def test_prediction_finds_what_has_only_moved():
    frame = np.random.default_rng(1).uniform(0, 255, (video.SIZE, video.SIZE))
    moved = np.roll(frame, (3, -5), axis=(0, 1))
    inner = slice(16, -16)
    np.testing.assert_array_equal(video.predict(frame, moved)[inner, inner], moved[inner, inner])


def test_longer_product_codes_find_more_neighbours():
    recall = figures_of(neighbours, (2, 4), step=8, n_queries=200)
    short, long = (recall[f"celpvq, {n} bytes: recall@10"] for n in (2, 4))
    assert 0.1 < short < long - 0.1


def test_product_codes_find_as_many_neighbours_as_those_of_faiss():
    pytest.importorskip("faiss", reason="needs faiss-cpu")
    recall = neighbours.measure((4,), step=6, n_queries=200).figures
    assert recall["celpvq, 4 bytes: recall@10"] > recall["faiss, 4 bytes: recall@10"] - 0.05


def test_product_codes_keep_a_network_that_half_a_bit_a_weight_is_left():
    figures = figures_of(weights, n_hidden=96)
    whole = figures["float32: accuracy"]
    assert figures["product, 16 codewords of 4: accuracy"] > whole - 0.06
    assert figures["product, 16 codewords of 8: bytes"] == 96**2 / 16 + 16 * 16 * 4
    assert figures["product, 16 codewords of 8: bytes"] < figures["scalar, 2 levels: bytes"] * 1.5
    assert figures["product, 256 codewords of 4: accuracy"] > whole - 0.01


def test_a_network_learns_a_codebook_for_speech(part_of_training):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    torch.set_num_threads(1)
    import vq_vae

    figures = figures_of(vq_vae, part_of_training("arabic-sc"), 4, n_epochs=12, n_codewords=32)
    assert figures["VQ-VAE: rms error [dB]"] < 0.8 * figures["mean alone: rms error [dB]"]
    assert figures["VQ-VAE: rms error [dB]"] < 1.8 * figures["LBG: rms error [dB]"]
    assert 6 < figures["VQ-VAE: perplexity of the codewords"] <= 32


def test_every_example_stands_in_the_page_with_its_picture(root):
    folder = root / "docs" / "vq"
    page = (folder / "applications.md").read_text()
    for path in set((root / "examples" / "vq").glob("*.py")):
        assert path.name == "common.py" or f"python examples/vq/{path.name}" in page
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", page)
    assert {path.name for path in folder.glob("*.png")} == set(pictures)


def test_an_example_prints_its_figures_and_saves_its_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["digits.py", "--out", str(tmp_path / "digits.png")])
    digits.main(digits.__doc__, lambda: digits.measure((10,)), digits.draw)
    assert capsys.readouterr().out.startswith("10 clusters: accuracy")
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")
