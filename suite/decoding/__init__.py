"""From CTC log-probabilities to text: loss, greedy and beam search, n-gram language models, word times."""
