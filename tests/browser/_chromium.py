"""Finds a Chromium for the browser tests, or gets one: `python _chromium.py --install`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_DOWNLOAD_S = 300
_PACKAGE = ["apt-get", "install", "-y", "chromium", "fonts-noto-cjk"]


def find() -> Path:
    """Return the Chromium to use.

    Raises
    ------
    RuntimeError
        When there is none; the message names the one command that mends it.
    """
    if named := os.environ.get("CHROMIUM"):
        if found := shutil.which(named):
            return Path(found)
        raise RuntimeError(f"CHROMIUM names {named!r}, which is no program that can be run.")
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    own = _playwrights_own()
    if own is not None and own.exists():
        return own
    raise RuntimeError(f"The browser tests need a Chromium, and there is none. {_advice()}")


def install() -> None:
    """Get a Chromium: Playwright's own, or as root on Debian the system's package.

    Never asks for more rights than it has.
    """
    try:
        if subprocess.run(_download(), timeout=_DOWNLOAD_S).returncode == 0:
            return
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
    if _may_use_apt():
        subprocess.run(["apt-get", "update"])
        subprocess.run(_PACKAGE)


def _playwrights_own() -> Path | None:
    # in a process of its own: Playwright keeps an event loop in the thread that asks it
    question = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True)
    return Path(answer.stdout.strip()) if answer.returncode == 0 else None


def _download() -> list[str]:
    libraries = ["--with-deps"] if _may_use_apt() else []
    return [sys.executable, "-m", "playwright", "install", *libraries, "chromium"]


def _may_use_apt() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def _advice() -> str:
    browser = f"Run: {sys.executable} -m playwright install chromium"
    package = "as root: apt-get install chromium fonts-noto-cjk"
    return f"{browser} (or {package})." if shutil.which("apt-get") else f"{browser}."


def main(arguments: list[str]) -> int:
    """Tell where the Chromium is; with `--install`, get one first if need be."""
    try:
        print(find())
        return 0
    except RuntimeError as error:
        problem = error
    if "--install" in arguments:
        install()
        try:
            print(find())
            return 0
        except RuntimeError as error:
            problem = error
    print(problem, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
