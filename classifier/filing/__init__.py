"""Labelled documents into folders of their labels: planned, shown, journalled, and undone exactly."""

from classifier.filing.planning import ALREADY, LeftOut, Manner, Step, plan_filing
from classifier.filing.running import Outcome, apply_filing, planned, undo_filing

__all__ = ["ALREADY", "LeftOut", "Manner", "Outcome", "Step", "apply_filing", "plan_filing", "planned", "undo_filing"]
