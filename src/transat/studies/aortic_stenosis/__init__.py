"""Aortic stenosis: when to intervene. Prediction on both shores, each validated on the other."""
