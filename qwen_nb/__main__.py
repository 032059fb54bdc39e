"""The command `qwen-nb`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import get_args

from qwen_nb.chat import Chat
from qwen_nb.errors import QwenError, Stopped
from qwen_nb.magics import first_notebook, own_copy
from qwen_nb.render.terminal import TerminalDisplay
from qwen_nb.texts import Language, machine_language, text
from qwen_nb.values import By

_DEMO_FOLDER = Path("qwen_nb-demo")


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        In place of the shell's own.

    Returns
    -------
    int
        Exit status: 0 well, 1 an error that was told, 130 interrupted.
    """
    if isinstance(sys.stdout, TextIOWrapper):  # one that is not UTF-8 lacks signs of ours
        sys.stdout.reconfigure(errors="replace")
    language = _language()
    parser = argparse.ArgumentParser(prog="qwen-nb", description=text("shell.about", language))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help=text("shell.demo", language))
    demo.add_argument("--no-lab", action="store_true", help=text("shell.no_lab", language))
    chat = commands.add_parser("chat", help=text("shell.chat", language))
    chat.add_argument("-m", "--model", metavar="ID", help=text("option.--model", language))
    emulator = commands.add_parser("emulator", help=text("shell.emulator", language))
    emulator.add_argument("--port", type=int, default=0, metavar="N")
    emulator.add_argument("--key", metavar="KEY")
    commands.add_parser("doctor", help=text("command.doctor", language))
    usage = commands.add_parser("usage", help=text("shell.usage", language))
    usage.add_argument(
        "--by", choices=get_args(By), default="notebook", help=text("shell.usage_by", language)
    )
    usage.add_argument("--plot", action="store_true", help=text("shell.usage_plot", language))
    given = parser.parse_args(arguments)
    try:
        if given.command == "emulator":
            from qwen_nb.emulator import main as serve

            return serve(given.port, given.key)
        if given.command == "doctor":
            return _examine(language)
        if given.command == "usage":
            return _used(given.by, language, has_charts=given.plot)
        if given.command == "demo":
            return _demo(language, lab=not given.no_lab)
        return _talk(Chat(given.model, language=language), language)
    except QwenError as error:
        print(error.message(language), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 130


def _language() -> Language:
    here = machine_language(os.environ)
    try:
        told: Language = Chat().settings().value("lang", here)
    except QwenError:
        return here  # whatever needs the settings will say what is wrong with them
    return told


def _examine(language: Language) -> int:
    from qwen_nb.asking import report

    is_well = True
    for line in report(Chat(language=language).now()):
        print(line, flush=True)
        is_well = is_well and not line.startswith("✗")
    return 0 if is_well else 1


def _used(by: By, language: Language, *, has_charts: bool) -> int:
    table = Chat(language=language).usage(by, everything=True)
    print(table)
    if has_charts and table:
        print(f"\n{table.chart_plain(shutil.get_terminal_size().columns)}")
    return 0


def _demo(language: Language, *, lab: bool) -> int:
    question = text("shell.demo_question", language)
    print(f"{text('shell.prompt', language)}{question}\n", flush=True)
    Chat(language=language).ask(question, display=TerminalDisplay(language))
    if not lab:
        return 0
    if importlib.util.find_spec("jupyterlab") is None:
        print(text("shell.no_jupyterlab", language), file=sys.stderr)
        return 1
    course = own_copy(_DEMO_FOLDER)
    notebook = first_notebook(course, language)
    print("\n" + text("shell.opening", language, path=notebook), flush=True)
    # the whole course is in Lab's list of files, not only the folder of the first notebook
    command = [sys.executable, "-m", "jupyterlab", str(notebook)]
    command.append(f"--ServerApp.root_dir={course.absolute()}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container there often is no other user
    return subprocess.call(command)


def _talk(chat: Chat, language: Language) -> int:
    """Run the documents' loop: numbered rounds, thinking, answer, usage."""
    server = chat.server(started=False)
    model = chat.default_options(server).model or text("status.servers_model", language)
    print(text("shell.chat_hint", language, model=model, server=server.name))
    number = 1
    while True:
        print(f"\n{'=' * 20} {text('shell.round', language, n=number)} {'=' * 20}")
        try:
            prompt = input(text("shell.prompt", language))
        except EOFError:
            print()
            return 0
        if prompt.strip().lower() in ("exit", "quit"):
            return 0
        if not prompt.strip():
            continue
        print()
        try:
            chat.ask(prompt, display=TerminalDisplay(language))
        except Stopped:
            pass  # the display has said so
        except QwenError as error:
            print(error.message(language), file=sys.stderr)
            continue
        number += 1


if __name__ == "__main__":
    sys.exit(main())
