"""Convert in a child process, so that a crash of the converter becomes a clear error."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TIMEOUT_SECONDS = 1800


class ConversionError(Exception):
    """The converter failed; the message says how."""


def convert(
    model_dir: Path,
    signatures: list[str],
    deployment: str,
    form: str,
    quantization: str,
    calibration: Path | None,
    output: Path,
) -> None:
    """Write the `.tflite` of one deployment and quantisation; arguments as for `suite.export.worker.convert`.

    Raises:
        ConversionError: if the child process failed or crashed; nothing is left at `output`.
    """
    request = {
        "model_dir": str(Path(model_dir).absolute()),
        "signatures": signatures,
        "deployment": deployment,
        "form": form,
        "quantization": quantization,
        "calibration": None if calibration is None else str(calibration),
        "output": str(Path(output).absolute()),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "request.json"
        path.write_text(json.dumps(request), encoding="utf-8")
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
            raise ConversionError(
                f"{deployment} {quantization}: the converter did not end within {TIMEOUT_SECONDS} s"
            ) from None
    if done.returncode == 0 and Path(output).is_file():
        return
    Path(output).unlink(missing_ok=True)
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ConversionError(
            f"{deployment} {quantization}: the TFLite converter crashed ({name}); nothing was written"
        )
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    raise ConversionError(
        f"{deployment} {quantization}: the TFLite converter failed: " + (lines[-1] if lines else "it said nothing")
    )
