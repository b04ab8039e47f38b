"""The package as others get it: built from its sources with and without a compiler, installed, and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from classifier import artefact

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "*.so", "*.pyd", "*.c", "__pycache__", "*.egg-info", "build", "dist")
TEXT = "رفع البنك المركزي أسعار الفائدة لكبح التضخم في الأسواق"

pytest.importorskip("Cython", reason="building without a network needs Cython and setuptools beside the tests")
pytest.importorskip("setuptools")


def _python(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CLASSIFIER_"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env={**kept, **environment},
    )


def _build(kind: str, sources: Path, **environment: str) -> Path:
    """The wheel or sdist that the build back end makes of sources; raises `AssertionError` with its log."""
    out = sources.parent / f"{kind}-{len(list(sources.parent.iterdir()))}"
    out.mkdir()
    made = _python(f"from setuptools.build_meta import build_{kind} as b; b({str(out)!r})", sources, **environment)
    assert made.returncode == 0, made.stdout + made.stderr
    (path,) = out.iterdir()
    return path


def _install(wheel: Path, into: Path) -> Path:
    """Unpack a wheel where Python finds it: for a package of pure data and modules that is what installing does."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(into)
    return into


def _runs(installed: Path, face: str) -> None:
    """The installed command says which engine runs, and labels a text with the shipped model by that engine."""
    command = "import sys; from classifier.cli import main; sys.argv[0] = 'classifier'; main()"
    version = subprocess.run(
        [sys.executable, "-c", command, "--version"], cwd=installed, capture_output=True, encoding="utf-8", check=True
    )
    assert f"({face} engine)" in version.stdout
    code = f"""
import classifier
from pathlib import Path
assert Path(classifier.__file__).is_relative_to({str(installed)!r}), classifier.__file__
print(classifier.Model.load().predict({TEXT!r}).label)"""
    labelled = _python(code, installed)
    assert (labelled.stdout, labelled.stderr) == ("economy/fintech\n", "")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory, model_path: Path) -> Path:
    """A copy of the repository, with a shipped model: the tests' own where there is none yet."""
    copy = tmp_path_factory.mktemp("packaging") / "repository"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    shipped = copy / "models" / "arabic-news" / "model.safetensors"
    if not shipped.exists():
        shutil.copy(model_path, shipped)
    return copy


@pytest.fixture(scope="module")
def unpacked(sources: Path) -> Path:
    """The source distribution, unpacked."""
    unpacking = [sys.executable, "-m", "tarfile", "-e", _build("sdist", sources), sources.parent]
    subprocess.run(unpacking, check=True, capture_output=True)  # the library's filters came with 3.11.4
    (folder,) = sources.parent.glob("arabic_topic_classifier-*")
    return folder


def test_every_package_and_its_data_are_listed(sources: Path) -> None:
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("classifier/**/__init__.py")}
    assert set(listed["packages"]) == packages | {"classifier.models"}
    for file in (sources / "classifier").rglob("*"):
        if file.is_file() and file.suffix != ".py":
            package = ".".join(file.parent.relative_to(sources).parts)
            assert any(file.match(pattern) for pattern in listed["package-data"].get(package, ())), file


def test_the_source_distribution_is_complete_and_clean(unpacked: Path) -> None:
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    wanted = {"LICENSE", "README.md", "pyproject.toml", "setup.py", "models/arabic-news/model.safetensors"}
    engine = {f"classifier/engine/{path.name}" for path in (ROOT / "classifier/engine").glob("*.p[xy]*")}
    assert wanted | engine <= names
    assert "tests/test_packaging.py" in names
    assert not [name for name in names if name.endswith((".c", ".so", ".pyd", ".pyc"))]


def test_without_a_compiler_the_plain_engine_is_installed(unpacked: Path, tmp_path: Path) -> None:
    wheel = _build("wheel", unpacked, CC="/bin/false", CXX="/bin/false")
    _runs(_install(wheel, tmp_path), "plain")


def test_a_release_build_fails_without_a_compiler(unpacked: Path) -> None:
    with pytest.raises(AssertionError, match="error"):
        _build("wheel", unpacked, CC="/bin/false", CXX="/bin/false", CLASSIFIER_REQUIRE_ENGINE="1")


def test_the_wheel_holds_engine_and_model(unpacked: Path, tmp_path: Path) -> None:
    if not shutil.which(os.environ.get("CC", "cc")):
        pytest.skip("there is no C compiler here")
    wheel = _build("wheel", unpacked, CLASSIFIER_REQUIRE_ENGINE="1")
    installed = _install(wheel, tmp_path)
    names = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert {"classifier/models/arabic-news/model.safetensors", "classifier/py.typed"} <= names
    modules = ["classifier/engine/_compiled."] + ["classifier/labelling/_status."] * (os.name == "posix")
    for module in modules:
        assert any(name.startswith(module) and name.endswith((".so", ".pyd")) for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests", "seeds", "benchmarks"))]
    assert artefact.load(installed / "classifier/models/arabic-news/model.safetensors").metadata["labels"]
    _runs(installed, "compiled")
