"""A real dask cluster of two worker processes: the same command, the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from archives import ROOT, Runs, write_archive

from classifier.errors import ResultsError

CLUSTER = """
    import sys
    from distributed import LocalCluster
    if __name__ == "__main__":
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=0) as cluster:
            print(cluster.scheduler_address, flush=True)
            sys.stdin.read()
"""


@contextmanager
def cluster(place: Path, **environment: str) -> Iterator[str]:
    """The address of a cluster that lives in processes of its own."""
    pytest.importorskip("distributed", reason="dask is an extra: pip install arabic-topic-classifier[cluster]")
    script = place / "cluster.py"  # its workers start by importing it
    script.write_text(textwrap.dedent(CLUSTER), encoding="utf-8")
    command, env = [sys.executable, "-P", str(script)], {**os.environ, **environment}
    with subprocess.Popen(command, cwd=place, env=env, stdin=-1, stdout=-1, stderr=-3, encoding="utf-8") as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.communicate("")


def test_the_same_bytes_as_on_one_machine(tmp_path: Path, model_path: Path) -> None:
    runs = Runs(write_archive(tmp_path / "archive", 1000), model_path)
    alone = runs.undisturbed(tmp_path / "alone.jsonl")
    with cluster(tmp_path, PYTHONPATH=str(ROOT)) as scheduler:
        ended = runs.run(tmp_path / "r.jsonl", "--backend", "dask", "--scheduler", scheduler)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "r.jsonl").read_bytes() == alone


def test_workers_without_this_package_end_the_run_and_do_not_hang_it(tmp_path: Path, model_path: Path) -> None:
    runs = Runs(write_archive(tmp_path / "archive", 300), model_path)
    (tmp_path / "classifier.py").write_text("raise ImportError('not the package')", encoding="utf-8")
    with cluster(tmp_path, PYTHONPATH=str(tmp_path)) as scheduler:
        ended = runs.run(tmp_path / "r.jsonl", "--scheduler", scheduler)
    assert ended.returncode == 1
    assert "every one needs this package" in ended.stderr


def test_a_back_end_that_is_not_there(tmp_path: Path, model_path: Path) -> None:
    runs = Runs(write_archive(tmp_path / "archive", 3), model_path)
    with pytest.raises(ResultsError, match="the back end 'no such' cannot be used"):
        runs.label(tmp_path / "r.jsonl", backend="no such")


def test_a_cluster_without_dask_says_what_to_install(tmp_path: Path, model_path: Path) -> None:
    (tmp_path / "distributed.py").write_text("raise ImportError('no dask here')", encoding="utf-8")
    write_archive(tmp_path / "archive", 3)
    command = [sys.executable, "-m", "classifier", "label", str(tmp_path / "archive"), "--model", str(model_path)]
    command += ["--out", str(tmp_path / "r.jsonl"), "--scheduler", "tcp://127.0.0.1:1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: the back end 'dask' cannot be used")
    assert "arabic-topic-classifier[cluster]" in ended.stderr
