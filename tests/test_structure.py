"""The shape of the code: imports go down, prediction stays light, only the command line prints, `__all__` is exact."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import classifier

PACKAGE = Path(classifier.__file__).resolve().parent
# Every module may import from the ones of lower rank; those of one name (a package) import each other freely.
RANKS = {
    "errors": 0, "arabic": 0.1, "drafts": 0.1, "artefact": 0.2, "shelves": 0.3,
    "analysis": 1, "engine": 1.1, "documents": 1.2,
    "decision": 2, "prediction": 2.1, "evidence": 2.2, "spacing": 2.2, "boilerplate": 2.2, "paragraphs": 2.3,
    "passages": 2.4, "judgement": 2.5, "model": 2.6,
    "rows": 2.9, "corpus": 3, "evaluation": 3.1, "training": 3.2, "inspection": 3.2, "labelling": 3.4, "filing": 3.5,
    "report": 3.6,
    "cli": 4,
}  # fmt: skip
ANYONE_MAY_KNOW = {"__version__"}


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room not in ("__init__", "__main__"):
            yield room, path


def _imports(tree: ast.AST) -> Iterator[str]:
    """Full names of the modules a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "classifier":
            yield from (f"classifier.{name.name}" for name in node.names if name.name not in ANYONE_MAY_KNOW)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize(
    ("room", "path"), list(_modules()), ids=lambda value: value if isinstance(value, str) else value.stem
)
def test_imports_only_go_down(room: str, path: Path) -> None:
    for name in _imports(ast.parse(path.read_text(encoding="utf-8"))):
        if name.startswith("classifier."):
            other = name.split(".")[1]
            assert other == room or RANKS[other] < RANKS[room], f"{path.name} imports {name}"
        if name.split(".")[0] in ("sklearn", "scipy"):
            assert room == "training", f"{path.name} imports {name}"


def test_no_module_imports_itself_through_others() -> None:
    paths = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for _, path in _modules()}
    before = {
        name: {*_imports(ast.parse(path.read_text(encoding="utf-8")))} & paths.keys() for name, path in paths.items()
    }
    assert len(list(TopologicalSorter(before).static_order())) == len(paths)  # raises CycleError otherwise


@pytest.mark.parametrize(
    ("room", "path"), list(_modules()), ids=lambda value: value if isinstance(value, str) else value.stem
)
def test_only_the_command_line_prints_or_exits(room: str, path: Path) -> None:
    called = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert room == "cli" or not called & {"print", "exit", "quit", "input"}


def _loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, encoding="utf-8")
    return {name.split(".")[0] for name in run.stdout.splitlines()}


def test_predicting_imports_neither_training_nor_numpy(model_path: Path) -> None:
    code = f"""
from classifier import Model
model = Model.load({str(model_path)!r})
assert model.predict("رفع البنك المركزي أسعار الفائدة لكبح التضخم في الأسواق", explain=True).label
assert model.predict_many(["نص قصير"] * 9, jobs=2)
"""
    assert not _loaded_after(code) & {"sklearn", "scipy", "pandas", "numpy", "joblib", "pyarrow", "trafilatura"}


def test_the_predict_command_imports_no_more_than_it_needs(model_path: Path, tmp_path: Path) -> None:
    document = tmp_path / "document.txt"
    document.write_text("رفع البنك المركزي أسعار الفائدة لكبح التضخم في الأسواق", encoding="utf-8")
    code = f"""
from classifier.cli import main
sys.argv = ["classifier", "predict", "--model", {str(model_path)!r}, {str(document)!r}]
try:
    main()
except SystemExit as stop:
    assert not stop.code
"""
    loaded = _loaded_after(code)
    assert not loaded & {"sklearn", "scipy", "pandas", "numpy", "joblib", "charset_normalizer", "rich", "lxml"}


def test_all_is_exact() -> None:
    for name in classifier.__all__:
        assert getattr(classifier, name) is not None
    assert set(classifier.__all__) == {*classifier._HOMES, "__version__"}
    with pytest.raises(AttributeError, match="nonsense"):
        _ = classifier.nonsense
