"""linear-learner's contract, with scikit-learn's stochastic linear models behind it."""
