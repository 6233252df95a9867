"""What the recipe endpoints read and answer."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hub.core.serializers import FindingOutput, StrictSerializer


@extend_schema_field(
    {
        "oneOf": [{"type": "object", "additionalProperties": True}, {"type": "string"}],
        "description": "an object, or YAML text",
    }
)
class RecipeField(serializers.Field):
    """Passed on as it came: the recipe parser judges it, and names what is wrong by key and line."""

    def to_internal_value(self, data):
        return data

    def to_representation(self, value):
        return value


class CheckInput(StrictSerializer):
    recipe = RecipeField(allow_null=True)


class SubmitInput(StrictSerializer):
    recipe = RecipeField(allow_null=True)
    force = serializers.BooleanField(default=False, help_text="run it again although an identical job has finished")


class LicenceOutput(serializers.Serializer):
    verdict = serializers.ChoiceField(choices=["allow", "allow_with_obligations", "review", "deny", "unknown"])
    licence = serializers.CharField(help_text='SPDX of the result; "" while unresolved')
    reasons = serializers.ListField(child=serializers.CharField())
    binding = serializers.ListField(
        child=serializers.DictField(), help_text="each input that binds the result, strictest first"
    )
    operation = serializers.CharField(help_text="kind of operation, which decides what binds")
    blocking = serializers.ListField(
        child=serializers.DictField(), help_text="what stops or questions it: input, role, licence, clause, reason"
    )
    obligations = serializers.ListField(
        child=serializers.CharField(), help_text="what the maker of the result has to do"
    )
    notice = serializers.CharField(help_text="text of the result's NOTICE file")
    override = serializers.DictField(help_text="{by, at, reason} where an administrator let it pass, else {}")


class OverrideInput(StrictSerializer):
    recipe = RecipeField(allow_null=True)
    reason = serializers.CharField(max_length=1000, help_text="shown on the result and in the audit log")


class OverrideOutput(serializers.Serializer):
    id = serializers.UUIDField()
    by = serializers.CharField(source="by_name")
    reason = serializers.CharField()
    operation = serializers.CharField()
    target = serializers.CharField(help_text="the repo the result goes to")
    blocking = serializers.ListField(child=serializers.DictField())
    created_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class OverrideListOutput(serializers.Serializer):
    results = OverrideOutput(many=True)
    next = serializers.CharField(allow_null=True)


class EstimateOutput(serializers.Serializer):
    memory_bytes = serializers.IntegerField()
    read_bytes = serializers.IntegerField()
    write_bytes = serializers.IntegerField()
    seconds = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2, help_text="a range")
    device = serializers.CharField()
    prefers_gpu = serializers.BooleanField(
        help_text="a worker with a GPU does it sooner, and gets it where there is one"
    )
    device_reason = serializers.CharField(help_text="why, in a sentence")


class CheckOutput(serializers.Serializer):
    ok = serializers.BooleanField()
    findings = FindingOutput(many=True)
    agreements = serializers.ListField(child=serializers.CharField())
    licence = LicenceOutput()
    estimate = EstimateOutput()


class MethodOutput(serializers.Serializer):
    name = serializers.CharField()
    kind = serializers.CharField()
    label = serializers.CharField()
    summary = serializers.CharField()
    paper = serializers.CharField()
    needs = serializers.ChoiceField(choices=["weights", "base", "data", "labels", "gradients", "search"])
    revision = serializers.IntegerField()
    minimum_sources = serializers.IntegerField()
    maximum_sources = serializers.IntegerField(allow_null=True)
    parameters = serializers.DictField(help_text="JSON Schema of the recipe's own parameters")
    source_parameters = serializers.DictField(help_text="JSON Schema of the parameters beside each source")
