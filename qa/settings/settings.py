"""Every setting, on one screen.

A value is taken from the arguments first, then from `QA_*` in the environment (or the file that
`QA_…_FILE` names), then from `footnote.toml` or the `[tool.footnote]` table of `pyproject.toml` in
the working folder, then from the defaults below.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from qa.errors import ArgumentError, SettingsError, described
from qa.limits import Limits
from qa.places import CLUSTER, PACKAGED_EMBEDDER, default_index
from qa.settings.sources import FILES, InFiles, first_problem, unreadable

PageLanguage = Literal["en", "de", "fr", "es"]
"""The languages that the pages can have."""
# The name of a header, as RFC 9110 has it.
_ATTRIBUTE = r"^[A-Za-z][A-Za-z0-9-]*$"
_THIS_MACHINE = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_COLOUR = r"^#[0-9A-Fa-f]{6}$"
_URL = r"^https?://[^\s?#]+$"
_HEADER = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"


def is_default_index(index: str) -> bool:
    """Whether an index is the one that is used if none is named."""
    if "://" in index:
        return False
    return Path(index).expanduser().absolute() == Path(default_index()).absolute()


def no_index(index: str) -> str:
    """That there is no index at a place, and how to make one."""
    return (
        f"There is no index at {index}. Check the name, or make one there: "
        f"qa sync FOLDER --index {shlex.quote(index)}"
    )


def refuse_unless_default(index: str) -> None:
    """Say that there is no index at a place; only the default one may be missing.

    Raises:
        SettingsError: another place was named.
    """
    if not is_default_index(index):
        raise SettingsError(no_index(index))


class Settings(BaseSettings):
    """What can be set; `Settings.load` reports a bad value as a `SettingsError`."""

    model_config = SettingsConfigDict(
        env_prefix="QA_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        toml_file=FILES[0],
        pyproject_toml_table_header=("tool", "footnote"),
    )

    index: str = Field(default_factory=lambda: default_index(), min_length=1)
    """A folder, or the URL of a Chroma server."""
    embedder: str = Field(PACKAGED_EMBEDDER, min_length=1)
    """`provider:name`, or a local folder that sentence-transformers can open."""
    passage_tokens: int = Field(200, ge=32, le=2000)
    """The most tokens of a passage, without its context."""
    fast_encoder: bool = True
    """Encode with onnxruntime, if its vectors agree with the original's."""

    limit: int = Field(10, ge=1, le=200)
    """How many passages a search returns."""
    candidates: int = Field(100, ge=5, le=1000)
    """How many passages each leg of the retrieval returns before they are fused."""
    dense_weight: float = Field(0.4, ge=0, le=1)
    """The share of the dense leg in the fused score; the keyword leg has the rest."""
    reader: str = Field("packaged", min_length=1)
    """What finds the answer in the passages: `packaged`, a folder that the training program
    exported to, or `words` to go by words alone."""
    threshold: float = Field(0.4, ge=0, le=1)
    """An answer with a lower score is refused."""
    sure: float = Field(0.5, ge=0, le=1)
    """An answer with a lower score is shown as one that may not fit the question."""

    chat_model: str | None = None
    """`provider:name`; without one, answers are quotes."""
    chat_model_url: str | None = None
    """The base URL of an OpenAI-compatible server, or of Ollama."""
    chat_model_key: SecretStr | None = None
    """The key of its server; without one, it is taken from the provider's own variable."""
    chat_model_timeout: float = Field(120, gt=0)
    """Seconds without a new piece of the answer after which the chat model has failed."""
    unsupported: Literal["mark", "drop"] = "drop"
    """Whether a sentence of the chat model that no passage supports is marked or dropped."""

    ignore: Annotated[tuple[str, ...], NoDecode] = ()
    """Files and folders to leave out of a synced folder, as patterns of `.gitignore`; in the
    environment they are separated by commas. They count more than those in `.qaignore` files."""

    watch_seconds: float = Field(300, ge=1, le=86_400)
    """Seconds after which watched folders are looked through even if nothing was reported."""

    web_networks: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()
    """Networks that are not public and whose pages may be synced, such as `10.0.0.0/8`; in the
    environment they are separated by commas."""
    web_pause: float = Field(0.5, ge=0, le=3600)
    """Seconds from one request to the next; more if a site's robots.txt asks for it."""
    max_web_pages: int = Field(2000, ge=1, le=1_000_000)
    """The most pages of a site; when it has more, a sync stops there."""
    web_page_seconds: float = Field(60, ge=1, le=3600)
    """Time that one page may take to arrive; it may be as large as `max_file_megabytes`."""
    web_seconds: float = Field(7200, ge=1, le=604_800)
    """Time that all pages of a site may take to arrive."""

    max_storage_files: int = Field(100_000, ge=1, le=10_000_000)
    """The most files and folders of a storage (such as S3); when it has more, none is read."""
    storage_file_seconds: float = Field(300, ge=1, le=86_400)
    """Time that a file of a storage, or what is in a folder, may take to arrive."""

    ray: str | None = Field(None, pattern=f"^({CLUSTER})$", examples=["10.0.0.5:10001"])
    """The Ray cluster whose machines prepare what `qa sync` reads: `host:port` of its head, or
    `auto` for that of this machine."""

    max_file_megabytes: float = Field(Limits.max_file_megabytes, gt=0, le=10_000)
    """Larger files are skipped, with the reason; as are those beyond the limits that follow."""
    max_pages: int = Field(Limits.max_pages, ge=1, le=1_000_000)
    """The most pages of a PDF."""
    max_page_lines: int = Field(Limits.max_page_lines, ge=100, le=1_000_000)
    """The most lines on one of its pages."""
    max_characters: int = Field(Limits.max_characters, ge=1000, le=1_000_000_000)
    """The most characters of a document's text."""
    max_unpacked_megabytes: float = Field(Limits.max_unpacked_megabytes, ge=1, le=10_000)
    """The most XML that an Office file may unpack to, its parts together."""
    max_unpacked_ratio: float = Field(Limits.max_unpacked_ratio, ge=10, le=10_000)
    """How many times larger its XML may become by unpacking."""
    parsing_processes: int = Field(0, ge=0, le=256)
    """How many files are parsed at once, each by a process of its own; 0: one for each core."""
    parsing_megabytes: int = Field(Limits.parsing_megabytes, ge=200, le=1_000_000)
    """Memory that parsing a file may take (on Linux)."""
    parsing_cpu_seconds: int = Field(Limits.parsing_cpu_seconds, ge=1, le=86_400)
    """CPU time that it may take (not on Windows)."""
    parsing_seconds: float = Field(Limits.parsing_seconds, ge=1, le=86_400)
    """Time that it may take by the clock."""
    uploads: bool = True
    """Whether files may be dropped on the page."""
    keep_uploads: Path | None = None
    """A folder in which readers may keep dropped files for everyone."""
    upload_files: int = Field(20, ge=1, le=1000)
    """The most files that a conversation may have."""
    upload_megabytes: float = Field(200, gt=0)
    """The most that the files of one conversation may take together."""
    upload_client_megabytes: float = Field(400, gt=0)
    """The most that files from one address may take, in all conversations."""
    upload_client_conversations: int = Field(25, ge=1)
    """The most conversations from one address that may have files at the same time."""
    upload_total_megabytes: float = Field(1000, gt=0)
    """The most that all dropped files may take together, and those kept for everyone."""
    upload_conversations: int = Field(100, ge=1)
    """The most conversations that may have files at the same time."""
    upload_seconds: float = Field(600, gt=0)
    """The time that one file may take to arrive."""
    upload_reading_seconds: float = Field(300, gt=0)
    """The time that the files dropped together may take to be read; those of a folder have none."""
    upload_hours: float = Field(24, gt=0)
    """Hours without a question after which a conversation's files are deleted."""
    max_question_characters: int = Field(2000, ge=100)
    """Longer questions are refused."""
    max_history_turns: int = Field(20, ge=1, le=1000)
    """The latest turns of a conversation that are used."""
    max_history_characters: int = Field(20_000, ge=100)
    """The latest characters of those turns that are used."""
    question_timeout: float = Field(180, gt=0)
    """Seconds after which a question fails."""
    max_waiting_questions: int = Field(64, ge=0, le=10_000)
    """Questions that may wait while others are answered; the server refuses more."""
    answer_cache_megabytes: float = Field(0, ge=0, le=100_000)
    """Memory in which the server keeps answers, for whoever asks the same; 0: it keeps none."""
    max_request_megabytes: float = Field(2, gt=0, le=1000)
    """The largest request that the server accepts, apart from files."""
    request_timeout: float = Field(20, gt=0)
    """Seconds that the server waits for a request to arrive, and for its reply to be taken."""
    max_connections: int = Field(1000, ge=10, le=100_000)
    """Simultaneous connections of the server."""
    host: str = Field("127.0.0.1", min_length=1)
    """The address that the server listens on."""
    port: int = Field(7860, ge=0, le=65_535)
    """The port that it listens on."""
    embed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Sites whose pages may show the chat, as `https://portal.example`; in the environment they are
    separated by commas."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names that the server answers to, besides its own; separated as above."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Proxies, or networks of them, whose `X-Forwarded-…` is believed; separated as above."""
    watch: bool = False
    """Whether the server syncs the folders of the index whenever they change."""
    stop_seconds: float = Field(10, ge=0, le=3600)
    """Seconds that a server that is stopped waits for replies in progress."""
    require_api_key: bool = False
    """Whether programs need a key before there is one; once there is, they need one anyway."""
    sign_in: Literal["none", "password", "proxy", "oidc", "ldap"] | None = None
    """How the server knows who asks: `password`, `oidc` (a provider of OpenID Connect), `ldap` (a
    directory), or `proxy`, which says it in a header. `none` lets everyone in who can reach it, and
    so does no value, but only on this machine."""
    sign_in_header: str = Field("X-Forwarded-User", pattern=_HEADER)
    """The header in which a trusted proxy says who asks."""
    sign_in_groups_header: str = Field("X-Forwarded-Groups", pattern=_HEADER)
    """The header in which it says their groups, separated by commas."""
    admins: Annotated[tuple[str, ...], NoDecode] = ()
    """The groups that run the server: they see its page `/admin`; in the environment they are
    separated by commas. Where nobody signs in at all, everybody on this machine sees it."""
    oidc_issuer: str | None = None
    """The address of the provider of OpenID Connect, as it calls itself."""
    oidc_client_id: str | None = None
    """What the provider calls this server."""
    oidc_client_secret: SecretStr | None = None
    """What this server proves that with; better in a file."""
    oidc_client_secret_file: str | None = None
    """The file that has it alone."""
    oidc_scopes: str = Field("openid profile email", pattern=r"(^|\s)openid(\s|$)")
    """What the provider is asked to tell of people."""
    oidc_name_claim: str = Field("preferred_username", min_length=1)
    """What of it is their name."""
    oidc_groups_claim: str = Field("groups", min_length=1)
    """What of it are their groups."""
    ldap_url: str | None = None
    """The directory: `ldaps://…`, or `ldap://…`, which begins TLS."""
    ldap_ca_file: str | None = None
    """The certificates that its own is checked with, if the system does not have them."""
    ldap_base: str | None = None
    """Below which entry people are searched for."""
    ldap_name_attribute: str = Field("uid", pattern=_ATTRIBUTE)
    """The attribute with the name that people sign in with."""
    ldap_filter: str = "(objectClass=person)"
    """What else an entry must match."""
    ldap_bind_dn: str | None = None
    """As whom the server searches; without it, as nobody."""
    ldap_bind_password: SecretStr | None = None
    """The password for that; better in a file."""
    ldap_bind_password_file: str | None = None
    """The file that has it alone."""
    ldap_group_base: str | None = None
    """Below which entry groups are searched for; by default, as people are."""
    ldap_group_filter: str = "(|(member={dn})(uniqueMember={dn})(memberUid={name}))"
    """What the groups of somebody match, whose entry is `{dn}` and whose name is `{name}`."""
    ldap_group_attribute: str = Field("cn", pattern=_ATTRIBUTE)
    """The attribute with the name of a group."""
    ldap_groups_minutes: float = Field(10, gt=0, le=10080)
    """Minutes after which the directory is asked again for the groups of somebody signed in."""
    public_url: str | None = Field(None, pattern=_URL, examples=["https://footnote.example"])
    """The address at which people reach the server, if it is not what requests say."""
    session_idle_hours: float = Field(8, gt=0, le=8760)
    """Hours without a request after which somebody has to sign in again."""
    session_hours: float = Field(168, gt=0, le=8760)
    """Hours after which they have to in any case."""
    brand_name: str | None = Field(None, min_length=1, max_length=60)
    """What the pages and the assistant call themselves; without it, Footnote."""
    brand_logo: Path | None = None
    """A picture beside the name: SVG, PNG or WebP."""
    brand_accent: str | None = Field(None, pattern=_COLOUR, examples=["#0b5c6b"])
    """The colour of links and buttons, as `#7c2d1e`."""
    brand_accent_dark: str | None = Field(None, pattern=_COLOUR, examples=["#7fd1de"])
    """The same on dark ground; by default, a shade of it that can be read there."""
    brand_welcome: str | None = Field(None, min_length=1, max_length=2000)
    """What an empty conversation says: plain text, or Markdown with lists and links."""
    languages: Annotated[tuple[PageLanguage, ...], NoDecode] = Field(
        ("en", "de", "fr", "es"), min_length=1
    )
    """The languages of the pages; whoever prefers none of them gets the first. In the environment
    they are separated by commas."""
    contact_name: str | None = Field(None, min_length=1, max_length=100)
    """Whom to ask when the documents do not answer."""
    contact_address: str | None = Field(None, min_length=1, max_length=500)
    """Their mail address, or the https address of a page."""
    log_format: Literal["text", "json"] | None = None
    """How a server logs its requests, a line for each; without a value, it logs errors only."""
    metrics_networks: Annotated[tuple[IPvAnyNetwork, ...] | None, NoDecode] = None
    """Machines that may read `/metrics` without a key; in the environment they are separated by
    commas. By default this machine, and none if `sign_in` has a value."""
    trace_endpoint: str | None = Field(None, pattern=_URL, examples=["http://collector:4318"])
    """The address of a collector of OpenTelemetry (OTLP over HTTP) that gets traces."""
    audit: bool = False
    """Whether it is kept, beside the index, who asked, opened and changed what."""
    audit_questions: bool = False
    """Whether the audit has the questions themselves."""
    audit_days: float = Field(90, ge=0, le=36_500)
    """Days after which a line of the audit is removed; 0: never."""
    feedback_texts: bool = False
    """Whether opinions of answers are kept with question, answer and comment."""
    feedback_days: float = Field(0, ge=0, le=36_500)
    """Days after which a reader's opinion is removed; 0: never."""
    upload_days: float = Field(0, ge=0, le=36_500)
    """Days after which a file that readers kept for everyone is removed; 0: never."""
    lock_timeout: float = Field(600, ge=0)
    """Seconds that a sync waits for another one to finish."""

    @field_validator(
        "embed_origins", "allowed_hosts", "trusted_proxies", "languages", mode="before"
    )
    @classmethod
    def _words(cls, given: object) -> object:
        return given.replace(",", " ").split() if isinstance(given, str) else given

    @field_validator("ignore", "web_networks", "metrics_networks", "admins", mode="before")
    @classmethod
    def _separated(cls, given: object) -> object:
        return [one.strip() for one in given.split(",")] if isinstance(given, str) else given

    @property
    def limits(self) -> Limits:
        """The settings that limit the reading of a file."""
        return Limits(**{field.name: getattr(self, field.name) for field in fields(Limits)})

    @property
    def metrics_open_to(self) -> tuple[IPvAnyNetwork, ...]:
        """The machines that may read `/metrics` without a key.

        A web server in front that does not say whom it asks for looks like this machine. Where
        people sign in, or strangers come, all of them would read the figures of everything.
        """
        if self.metrics_networks is not None:
            return self.metrics_networks
        return _THIS_MACHINE if self.sign_in is None else ()

    @property
    def programs_need_keys(self) -> bool:
        """Whether programs need a key before there is one."""
        return self.require_api_key or self.sign_in not in (None, "none")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, its files, footnote.toml, pyproject.toml: the first one wins."""
        return (
            init_settings,
            env_settings,
            InFiles(settings_cls),
            TomlConfigSettingsSource(settings_cls),
            PyprojectTomlConfigSettingsSource(settings_cls),
        )

    @classmethod
    def load(cls, **arguments: Any) -> Settings:
        """The settings in force; arguments that are None count as not given.

        Raises:
            SettingsError: a name is unknown, a value does not fit, or a file cannot be read.
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            return cls(**given)
        except ValidationError as error:
            raise SettingsError(first_problem(error, cls)) from error
        except (ValueError, OSError, AttributeError) as error:  # the last one: not a table
            raise SettingsError(unreadable(error)) from error


def settings_of(settings: object, given: Mapping[str, Any]) -> Settings:
    """The settings passed as one object, or those in force with the `given` values.

    Raises:
        ArgumentError: both were given, or `settings` are none.
        SettingsError: see `Settings.load`.
    """
    if settings is None:
        return Settings.load(**given)
    extra = sorted(name for name, value in given.items() if value is not None)
    if not isinstance(settings, Settings) or extra:
        raise ArgumentError(
            f"settings is a qa.Settings and stands alone; there is {', '.join(extra)}, too."
            if extra
            else f"settings is a qa.Settings, not {described(settings)}."
        )
    return settings
