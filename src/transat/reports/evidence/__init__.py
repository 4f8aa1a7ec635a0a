"""The evidence of a prediction model: reporting items and questions of bias, a card, from its run."""
