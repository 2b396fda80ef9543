"""One training by several processes: each computes a share of every batch, and all take the step that one would."""
