"""Shapes of benchmarks, in and out."""

from rest_framework import serializers

from hub.core.serializers import FindingOutput, StrictSerializer


class DefinitionOutput(serializers.Serializer):
    task = serializers.CharField()
    data = serializers.CharField(help_text="ns/name@commit, or builtin:…")
    split = serializers.CharField()
    columns = serializers.DictField(child=serializers.CharField(), help_text="role of the task → column of the data")
    labels = serializers.ListField(child=serializers.CharField())
    metrics = serializers.ListField(child=serializers.CharField(), help_text="entries are ranked by the first")
    slices = serializers.ListField(child=serializers.CharField())
    cluster = serializers.CharField()
    options = serializers.DictField()
    limit = serializers.IntegerField(allow_null=True)
    protocol = serializers.IntegerField()


class BenchmarkRowOutput(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    namespace = serializers.CharField(allow_null=True, help_text="null: built in")
    number = serializers.IntegerField(help_text="of the newest version")
    task = serializers.CharField()
    data = serializers.CharField()
    split = serializers.CharField()
    metric = serializers.CharField(help_text="entries are ranked by it")
    examples = serializers.IntegerField(help_text="-1: known after the first measurement")
    digest = serializers.CharField(help_text="numbers with equal digests may be compared, others not")
    retired = serializers.CharField(help_text="why its numbers are not to be used; empty: they are")
    created_at = serializers.DateTimeField()


class BenchmarkListOutput(serializers.Serializer):
    results = BenchmarkRowOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="cursor of the next page")


class TroubleOutput(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    consequence = serializers.CharField()


class VersionOutput(serializers.Serializer):
    number = serializers.IntegerField()
    digest = serializers.CharField()
    definition = DefinitionOutput()
    examples = serializers.IntegerField()
    example_hash = serializers.CharField(
        help_text="sha256 over the sorted hashes of the examples; empty before the first run"
    )
    retired = serializers.CharField()
    noticed = FindingOutput(many=True)
    created_at = serializers.DateTimeField()


class BenchmarkOutput(BenchmarkRowOutput):
    definition = DefinitionOutput(help_text="of the version asked for, by default the newest")
    example_hash = serializers.CharField()
    noticed = FindingOutput(
        many=True, help_text="warnings: what may be wrong, and what is checked when it is first measured"
    )
    trouble = TroubleOutput(many=True, help_text="why the data was refused when it was measured; empty once it works")
    versions = VersionOutput(many=True, help_text="newest first")
    may_change = serializers.BooleanField()


class BenchmarkInput(StrictSerializer):
    name = serializers.CharField(max_length=96, help_text="small letters, digits and dashes; unique on this hub")
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    namespace = serializers.CharField(max_length=96, help_text="whose writers may change it")
    definition = serializers.DictField(
        help_text="task, data and split; columns, labels, metrics, slices, cluster, options, limit"
    )


class RevisionInput(StrictSerializer):
    definition = serializers.DictField()
    title = serializers.CharField(max_length=200, required=False)
    summary = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class RetirementInput(StrictSerializer):
    reason = serializers.CharField(max_length=300, help_text="shown beside every number of this version")
