"""Texts answered a second by Ray clusters of more and more nodes, all of them simulated on this machine.

    python benchmarks/answers_on_nodes.py saved_models/sentiment/mine texts.csv --nodes 1 2 4

Each node has one core and one actor. On a machine with fewer cores than nodes this shows what the nodes cost one another
and the command, not what they would bring.
"""

import argparse
import tempfile
import time
from pathlib import Path

from ray.cluster_utils import Cluster

from suite.cluster.answering import Model, answer_in_shards
from suite.cluster.connect import connect
from suite.inputs.expand import expand_inputs
from suite.runtime.model_in_file import open_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model_dir", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4])
    arguments = parser.parse_args()
    artifact = open_model(arguments.model_dir)
    inputs = list(expand_inputs(artifact.pipeline.INPUT, artifact.settings, [str(arguments.table)], False))
    model = Model(str(arguments.model_dir.absolute()), "keras", None, {})
    for nodes in arguments.nodes:
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1)
        with tempfile.TemporaryDirectory() as folder:
            ray = connect(cluster.address)
            marks = []
            for done in answer_in_shards(ray, artifact, model, inputs, Path(folder, "answers.jsonl"), nodes):
                marks.append((time.monotonic(), done.answered))
            (begun, _), (first, answered), (last, count) = marks[0], marks[1], marks[-1]
            print(
                f"{nodes} nodes: {count:,} texts in {last - begun:.1f} s; the first {answered:,} after {first - begun:.1f} s, "
                f"then {(count - answered) / max(last - first, 1e-9):,.0f} a second"
            )
            ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main()
