"""Predictors from a saved model: raw arrays in, answers out."""
