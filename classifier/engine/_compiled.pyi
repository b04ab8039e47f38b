from classifier.engine.plain import Engine as Engine
from classifier.engine.plain import Lexicon as Lexicon
from classifier.engine.plain import Reader as Reader
