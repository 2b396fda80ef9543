"""One layer called on two lengths in one function: the loops forward and backward agree on how long the sequences are."""

import itertools
import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.suite.recurrent.two_lengths import differences

ORDERS = {"long_first": [[20, 7], [7, 20]], "short_first": [[7, 20], [20, 7], [7]]}


def run(cases):
    """What `two_lengths.py` finds, in a process that has traced nothing yet."""
    script = pathlib.Path(__file__).with_name("two_lengths.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.run(
        [sys.executable, script, json.dumps(cases)], capture_output=True, text=True, timeout=580, env=environment
    )
    assert process.returncode == 0, process.stderr[-1500:]
    return json.loads(process.stdout.strip().splitlines()[-1])


def check(cases, found):
    for case, worst in zip(cases, found, strict=True):
        bound = 1e-4 if case.get("dtype", "float32") == "float32" else 6e-2
        assert max(worst) < bound, (case, worst)


@pytest.mark.slow
@pytest.mark.whole
def test_states_of_one_length_begin_another():
    """A tied encoder and decoder; each case has a width of its own, so that it is the first of its kind to be traced."""
    cases = [
        {"layer": "gru", "units": 512, "compiled": "auto", "calls": [[20, 7]]},
        {"layer": "lstm", "units": 6, "sequences": True, "calls": [[20, 7]]},
        {"layer": "rnn", "units": 7, "mask": True, "calls": [[7, 20], [7]]},
    ]
    check(cases, map(differences, cases))


# Masks, directions and precisions take turns.
TURNS = [(True, False, "float32"), (True, True, "mixed_bfloat16"), (False, True, "float32")]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("layer", ["lstm", "gru", "rnn"])
def test_every_form_of_it(layer, order):
    forms = zip(itertools.product([True, False], repeat=2), itertools.cycle(TURNS))
    cases = [
        {
            "layer": layer,
            "units": 6 + index,
            "calls": [*ORDERS[order], [5, 3]],
            "compiled": compiled,
            "sequences": sequences,
            "mask": mask,
            "backwards": backwards,
            "dtype": dtype,
            "graph": index % 2 > 0,
        }
        for index, ((compiled, sequences), (mask, backwards, dtype)) in enumerate(forms)
    ]
    check(cases, run(cases))
