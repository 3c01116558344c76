"""API tokens, stored hashed, and the `jti`s of others' tokens that were seen already."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from fhirscreen.store.rows import insert, insert_once, make, wrote
from fhirscreen.store.tables import NonceRow, TokenRow

_PREFIX = "fhirscreen_"


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def _hash(secret: str) -> str:
    # The secret is 256 random bits: a slow hash would protect nothing more.
    return hashlib.sha256(secret.encode()).hexdigest()


def add_token(
    session: Session, *, name: str, scopes: Iterable[str], role: str, at: datetime, expires: datetime | None
) -> tuple[StoredToken, str]:
    """Makes a token; its secret is given back here and never again."""
    secret = _PREFIX + secrets.token_urlsafe(32)
    stored = StoredToken(str(uuid4()), name, tuple(sorted(set(scopes))), role, at, expires, None)
    session.execute(
        insert(session, TokenRow).values(
            id=stored.id,
            name=name,
            hash=_hash(secret),
            scopes=list(stored.scopes),
            role=role,
            created_at=at,
            expires_at=expires,
            revoked_at=None,
        )
    )
    return stored, secret


def find_token(session: Session, secret: str, at: datetime) -> StoredToken | None:
    """The token of that secret, if it is neither revoked nor expired."""
    query = select(TokenRow.__table__).where(
        TokenRow.hash == _hash(secret),
        TokenRow.revoked_at.is_(None),
        or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > at),
    )
    row = session.execute(query).mappings().first()
    # The index looks the hash up in a time that tells nothing of the secret; this comparison neither.
    if row is None or not hmac.compare_digest(row["hash"], _hash(secret)):
        return None
    return make(StoredToken, row)


def token_lives(session: Session, id: str, at: datetime) -> bool:
    """Whether the token of that id is neither revoked nor expired."""
    query = select(TokenRow.id).where(
        TokenRow.id == id,
        TokenRow.revoked_at.is_(None),
        or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > at),
    )
    return session.scalar(query) is not None


def has_tokens(session: Session, at: datetime) -> bool:
    """Whether any token is neither revoked nor expired."""
    query = select(TokenRow.id).where(
        TokenRow.revoked_at.is_(None), or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > at)
    )
    return session.scalar(query.limit(1)) is not None


def revoke_token(session: Session, id: str, at: datetime) -> bool:
    """Ends a token at once; False where there is none to end."""
    statement = update(TokenRow).where(TokenRow.id == id, TokenRow.revoked_at.is_(None))
    return wrote(session, statement.values(revoked_at=at))


def list_tokens(session: Session) -> list[StoredToken]:
    """All tokens, also the revoked ones, by name."""
    query = select(TokenRow.__table__).order_by(TokenRow.name, TokenRow.created_at)
    return [make(StoredToken, row) for row in session.execute(query).mappings()]


def seen_jti(session: Session, issuer: str, jti: str, expires: datetime, at: datetime) -> bool:
    """Remembers a `jti` until `expires`; True where it was seen before: a replay.

    Atomic across processes: of two that ask at the same time, one is told True.
    """
    session.execute(delete(NonceRow).where(NonceRow.expires_at < at))
    return not insert_once(session, NonceRow, issuer=issuer, jti=jti, expires_at=expires)


def is_seen(session: Session, issuer: str, jti: str) -> bool:
    """Whether a `jti` was remembered."""
    query = select(NonceRow.jti).where(NonceRow.issuer == issuer, NonceRow.jti == jti)
    return session.scalar(query) is not None
