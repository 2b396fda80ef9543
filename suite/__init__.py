"""Recurrent models trained on your own data, tracked, and shipped to phones."""
