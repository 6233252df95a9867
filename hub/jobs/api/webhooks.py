"""/webhooks: who is told when a job changes its state."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.limits import account_check
from hub.accounts.permissions import scope
from hub.core.api import ApiView
from hub.jobs import selectors, services
from hub.jobs.api import serializers


class WebhookCollectionView(ApiView):
    def get_permissions(self):
        return [scope("write" if self.request.method == "POST" else "read")()]

    @extend_schema(summary="Your webhooks", responses=serializers.WebhookListBody)
    def get(self, request: Request) -> Response:
        account_check(request.user, "see webhooks")
        rows = selectors.webhooks_of(request.user)
        return Response({"results": serializers.WebhookBody(rows, many=True).data})

    @extend_schema(
        summary="Add a webhook",
        request=serializers.WebhookInput,
        responses={201: serializers.NewWebhookBody},
        description="The answer holds the secret that signs every delivery. It cannot be shown again.",
    )
    def post(self, request: Request) -> Response:
        asked = serializers.WebhookInput(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.webhook_create(owner=request.user, **asked.validated_data)
        return Response(serializers.NewWebhookBody(made).data, status=201)


class WebhookView(ApiView):
    permission_classes = [scope("write")]

    @extend_schema(summary="Delete a webhook", responses={204: None})
    def delete(self, request: Request, ident: UUID) -> Response:
        services.webhook_delete(owner=request.user, webhook_id=str(ident))
        return Response(status=204)
