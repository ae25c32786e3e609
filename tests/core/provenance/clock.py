"""A time-stamp authority on the loopback, made of `openssl ts`, that misbehaves when told to."""

import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.core.provenance.authority import (
    Authority,
    authority_key,
    builder_of,
    key_usage,
    pem,
)

_CONFIGURATION = """
[tsa]
default_tsa = clock
[clock]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/clock.pem
certs = {folder}/root.pem
signer_key = {folder}/clock.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl() -> str:
    """Find the program, or skip the test and say so."""
    return shutil.which("openssl") or pytest.skip("openssl is missing: apt-get install openssl")


class Clock:
    """One authority: `root_pem` is whom to believe; `behave` says how it answers."""

    def __init__(self, folder, *, days=365):
        self.program = openssl()
        folder.mkdir()
        self.folder = folder
        self.root = Authority("Some clock's root")
        self.root_pem = pem(self.root.certificate).decode()
        self.behave = self.granted
        self.asked = []
        self.drop_s = 0
        self.released = threading.Event()
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            builder_of("Some clock", self.root.name, key.public_key(), days=days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(authority_key(self.root.key), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
            )
            .sign(self.root.key, hashes.SHA256())
        )
        (folder / "clock.pem").write_bytes(pem(certificate))
        (folder / "root.pem").write_text(self.root_pem)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(_CONFIGURATION.format(folder=folder))
        (folder / "clock.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self._lock = threading.Lock()

    def granted(self, question):
        """Answer as an authority does."""
        with self._lock:
            (self.folder / "question.tsq").write_bytes(question)
            subprocess.run(
                [
                    self.program,
                    "ts",
                    "-reply",
                    "-config",
                    "tsa.cnf",
                    "-section",
                    "clock",
                    "-queryfile",
                    "question.tsq",
                    "-out",
                    "answer.tsr",
                ],
                cwd=self.folder,
                check=True,
                capture_output=True,
            )
            return (self.folder / "answer.tsr").read_bytes()

    def silent(self, question):
        """Say nothing until the test is over."""
        self.released.wait(30)
        return b""


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        question = self.rfile.read(int(self.headers["Content-Length"]))
        clock = self.server.clock
        clock.asked.append(question)
        answer = clock.behave(question)
        if isinstance(answer, int):
            self.send_response(answer)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            return
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if not clock.drop_s:
                self.wfile.write(answer)
                return
            for byte in answer:
                self.wfile.write(bytes([byte]))
                if clock.released.wait(clock.drop_s):
                    return
        except (BrokenPipeError, ConnectionResetError):
            pass  # Whoever asked did not wait.

    def log_message(self, *_):
        pass


@contextmanager
def serving(clock):
    """Serve an authority; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.clock = clock
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        clock.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
