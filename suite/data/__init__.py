"""Examples on disk: tables, named parts, splits, folds, bucketing."""
