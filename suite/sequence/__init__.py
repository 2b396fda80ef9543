"""Making a sequence token by token: embedding, decoder, loss, sampling, greedy loop in the graph, beam search."""
