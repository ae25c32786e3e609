"""`easel keys`: what signs and marks, whether it will tomorrow, and how it is replaced."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.office import AsJSON
from bot.cli.terminal import Exit, Terminal
from core.errors import UserError

if TYPE_CHECKING:
    from core.provenance.rotation import OwnCertificate
    from core.settings import CoreSettings

app = typer.Typer(help="The keys that sign and mark pictures: look at them, replace them.")


@app.command(name="list")
def list_(*, as_json: AsJSON = False) -> None:
    """List what signs, what signed before, and how many keys of the mark there are."""
    from bot.wording import signing_keys as words
    from core.contracts.base import utc_now
    from core.provenance.mark.keys import FILE, load_or_create_mark_keys
    from core.provenance.rotation import own_certificates

    terminal = Terminal(as_json=as_json)
    with terminal.guarded():
        folder = _settings().resolved_keys_dir
        certificates = own_certificates(folder)
        for each in certificates:
            terminal.emit("certificate", **_facts(each))
            terminal.result(words.certificate_line(each, utc_now()))
        if not certificates:
            terminal.say(words.NO_KEYS)
        if (folder / FILE).is_file():
            versions = len(load_or_create_mark_keys(folder).versions)
            terminal.emit("mark_keys", versions=versions)
            terminal.result(words.mark_line(versions))


@app.command()
def check(
    *,
    days: Annotated[
        int, typer.Option("--days", help="An end this near counts as a fault.", min=0)
    ] = 30,
    as_json: AsJSON = False,
) -> None:
    """Sign one pixel as a worker does, and look at the end, the files and the authority.

    Exit codes: 0 all is well, 1 something is not.
    """
    from bot.wording import signing_keys as words
    from core.provenance.key_check import check as checked

    terminal = Terminal(as_json=as_json)
    with terminal.guarded():
        parts = checked(_settings(), timedelta(days=days))
        for each in parts:
            terminal.emit("key_check", **asdict(each))
            terminal.result(words.checked_line(each))
    raise typer.Exit(Exit.OK if all(each.is_well for each in parts) else Exit.FAULT)


@app.command()
def request(
    name: Annotated[str, typer.Argument(help="The certificate's name, such as a server's.")],
    *,
    organisation: Annotated[str, typer.Option("--organisation", help="Whose it is.")] = "Easel",
    algorithm: Annotated[
        Literal["es256", "es384", "ed25519", "ps256"],
        typer.Option("--algorithm", help="What the new key is for."),
    ] = "es256",
    out: Annotated[
        Path, typer.Option("--out", help="Where the request goes.", dir_okay=False)
    ] = Path("easel.csr"),
    as_json: AsJSON = False,
) -> None:
    """Make a new key and the request (CSR) for its certificate; what signs now goes on."""
    from bot.cli.files import write_whole
    from bot.wording import signing_keys as words
    from core.provenance import rotation
    from core.provenance.signer import signing_command

    terminal = Terminal(as_json=as_json)
    with terminal.guarded():
        settings = _settings()
        if signing_command(settings) is not None:
            raise UserError("keys_request_elsewhere")
        folder = settings.resolved_keys_dir
        write_whole(out, rotation.request(folder, name, organisation, algorithm))
        terminal.emit("key_requested", path=str(out.resolve()), algorithm=algorithm)
        terminal.result(words.requested(str(out)))


@app.command(name="import")
def import_(
    chain: Annotated[
        Path, typer.Argument(help="PEM: the certificate, its intermediates, maybe the root.")
    ],
    *,
    root: Annotated[
        Path | None, typer.Option("--root", help="The root, where the chain does not hold it.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="The private key; without it the last request's.")
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """Sign with an authority's certificate from now on; what does not fit changes nothing."""
    from core.provenance import rotation
    from core.provenance.signer import signing_command

    terminal = Terminal(as_json=as_json)
    with terminal.guarded():
        settings = _settings()
        rotation.import_chain(
            settings.resolved_keys_dir,
            _read(chain),
            root_pem=None if root is None else _read(root),
            key_pem=None if key is None else _read(key),
            command=signing_command(settings),
        )
        _tell(terminal, settings.resolved_keys_dir)


@app.command()
def rotate(*, as_json: AsJSON = False) -> None:
    """Have the development root sign a new certificate; old pictures stay ours."""
    from core.provenance import rotation

    terminal = Terminal(as_json=as_json)
    with terminal.guarded():
        folder = _settings().resolved_keys_dir
        rotation.rotate(folder)
        _tell(terminal, folder)


@app.command()
def rotate_mark(*, as_json: AsJSON = False) -> None:
    """Mark with a new secret from now on; marks of the earlier ones are still read."""
    from bot.wording import signing_keys as words
    from core.provenance.mark.keys import rotate_mark_keys

    terminal = Terminal(as_json=as_json)
    with terminal.guarded():
        version = rotate_mark_keys(_settings().resolved_keys_dir).newest.version
        terminal.emit("mark_key", version=version)
        terminal.result(words.mark_rotated(version))


def _settings() -> "CoreSettings":
    """Read the settings; what is logged meanwhile goes where errors go."""
    from core.settings import CoreSettings
    from core.telemetry import configure_logging

    settings = CoreSettings()
    configure_logging(settings.model_copy(update={"log_level": "WARNING"}), "cli")
    return settings


def _tell(terminal: Terminal, folder: Path) -> None:
    from bot.wording import signing_keys as words
    from core.provenance.rotation import own_certificates

    signing = own_certificates(folder)[0]
    terminal.emit("certificate", **_facts(signing))
    terminal.result(words.now_signs(signing))


def _facts(certificate: "OwnCertificate") -> dict[str, object]:
    facts = asdict(certificate)
    return facts | {
        "begins_at": certificate.begins_at.isoformat(),
        "ends_at": certificate.ends_at.isoformat(),
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError("file_unreadable", value=str(path), reason=error.strerror) from error
