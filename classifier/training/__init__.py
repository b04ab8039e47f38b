"""From a labelled corpus to a model file; the only room that imports scikit-learn."""

from classifier.training.compiling import export_pipeline
from classifier.training.learning import Settings, Trained, build_pipeline, train

__all__ = ["Settings", "Trained", "build_pipeline", "export_pipeline", "train"]
