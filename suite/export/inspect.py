"""What an exported file holds: its ops, and whether any needs more than the built-in runtime."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from suite.export.model_file import text

FUSED_LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"


@dataclass(frozen=True)
class Contents:
    """Ops by name with their count, those of the Flex runtime, other custom ops, and the names of the signatures."""

    ops: dict[str, int]
    flex: list[str]
    custom: list[str]
    signatures: list[str]


def inspect_file(path: Path) -> Contents:
    """Return what a `.tflite` file holds, read from its flatbuffer."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(Path(path).read_bytes(), 0))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    codes = []
    for code in model.operatorCodes:
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        custom = code.customCode.decode() if isinstance(code.customCode, bytes) else code.customCode
        codes.append(custom if names[builtin] == "CUSTOM" else names[builtin])
    counts = Counter(codes[operator.opcodeIndex] for graph in model.subgraphs for operator in graph.operators)
    builtin_names = set(names.values())
    special = sorted(name for name in counts if name not in builtin_names)
    return Contents(
        dict(sorted(counts.items())),
        [name for name in special if name.startswith("Flex")],
        [name for name in special if not name.startswith("Flex")],
        [text(signature.signatureKey) for signature in model.signatureDefs or []],
    )
