"""Builds what is compiled; without a C compiler the package installs all the same and runs the plain forms of it.

Release builds set CLASSIFIER_REQUIRE_ENGINE=1, which turns a missing engine into an error; CLASSIFIER_SANITIZE=1 builds
the engine that `benchmarks/sanitize` tries. Everything else about the package is in pyproject.toml.
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]

if os.environ.get("CLASSIFIER_SANITIZE"):
    flags, link_flags = ["-O1", "-g", *SANITIZERS], SANITIZERS
elif os.name == "nt":
    flags, link_flags = ["/O2"], []
else:
    flags, link_flags = ["-O3", "-g0"], []  # -g0: Python's own flags ask for symbols, three times the size of the code

modules = ["classifier/engine/_compiled.pyx"]
if os.name == "posix":
    modules.append("classifier/labelling/_status.pyx")

extensions = cythonize(
    [
        Extension(
            path.removesuffix(".pyx").replace("/", "."),
            [path],
            extra_compile_args=flags,
            extra_link_args=link_flags,
        )
        for path in modules
    ]
)
for extension in extensions:  # set here, because cythonize forgets it
    extension.optional = not os.environ.get("CLASSIFIER_REQUIRE_ENGINE")
setup(ext_modules=extensions)
