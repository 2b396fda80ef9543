"""Convert in a child process, so that a crash of the converter becomes a clear error."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

TIMEOUT_SECONDS = 1800


class ConversionError(Exception):
    """The converter failed; the message says how."""


@dataclass(frozen=True)
class Conversion:
    """What the converter makes of a saved model: the `.tflite` of one deployment and quantization.

    Attributes:
        model_dir: The saved model.
        signatures: Names of those that go into the file; the first one alone where a fused LSTM is in any of them.
        deployment, form, quantization: What to make.
        output: The file to write.
        calibration: For int8: a folder with a folder of `.npz` inputs for each signature.
    """

    model_dir: Path | str
    signatures: list[str]
    deployment: str
    form: str
    quantization: str
    output: Path | str
    calibration: Path | str | None = None


def convert(conversion: Conversion) -> None:
    """Write the `.tflite` of a conversion.

    Raises:
        ConversionError: if the child process failed or crashed; nothing is left at `output`.
    """
    output, what = Path(conversion.output).absolute(), f"{conversion.deployment} {conversion.quantization}"
    request = asdict(replace(conversion, model_dir=Path(conversion.model_dir).absolute(), output=output))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "request.json"
        path.write_text(json.dumps(request, default=str), encoding="utf-8")
        root = Path(__file__).resolve().parents[2]
        environment = os.environ | {
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")])),
        }
        command = [sys.executable, "-m", "suite.export.worker", str(path)]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise ConversionError(f"{what}: the converter did not end within {TIMEOUT_SECONDS} s") from None
    if done.returncode == 0 and output.is_file():
        return
    output.unlink(missing_ok=True)
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ConversionError(f"{what}: the TFLite converter crashed ({name}); nothing was written")
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    raise ConversionError(f"{what}: the TFLite converter failed: {lines[-1] if lines else 'it said nothing'}")
