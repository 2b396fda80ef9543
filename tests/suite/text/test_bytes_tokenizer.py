import numpy as np
import pytest
import tensorflow as tf

from suite.errors import UserError
from suite.text import BytesTokenizer
from suite.text.addresses import learn_addresses
from suite.text.hashing import ADDRESSES, hash_table

VARIANTS = [
    {"rows": 32768, "ngrams": (3, 4, 5), "max_tokens": 256},
    {"rows": 997, "ngrams": (1, 2, 32), "max_tokens": 7, "keep": "ends"},
    {"rows": 16, "ngrams": (), "max_tokens": 3},
]


def is_letter(data, index):
    def plain(at):
        return 0 <= at < len(data) and (97 <= data[at] <= 122 or 48 <= data[at] <= 57 or data[at] >= 128)

    return plain(index) or (data[index] == 39 and plain(index - 1) and plain(index + 1))


def oracle_split(data: bytes, longest=32) -> list[tuple[int, int]]:
    """Return `(start, end)` in bytes of every token."""
    data = data.lower()
    kinds = ["letter" if is_letter(data, i) else "space" if b <= 32 or b == 127 else "mark" for i, b in enumerate(data)]
    tokens = []
    for index, kind in enumerate(kinds):
        if kind == "space":
            continue
        same_run = index > 0 and kinds[index - 1] == kind
        if same_run and tokens[-1][1] - tokens[-1][0] < longest:
            tokens[-1][1] += 1
        else:
            tokens.append([index, index + 1])
    return [tuple(token) for token in tokens]


def oracle_kept(data, max_tokens, keep):
    """Return the tokens that are kept."""
    tokens = oracle_split(data)
    if len(tokens) <= max_tokens:
        return tokens
    head = max_tokens if keep == "head" else (max_tokens + 1) // 2
    return tokens[:head] + tokens[len(tokens) - (max_tokens - head) :]


def oracle_spans(text, max_tokens, keep):
    """Return the characters of each kept token, those included that a cut divides."""
    encoded = [character.encode("utf-8", "surrogatepass") for character in text]
    character_of = [index for index, character in enumerate(encoded) for _ in character]
    kept = oracle_kept(b"".join(encoded), max_tokens, keep)
    return [(character_of[start], character_of[end - 1] + 1) for start, end in kept]


def oracle(data: bytes, rows, ngrams, max_tokens, keep="head"):
    """Return the words' rows and, for each token, the sorted rows of its n-grams."""
    table, data = hash_table("words", 32), data.lower()
    words, grams = [], []
    for start, end in oracle_kept(data, max_tokens, keep):
        token = data[start:end]
        words.append(1 + sum(int(table[byte, place]) for place, byte in enumerate(token)) % (rows - 1))
        found = []
        for length in ngrams:
            columns = hash_table(f"{length}-grams", length + 2)
            for at in range(len(token) - length + 1):
                hashed = sum(int(columns[byte, place]) for place, byte in enumerate(token[at : at + length]))
                hashed += int(columns[0, length]) * (at == 0) + int(columns[0, length + 1]) * (
                    at + length == len(token)
                )
                found.append(1 + hashed % (rows - 1))
        grams.append(sorted(found))
    return words, grams


def by_token(tensors, row=0):
    """Return the words of one row and the sorted n-gram rows of each of its tokens."""
    words = tensors["words"].numpy()[row]
    words = words[words != 0].tolist()
    grams = [[] for _ in words]
    if "ngrams" in tensors:
        ids, steps = tensors["ngrams"].numpy()[row], tensors["ngram_tokens"].numpy()[row]
        for gram, step in zip(ids[ids != 0].tolist(), steps[ids != 0].tolist(), strict=True):
            grams[step].append(gram)
    return words, [sorted(found) for found in grams]


@pytest.mark.parametrize("variant", VARIANTS)
def test_equals_plain_python(variant, raw_texts):
    tokenizer = BytesTokenizer(**variant)
    for text in raw_texts:
        assert by_token(tokenizer(tokenizer.raw([text]))) == oracle(text, **variant), text[:40]


def test_rows_that_trained_models_rely_on_stay():
    tokenizer = BytesTokenizer(16384, (3, 4, 5))
    words, grams = by_token(tokenizer(tokenizer.raw(["Good film"])))
    assert words == [16241, 8588]
    assert grams[1] == [11719, 15121, 15459]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_batch_and_padding_change_nothing(variant, raw_texts):
    tokenizer = BytesTokenizer(**variant)
    together = tokenizer(np.pad(tokenizer.raw(raw_texts), [[0, 0], [0, 37]]))
    for row, text in enumerate(raw_texts):
        assert by_token(together, row) == by_token(tokenizer(tokenizer.raw([text])))
    assert set(together) == set(tokenizer.specs)
    for name, spec in tokenizer.specs.items():
        assert together[name].dtype == spec.dtype and spec.shape.is_compatible_with(together[name].shape)


def test_no_bytes_at_all_give_one_step_of_padding():
    tensors = BytesTokenizer()(np.zeros((2, 0), np.uint8))
    assert tensors["words"].numpy().tolist() == [[0], [0]]
    assert not tensors["ngrams"].numpy().any()


def test_letter_case_is_folded_and_apostrophes_stay_inside_words():
    text = "Don't 'SHOUT' 4U!"
    spans = BytesTokenizer().spans(text)
    assert [text[start:end] for start, end in spans] == ["Don't", "'", "SHOUT", "'", "4U", "!"]
    tokenizer = BytesTokenizer()
    assert by_token(tokenizer(tokenizer.raw(["SHOUT"]))) == by_token(tokenizer(tokenizer.raw(["shout"])))


def test_learned_addresses_have_rows_of_their_own():
    plain = BytesTokenizer(ADDRESSES + 1, (3,))
    found = plain(plain.raw(["good film"]))
    known = [int(found["words"][0, 1]) - 1, int(found["ngrams"][0, 0]) - 1]
    learned = BytesTokenizer(ngrams=(3,), known=known)
    assert by_token(learned(learned.raw(["good film xyz"]))) == ([1, 2, 1], [[3], [], []])


@pytest.mark.parametrize("variant", VARIANTS)
def test_spans_line_up_with_the_steps(variant, texts):
    tokenizer = BytesTokenizer(**variant)
    for text in texts:
        assert tokenizer.spans(text) == oracle_spans(text, tokenizer.max_tokens, tokenizer.keep), text
        assert len(tokenizer.spans(text)) == len(by_token(tokenizer(tokenizer.raw([text])))[0])


def test_tflite_gives_the_same_ids_with_builtin_ops(raw_texts, texts):
    from ai_edge_litert.interpreter import Interpreter

    known = learn_addresses([text for text in texts if text], 500, min_count=1)
    tokenizer = BytesTokenizer(max_tokens=40, known=known)
    graph = tf.function(tokenizer.__call__, input_signature=[tf.TensorSpec((1, None), tf.uint8)], autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()])
    interpreter = Interpreter(model_content=converter.convert(), num_threads=1)
    assert not [op["op_name"] for op in interpreter._get_ops_details() if op["op_name"].startswith(("Flex", "CUSTOM"))]
    for text in raw_texts:
        raw = tokenizer.raw([text]) if text else np.zeros((1, 1), np.uint8)
        expected = tokenizer(raw)
        found = run(interpreter, raw)
        assert sorted(array.tolist() for array in found) == sorted(
            tensor.numpy().tolist() for tensor in expected.values()
        )


def run(interpreter, raw):
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, raw.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, raw)
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]


@pytest.mark.parametrize("arguments", [{"rows": 1}, {"ngrams": (0,)}, {"ngrams": (33,)}])
def test_impossible_arguments_are_refused(arguments):
    with pytest.raises(UserError, match="Received"):
        BytesTokenizer(**arguments)
