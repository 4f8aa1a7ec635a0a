"""Learners: models that predict, grown on all sites without moving a row; one file each."""
