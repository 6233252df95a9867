"""Shapes of the catalogue's answers, for the OpenAPI document. Rows are built by hand in `representation`: lists must be fast."""

from rest_framework import serializers

from hub.core.serializers import FindingOutput


class RepoRowOutput(serializers.Serializer):
    id = serializers.CharField(help_text="namespace/name")
    type = serializers.ChoiceField(choices=["model", "dataset"])
    visibility = serializers.ChoiceField(choices=["private", "public"])
    commit = serializers.CharField(help_text="head of the default branch")
    artifact = serializers.CharField()
    architecture = serializers.CharField()
    task = serializers.CharField()
    library = serializers.CharField()
    licence = serializers.CharField(help_text="SPDX")
    languages = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    bases = serializers.ListField(child=serializers.CharField())
    parameters = serializers.IntegerField()
    dtype = serializers.CharField()
    size_bytes = serializers.IntegerField()
    summary = serializers.CharField()
    downloads = serializers.IntegerField()
    likes = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class FacetValueOutput(serializers.Serializer):
    value = serializers.CharField()
    label = serializers.CharField()
    count = serializers.IntegerField()
    selected = serializers.BooleanField()


class FacetOutput(serializers.Serializer):
    label = serializers.CharField()
    values = FacetValueOutput(many=True)


class RepoListOutput(serializers.Serializer):
    results = RepoRowOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="cursor of the next page")
    count = serializers.IntegerField()
    count_is_capped = serializers.BooleanField(help_text="true: there are more than count")
    facets = serializers.DictField(child=FacetOutput())


class FileOutput(serializers.Serializer):
    path = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    is_lfs = serializers.BooleanField()


class RepoDetailOutput(RepoRowOutput):
    default_branch = serializers.CharField()
    files = FileOutput(many=True)
    card = serializers.DictField(help_text="front matter of README.md")
    labels = serializers.ListField(child=serializers.CharField(), help_text="class names in index order")
    splits = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="rows in each split of a dataset; -1 where only reading everything would tell",
    )
    columns = serializers.DictField(
        child=serializers.CharField(), help_text="a dataset's columns with their Arrow types, or image"
    )
    manifest = serializers.DictField(help_text="genepool.json: how it was made, of what")
    findings = FindingOutput(many=True, help_text="what reading the headers noticed")


class TensorOutput(serializers.Serializer):
    name = serializers.CharField()
    dtype = serializers.CharField()
    shape = serializers.ListField(child=serializers.IntegerField())
    elements = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    file = serializers.CharField()


class NotFiniteOutput(serializers.Serializer):
    name = serializers.CharField()
    nan = serializers.IntegerField()
    infinite = serializers.IntegerField()


class TensorListOutput(serializers.Serializer):
    commit = serializers.CharField()
    count = serializers.IntegerField()
    parameters = serializers.IntegerField()
    scanned = serializers.BooleanField(
        allow_null=True, help_text="whether the weights were searched for NaN and infinity; null where there are none"
    )
    not_finite_tensors = serializers.IntegerField(help_text="how many tensors hold NaN or infinity")
    not_finite = NotFiniteOutput(many=True, help_text="the first of them")
    results = TensorOutput(many=True)
    next = serializers.CharField(allow_null=True)


class NodeOutput(serializers.Serializer):
    key = serializers.CharField()
    state = serializers.ChoiceField(choices=["visible", "hidden", "unresolved"])
    level = serializers.IntegerField(help_text="parents are negative, children positive")
    name = serializers.CharField()
    type = serializers.CharField()
    artifact = serializers.CharField()
    commit = serializers.CharField()
    is_focus = serializers.BooleanField()


class EdgeOutput(serializers.Serializer):
    parent = serializers.CharField()
    child = serializers.CharField()
    relation = serializers.CharField()
    state = serializers.ChoiceField(choices=["recorded", "claimed", "verified", "contradicted"])
    weight = serializers.FloatField(allow_null=True)
    position = serializers.IntegerField()


class LineageOutput(serializers.Serializer):
    nodes = NodeOutput(many=True)
    edges = EdgeOutput(many=True)
    is_cut = serializers.BooleanField(help_text="true: there are more nodes than are listed")


class CompatibleRowOutput(RepoRowOutput):
    has_same_base = serializers.BooleanField(help_text="both name a common base, or one is the other's base")


class CompatibleOutput(serializers.Serializer):
    kind = serializers.CharField()
    results = CompatibleRowOutput(many=True)
