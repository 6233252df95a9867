"""Shapes of a comparison, for the OpenAPI document."""

from rest_framework import serializers


class SideOutput(serializers.Serializer):
    reference = serializers.CharField()
    repo = serializers.CharField()
    commit = serializers.CharField()
    is_open = serializers.BooleanField(
        help_text="false where its files are behind a gate for you: no tensors are told then"
    )


class SideFactOutput(serializers.Serializer):
    key = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField(), help_text="in the order of models")
    differs = serializers.ListField(child=serializers.BooleanField(), help_text="from what most of them say")


class SideScoreOutput(serializers.Serializer):
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True, help_text="95 %")
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    evaluation = serializers.UUIDField()


class SideScoreRowOutput(serializers.Serializer):
    data = serializers.CharField()
    split = serializers.CharField()
    metric = serializers.CharField()
    higher_is_better = serializers.BooleanField()
    scores = serializers.ListField(
        child=SideScoreOutput(allow_null=True), help_text="in the order of models; null where not measured"
    )
    best = serializers.IntegerField(allow_null=True, help_text="which of models is best; null where the best are level")
    is_clear = serializers.BooleanField(help_text="no other interval reaches that of the best")


class SideMeanValueOutput(serializers.Serializer):
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True, help_text="95 %")
    high = serializers.FloatField(allow_null=True)


class SideMeanOutput(serializers.Serializer):
    metric = serializers.CharField()
    datasets = serializers.IntegerField()
    values = SideMeanValueOutput(many=True, help_text="in the order of models")
    note = serializers.CharField(help_text="what the intervals rest on, or why there are none")


class SideTensorOutput(serializers.Serializer):
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["missing", "reshaped", "retyped"])
    forms = serializers.ListField(child=serializers.CharField(allow_null=True), help_text="shape and number format")


class SideStructureOutput(serializers.Serializer):
    models = serializers.ListField(child=serializers.CharField())
    total = serializers.IntegerField(help_text="different tensor names")
    same = serializers.IntegerField()
    missing = serializers.IntegerField()
    reshaped = serializers.IntegerField()
    retyped = serializers.IntegerField()
    tensors = SideTensorOutput(many=True, help_text="the first 500 that differ")


class SideDistanceOutput(serializers.Serializer):
    reference = serializers.CharField()
    rms_per_thousand = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text="by layer")
    all_layers = serializers.FloatField()


class SideDistancesOutput(serializers.Serializer):
    base = serializers.CharField()
    base_commit = serializers.CharField()
    layers = serializers.ListField(child=serializers.CharField())
    models = SideDistanceOutput(many=True)


class SideCombinationOutput(serializers.Serializer):
    method = serializers.CharField(help_text="the merge that was checked")
    base = serializers.CharField(allow_blank=True)
    sources = serializers.ListField(child=serializers.CharField())
    is_possible = serializers.BooleanField()
    findings = serializers.ListField(child=serializers.DictField())
    licence = serializers.DictField(help_text="verdict, licence, reasons, binding, obligations")
    not_checked = serializers.CharField(allow_blank=True)


class CompareOutput(serializers.Serializer):
    models = SideOutput(many=True)
    facts = SideFactOutput(many=True)
    scores = SideScoreRowOutput(many=True)
    means = SideMeanOutput(many=True, help_text="over datasets, where all models were measured on the same ones")
    structure = SideStructureOutput()
    distances = SideDistancesOutput(
        allow_null=True, help_text="from their common base, where merges on this hub have measured them"
    )
    combination = SideCombinationOutput()
