"""Fitting a model: process set-up, optimizer, the epoch loop, its saved state, and what a person sees of it."""
