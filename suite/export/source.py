"""What an export starts from: the trained model, its signatures, and real inputs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from suite.artifact import Artifact, load_model, read_parity
from suite.data.examples import Example
from suite.export.offers import ModelFacts, model_facts
from suite.pipeline import draw, draw_inputs
from suite.runtime.deployed import signatures_in
from suite.runtime.keras_runtime import KerasPredictor
from suite.signature import Arrays, Signature

PARITY_SAMPLES = 64
# 100 training texts miss the extremes that decide the ranges of 8 bits (up to 1.3 points of accuracy lost); 500 do not.
CALIBRATION_SAMPLES = 500
CALIBRATION_BYTES = 200_000_000


@dataclass(frozen=True)
class Samples:
    """Real inputs: `parity` to compare answers, `training` examples to calibrate on, `scored` examples with their part."""

    parity: list[Arrays]
    training: list[Example]
    scored: list[Example]
    part: str


@dataclass(frozen=True)
class Source:
    """The trained model that files are made from and compared with.

    Attributes:
        artifact: Its folder.
        model: As Keras loads it.
        facts: What decides the ways it can run.
        signatures: Of the pipeline, all.
        predictor: The first of them with the trained model, which predict and evaluate call.
        samples: Real inputs.
        known: Answers and scores of the trained model, once they are found.
    """

    artifact: Artifact
    model: keras.Model
    facts: ModelFacts
    signatures: list[Signature]
    predictor: KerasPredictor
    samples: Samples
    known: dict[Any, Any] = field(default_factory=dict)

    def answers(self, signature: Signature) -> list[Arrays]:
        """Return the trained model's answers to the parity inputs by one signature."""
        if signature.name not in self.known:
            self.known[signature.name] = self.predictor.sibling(signature.name)(self.samples.parity)
        return self.known[signature.name]

    def calibration(self) -> Iterator[Arrays]:
        """Yield the inputs that ranges of int8 are found on: training inputs, else those of the parity check.

        At most CALIBRATION_SAMPLES, and no more once they come to CALIBRATION_BYTES.
        """
        size = 0
        for example in draw(self.samples.training, CALIBRATION_SAMPLES):
            arrays = self.artifact.pipeline.raw_arrays(example.input, self.artifact.settings)
            size += sum(np.asarray(array).nbytes for array in arrays.values())
            yield arrays
            if size >= CALIBRATION_BYTES:
                return
        if not self.samples.training:
            yield from self.samples.parity

    def scores(self) -> dict[str, float]:
        """Return the trained model's metrics on the scored examples."""
        if "" not in self.known:
            artifact = self.artifact
            evaluation = artifact.pipeline.evaluate(
                self.predictor, self.samples.scored, artifact.assets, artifact.settings
            )
            self.known[""] = evaluation.metrics
        return dict(self.known[""])


def open_source(artifact: Artifact, examples: Any) -> Source:
    """Load the trained model and choose real inputs.

    Args:
        artifact: The saved model.
        examples: The data that `--data` or the run's record names, read; None takes the inputs kept with the model.

    Raises:
        UserError: if Keras cannot read the model.
    """
    model = load_model(artifact)
    signatures = artifact.pipeline.signatures(artifact.assets, artifact.settings)
    facts = model_facts(model, signatures_in(signatures, "interpreter")[0])
    predictor = KerasPredictor(model, signatures)
    return Source(artifact, model, facts, signatures, predictor, _choose(artifact, examples))


def _choose(artifact: Artifact, examples: Any) -> Samples:
    kept = read_parity(artifact)
    if examples is None:
        return Samples(kept, [], [], "")
    part = next((name for name in ("test", "dev", "train") if examples.part(name)), "all")
    scored = examples.part(part)
    inputs = draw_inputs(artifact.pipeline, scored, PARITY_SAMPLES)
    parity = [artifact.pipeline.raw_arrays(raw_input, artifact.settings) for raw_input in inputs]
    return Samples(parity, examples.part("train") or scored, scored, part)
