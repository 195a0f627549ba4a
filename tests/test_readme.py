import re

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq.codec.format.modes import bit_table
from celpvq.lab.clips import clip_paths


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text()


def block(readme, mark, language):
    """The fenced block under the comment `mark`."""
    return re.search(rf"<!-- {mark} -->\n```{language}\n(.*?)```", readme, re.S)[1]


def test_the_example_works_as_it_stands(readme, tmp_path, monkeypatch):
    code = block(readme, "example", "python")
    assert len(code.splitlines()) == 6
    path = clip_paths()[0]
    samples, rate = soundfile.read(path)
    soundfile.write(tmp_path / "speech.wav", samples, rate)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    coded, rate = soundfile.read("coded.wav")
    assert (rate, coded.shape) == (8000, samples.shape)
    assert np.corrcoef(samples, coded)[0, 1] > 0.8


def test_the_bit_table_is_the_one_in_the_code(root):
    algorithm = (root / "docs" / "algorithm.md").read_text()
    assert f"<!-- bits -->\n{bit_table()}\n<!-- /bits -->" in algorithm


@pytest.mark.parametrize("name", ["demo", "test"])
def test_the_commands_are_one_line_each(readme, name):
    (line,) = block(readme, f"command: {name}", "sh").splitlines()
    assert line.startswith("python3 -m venv")


def test_the_readme_is_short(readme):
    assert len(readme.splitlines()) < 200


def test_the_reference_has_every_public_name(root):
    page = (root / "docs" / "api" / "celpvq.md").read_text()
    documented = set(re.findall(r"^\.\. auto\w+:: (\w+)$", page, re.M))
    assert documented == set(celpvq.__all__) - {"__version__"}


def test_the_files_that_the_readme_links_to_are_there(readme, root):
    links = re.findall(r"\]\((?!http)([^)#]+)\)", readme)
    assert links
    assert [link for link in links if not (root / link).exists()] == []


def test_the_frame_call_is_as_the_readme_says(readme):
    assert "takes 160 samples and gives 16 bytes" in readme
    encoder = celpvq.Encoder(6400)
    assert (encoder.frame_samples, encoder.frame_bytes, encoder.delay_samples) == (160, 16, 40)


def test_the_citation_names_this_version(root):
    citation = (root / "CITATION.cff").read_text()
    assert re.search(r"^version: (.+)$", citation, re.M)[1] == celpvq.__version__
