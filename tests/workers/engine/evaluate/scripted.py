"""Predictors and examples that a test writes down."""

import hashlib

import numpy as np

from workers.engine.predict.predictor import Predictor


class Scripted(Predictor):
    """Answers what `**answers` holds for the number in the role `row` of each example, or for each text."""

    can = frozenset({"classify", "regress", "token_logprobs", "mlm", "embed", "generate", "features"})

    def __init__(self, labels=(), **answers):
        super().__init__(name="m", labels=labels)
        self.answers = answers
        self.batches = []

    def classify(self, batch):
        self.batches.append(len(batch["row"]))
        return np.array([self.answers["classify"][row] for row in batch["row"]], dtype=np.float64)

    def regress(self, batch):
        return np.array([self.answers["regress"][row] for row in batch["row"]], dtype=np.float64)

    def token_logprobs(self, texts, max_length=None):
        return [
            (np.array(self.answers["token_logprobs"][text]), len(self.answers["token_logprobs"][text]))
            for text in texts
        ]

    def embed(self, texts):
        return np.array([self.answers["embed"][text] for text in texts], dtype=np.float32)


class Rows:
    """Examples of plain lists: inputs by role, gold answers."""

    def __init__(self, gold=None, labels=(), **inputs):
        self.inputs, self._gold, self.labels = inputs, gold, tuple(labels)
        self.name, self.task = "test of data", ""
        self.n = len(next(iter(inputs.values()))) if inputs else len(gold)
        self.index = np.arange(self.n)
        self.inputs.setdefault("row", list(range(self.n)))

    def __len__(self):
        return self.n

    def take(self, rows):
        return {role: [values[row] for row in rows] for role, values in self.inputs.items()}

    def gold(self, rows):
        return np.array([self._gold[row] for row in rows])

    def input_shas(self, rows=None):
        return [
            hashlib.sha256(str(sorted(self.take([row]).items())).encode()).hexdigest()
            for row in (range(self.n) if rows is None else rows)
        ]

    shas = input_shas
