"""The raw-input function of a trained model: what predict and evaluate call, and what goes on the phone."""

from typing import Any

from pipelines.tagging.config import Settings
from suite.answers.tag_pieces import TAG_HOST
from suite.answers.tags import tag_outputs
from suite.inputs.text_host import byte_input
from suite.signature import ExportRules, Signature, deferred

OFFLINE = (
    "streaming tags a text before its end is known, and this model looks at the end first; "
    "train with --set bidirectional=false --set decoder=softmax"
)


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return what can be called: `tag`, from UTF-8 bytes to tokens with their tags, and the intent where there is one."""
    in_order = settings.decoder == "softmax" and not settings.bidirectional
    chunk = settings.chunk_bytes if in_order else 0
    text = byte_input(settings.compiled_bytes, chunk, "the text, or of its tokens, each ended by the byte 31")
    # What travels in an exported file leaves the rule out: the file has its front end already.
    front_end = {"tokens": assets.get("token_rule"), "scheme": assets["scheme"], "longest": assets["longest"]}
    outputs = tag_outputs(assets["labels"], assets["intents"])
    tag = deferred(f"{__package__}.graph", "of_bytes", assets)
    return [Signature("tag", text, outputs, tag, TAG_HOST, ExportRules(offline=OFFLINE), front_end=front_end)]
