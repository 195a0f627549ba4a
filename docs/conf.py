"""Configuration of the documentation site; `.ci/run` builds it with every warning an error."""

import re
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))  # of `players`

project = "celpvq"
author = "The celpvq authors"
copyright = f"2026, {author}"  # the name that Sphinx reads
release = version = installed_version("celpvq")

extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "numpydoc", "myst_nb", "players"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"celpvq {release}"

autodoc_typehints = "none"  # the docstrings state types and shapes
autodoc_member_order = "groupwise"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

nb_execution_mode = "force"
nb_execution_timeout = 900  # seconds a cell: the first ones compile, on a busy machine slowly
nb_execution_raise_on_error = True
nb_execution_show_tb = True


def _quote_fitted_names(app: Any, what: str, name: str, obj: Any, options: Any, lines: Any) -> None:
    """Quote names such as n_iter_ in the shapes of docstrings: reST would take them for links."""
    lines[:] = [re.sub(r"(?<=\()([a-z]\w*_)(?=[ ,)])", r"``\1``", line) for line in lines]


def setup(app: Any) -> None:
    """Connect the hook after numpydoc's own."""
    app.connect("autodoc-process-docstring", _quote_fitted_names, priority=900)
