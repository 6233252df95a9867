"""ONNX models in their child: the numbers of scikit-learn, and nothing of the machine."""

import io
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler

from tests.onnx_models import endless_onnx, linear_onnx
from workers.contracts.errors import UserError
from workers.engine.predict.frames import FrameError, read_frame, write_frame
from workers.engine.predict.load import load_predictor
from workers.engine.predict.onnx_process import OnnxProcess

linux = pytest.mark.skipif(sys.platform != "linux", reason="confinement is Linux's")


@pytest.fixture(scope="module")
def wine():
    features, target = load_wine(return_X_y=True)
    return StandardScaler().fit_transform(features), target


@pytest.fixture(scope="module")
def classifier(wine):
    return LogisticRegression(max_iter=300).fit(*wine)


def load(folder, task="tabular-classification"):
    return load_predictor(folder, task=task, name="m")


def codes(caught):
    return [finding.code for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("activation", "output"), [("Softmax", "probabilities"), ("Softmax", "y"), ("", "y"), ("ZipMap", "probabilities")]
)
def test_probabilities_are_those_of_the_model_however_they_are_exported(wine, classifier, tmp_path, activation, output):
    folder = linear_onnx(tmp_path, classifier.coef_.T, classifier.intercept_, activation=activation, output=output)
    with load(folder) as model:
        scores = model.classify({"features": wine[0]})
        assert model.can == {"classify"}
        assert model.parameters == 13 * 3 + 3
        assert model.outside_bytes > 0
    found = np.exp(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))
    assert found == pytest.approx(classifier.predict_proba(wine[0]), abs=1e-5)
    assert model.labels == (("c0", "c1", "c2") if activation == "ZipMap" else ())


def test_class_names_come_from_the_config(classifier, tmp_path):
    folder = linear_onnx(tmp_path, classifier.coef_.T, classifier.intercept_)
    (folder / "config.json").write_text(json.dumps({"id2label": {"0": "a", "1": "b", "2": "c"}}))
    with load(folder) as model:
        assert model.labels == ("a", "b", "c")


def test_regression_gives_numbers(wine, tmp_path):
    fitted = LinearRegression().fit(wine[0], wine[1] * 10.0)
    folder = linear_onnx(tmp_path, fitted.coef_[:, None], np.array([fitted.intercept_]), activation="", output="y")
    with load(folder, "tabular-regression") as model:
        assert model.regress({"features": wine[0]}) == pytest.approx(fitted.predict(wine[0]), abs=1e-4)
        with pytest.raises(UserError, match="cannot tell classes apart"):
            model.classify({"features": wine[0]})


def test_another_number_of_features_is_refused(classifier, tmp_path):
    folder = linear_onnx(tmp_path, classifier.coef_.T, classifier.intercept_)
    with load(folder) as model, pytest.raises(UserError, match="takes 13 features; the data has 4") as caught:
        model.classify({"features": np.zeros((2, 4))})
    assert codes(caught) == ["feature_count"]


@pytest.mark.hostile
def test_bytes_that_are_no_model_are_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(os.urandom(2000))
    with pytest.raises(UserError) as caught:
        load(tmp_path)
    assert codes(caught) == ["onnx_failed"]
    assert str(tmp_path) not in str(caught.value)


def test_two_files_are_one_too_many(classifier, tmp_path):
    linear_onnx(tmp_path / "a", classifier.coef_.T, classifier.intercept_)
    linear_onnx(tmp_path / "b", classifier.coef_.T, classifier.intercept_)
    (tmp_path / "b" / "model.onnx").rename(tmp_path / "b.onnx")
    (tmp_path / "a" / "model.onnx").rename(tmp_path / "a.onnx")
    with pytest.raises(UserError) as caught:
        load(tmp_path)
    assert codes(caught) == ["onnx_unclear"]


@pytest.mark.hostile
def test_a_model_that_never_ends_is_ended(tmp_path):
    endless_onnx(tmp_path)
    process = OnnxProcess((tmp_path / "model.onnx").read_bytes(), name="m")
    process.answer_s = 0.3
    with pytest.raises(UserError, match="no answer within") as caught:
        process.run("probabilities", {"x": np.ones((1, 2), dtype=np.float32)})
    assert codes(caught) == ["onnx_failed"]
    process.close()
    assert process._process.returncode is not None


@linux
@pytest.mark.hostile
def test_a_model_that_eats_memory_is_refused(classifier, tmp_path):
    """2³³ numbers made of 26."""
    from onnx import TensorProto, helper

    from tests.onnx_models import save_graph

    held = [helper.make_tensor("form", TensorProto.INT64, [2], [2**16, 2**17])]
    nodes = [helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0), helper.make_node("Expand", ["s", "form"], ["y"])]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 13])
    told = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, None])
    save_graph(tmp_path, helper.make_graph(nodes, "bomb", [given], [told], held))
    with pytest.raises(UserError) as caught:
        load(tmp_path)
    assert codes(caught) == ["onnx_failed"]


DEEDS = (
    "open('/etc/passwd')", "open('/tmp/new', 'w')", "socket.socket()", "os.execv('/bin/true', ['true'])", "os.fork()",
    "os.kill(os.getppid(), 0)", "os.unlink('/tmp/nothing')", "os.memfd_create('x')", "os.mkdir('/tmp/new')",
)  # fmt: skip


@linux
@pytest.mark.hostile
def test_who_is_shut_in_reaches_nothing_but_has_threads():
    code = f"""
import errno, os, socket, threading
from workers.engine.predict.confine import shut
assert shut()
for deed in {DEEDS!r}:
    try:
        exec(deed)
    except OSError as error:
        print(deed, error.errno == errno.EPERM, flush=True)
    else:
        os._exit(1)
held = []
thread = threading.Thread(target=lambda: held.append(1))
thread.start()
thread.join()
assert held
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{deed} True" for deed in DEEDS]


@linux
@pytest.mark.hostile
def test_a_child_with_a_model_is_shut_in(classifier, tmp_path):
    """As the kernel sees it: a filter of system calls, no new rights, no file to write to."""
    with load(linear_onnx(tmp_path, classifier.coef_.T, classifier.intercept_)) as model:
        assert model.process.is_shut
        place = Path(f"/proc/{model.process._process.pid}")
        state = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines() if ":" in line)
        limits = (place / "limits").read_text()
        environment = (place / "environ").read_bytes()
    assert (state["Seccomp"].strip(), state["NoNewPrivs"].strip()) == ("2", "1")
    assert re.search(r"Max file size +0 +0 ", limits)
    assert re.search(r"Max address space +\d+ +\d+ ", limits)
    assert not {b"SECRET_KEY", b"DATABASE_URL", b"HOME"} & {
        pair.partition(b"=")[0] for pair in environment.split(b"\0")
    }


@linux
@pytest.mark.hostile
def test_weights_that_lie_in_another_file_are_not_fetched(tmp_path):
    from onnx import TensorProto, helper

    held = helper.make_tensor("w", TensorProto.FLOAT, [1], [0.0])
    held.ClearField("float_data")
    held.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "/etc/passwd"), ("length", "4")):
        held.external_data.add(key=key, value=value)
    given, told = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in ("x", "probabilities"))
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["probabilities"])], "thief", [given], [told], [held]
    )
    (tmp_path / "model.onnx").write_bytes(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())  # fmt: skip
    with pytest.raises(UserError) as caught:
        load(tmp_path)
    assert codes(caught) == ["onnx_failed"]
    assert "root:" not in str(caught.value)


@linux
def test_who_is_limited_cannot_take_more():
    code = (
        "from workers.engine.predict.confine import limit\nlimit(memory_bytes=2**28, seconds=60)\n"
        "try:\n    held = bytearray(2**29)\nexcept MemoryError:\n    raise SystemExit(0)\nraise SystemExit(1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_frames_come_back_as_they_were():
    out = io.BytesIO()
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "none": np.zeros((0, 4))}
    write_frame(out, {"op": "x"}, arrays)
    out.seek(0)
    head, found = read_frame(out.read)
    assert head == {"op": "x"}
    for name, array in arrays.items():
        assert np.array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.hostile
@pytest.mark.parametrize(
    "head",
    [
        b"no json", b"[]", b'{"arrays": 3}', b'{"arrays": [{"name": "a", "dtype": "object", "shape": [1]}]}',
        b'{"arrays": [{"name": "a", "dtype": "float32", "shape": [-1]}]}',
        b'{"arrays": [{"name": "a", "dtype": "float64", "shape": [4294967296, 4294967296]}]}',
    ],
)  # fmt: skip
def test_frames_that_are_none_are_refused(head):
    stream = io.BytesIO(struct.pack(">I", len(head)) + head)
    with pytest.raises(FrameError):
        read_frame(stream.read)
