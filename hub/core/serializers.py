"""Parts that serializers of several apps share."""

from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer):
    """Unknown keys are errors: a misspelt option must not be taken for its default."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                known = ", ".join(self.fields)
                # A recipe sent bare is the likely mistake: YAML is, JSON is not.
                hint = (
                    ' A recipe goes inside: {"recipe": {…}}.' if "recipe" in self.fields and "kind" in unknown else ""
                )
                raise serializers.ValidationError({name: f"Unknown key. Known: {known}.{hint}" for name in unknown})
        return super().to_internal_value(data)


class RepairOutput(serializers.Serializer):
    label = serializers.CharField()
    patch = serializers.ListField(
        child=serializers.DictField(), help_text="JSON Patch operations on the recipe document"
    )


class FindingOutput(serializers.Serializer):
    """A typed reason why a recipe will not work or may disappoint."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=["error", "warning", "info"])
    message = serializers.CharField()
    where = serializers.CharField(help_text="path into the recipe: sources[2].density")
    consequence = serializers.CharField()
    repair = RepairOutput(many=True)
    stage = serializers.ChoiceField(choices=["header", "measured", "run"])
    line = serializers.IntegerField(allow_null=True, help_text="line in the YAML text, where there was one")
