"""The tokenizer that settings ask for."""

from suite.errors import UserError
from suite.text.bytes_tokenizer import BytesTokenizer


def make_tokenizer(settings, assets=None):
    """Return the tokenizer of `settings`.

    A tokenizer has `rows` (of the embedding table it needs), `specs` (name -> `tf.TensorSpec` of each tensor),
    `raw(texts)` (strings to what a call takes), `tokenizer(raw)` (a dict of int32 tensors, inside any graph) and
    `spans(text)` (character offsets of each token).

    Args:
        settings: Has `tokenizer`, `max_tokens`, `keep`; `hash_buckets` and `ngrams` for `bytes`.
        assets: A dict; `wordpiece` needs its `vocabulary`, a list of pieces (see `learn_vocabulary`).

    Raises:
        UserError: for `wordpiece` without a vocabulary, or where tensorflow-text is not installed.
    """
    if settings.tokenizer == "bytes":
        return BytesTokenizer(settings.hash_buckets, settings.ngrams, settings.max_tokens, settings.keep)
    # Imported here: tensorflow-text is not to be had everywhere.
    from suite.text.wordpiece_tokenizer import WordpieceTokenizer

    vocabulary = (assets or {}).get("vocabulary")
    if not vocabulary:
        raise UserError("tokenizer 'wordpiece' needs the vocabulary learned from the training part")
    return WordpieceTokenizer(vocabulary, settings.max_tokens, settings.keep)
