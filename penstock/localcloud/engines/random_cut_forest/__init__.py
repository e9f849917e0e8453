"""randomcutforest's contract, with rcf3's random cut trees behind it."""

NAME = "randomcutforest"
