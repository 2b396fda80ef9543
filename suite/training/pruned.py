"""How a trial of a sweep ends before its last epoch."""


class Pruned(Exception):
    """Raised after an epoch by whoever asked for the run: others are better, and nothing is at fault."""
