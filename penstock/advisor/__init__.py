"""Chooses instances: which types fit a need, what they cost, and why the first is the first."""

from penstock.advisor.advice import Advice, Candidate, Misfit
from penstock.advisor.choose import choose
from penstock.advisor.comparison import compared
from penstock.advisor.judged import Judged, judge
from penstock.advisor.model import Model
from penstock.advisor.needs import Hosting, Measured, Need, Training

__all__ = [
    "Advice",
    "Candidate",
    "Hosting",
    "Judged",
    "Measured",
    "Misfit",
    "Model",
    "Need",
    "Training",
    "choose",
    "compared",
    "judge",
]
