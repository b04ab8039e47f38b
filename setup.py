"""Builds the compiled engine; without a C compiler the package installs all the same and runs the plain one.

Release builds set CLASSIFIER_REQUIRE_ENGINE=1, which turns a missing engine into an error. Everything else about the
package is in pyproject.toml.
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

engine = Extension(
    "classifier.engine._compiled",
    ["classifier/engine/_compiled.pyx"],
    extra_compile_args=["/O2"] if os.name == "nt" else ["-O3"],
    optional=not os.environ.get("CLASSIFIER_REQUIRE_ENGINE"),
)
setup(ext_modules=cythonize([engine]))
