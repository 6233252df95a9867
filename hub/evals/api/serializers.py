"""Shapes of evaluations, for the OpenAPI document."""

from rest_framework import serializers


class IntervalOutput(serializers.Serializer):
    value = serializers.FloatField()
    low = serializers.FloatField(help_text="95 %")
    high = serializers.FloatField()


class EvaluationOutput(serializers.Serializer):
    id = serializers.UUIDField()
    commit = serializers.CharField(help_text="the measured commit")
    data = serializers.CharField()
    data_commit = serializers.CharField()
    split = serializers.CharField()
    examples = serializers.IntegerField()
    metrics = serializers.DictField(help_text="accuracy and nll, each with n and a 95 % interval")
    job = serializers.UUIDField(allow_null=True, help_text="null unless you may see the job")
    created_at = serializers.DateTimeField()


class DomainOutput(serializers.Serializer):
    accuracy = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    n = serializers.IntegerField()


class ComparedModelOutput(serializers.Serializer):
    reference = serializers.CharField()
    role = serializers.ChoiceField(choices=["child", "parent", "base"])
    commit = serializers.CharField()
    weight = serializers.FloatField(allow_null=True)
    mean = IntervalOutput()
    per_domain = serializers.DictField(child=DomainOutput())
    seed_means = serializers.ListField(child=serializers.FloatField())


class GivenUpOutput(serializers.Serializer):
    data = serializers.CharField()
    parent = serializers.CharField()
    difference = IntervalOutput()


class SeedOutput(serializers.Serializer):
    name = serializers.CharField()
    means = serializers.DictField(child=serializers.FloatField())
    best_parent = serializers.CharField()
    gain = serializers.FloatField()


class ComparisonOutput(serializers.Serializer):
    split = serializers.CharField()
    models = ComparedModelOutput(many=True, help_text="the child first, then its parents, then the base")
    best_parent = serializers.CharField()
    gain = IntervalOutput(help_text="child minus best parent, paired by example")
    given_up = GivenUpOutput(many=True)
    seeds = SeedOutput(many=True)
    examples = serializers.IntegerField()
    dropped = serializers.IntegerField()
    hidden = serializers.IntegerField(help_text="parents that you may not see")
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="parents that were not measured on the same data"
    )


class EvaluationListOutput(serializers.Serializer):
    commit = serializers.CharField()
    results = EvaluationOutput(many=True)
    comparison = ComparisonOutput(allow_null=True)
