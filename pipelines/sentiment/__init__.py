"""Sentiment: raw text in, class and probabilities out."""
