"""Text to scores with a model's tables: the compiled engine where it was built, the plain one elsewhere."""

from classifier.engine.tables import Occurrence, Tables, Tally, Weighting, softmax

try:
    from classifier.engine._compiled import Engine, Lexicon, Reader
except ImportError:  # no compiler when this was installed
    from classifier.engine.plain import Engine, Lexicon, Reader

__all__ = ["Engine", "Lexicon", "Occurrence", "Reader", "Tables", "Tally", "Weighting", "softmax"]
