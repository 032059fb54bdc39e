"""Whom connections trust is read once, and again when it has changed."""

import os
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
import trustme

from qwen_nb.wire import certificates
from qwen_nb.wire.certificates import trusted


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was read, anew in each test."""
    read: list[dict[str, Any]] = []
    known = certificates._read

    def counted(**how: Any) -> ssl.SSLContext:
        read.append(how)
        return known(**how)

    monkeypatch.setattr(certificates, "_read", counted)
    monkeypatch.setattr(certificates, "_known", {})
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)
    return read


def test_many_at_once_read_once(read: list[dict[str, Any]]) -> None:
    found: list[ssl.SSLContext] = []
    threads = [
        threading.Thread(target=lambda: found.append(trusted(by_system=False)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 1
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
    assert found[0].verify_mode is ssl.CERT_REQUIRED
    assert found[0].check_hostname


@pytest.mark.parametrize("by_system", [True, False])
def test_what_changes_is_read_again(
    read: list[dict[str, Any]],
    by_system: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "authority.pem"

    def subjects() -> int:
        return len(trusted(by_system=by_system).get_ca_certs())

    before = trusted(by_system=by_system)
    trustme.CA().cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert trusted(by_system=by_system) is not before
    assert subjects() >= 1
    known = trusted(by_system=by_system)
    assert trusted(by_system=by_system) is known
    trustme.CA().cert_pem.write_to_path(str(path))
    os.utime(path, ns=(1, 1))
    assert trusted(by_system=by_system) is not known
    monkeypatch.delenv("SSL_CERT_FILE")
    assert trusted(by_system=by_system) is before
    assert len(read) == 3


def test_few_are_kept(read: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        monkeypatch.setenv("SSL_CERT_DIR", f"/nowhere/{number}")
        trusted(by_system=True)
    assert len(certificates._known) <= 4
