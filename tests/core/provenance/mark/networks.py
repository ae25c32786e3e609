"""Tiny networks with the mouths of the real ones: they add and measure fixed patterns."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CELLS, CELL_PX = 32, 8


def patterns(count):
    """Rows of a Hadamard matrix, the quickest first: a smooth picture has little of them."""
    matrix = np.ones((1, 1))
    while len(matrix) < CELLS**2:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    changes = np.abs(np.diff(matrix.reshape(-1, CELLS, CELLS), axis=1)).sum(axis=(1, 2))
    changes += np.abs(np.diff(matrix.reshape(-1, CELLS, CELLS), axis=2)).sum(axis=(1, 2))
    return matrix[np.argsort(-changes, kind="stable")][:count].astype(np.float32)


def embedder(path, bits, strength, *, is_whole):
    """Write one that gives the marked picture (`is_whole`) or only what is added."""
    constants = {
        "patterns": patterns(bits) * strength,
        "two": np.array(2, np.float32),
        "one": np.array(1, np.float32),
        "shape": np.array([1, 1, CELLS, CELLS]),
        "nowhere": np.array([], np.float32),
        "enlarged": np.array([1, 1, CELL_PX, CELL_PX], np.float32),
        "nothing": np.array(0, np.float32),
    }
    nodes = [
        helper.make_node("Mul", ["bits", "two"], ["twice"]),
        helper.make_node("Sub", ["twice", "one"], ["signs"]),
        helper.make_node("MatMul", ["signs", "patterns"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["cells"]),
        helper.make_node("Resize", ["cells", "nowhere", "enlarged"], ["added"], mode="nearest"),
        helper.make_node("Mul", ["image", "one" if is_whole else "nothing"], ["kept"]),
        helper.make_node("Add", ["kept", "added"], ["out"]),
    ]
    _save(path, nodes, constants, {"image": [1, 3, 256, 256], "bits": [1, bits]}, "out")


def reader(path, bits, *, has_presence):
    """Write one that measures each pattern; with a first number for presence, if wanted."""
    constants = {
        "patterns": patterns(bits).T.copy(),
        "shape": np.array([1, CELLS**2]),
        "presence": np.ones((1, 1), np.float32),
    }
    side = {"kernel_shape": [CELL_PX, CELL_PX], "strides": [CELL_PX, CELL_PX]}
    nodes = [
        helper.make_node("AveragePool", ["image"], ["cells"], **side),
        helper.make_node("ReduceMean", ["cells"], ["grey"], axes=[1], keepdims=1),
        helper.make_node("Reshape", ["grey", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "patterns"], ["measured"]),
    ]
    out = "measured"
    if has_presence:
        out = "with_presence"
        nodes.append(helper.make_node("Concat", ["presence", "measured"], [out], axis=1))
    _save(path, nodes, constants, {"image": [1, 3, 256, 256]}, out)


def _save(path, nodes, constants, inputs, out):
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "fake",
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in inputs.items()],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items() if name in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, path)
