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
    task = serializers.CharField()
    digest = serializers.CharField(
        help_text="of the definition: numbers of equal digests mean the same; empty: older than definitions"
    )
    examples = serializers.IntegerField()
    labels = serializers.ListField(
        child=serializers.CharField(), help_text="classes, in the order of their numbers in the answers"
    )
    metric = serializers.CharField(help_text="the one that it is ranked by")
    metrics = serializers.DictField(
        help_text="those of its task, each with value, n and a 95 % interval (null: undefined)"
    )
    cost = serializers.DictField(
        help_text="parameters, flops, latency_ms, examples_per_s, peak_memory_bytes, size_bytes, device; what is not known is left out"
    )
    repeat = serializers.IntegerField(help_text="0, or which repetition of the same measurement")
    example_hash = serializers.CharField(
        help_text="sha256 over the sorted examples: equal data, equal hash; empty: measured before it was kept"
    )
    duplicates = serializers.IntegerField(
        allow_null=True, help_text="examples that say again what another one said; null: not looked"
    )
    leakage = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="how many of these examples also stand in another split, or in data that the model was trained on, by its name; what is not named was not looked at",
    )
    invalid = serializers.CharField(help_text="why this number is not to be used; empty: it is")
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


class DataFlipsOutput(serializers.Serializer):
    data = serializers.CharField()
    gained = serializers.IntegerField()
    lost = serializers.IntegerField()
    p_value = serializers.FloatField(
        allow_null=True, help_text="McNemar; null where several answers belong to one example"
    )
    p_adjusted = serializers.FloatField(allow_null=True, help_text="Holm, over all parents and datasets")


class ParentFlipsOutput(serializers.Serializer):
    parent = serializers.CharField()
    both_right = serializers.IntegerField()
    gained = serializers.IntegerField()
    lost = serializers.IntegerField()
    both_wrong = serializers.IntegerField()
    p_value = serializers.FloatField(
        allow_null=True, help_text="null: nothing says whether the datasets hold the same examples"
    )
    p_adjusted = serializers.FloatField(allow_null=True, help_text="Holm, over all parents")
    test = serializers.ChoiceField(
        choices=["mcnemar", "signs", ""],
        help_text="mcnemar: every answer is to an example of its own; signs: several belong to one and are taken together",
    )
    by_data = DataFlipsOutput(many=True)


class KeptOutput(serializers.Serializer):
    data = serializers.CharField()
    specialist = serializers.CharField(help_text="the parent that is best there")
    normalised = IntervalOutput(
        allow_null=True, help_text="child over specialist; null where the specialist is no better than chance"
    )
    chance = serializers.FloatField(allow_null=True)
    above_chance = serializers.FloatField(allow_null=True, help_text="the same, both above chance")
    recovered = serializers.FloatField(allow_null=True, help_text="of the specialist's lead over the base")
    forgotten = IntervalOutput(allow_null=True, help_text="base minus child; above 0, that much is gone")


class SummaryOutput(serializers.Serializer):
    mean = serializers.FloatField()
    least = serializers.FloatField()
    kept = serializers.IntegerField(help_text="datasets at 0.95 or above")
    tasks = serializers.IntegerField()


class SeedOutput(serializers.Serializer):
    name = serializers.CharField()
    means = serializers.DictField(child=serializers.FloatField())
    best_parent = serializers.CharField()
    gain = serializers.FloatField()


class ComparisonOutput(serializers.Serializer):
    split = serializers.CharField()
    models = ComparedModelOutput(many=True, help_text="the child first, then its parents, then the base")
    best_parent = serializers.CharField()
    metric = serializers.CharField(help_text="what all values are; `accuracy` of a dataset too")
    gain = IntervalOutput(help_text="child against best parent, paired by example; above 0 is better, for losses too")
    given_up = GivenUpOutput(many=True)
    flips = ParentFlipsOutput(many=True)
    kept = KeptOutput(many=True)
    normalised = SummaryOutput(allow_null=True)
    seeds = SeedOutput(many=True)
    examples = serializers.IntegerField(help_text="of all datasets together")
    sources = serializers.IntegerField(help_text="the different ones among them: forms of one example count once")
    pooling = serializers.ChoiceField(
        choices=["one", "same", "unknown"],
        help_text="one dataset; several with the same examples in other forms; several of which nothing says whether they are",
    )
    dropped = serializers.IntegerField()
    hidden = serializers.IntegerField(help_text="parents that you may not see")
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="parents that were not measured on the same data"
    )


class EvaluationListOutput(serializers.Serializer):
    commit = serializers.CharField()
    results = EvaluationOutput(many=True)
    comparison = ComparisonOutput(allow_null=True)
