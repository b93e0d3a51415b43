"""A certificate authority of this machine alone, and a certificate for its addresses: TLS without the outside world."""

import datetime
import ipaddress
import os
import ssl
from pathlib import Path
from typing import Any, List, Sequence, Tuple, Union

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY, AUTHORITY_KEY, CHAIN, KEY = "authority.pem", "authority.key", "page.pem", "page.key"
AUTHORITY_DAYS, DAYS = 3650, 397
"""How long authority and certificate are valid; browsers take no certificate for longer than 398 days."""
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10")
"""For these networks alone the authority can vouch: who steals its key cannot pose as a site of the internet."""
RENEW = "renew it: `vptr teleop certificate --renew`"
_AHEAD = datetime.timedelta(days=1)
"""Certificates are valid from a day ago: clocks of headsets go wrong."""


class CertificateError(ValueError):
    """A certificate that cannot be made or used; says what to do."""


def make(folder: Path, addresses: Sequence[str], renew: bool = False) -> List[Path]:
    """Write an authority and a certificate for names and IP addresses into a folder; returns what was written.

    Files are readable by their owner alone. What is there is not overwritten: raises CertificateError, unless
    ``renew`` asks for a new certificate by the authority that is there.
    """
    if not addresses:
        raise CertificateError("a certificate needs at least one address")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = [name for name in (AUTHORITY, AUTHORITY_KEY, CHAIN, KEY) if (folder / name).exists()]
    if there and not renew:
        raise CertificateError(
            f"{folder} holds {', '.join(there)} already: nothing is overwritten. A new certificate of the same "
            "authority, which headsets know already, is made with --renew; for a new authority give another folder"
        )
    written = [] if renew else _make_authority(folder, addresses)
    authority, key = _authority(folder)
    _require_permitted(authority, addresses)
    return [*written, *_make_leaf(folder, addresses, authority, key)]


def check(folder: Path, host: str = "") -> Tuple[Path, Path]:
    """Chain and key of a folder, that belong together and are valid now and for ``host``; raises CertificateError."""
    chain, key = folder / CHAIN, folder / KEY
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
        leaf = x509.load_pem_x509_certificate(chain.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"{folder}: no certificate can be read ({error}): make one with `vptr teleop certificate`"
        ) from error
    if _valid_until(leaf) < _now():
        raise CertificateError(f"{folder}: the certificate ran out on {_valid_until(leaf):%Y-%m-%d}: {RENEW}")
    known = names(leaf)
    if host and host not in known:
        raise CertificateError(f"{folder}: the certificate is for {', '.join(known)}, not for {host}: {RENEW}")
    return chain, key


def names(certificate: x509.Certificate) -> List[str]:
    """The names and addresses that a certificate is for."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]


def _make_authority(folder: Path, addresses: Sequence[str]) -> List[Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"vptr teleoperation on {os.uname().nodename}"[:64])])
    networks: List[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_network(network)) for network in PRIVATE]
    own = [_general(address) for address in addresses]
    networks += [x509.IPAddress(ipaddress.ip_network(one.value)) for one in own if isinstance(one, x509.IPAddress)]
    networks += [x509.DNSName(domain) for domain in ("localhost", "local")]
    networks += [one for one in own if isinstance(one, x509.DNSName)]
    built = (
        _builder(name, name, key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.NameConstraints(permitted_subtrees=networks, excluded_subtrees=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder / AUTHORITY_KEY, _private(key))
    _write(folder / AUTHORITY, built.public_bytes(serialization.Encoding.PEM))
    return [folder / AUTHORITY, folder / AUTHORITY_KEY]


def _make_leaf(folder: Path, addresses: Sequence[str], authority: x509.Certificate, signer: Any) -> List[Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vptr teleoperation page")])
    public = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    leaf = (
        _builder(name, authority.subject, key, DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(public), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(address) for address in addresses]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    chain = leaf.public_bytes(serialization.Encoding.PEM) + authority.public_bytes(serialization.Encoding.PEM)
    for path, content in ((folder / KEY, _private(key)), (folder / CHAIN, chain)):
        path.with_name(f"{path.name}.new").unlink(missing_ok=True)  # of a renewal that was killed
        _write(path.with_name(f"{path.name}.new"), content)
        path.with_name(f"{path.name}.new").replace(path)
    return [folder / CHAIN, folder / KEY]


def _authority(folder: Path) -> Tuple[x509.Certificate, Any]:
    try:
        certificate = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
        return certificate, serialization.load_pem_private_key((folder / AUTHORITY_KEY).read_bytes(), None)
    except (OSError, ValueError) as error:
        raise CertificateError(f"{folder} holds no authority that can be read ({error}): leave --renew out") from error


def _require_permitted(authority: x509.Certificate, addresses: Sequence[str]) -> None:
    """Raise CertificateError where the authority cannot vouch for an address."""
    known = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    networks = [ipaddress.ip_network(subtree.value) for subtree in known if isinstance(subtree, x509.IPAddress)]
    domains = [subtree.value for subtree in known if isinstance(subtree, x509.DNSName)]
    for address in addresses:
        if isinstance(_general(address), x509.IPAddress):
            permitted = any(ipaddress.ip_address(address) in network for network in networks)
        else:
            permitted = any(address == domain or address.endswith(f".{domain}") for domain in domains)
        if not permitted:
            raise CertificateError(f"this authority cannot vouch for {address}: make a new one in another folder")


def _builder(subject: x509.Name, issuer: x509.Name, key: Any, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _AHEAD)
        .not_valid_after(_now() + datetime.timedelta(days=days))
    )


def _usage(**used: bool) -> x509.KeyUsage:
    kinds = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{kind: used.get(kind, False) for kind in kinds})


def _general(address: str) -> Union[x509.IPAddress, x509.DNSName]:
    try:
        return x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def _private(key: Any) -> bytes:
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return bytes(key.private_bytes(*encoding))


def _write(path: Path, content: bytes) -> None:
    """A file that did not exist, and that its owner alone can read, from its first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _valid_until(certificate: x509.Certificate) -> datetime.datetime:
    return certificate.not_valid_after_utc
