"""Forecasting: a series of numbers in, its future values with quantiles, and how odd its past was, out."""
