"""Paths of accounts."""

from accounts.views import (
    account,
    addresses,
    audit,
    authentication,
    identity,
    invitations,
    leaked_tokens,
    members,
    organizations,
    tokens,
    totp,
)
from coditect.api.enveloped import ENVELOPED
from coditect.api.flat import FLAT
from coditect.api.routers import Router


def register(router: Router) -> None:
    """Add this app's endpoints."""
    router.add("auth/register", authentication.RegisterView, name="register")
    router.add("auth/token", authentication.TokenView, name="log-in", only=FLAT)
    router.add("auth/token/refresh", authentication.RefreshView, name="refresh", only=FLAT)
    router.add("auth/login", authentication.LoginView, name="log-in", only=ENVELOPED)
    router.add("auth/refresh", authentication.RefreshView, name="refresh", only=ENVELOPED)
    router.add("auth/verify-email", addresses.VerifyEmailView, name="verify-email")
    router.add("auth/resend-verification", addresses.ResendVerificationView, name="resend-verification")
    router.add("auth/forgot-password", identity.ForgotPasswordView, name="forgot-password")
    router.add("auth/reset-password", identity.ResetPasswordView, name="reset-password")
    router.add("auth/change-password", identity.ChangePasswordView, name="change-password")
    router.add("auth/otp/request", identity.RequestCodeView, name="request-code")
    router.add("auth/otp/verify", identity.VerifyCodeView, name="verify-code", only=FLAT)
    router.add("auth/otp/verify", identity.VerifyCodeWithUserView, name="verify-code", only=ENVELOPED)
    router.add("auth/change-email", addresses.ChangeEmailView, name="change-email")
    router.add("auth/change-email/confirm", addresses.ConfirmChangeEmailView, name="confirm-change-email")
    router.add("auth/logout", account.LogoutView, name="log-out")
    router.add("auth/me", account.AccountView, name="me")
    router.add("auth/me/export", account.PersonalDataView, name="export-me")
    router.add("me", account.AccountView, name="me-short", only=ENVELOPED)
    router.add("auth/sessions", account.LoginSessionListView, name="login-sessions")
    router.add("auth/sessions/<uuid:login_session_id>", account.LoginSessionView, name="login-session")
    router.add("auth/totp", totp.TotpView, name="totp")
    router.add("auth/totp/confirm", totp.ConfirmTotpView, name="confirm-totp")
    router.add("tokens", tokens.ApiTokenListView, name="tokens")
    router.add("tokens/<uuid:token_id>", tokens.ApiTokenView, name="token")
    router.add("security/leaked-tokens", leaked_tokens.LeakedTokensView, name="leaked-tokens")
    router.add("audit", audit.AuditView, name="audit")
    router.add("orgs", organizations.OrganizationListView, name="organizations")
    router.add("orgs/<uuid:organization_id>", organizations.OrganizationView, name="organization")
    router.add("orgs/<uuid:organization_id>/members", members.MemberListView, name="members")
    router.add("orgs/<uuid:organization_id>/members/<uuid:member_id>", members.MemberView, name="member")
    router.add("orgs/<uuid:organization_id>/invitations", invitations.InvitationListView, name="invitations")
    router.add(
        "orgs/<uuid:organization_id>/invitations/<uuid:invitation_id>", invitations.InvitationView, name="invitation"
    )
    router.add(
        "orgs/<uuid:organization_id>/transfer-ownership", members.TransferOwnershipView, name="transfer-ownership"
    )
    router.add("orgs/<uuid:organization_id>/leave", members.LeaveView, name="leave-organization")
    router.add("invitations/accept", invitations.AcceptInvitationView, name="accept-invitation")
