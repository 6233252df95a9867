"""Shapes of two results side by side, for the OpenAPI document, and how they are written."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from hub.evals.api.serializers import IntervalOutput
from hub.evals.pair import Pair


class MetricPairOutput(serializers.Serializer):
    name = serializers.CharField()
    first = serializers.FloatField(allow_null=True)
    second = serializers.FloatField(allow_null=True)
    difference = IntervalOutput(allow_null=True, help_text="paired; above 0 the first is better, for losses too")
    p_value = serializers.FloatField(allow_null=True)


class FlipsOutput(serializers.Serializer):
    """Of what the second (the old one) got right or wrong, what the first (the new one) does."""

    both_right = serializers.IntegerField()
    gained = serializers.IntegerField()
    lost = serializers.IntegerField()
    both_wrong = serializers.IntegerField()
    changed_wrong = serializers.IntegerField(allow_null=True, help_text="wrong in both, with other answers")
    nfr = IntervalOutput(help_text="negative flip rate: lost of all")
    pfr = IntervalOutput(help_text="positive flip rate: gained of all")
    relative_nfr = serializers.FloatField(allow_null=True, help_text="lost, of all errors of the first")
    nfr_over_chance = serializers.FloatField(
        allow_null=True, help_text="1: the first errs anywhere; below 1: it spares what the second got right"
    )
    btc = IntervalOutput(allow_null=True, help_text="backward trust compatibility")
    bec = IntervalOutput(allow_null=True, help_text="backward error compatibility")
    inc = IntervalOutput(allow_null=True, help_text="inconsistent while both are wrong")
    oracle = IntervalOutput(help_text="at least one is right")
    headroom = IntervalOutput(help_text="what a choice between the two could add to the better one")


class ChangeSharesOutput(serializers.Serializer):
    regress = IntervalOutput()
    gain = IntervalOutput()
    lost = IntervalOutput(help_text="share that fell by more than the margin")
    gained = IntervalOutput()
    margin = serializers.FloatField()


class CalibrationBinOutput(serializers.Serializer):
    confidence = serializers.FloatField()
    accuracy = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    n = serializers.IntegerField()


class CalibrationOutput(serializers.Serializer):
    ece = serializers.FloatField()
    bins = CalibrationBinOutput(many=True)


class EquivalenceOutput(serializers.Serializer):
    margin = serializers.FloatField()
    is_same = serializers.BooleanField(help_text="the whole interval lies within the margin")
    is_no_worse = serializers.BooleanField(help_text="the whole interval lies above minus the margin")


class CutOutput(serializers.Serializer):
    column = serializers.CharField(help_text="of the slice; empty for classes")
    value = serializers.CharField()
    n = serializers.IntegerField()
    first = serializers.FloatField(allow_null=True)
    second = serializers.FloatField(allow_null=True)
    difference = IntervalOutput(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    p_adjusted = serializers.FloatField(allow_null=True, help_text="Holm, over the rows of this table")
    gained = serializers.IntegerField(allow_null=True)
    lost = serializers.IntegerField(allow_null=True)


class PairOutput(serializers.Serializer):
    first = serializers.UUIDField()
    second = serializers.UUIDField()
    task = serializers.CharField()
    metric = serializers.CharField(help_text="the one that both are ranked by")
    n = serializers.IntegerField()
    dropped = serializers.IntegerField(help_text="examples without a match")
    clusters = serializers.IntegerField(allow_null=True)
    metrics = MetricPairOutput(many=True)
    test = serializers.ChoiceField(choices=["mcnemar", "bootstrap"], help_text="what p_value comes from")
    p_value = serializers.FloatField(allow_null=True)
    p_adjusted = serializers.FloatField(
        allow_null=True, help_text="Holm, over all results asked for at once; null for a single one"
    )
    flips = FlipsOutput(allow_null=True)
    mcnemar_exact = serializers.FloatField(allow_null=True)
    mcnemar_mid_p = serializers.FloatField(allow_null=True)
    gained_ids = serializers.ListField(child=serializers.IntegerField(), help_text="the first 1000")
    lost_ids = serializers.ListField(child=serializers.IntegerField())
    gained_entropy_bits = serializers.FloatField(allow_null=True, help_text="how the gains spread over classes")
    changes = ChangeSharesOutput(allow_null=True, help_text="where answers are not right or wrong")
    agreement = IntervalOutput(allow_null=True)
    kappa = IntervalOutput(allow_null=True)
    calibration = CalibrationOutput(many=True, allow_null=True, help_text="of the first and of the second")
    equivalence = EquivalenceOutput(allow_null=True)
    smallest = serializers.FloatField(allow_null=True, help_text="difference found with a power of 80 %")
    classes = CutOutput(many=True)
    slices = CutOutput(many=True)


class PairsOutput(serializers.Serializer):
    results = PairOutput(many=True)


class WorkingOutput(serializers.Serializer):
    state = serializers.ChoiceField(choices=["working"])


class ChangedExampleOutput(serializers.Serializer):
    example_id = serializers.IntegerField()
    example_sha = serializers.CharField()
    row = serializers.IntegerField(help_text="place among the answers of the first")
    kind = serializers.CharField()
    gold = serializers.JSONField(allow_null=True)
    first = serializers.JSONField(allow_null=True, help_text="what the first answers")
    second = serializers.JSONField(allow_null=True)
    first_score = serializers.FloatField(allow_null=True, help_text="higher is better, for losses too")
    second_score = serializers.FloatField(allow_null=True)
    first_confidence = serializers.FloatField(allow_null=True)
    second_confidence = serializers.FloatField(allow_null=True)


class ChangedExamplesOutput(serializers.Serializer):
    results = ChangedExampleOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="cursor of the next page")
    count = serializers.IntegerField()


def pair_json(pair: Pair) -> dict[str, Any]:
    document = asdict(pair)
    if pair.flips is not None:
        shares = ("nfr", "pfr", "relative_nfr", "nfr_over_chance", "btc", "bec", "inc", "oracle", "headroom")
        found = {name: getattr(pair.flips, name) for name in shares}
        document["flips"] |= {
            name: asdict(value) if value is not None and not isinstance(value, float) else value for name, value in found.items()
        }  # fmt: skip
    return document
