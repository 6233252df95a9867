"""What the import endpoints read and answer."""

from rest_framework import serializers

from hub.core.serializers import StrictSerializer
from hub.imports.services import MODES, TOKEN_LIMIT, TYPES
from hub.jobs.api.serializers import STATES, ErrorOutput, ProgressOutput


class ImportInput(StrictSerializer):
    source = serializers.CharField(max_length=512, help_text="hf:org/name, or hf:org/name@revision")
    type = serializers.ChoiceField(choices=TYPES, default="model")
    mode = serializers.ChoiceField(
        choices=MODES, default="mirror", help_text="metadata leaves the large files at the source"
    )
    target = serializers.CharField(
        max_length=200, required=False, allow_null=True, help_text="ns/name here; default: its name, in your namespace"
    )
    endpoint = serializers.CharField(
        max_length=300, required=False, allow_null=True, help_text="another hub, if an administrator allows it"
    )
    token = serializers.CharField(
        max_length=TOKEN_LIMIT,
        required=False,
        allow_null=True,
        write_only=True,
        help_text="of the other hub, for what is private there",
    )
    all_refs = serializers.BooleanField(default=False, help_text="every branch and tag")
    refresh = serializers.BooleanField(default=False, help_text="look again every night, where this hub does that")


class RemoteFileOutput(serializers.Serializer):
    path = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="as the source says; empty for files that git itself holds")
    reason = serializers.CharField(help_text="why it is not here")


class ImportOutput(serializers.Serializer):
    id = serializers.UUIDField()
    url = serializers.CharField()
    source = serializers.CharField(help_text="the page of the source")
    endpoint = serializers.CharField()
    remote = serializers.CharField()
    type = serializers.ChoiceField(choices=TYPES)
    revision = serializers.CharField()
    mode = serializers.ChoiceField(choices=MODES)
    all_refs = serializers.BooleanField()
    refresh = serializers.BooleanField()
    owner = serializers.CharField()
    target = serializers.CharField()
    repo = serializers.CharField(allow_null=True, help_text="once it is made")
    commit = serializers.CharField(allow_null=True)
    source_commit = serializers.CharField(allow_null=True, help_text="the commit of the source that was looked at last")
    state = serializers.ChoiceField(choices=STATES, allow_null=True)
    job = serializers.IntegerField(allow_null=True, help_text="number of the job: cancel, retry and watch it there")
    progress = ProgressOutput(allow_null=True)
    error = ErrorOutput(allow_null=True)
    created_at = serializers.DateTimeField()
    checked_at = serializers.DateTimeField(allow_null=True)
    imported_at = serializers.DateTimeField(allow_null=True)


class ImportDetailOutput(ImportOutput):
    remote_files = RemoteFileOutput(many=True, help_text="what of the imported commit is not here")


class ImportListOutput(serializers.Serializer):
    results = ImportOutput(many=True)
    next = serializers.CharField(allow_null=True)
