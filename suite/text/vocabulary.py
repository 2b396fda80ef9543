"""Learning a vocabulary of word pieces from the training texts."""

from collections import Counter
from collections.abc import Iterable

import tensorflow as tf

from suite.errors import UserError
from suite.text.wordpiece_tokenizer import RESERVED, normalize, tensorflow_text

LONGEST_PIECE = 24  # characters; longer words are left out of learning
MOST_WORDS = 40_000  # distinct words that pieces are learned from, the most frequent ones: bounds the time
CHUNK_TEXTS = 1024


def learn_vocabulary(texts: Iterable[str], size: int) -> list[str]:
    """Return at most `size` word pieces learned from `texts`, the same list whatever their order.

    Args:
        texts: Strings of the training part and of no other.
        size: Most pieces, reserved ones and single characters included.

    Raises:
        UserError: where tensorflow-text is not installed, or no text holds a word.
    """
    tensorflow_text()
    from tensorflow_text.tools.wordpiece_vocab import wordpiece_tokenizer_learner_lib as learner

    counts = count_words(texts)
    if not counts:
        raise UserError("cannot learn a vocabulary: no text of the training part holds a word")
    pieces = learner.learn(
        sorted(counts.items()),
        vocab_size=size,
        reserved_tokens=list(RESERVED),
        # Searching from there and not from the most frequent word saves most of the steps; frequent words stay in.
        upper_thresh=max(sum(counts.values()) // size, 2),
        lower_thresh=2,
        num_iterations=2,
        max_input_tokens=MOST_WORDS,
        max_token_length=LONGEST_PIECE,
        max_unique_chars=max(size // 8, 1),
    )
    return pieces[:size]


def count_words(texts: Iterable[str]) -> Counter:
    """Return how often each normalised word occurs, split at spaces and punctuation as the tokenizer splits."""
    from tensorflow_text.python.ops.bert_tokenizer import BasicTokenizer

    split = BasicTokenizer(lower_case=False)
    counts = Counter()
    texts = list(texts)
    for start in range(0, len(texts), CHUNK_TEXTS):
        chunk = [text.encode("utf-8", "replace") for text in texts[start : start + CHUNK_TEXTS]]
        words = split.tokenize(normalize(tf.constant(chunk))).flat_values.numpy().tolist()
        counts.update(word.decode("utf-8", "replace") for word in words)
    counts.pop("", None)
    return counts
