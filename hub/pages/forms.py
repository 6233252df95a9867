"""Forms of sign-in and settings."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from hub.accounts.models import AccessToken, User


class SignInForm(AuthenticationForm):
    """Name and password. The message says how many tries are left; the view knows."""

    stay = forms.BooleanField(required=False, initial=True)

    error_messages = {
        "invalid_login": "Name and password do not match.",
        "inactive": "This account has been switched off. Ask an administrator.",
    }


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["full_name", "email", "wants_mail"]


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=80, error_messages={"required": "Give the token a name, so that you know later what it is for."}
    )
    scopes = forms.MultipleChoiceField(
        choices=AccessToken.SCOPES, error_messages={"required": "Choose at least one scope."}
    )
    namespaces = forms.MultipleChoiceField(required=False)
    repos = forms.CharField(required=False, max_length=5000)
    days = forms.IntegerField(min_value=1, max_value=3650, required=False)

    def __init__(self, *args, namespaces: list[str], **rest) -> None:
        super().__init__(*args, **rest)
        self.fields["namespaces"].choices = [(name, name) for name in namespaces]

    def clean_repos(self) -> list[str]:
        return [name for name in self.cleaned_data["repos"].replace(",", " ").split() if name]


class WebhookForm(forms.Form):
    url = forms.URLField(
        max_length=500,
        assume_scheme="https",
        error_messages={
            "required": "Give the address of the receiver.",
            "invalid": "Write it like https://example.org/hook.",
        },
    )
