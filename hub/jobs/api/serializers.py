"""What the job endpoints read, and the shape of what they answer for the OpenAPI document."""

from rest_framework import serializers

from hub.core.serializers import FindingOutput, StrictSerializer
from hub.jobs.states import State, public_state

STATES = list(dict.fromkeys(public_state(state) for state in State))


class ProgressOutput(serializers.Serializer):
    done = serializers.FloatField()
    total = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    message = serializers.CharField()
    steps = serializers.ListField(child=serializers.DictField())


class QueueOutput(serializers.Serializer):
    position = serializers.IntegerField(allow_null=True, help_text="1 is next; null when it waits for no slot")
    reason = serializers.CharField(allow_null=True, help_text="what it waits for, in words; null in lists")


class ResultOutput(serializers.Serializer):
    repo = serializers.CharField()
    commit = serializers.CharField()


class ErrorOutput(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    findings = FindingOutput(many=True)


class JobOutputFile(serializers.Serializer):
    role = serializers.CharField()
    repo = serializers.CharField(allow_null=True)
    commit = serializers.CharField(allow_null=True)
    path = serializers.CharField(allow_null=True)
    size_bytes = serializers.IntegerField(required=False)
    sha256 = serializers.CharField(required=False)
    url = serializers.CharField(required=False)


class JobBody(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.IntegerField(help_text="short name for people")
    url = serializers.CharField()
    page = serializers.CharField(help_text="the page for people")
    kind = serializers.CharField()
    method = serializers.CharField()
    title = serializers.CharField()
    owner = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES, help_text="failed: the asker's fault, with findings; errored: ours")
    attempt = serializers.IntegerField()
    progress = ProgressOutput()
    queue = QueueOutput()
    result = ResultOutput(allow_null=True)
    error = ErrorOutput(allow_null=True)
    metrics = serializers.DictField()
    cost = serializers.DictField(
        help_text="wall_s, cpu_s, peak_memory_bytes, read_bytes, write_bytes, over all attempts"
    )
    tensor_digest = serializers.CharField(help_text="equal for equal weights, whatever the sharding")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class JobDetailBody(JobBody):
    parent = serializers.UUIDField(allow_null=True)
    reproduces = serializers.UUIDField(allow_null=True)
    recipe = serializers.DictField()
    check = serializers.DictField(help_text="findings, licence and estimate as they were at submission")
    outputs = JobOutputFile(many=True)
    traceback = serializers.CharField(required=False, help_text="for staff")


class JobListBody(serializers.Serializer):
    results = JobBody(many=True)
    next = serializers.CharField(allow_null=True, help_text="cursor of the next page")


class OutputListBody(serializers.Serializer):
    results = JobOutputFile(many=True)


class RetryInput(StrictSerializer):
    reproduce = serializers.BooleanField(default=False, help_text="run a succeeded job again and compare the weights")


class EventBody(serializers.Serializer):
    id = serializers.IntegerField()
    attempt = serializers.IntegerField()
    type = serializers.CharField()
    data = serializers.DictField()
    at = serializers.DateTimeField()


class EventListBody(serializers.Serializer):
    results = EventBody(many=True)
    after = serializers.IntegerField(help_text="send this as ?after= to go on")
    state = serializers.ChoiceField(choices=STATES)


class LogLineBody(serializers.Serializer):
    id = serializers.IntegerField()
    attempt = serializers.IntegerField()
    level = serializers.CharField()
    message = serializers.CharField()
    at = serializers.DateTimeField()


class LogBody(serializers.Serializer):
    results = LogLineBody(many=True)
    after = serializers.IntegerField()
    state = serializers.ChoiceField(choices=STATES)


class WebhookInput(StrictSerializer):
    url = serializers.CharField(max_length=500)


class WebhookBody(serializers.Serializer):
    id = serializers.UUIDField()
    url = serializers.CharField()
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class NewWebhookBody(WebhookBody):
    secret = serializers.CharField(help_text="signs every delivery; shown here and never again")


class WebhookListBody(serializers.Serializer):
    results = WebhookBody(many=True)
