"""MLflow: where runs are kept, what is logged of each, and how they are listed."""
