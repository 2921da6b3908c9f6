"""Form, hash, making and revoking of API tokens; accounts."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db import tokens
from ccat_ops_db.accounts import AccountError, close_account, create_user
from ccat_ops_db.models import ApiToken, ApiTokenScope, User, UserRole
from ccat_ops_db.tokens import (
    TokenError,
    create_token,
    hash_secret,
    issue_token,
    parse_token,
    revoke_token,
    token_prefix,
)

from .conftest import NOW

KEY = "k" * 32


def test_token_reads_as_documented() -> None:
    text, prefix, secret = issue_token(KEY)
    assert text.startswith(f"{prefix}_{secret}")
    assert text.count("_") == 2
    assert parse_token(text, KEY) == tokens.ParsedToken(prefix, secret)


def test_tokens_differ() -> None:
    made = [issue_token(KEY) for _ in range(200)]
    assert len({prefix for _, prefix, _ in made}) == len({secret for *_, secret in made}) == 200


def test_every_single_mistyped_character_is_noticed() -> None:
    text, *_ = issue_token(KEY)
    for place in range(len("ccat_"), len(text)):
        other = "A" if text[place] != "A" else "B"
        with pytest.raises(ValueError, match=r"not a token|mistyped or cut"):
            parse_token(text[:place] + other + text[place + 1 :], KEY)


def test_message_does_not_repeat_the_secret() -> None:
    text, _, secret = issue_token(KEY)
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    with pytest.raises(ValueError) as raised:
        parse_token(wrong, KEY)
    assert secret not in str(raised.value)
    assert secret not in repr(parse_token(text, KEY))


def test_a_token_of_another_key_is_refused() -> None:
    text, prefix, _ = issue_token("another key")
    with pytest.raises(TokenError, match="mistyped or cut"):
        parse_token(text, KEY)
    assert token_prefix(text) == prefix


@given(st.text())
def test_any_other_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_token(text, KEY)


@given(st.text(alphabet="ccat_0aZ", min_size=60, max_size=70).map(lambda rest: f"ccat_{rest}"))
def test_text_like_a_token_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_token(text, KEY)


def test_hash_needs_the_key() -> None:
    assert hash_secret("secret", KEY) == hash_secret("secret", KEY)
    assert hash_secret("secret", KEY) != hash_secret("secret", "another")
    assert tokens.secret_matches("secret", KEY, hash_secret("secret", KEY))
    assert not tokens.secret_matches("secreT", KEY, hash_secret("secret", KEY))


def test_create_keeps_a_hash_only(configured: Session) -> None:
    create_user(configured, "instrument", ["service"], NOW)
    text = create_token(
        configured, "instrument", "filing", ["write:data", "read:data"], "ccat", None, KEY, NOW
    )
    parsed = parse_token(text, KEY)
    token = configured.scalars(select(ApiToken)).one()
    assert (token.prefix, token.secret_hash) == (parsed.prefix, hash_secret(parsed.secret, KEY))
    assert parsed.secret not in repr(vars(token))
    assert (token.site_id, token.bound_site_id) == ("cologne", "ccat")
    assert set(configured.scalars(select(ApiTokenScope.permission_id))) == {"read:data", "write:data"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user_name": "nobody"}, "no open account 'nobody'"),
        ({"scopes": ["write:everything"]}, "no permission 'write:everything'"),
        ({"scopes": []}, "at least one scope"),
        ({"bound_site_id": "mars"}, "no site 'mars'"),
        ({"expires_at": NOW - timedelta(seconds=1)}, "which is past"),
    ],
)
def test_create_refuses(configured: Session, changes: dict[str, object], reason: str) -> None:
    create_user(configured, "instrument", ["service"], NOW)
    arguments: dict[str, object] = {
        "user_name": "instrument", "name": "a", "scopes": ["read:data"], "bound_site_id": None,
        "expires_at": None, "key": KEY, "at": NOW,
    }  # fmt: skip
    with pytest.raises(TokenError, match=reason):
        create_token(configured, **(arguments | changes))  # type: ignore[arg-type]
    assert configured.scalars(select(ApiToken)).all() == []


def test_revoke_again_keeps_the_first_time(configured: Session) -> None:
    create_user(configured, "instrument", ["service"], NOW)
    text = create_token(configured, "instrument", "a", ["read:data"], None, None, KEY, NOW)
    prefix = token_prefix(text)
    revoked = revoke_token(configured, prefix, "ccat", "me", NOW)
    assert revoked is not None
    assert revoked.revoked_at == NOW
    assert revoke_token(configured, prefix, "cologne", "me", NOW + timedelta(days=1)) is None
    with pytest.raises(TokenError, match="no token"):
        revoke_token(configured, "ccat_nothing", "ccat", "me", NOW)


def test_closed_account_gets_no_token(configured: Session) -> None:
    create_user(configured, "instrument", ["service"], NOW)
    close_account(configured, "instrument", NOW)
    with pytest.raises(TokenError, match="no open account"):
        create_token(configured, "instrument", "a", ["read:data"], None, None, KEY, NOW)


def test_accounts(configured: Session) -> None:
    user = create_user(configured, "anna", ["operator", "observer"], NOW, full_name="Anna")
    assert set(configured.scalars(select(UserRole.role_id).where(UserRole.user_id == user.id))) == {
        "operator",
        "observer",
    }
    for name, roles, reason in (
        ("anna", ["viewer"], "already"),
        ("bert", ["king"], "no role 'king'"),
        ("a b", ["viewer"], "cannot be a login name"),
        ("a\n", ["viewer"], "cannot be a login name"),
    ):
        with pytest.raises(AccountError, match=reason):
            create_user(configured, name, roles, NOW)
    assert close_account(configured, "anna", NOW).disabled_at == NOW
    assert close_account(configured, "anna", NOW + timedelta(days=1)).disabled_at == NOW
    with pytest.raises(AccountError, match="no account"):
        close_account(configured, "bert", NOW)
    assert configured.scalars(select(User.name)).all() == ["anna"]
