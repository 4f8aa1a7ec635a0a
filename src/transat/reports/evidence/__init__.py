"""The evidence of a prediction model: reporting items, questions of bias, a card, from its run."""
