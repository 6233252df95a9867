"""Who am I, may I, and is this card good."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.accounts.scopes import has_scope
from hub.accounts.selectors import memberships_of
from hub.catalog.cards import MAX_CARD_BYTES, card_parse
from hub.catalog.gates import gate_check
from hub.core.errors import Unauthenticated
from hub.hfapi.bodies import json_body, text_field
from hub.hfapi.endpoint import asker_of, endpoint, repo_of, user_of
from hub.hfapi.wire import date_text


@endpoint("GET")
def whoami(request: HttpRequest) -> HttpResponse:
    user, token = user_of(request), request.access_token  # type: ignore[attr-defined]
    if token is None:
        raise Unauthenticated("Send an access token.")
    organisations = [
        {
            "type": "org", "id": membership.namespace.pk.hex, "name": membership.namespace.name, "fullname": membership.namespace.name,
            "avatarUrl": "", "roleInOrg": "admin" if membership.role == "owner" else "write" if membership.role != "viewer" else "read",
        }
        for membership in memberships_of(user)
    ]  # fmt: skip
    role = "fineGrained" if token.is_limited else "write" if has_scope(token, "write") else "read"
    return JsonResponse(
        {
            "type": "user", "id": str(user.pk), "name": user.username, "fullname": user.full_name or user.username, "email": user.email,
            "emailVerified": False, "isPro": False, "canPay": False, "avatarUrl": "", "orgs": organisations,
            "auth": {
                "type": "access_token",
                "accessToken": {"displayName": token.name, "role": role, "createdAt": date_text(token.created_at)},
            },
        }
    )  # fmt: skip


@endpoint("GET")
def auth_check(request: HttpRequest, kind: str, ns: str, name: str, level: str = "") -> HttpResponse:
    repo = repo_of(request, kind, ns, name, "write" if level == "write" else "read")
    gate_check(user=asker_of(request), repo=repo)
    return JsonResponse({})


@endpoint("POST")
def validate_yaml(request: HttpRequest) -> HttpResponse:
    content = text_field(json_body(request), "content", limit=MAX_CARD_BYTES)
    errors = [{"message": finding.message} for finding in card_parse(content).findings]
    return JsonResponse({"errors": errors, "warnings": []}, status=400 if errors else 200)
