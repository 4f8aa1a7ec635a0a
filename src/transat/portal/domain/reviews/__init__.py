"""Reviews: conflicts of interest, assignment, scores and their calibration."""
