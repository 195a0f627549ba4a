"""The import graph: encoder and decoder do not know each other, and nothing imports in a circle."""

import ast
import json
import shutil
from pathlib import Path

import pytest
from inputs import python

import celpvq

PACKAGE = Path(celpvq.__file__).parent
# each part of the codec, and the parts that it must not reach
FORBIDDEN = {
    "celpvq.codec.decoder": ("encoder",),
    "celpvq.codec.encoder": ("decoder",),
    "celpvq.codec.common": ("encoder", "decoder"),
    "celpvq.codec.format": ("encoder", "decoder", "common"),
}


def module_name(path, package):
    """The dotted name of the module at `path`, and the name of the package that it lies in."""
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    inside = parts[:-1]
    return ".".join(inside if parts[-1] == "__init__" else parts), ".".join(inside)


class Imports(ast.NodeVisitor):
    """Collects what a module imports, wherever in its code, except under TYPE_CHECKING."""

    def __init__(self, inside):
        self.inside = inside
        self.found = []  # pairs: a module, and a name in it or None

    def visit_If(self, node):
        if ast.unparse(node.test) not in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            self.generic_visit(node)
        else:
            for other in node.orelse:
                self.visit(other)

    def visit_Import(self, node):
        self.found += [(alias.name, None) for alias in node.names]

    def visit_ImportFrom(self, node):
        base = self.inside.split(".")
        base = base[: len(base) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        self.found += [(module, alias.name) for alias in node.names]


def import_graph(package):
    """For each module of a package the modules of the package that it imports."""
    names = {path: module_name(path, package) for path in package.rglob("*.py")}
    modules = {name for name, _ in names.values()}
    graph = {}
    for path, (name, inside) in names.items():
        visitor = Imports(inside)
        visitor.visit(ast.parse(path.read_text()))
        targets = {f"{module}.{item}" if f"{module}.{item}" in modules else module
                   for module, item in visitor.found}  # fmt: skip
        graph[name] = targets & modules - {name}
    return graph


def reached(graph, start):
    """All modules that `start` imports, directly or by others."""
    seen, waiting = set(), [start]
    while waiting:
        for target in graph[waiting.pop()] - seen:
            seen.add(target)
            waiting.append(target)
    return seen


def forbidden_arrows(graph):
    """Pairs of a module and one that it must not reach."""
    return [
        (name, target)
        for name in graph
        for part, others in FORBIDDEN.items()
        if f"{name}.".startswith(f"{part}.")
        for target in reached(graph, name)
        if target.startswith(tuple(f"celpvq.codec.{other}" for other in others))
    ]


def circles(graph):
    """The modules that reach themselves."""
    return sorted(name for name in graph if name in reached(graph, name))


def test_the_parts_of_the_codec_reach_only_what_is_below_them():
    graph = import_graph(PACKAGE)
    assert sum(name.startswith("celpvq.codec.") for name in graph) > 40
    assert "celpvq.codec.common.synthesis" in graph["celpvq.codec.encoder.frame"]
    assert "celpvq.codec.format.modes" in reached(graph, "celpvq.codec.decoder.decoder")
    assert forbidden_arrows(graph) == []


def test_no_module_imports_itself_in_a_circle():
    assert circles(import_graph(PACKAGE)) == []


@pytest.mark.parametrize(
    ("module", "line", "arrow"),
    [
        ("decoder/frame", "from ..encoder import vad", ("decoder.frame", "encoder.vad")),
        ("encoder/dtx", "from ..decoder.concealment import learn",
         ("encoder.dtx", "decoder.concealment")),
        ("common/lpc", "import celpvq.codec.encoder.window", ("common.lpc", "encoder.window")),
        ("common/lpc", "def later():\n    from ..decoder import frame",
         ("common.lpc", "decoder.frame")),
        ("format/modes", "from ..common.noise import fill", ("format.modes", "common.noise")),
        ("common/pitch", "from ...api import encode", ("common.pitch", "encoder.frame")),
    ],
)  # fmt: skip
def test_an_import_that_is_forbidden_is_found(tmp_path, module, line, arrow):
    copy = tmp_path / "celpvq"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.npz", "data"))
    assert forbidden_arrows(import_graph(copy)) == []
    path = copy / "codec" / f"{module}.py"
    path.write_text(f"{path.read_text()}\n\n{line}\n")
    name, target = (f"celpvq.codec.{end}" for end in arrow)
    assert (name, target) in forbidden_arrows(import_graph(copy))


def test_a_circle_is_found_and_imports_for_types_do_not_count(tmp_path):
    package = tmp_path / "celpvq"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a.py").write_text("from . import b\n")
    (package / "b.py").write_text("from .c import x\n")
    (package / "c.py").write_text("if TYPE_CHECKING:\n    from .a import x\nelse:\n    x = 1\n")
    assert circles(import_graph(package)) == []
    (package / "c.py").write_text("if TYPE_CHECKING:\n    x = 1\nelse:\n    from .a import x\n")
    assert circles(import_graph(package)) == ["celpvq.a", "celpvq.b", "celpvq.c"]


@pytest.mark.parametrize(("side", "other"), [("encoder", "decoder"), ("decoder", "encoder")])
def test_importing_one_side_loads_nothing_of_the_other(side, other):
    code = f"import json, sys, celpvq.codec.{side}.{side}; print(json.dumps(list(sys.modules)))"
    loaded = json.loads(python(code)[0])
    assert f"celpvq.codec.{side}.frame" in loaded
    assert [name for name in loaded if name.startswith(f"celpvq.codec.{other}")] == []
