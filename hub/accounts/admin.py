"""Django's own administration, for what has no page. Secrets are never shown here."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin

from hub.accounts.models import AccessToken, Membership, Namespace, User


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    list_display = ("username", "email", "full_name", "is_staff", "is_active", "last_login")
    search_fields = ("username", "full_name", "email")
    readonly_fields = ("username", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("full_name", "email", "theme", "wants_mail")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def has_add_permission(self, request, obj=None) -> bool:
        # A user needs a namespace: `genepool user create` makes both.
        return False


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Namespace)
class NamespaceAdmin(admin.ModelAdmin):
    list_display = ("name", "kind", "owner")
    list_filter = ("kind",)
    search_fields = ("name",)
    readonly_fields = ("name", "kind", "owner")
    inlines = (MembershipInline,)

    def has_add_permission(self, request) -> bool:
        return False


@admin.register(AccessToken)
class AccessTokenAdmin(admin.ModelAdmin):
    list_display = ("display", "name", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at",)
    search_fields = ("name", "user__username")
    readonly_fields = ("user", "name", "scopes", "display", "expires_at", "last_used_at", "created_at")
    exclude = ("digest", "pepper")

    def has_add_permission(self, request) -> bool:
        return False
