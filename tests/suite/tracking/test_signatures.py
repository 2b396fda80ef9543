"""MLflow's signature and input example of every task: an example that the model answers, with the fields that it says."""

import base64
from types import SimpleNamespace

import mlflow
import pytest

from suite.errors import UserError
from suite.registry import PIPELINES
from suite.tracking.pyfunc import SavedModel
from suite.tracking.signatures import answer_schema, input_column, input_example, signature


@pytest.mark.parametrize("task", PIPELINES)
def test_the_example_is_answered_as_the_signature_says(task, untrained, tmp_path):
    model = untrained(task)
    (example,) = input_example(model.artifact)
    made = signature(model.artifact)
    assert made.inputs.input_names() == [input_column(model.artifact)]
    saved = SavedModel(model)
    sent = saved.predict([{made.inputs.input_names()[0]: example}])
    assert set(made.outputs.required_input_names()) <= set(sent[0]) <= set(made.outputs.input_names())
    described = mlflow.models.infer_signature(model_output=sent).outputs
    for column in described:
        declared = answer_schema(model.artifact.pipeline).input_dict()[column.name].type
        assert type(declared) is type(column.type) or type(declared).__name__ in ("Map", "AnyType")
    if model.artifact.pipeline.INPUT.sent is not None:
        path = tmp_path / "input-1"  # a series has the name of its file
        path.write_bytes(base64.b64decode(example))
        assert sent == saved.predict([str(path)])
        with pytest.raises(UserError, match=r"^input 1") as refused:
            saved.predict([base64.b64encode(bytes(90)).decode()])
        assert "/tmp" not in str(refused.value) and "\n" not in str(refused.value)


def test_the_signature_of_a_logged_model_lets_every_shape_of_input_through(trained, tracking_uri):
    mlflow.set_tracking_uri(tracking_uri)
    model = mlflow.pyfunc.load_model(f"runs:/{trained.run_id}/model")
    assert [(column.name, column.type.name) for column in model.metadata.signature.inputs] == [("text", "string")]
    assert [column.name for column in model.metadata.signature.outputs] == ["label", "scores", "tokens"]
    assert model.input_example == ["An example."]
    assert SimpleNamespace(**model.predict(model.input_example)[0]).label in ("negative", "positive")
