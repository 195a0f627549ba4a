"""The examples on the page that compares the methods."""

import pytest

from celpvq import vq


def test_the_example_with_scikit_learn_runs(root):
    pytest.importorskip("sklearn")
    page = (root / "docs" / "vq" / "methods.md").read_text()
    plain, with_sklearn = (part.split("```")[0] for part in page.split("```python\n")[1:3])
    names = {}
    exec(plain + with_sklearn, names)
    assert names["search"].best_params_ == {"n_codewords": 64}
    assert vq.sqnr(names["X"], names["Y"]) > 6
