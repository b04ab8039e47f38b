"""From a labelled corpus to a model file; the only room that imports scikit-learn."""

from classifier.training.compiling import export_pipeline
from classifier.training.learning import Trained, build_pipeline, train
from classifier.training.lesson import Settings

__all__ = ["Settings", "Trained", "build_pipeline", "export_pipeline", "train"]
