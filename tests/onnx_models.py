"""Small ONNX models, written node by node."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def linear_onnx(
    folder: Path, weight: NDArray[Any], bias: NDArray[Any], *, activation: str = "Softmax", output: str = "probabilities",
) -> Path:  # fmt: skip
    """`activation(x @ weight + bias)` over float32 `[n, features]`; activation "" for none."""
    from onnx import TensorProto, helper, numpy_helper

    features, classes = weight.shape
    held = [
        numpy_helper.from_array(weight.astype(np.float32), "w"),
        numpy_helper.from_array(bias.astype(np.float32), "b"),
    ]
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], [output if not activation else "scores"])]
    if activation == "ZipMap":
        nodes += [
            helper.make_node("Softmax", ["scores"], ["p"], axis=1),
            helper.make_node("ZipMap", ["p"], [output], domain="ai.onnx.ml", classlabels_strings=[f"c{at}" for at in range(classes)]),
        ]  # fmt: skip
        number = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
        kind = helper.make_sequence_type_proto(helper.make_map_type_proto(TensorProto.STRING, number))
        told = helper.make_value_info(output, kind)
    else:
        nodes += [helper.make_node(activation, ["scores"], [output], axis=1)] if activation else []
        told = helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, classes])
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, features])
    return save_graph(folder, helper.make_graph(nodes, "linear", [given], [told], held))


def save_graph(folder: Path, graph: Any) -> Path:
    from onnx import checker, helper

    operators = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=operators, ir_version=8)
    checker.check_model(model)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return folder


def endless_onnx(folder: Path) -> Path:
    """A loop of 2⁶² rounds: a file of a few bytes that never comes to an end."""
    from onnx import TensorProto, helper

    body = helper.make_graph(
        [helper.make_node("Identity", ["go_in"], ["go_out"]), helper.make_node("Add", ["v_in", "v_in"], ["v_out"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("go_in", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v_in", TensorProto.FLOAT, [None, 2]),
        ],
        [helper.make_tensor_value_info("go_out", TensorProto.BOOL, []), helper.make_tensor_value_info("v_out", TensorProto.FLOAT, [None, 2])],
    )  # fmt: skip
    held = [
        helper.make_tensor("rounds", TensorProto.INT64, [], [2**62]),
        helper.make_tensor("go", TensorProto.BOOL, [], [True]),
    ]
    loop = helper.make_node("Loop", ["rounds", "go", "x"], ["probabilities"], body=body)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])
    told = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])
    return save_graph(folder, helper.make_graph([loop], "endless", [given], [told], held))
