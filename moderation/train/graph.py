"""Write the network as an ONNX graph with 8-bit weights, node by node.

No exporter and no quantiser: the graph is the one below, whatever version of torch wrote the
weights. Each weight matrix has one scale a column, in 7 bits: processors without VNNI add two
products in 16 bits, which 8-bit weights would overflow. Activations are quantised as they come.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from moderation.train.network import EPSILON, Screen

OPSET = 20
"""The first with `Gelu`."""

IR_VERSION = 9
_WEIGHT_LIMIT = 63
_WORD_LIMIT = 127

Array = NDArray[np.generic]


class _Graph:
    """Nodes and constants as they are added; every value has a name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: Array) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def linear(self, x: str, weight: Array, bias: Array, name: str) -> str:
        """Multiply in integers: `x` is quantised where it has not been for another matrix yet."""
        quantised, scale = _per_column(weight.T.astype(np.float32))
        inputs = [f"{x}.q", f"{x}.scale", f"{x}.zero"]
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], inputs))
        packed = self.constant(f"{name}.weight", quantised)
        zero = self.constant("zero", np.zeros((), np.int8))
        self.add("MatMulInteger", [inputs[0], packed, inputs[2], zero], f"{name}.int")
        self.add("Cast", [f"{name}.int"], f"{name}.float", to=TensorProto.FLOAT)
        scales = self.constant(f"{name}.scale", scale)
        self.add("Mul", [inputs[1], scales], f"{name}.scales")
        self.add("Mul", [f"{name}.float", f"{name}.scales"], f"{name}.product")
        return self.add(
            "Add", [f"{name}.product", self.constant(f"{name}.bias", bias)], f"{name}.out"
        )

    def norm(self, x: str, weight: Array, bias: Array, name: str) -> str:
        inputs = [x, self.constant(f"{name}.w", weight), self.constant(f"{name}.b", bias)]
        return self.add("LayerNormalization", inputs, f"{name}.out", axis=-1, epsilon=EPSILON)


def _per_column(weight: Array, limit: int = _WEIGHT_LIMIT) -> tuple[Array, Array]:
    scale = np.maximum(np.abs(weight).max(0), 1e-8) / limit
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)


def write_graph(screen: Screen, path: Path) -> None:
    """Write the network with its inputs `ids` and `attended` and its output `logits`."""
    state = {name: value.detach().float().numpy() for name, value in screen.state_dict().items()}
    graph = _Graph()
    x = _embedded(graph, state)
    mask = _mask(graph)
    for number in range(screen.shape.layers):
        x = _block(graph, state, f"blocks.{number}", x, mask, screen.shape.heads)
    _headed(graph, state, x)
    long, real = TensorProto.INT64, TensorProto.FLOAT
    inputs = [
        helper.make_tensor_value_info("ids", long, ["batch", "length"]),
        helper.make_tensor_value_info("attended", real, ["batch", "length"]),
    ]
    outputs = [helper.make_tensor_value_info("logits", real, ["batch", "outputs"])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "screen", inputs, outputs, list(graph.constants.values())),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _embedded(graph: _Graph, state: dict[str, Array]) -> str:
    quantised, scale = _per_column(state["words.weight"].T, _WORD_LIMIT)
    words = graph.constant("words", quantised.T)
    graph.add("Gather", [words, "ids"], "words.int")
    graph.add("Cast", ["words.int"], "words.float", to=TensorProto.FLOAT)
    graph.add("Gather", [graph.constant("words.scale", scale[:, None]), "ids"], "words.scales")
    graph.add("Mul", ["words.float", "words.scales"], "words.out")
    graph.add("Shape", ["ids"], "length", start=1, end=2)
    start = graph.constant("place0", np.zeros(1, np.int64))
    graph.add(
        "Slice", [graph.constant("places", state["places.weight"]), start, "length"], "places.out"
    )
    graph.add("Add", ["words.out", "places.out"], "embedded")
    return graph.norm("embedded", state["norm.weight"], state["norm.bias"], "norm")


def _mask(graph: _Graph) -> str:
    """Make what is added to the attention's scores: nothing for tokens, much less for padding."""
    graph.add("Sub", ["attended", graph.constant("one", np.ones((), np.float32))], "padding")
    graph.add("Mul", ["padding", graph.constant("much", np.array(10_000.0, np.float32))], "lowered")
    axes = graph.constant("mask.axes", np.array([1, 2], np.int64))
    return graph.add("Unsqueeze", ["lowered", axes], "mask")


def _block(graph: _Graph, state: dict[str, Array], name: str, x: str, mask: str, heads: int) -> str:
    def linear(part: str, of: str) -> str:
        weight, bias = (state[f"{name}.{part}.{kind}"] for kind in ("weight", "bias"))
        return graph.linear(of, weight, bias, f"{name}.{part}")

    def norm(part: str, of: str) -> str:
        weight, bias = (state[f"{name}.{part}.{kind}"] for kind in ("weight", "bias"))
        return graph.norm(of, weight, bias, f"{name}.{part}")

    width = state[f"{name}.out.weight"].shape[0]
    mixed = _attention(graph, linear("qkv", x), mask, (heads, width // heads), name)
    x = norm("norm1", graph.add("Add", [x, linear("out", mixed)], f"{name}.sum1"))
    up = graph.add("Gelu", [linear("up", x)], f"{name}.gelu")
    return norm("norm2", graph.add("Add", [x, linear("down", up)], f"{name}.sum2"))


def _attention(graph: _Graph, qkv: str, mask: str, shape: tuple[int, int], name: str) -> str:
    heads, depth = shape
    split = graph.constant("heads", np.array([0, 0, 3 * heads, depth], np.int64))
    graph.add("Reshape", [qkv, split], f"{name}.split")
    graph.add("Transpose", [f"{name}.split"], f"{name}.turned", perm=[0, 2, 1, 3])
    parts = [f"{name}.{part}" for part in "qkv"]
    graph.nodes.append(helper.make_node("Split", [f"{name}.turned"], parts, axis=1, num_outputs=3))
    graph.add("Transpose", [parts[1]], f"{name}.kt", perm=[0, 1, 3, 2])
    graph.add("MatMul", [parts[0], f"{name}.kt"], f"{name}.raw")
    root = graph.constant("root", np.array(depth**-0.5, np.float32))
    graph.add("Mul", [f"{name}.raw", root], f"{name}.scaled")
    graph.add("Add", [f"{name}.scaled", mask], f"{name}.masked")
    graph.add("Softmax", [f"{name}.masked"], f"{name}.shares", axis=-1)
    graph.add("MatMul", [f"{name}.shares", parts[2]], f"{name}.heads")
    graph.add("Transpose", [f"{name}.heads"], f"{name}.back", perm=[0, 2, 1, 3])
    joined = graph.constant("joined", np.array([0, 0, heads * depth], np.int64))
    return graph.add("Reshape", [f"{name}.back", joined], f"{name}.mixed")


def _headed(graph: _Graph, state: dict[str, Array], x: str) -> None:
    """Pool the mean and the maximum of the tokens, and score them."""
    last = graph.constant("last", np.array([2], np.int64))
    middle = graph.constant("middle", np.array([1], np.int64))
    graph.add("Unsqueeze", ["attended", last], "weights")
    graph.add("Mul", [x, "weights"], "kept")
    graph.add("ReduceSum", ["kept", middle], "sum", keepdims=0)
    graph.add("ReduceSum", ["weights", middle], "count", keepdims=0)
    graph.add("Div", ["sum", "count"], "mean")
    graph.add("Unsqueeze", ["lowered", last], "lowered.wide")
    graph.add("Add", [x, "lowered.wide"], "candidates")
    graph.add("ReduceMax", ["candidates", middle], "highest", keepdims=0)
    graph.add("Concat", ["mean", "highest"], "pooled", axis=1)
    weight = graph.constant("head.weight", state["head.weight"])
    bias = graph.constant("head.bias", state["head.bias"])
    graph.add("Gemm", ["pooled", weight, bias], "logits", transB=1)
