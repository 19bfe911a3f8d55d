"""Sign-in at a provider of OpenID Connect: the code flow, with PKCE, a state and a nonce.

What a browser has to bring back from the provider (`Begun`) is kept by the browser itself, so that
a stranger can make it up: how often somebody may come back to an address in vain is limited.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qa.access import Viewer
from qa.api.sign_in.desk import FOR_ADDRESS, TooManyTriesError
from qa.api.sign_in.elsewhere import is_loopback, secret_of
from qa.api.sign_in.sessions import Sessions
from qa.api.sign_in.throttle import Throttle, household
from qa.errors import SettingsError, SignInUnavailableError, UnknownCallerError, extra, need

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

    from qa.settings import Settings

logger = logging.getLogger(__name__)

# All that is asked of the provider for one step of somebody's.
PATIENCE = 15.0
# Seconds by which its clock may be wrong.
LEEWAY = 60
LONGEST_NAME = 200
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# Signatures with a key that the provider alone has.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
              "Ed25519")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: what a browser keeps until it comes back from the provider."""

    state: str
    nonce: str
    verifier: str
    following: str = ""

    @classmethod
    def now(cls, following: str = "") -> Begun:
        """A new one."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, following)


class Provider:
    """A provider, and the sessions of those who have signed in there.

    Raises:
        SettingsError: a setting is missing or does not fit.
        SignInUnavailableError: sessions cannot be kept.
        ModelUnavailableError: a package is missing.
    """

    asks_others = False  # once somebody has signed in

    def __init__(self, settings: Settings) -> None:
        need("--sign-in oidc", "authlib", "authlib", extra("oidc"))
        if not settings.oidc_issuer or not settings.oidc_client_id:
            raise SettingsError(
                'sign_in is "oidc", and oidc_issuer or oidc_client_id is not set. Set both as the '
                "provider gives them, the issuer as https://login.example/realm."
            )
        if not _is_safe(settings.oidc_issuer):
            raise SettingsError(
                f"oidc_issuer: {settings.oidc_issuer!r} is not an address with https. Only a "
                "provider on this machine may have one with http."
            )
        self._issuer = settings.oidc_issuer
        self._settings = settings
        self._secret = secret_of(settings, "oidc_client_secret")
        self._known: dict[str, Any] | None = None
        self.sessions = Sessions.of_settings(settings)
        self.returns = Throttle(*FOR_ADDRESS)

    def viewer(self, token: str, *, seen: bool = True) -> Viewer | None:
        """Whose session a token is of; `seen` if they did something."""
        session = self.sessions.of(token, seen=seen)
        return session.viewer if session else None

    async def address(self, begun: Begun, returning: str) -> str:
        """Where a browser is sent to sign in; it comes back to `returning`.

        Raises:
            SignInUnavailableError: the provider cannot be asked where that is.
        """
        async with self._asking() as client:
            about = await self._about(client)
            address, _ = client.create_authorization_url(
                about["authorization_endpoint"],
                state=begun.state,
                code_verifier=begun.verifier,
                nonce=begun.nonce,
                redirect_uri=returning,
            )
        return str(address)

    async def enter(
        self,
        begun: Begun,
        returning: str,
        brought: Mapping[str, str],
        client_address: str = "",
    ) -> str:
        """The token of a new session, for what a browser at an address brought to `returning`.

        Raises:
            UnknownCallerError: nobody has signed in, or it is not what this browser began.
            SignInUnavailableError: the provider cannot be reached.
            TooManyTriesError: so many have come back to this address without success.
        """
        whose = household(client_address)
        if seconds := self.returns.wait(whose):
            raise TooManyTriesError(seconds)
        self.returns.count(whose)
        same = hmac.compare_digest(brought.get("state", "").encode(), begun.state.encode())
        if not same or brought.get("iss", self._issuer) != self._issuer:
            raise UnknownCallerError("This sign-in was not begun in this browser.")
        if not brought.get("code"):
            raise UnknownCallerError(
                f"The provider let nobody in: {brought.get('error', 'it gave no code')[:100]!r}."
            )
        async with self._asking() as client:
            about = await self._about(client)
            token = await client.fetch_token(
                about["token_endpoint"],
                code=brought["code"],
                code_verifier=begun.verifier,
                redirect_uri=returning,
            )
            keys = await _json(client, about["jwks_uri"])
            claims = self._claims(str(token["id_token"]), keys, begun.nonce)
            wanted = {self._settings.oidc_name_claim, self._settings.oidc_groups_claim}
            if "userinfo_endpoint" in about and not wanted <= claims.keys():
                told = await _json(client, about["userinfo_endpoint"], signed=True)
                if told.get("sub") == claims["sub"]:
                    claims = {**told, **claims}
        viewer = self._named(claims)
        self.returns.forgive(whose)
        return self.sessions.begin(viewer.name, "", viewer.groups)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AsyncOAuth2Client]:
        """A client of the provider, and errors told as ours."""
        from authlib.common.errors import AuthlibBaseError
        from authlib.integrations.httpx_client import AsyncOAuth2Client
        from httpx2 import HTTPError, InvalidURL
        from joserfc.errors import JoseError

        client = AsyncOAuth2Client(
            self._settings.oidc_client_id,
            self._secret,
            scope=self._settings.oidc_scopes,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
            timeout=PATIENCE,
        )
        try:
            async with client, asyncio.timeout(PATIENCE):
                yield client
        except (AuthlibBaseError, JoseError) as error:
            raise UnknownCallerError(f"The provider's answer is not good: {error}") from error
        except (HTTPError, InvalidURL, OSError, ValueError, KeyError) as error:
            reason = str(error) or type(error).__name__
            raise SignInUnavailableError(
                f"{self._issuer} does not answer as a provider of OpenID Connect: {reason}. "
                "Check oidc_issuer, and whether this machine can reach it."
            ) from error

    async def _about(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        """What the provider says of itself; it is asked once."""
        if self._known is None:
            place = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            about = await _json(client, place)
            if about.get("issuer") != self._issuer:
                raise ValueError(f"it calls itself {about.get('issuer')!r}")
            asked = [*(about[name] for name in _NEEDED), about.get("userinfo_endpoint", place)]
            if unsafe := [one for one in asked if not _is_safe(one)]:
                raise ValueError(f"it gives an address without https, {unsafe[0]!r}")
            self._known = about
        return self._known

    def _claims(self, token: str, keys: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """What the provider says of somebody, with its signature checked."""
        from joserfc import jwt
        from joserfc.jwk import KeySet

        ours = self._settings.oidc_client_id or ""
        claims = jwt.decode(token, KeySet.import_key_set(dict(keys)), list(ALGORITHMS)).claims  # type: ignore[arg-type]
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": ours},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else ours) != ours:
            raise UnknownCallerError("The provider has let somebody into another program (azp).")
        return dict(claims)

    def _named(self, claims: Mapping[str, Any]) -> Viewer:
        wanted = self._settings.oidc_name_claim
        name = claims.get(wanted)
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise UnknownCallerError(
                f"The provider gives no name in the claim {wanted!r}; it gives: "
                f"{', '.join(sorted(claims))}. Choose one with the setting oidc_name_claim."
            )
        groups = claims.get(self._settings.oidc_groups_claim) or ()
        listed = [groups] if isinstance(groups, str) else groups
        if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
            raise UnknownCallerError(
                f"The claim {self._settings.oidc_groups_claim!r} is no list of groups. Choose "
                "another with the setting oidc_groups_claim."
            )
        return Viewer(name, tuple(listed))


async def _json(client: AsyncOAuth2Client, address: str, *, signed: bool = False) -> dict[str, Any]:
    reply = await client.request("GET", address, withhold_token=not signed)
    reply.raise_for_status()
    told = reply.json()
    if not isinstance(told, dict):
        raise ValueError(f"{address} gives no object of JSON")
    return told


def _is_safe(address: object) -> bool:
    """Whether nobody can listen on the way to an address: it has https, or is on this machine."""
    try:
        parts = urlsplit(str(address))
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )
