"""The pipeline packages: one per task, each with the same file set."""
