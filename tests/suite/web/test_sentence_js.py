"""The page searches for a sentence as Python does, run by Node.js."""

import numpy as np
import pytest

from suite.sequence.beam_search import Rules, beam_search, greedy

END, START, UNKNOWN = 0, 1, 2
WORDS, BEAMS, STATE, PLACES = 9, 4, 2, 3

# A toy model: the next word hangs on the last one and on how many came before; its state is (last word, words before).
QUESTION = """
const { question } = await import("./answers/sentence.js");
return data.map(({ table, picture, input, greedy }) => {
  const pixels = Uint8Array.from(picture);
  const asked = question({ windows: () => [{ tensors: { picture: pixels }, weight: 1 }], pixels },
    { ...input, greedy: "caption" });
  const answer = {
    caption: () => ({
      tokens: Int32Array.from([...greedy.tokens, 0, 0, 0, 0, 0, 0].slice(0, input.max_words)),
      count: Int32Array.of(greedy.tokens.length), log_prob: Float32Array.of(greedy.log_prob),
      attention: new Float32Array(3 * input.max_words).fill(-1),
    }),
    encode: () => ({ values: Float32Array.of(7), keys: Float32Array.of(8), state: Float32Array.of(-1, -1) }),
    decode_step: ({ tokens, state, values, keys }) => {
      if (values[0] !== 7 || keys[0] !== 8) throw new Error("not what encode gave");
      const found = { log_probs: [], state: [], attention: [] };
      tokens.forEach((token, row) => {
        const length = state[2 * row + 1] + 1;
        found.log_probs.push(...table[Math.min(length, table.length - 1)][token]);
        found.state.push(token, length);
        found.attention.push(token, length, state[2 * row]);
      });
      return Object.fromEntries(Object.entries(found).map(([name, all]) => [name, Float32Array.from(all)]));
    },
  };
  const calls = [];
  let last;
  for (let call = asked.next(last); call; call = asked.next(last)) {
    calls.push(call.signature);
    last = { [call.signature]: answer[call.signature](call.tensors) };
  }
  const { text, score, greedy: first, words } = asked.join([]);
  return { calls, text, score, first, looked: words.map(({ attention }) => attention), most: asked.count };
});
"""


def toy_step(table):
    """The same model for Python's search."""

    def step(tokens, state):
        length = state["state"][..., 1] + 1
        rows = np.minimum(length, len(table) - 1)
        return table[rows, tokens], {"state": np.stack([tokens, length], -1)}

    return step


@pytest.fixture(scope="module")
def cases():
    """Toy models, rules, and what Python finds."""
    found = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        logits = random.normal(scale=1.5, size=(5, WORDS, WORDS))
        if seed % 3 == 0:
            logits = np.round(logits)  # ties
        table = (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype(np.float32)
        ngram, penalty = seed % 4 if seed % 2 else 0, [0.0, 0.8, 1.2][seed % 3]
        rules = {"start": START, "end": END, "length_penalty": penalty, "no_repeat_ngram": ngram}
        rules |= {"forbidden": [START, UNKNOWN], "max_length": 1 + seed % 6}
        state = {"state": np.full((1, 1, STATE), -1)}
        step, width = toy_step(table), 1 + seed % BEAMS
        [plain] = greedy(step, state, Rules(**rules))
        [[best]] = beam_search(step, state, Rules(**rules), beam_width=width, candidates=[plain])
        found.append((table, rules, width, plain, best))
    return found


def test_the_page_finds_the_sentences_that_python_finds(node, cases):
    names = [f"w{word}" for word in range(WORDS)]
    data = []
    for table, rules, width, plain, _ in cases:
        most = {"max_words": rules["max_length"], "beam_width": width, "beams": BEAMS, "words": names, "grid": 1}
        first = {"tokens": plain.tokens, "log_prob": plain.log_prob}
        data.append({"table": table.tolist(), "picture": [1, 2, 3], "input": rules | most, "greedy": first})
    better = 0
    for answer, (_, rules, _, plain, best) in zip(node(QUESTION, data), cases, strict=True):
        assert answer["text"] == " ".join(names[token] for token in best.tokens)
        assert answer["score"] == pytest.approx(best.score, abs=1e-5)
        assert answer["first"] == " ".join(names[token] for token in plain.tokens)
        assert answer["calls"][:3] == ["caption", "encode", "decode_step"]
        assert len(answer["calls"]) <= answer["most"] == rules["max_length"] + 3
        better += best.tokens != plain.tokens
        if best.tokens != plain.tokens:  # each word with where its own beginning looked
            befores = [START, *best.tokens][: len(best.tokens)]
            assert [row[:2] for row in answer["looked"]] == [[word, place] for place, word in enumerate(befores)]
            assert [row[2] for row in answer["looked"]] == [-1, *befores][: len(befores)]
    assert better > 10
