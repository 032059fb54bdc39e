"""Where questions go, what was used, and what a question would send, as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from qwen_nb import cassettes
from qwen_nb.asking import MAIN, Kept
from qwen_nb.chat import Chat
from qwen_nb.render import money
from qwen_nb.settings import shown_path
from qwen_nb.texts import Language, text, visible
from qwen_nb.values import ChatOptions, LedgerRow, Preview, Server


def status(chat: Chat) -> str:
    """Return where questions go, and what has been asked so far; never a key."""
    chat.recognised()
    language = chat.language  # the notebook may have one of its own
    server = chat.server(started=False)
    kept = chat.kept()
    rows = chat.ledger.rows("chat", conversation=kept.booked_as)
    lines = [
        ("status.version", version("qwen_nb")),
        ("status.model", _model(chat.default_options(server), language)),
        ("status.server", _server(server, language)),
        ("status.key", _key(server, language)),
        *_cassette(language),
        ("status.conversation", _conversation(kept, language)),
        ("status.tokens", _tokens(rows, language)),
        *(("status.spent", cost) for cost in _costs(rows, language)),
        ("status.next", text("status.next_steps", language)),
    ]
    told = [f"{text(key, language)}: {value}" for key, value in lines]
    told += map(visible, chat.now().notebook.take_notes(language))
    return "\n".join(told)


def _model(options: ChatOptions, language: Language) -> str:
    if options.model is None:
        return text("status.servers_model", language)
    if options.thinking is None:
        return options.model
    key = "status.thinking_off" if options.thinking is False else "status.thinking_on"
    if options.thinking is not False and not isinstance(options.thinking, bool):
        return f"{options.model}, " + text(
            "status.thinking_budget", language, budget=options.thinking
        )
    return f"{options.model}, {text(key, language)}"


def _server(server: Server, language: Language) -> str:
    if server.scripted:
        return text("reply.emulator", language)
    scheme, _, rest = server.base_url.partition("://")
    return f"{server.name} <{scheme}://{rest.rpartition('@')[2]}>"


def _key(server: Server, language: Language) -> str:
    if server.scripted:
        return text("status.no_key_emulator", language)
    if server.replayed:
        return text("cassettes.origin", language, name=visible(server.key_origin))
    if server.key is None:
        name = "DASHSCOPE_API_KEY" if server.model_studio else "QWEN_NB_API_KEY"
        return text("status.no_key", language, name=name)
    return text("status.key_set", language, origin=server.key_origin)


def _cassette(language: Language) -> Iterator[tuple[str, str]]:
    if (cassette := cassettes.current()) is not None:
        report = cassette.report()
        key, name = f"cassettes.status_{report.mode}", visible(report.path.name)
        yield "cassettes.status", text(key, language, name=name)


def _conversation(kept: Kept, language: Language) -> str:
    key = "status.turns" if kept.store is None else "status.turns_kept"
    where = "" if kept.store is None else shown_path(kept.store.path)
    name = visible(kept.name) or MAIN
    n = len(kept.conversation.current)
    return text(key, language, name=name, n=n, path=visible(where))


def spending(chat: Chat, language: Language) -> str:
    """Return in one line what this conversation has taken and cost so far."""
    rows = chat.ledger.rows("chat", conversation=chat.kept().booked_as)
    return " · ".join([_tokens(rows, language), *_costs(rows, language)])


def _tokens(rows: Sequence[LedgerRow], language: Language) -> str:
    taken, given = sum(row.input for row in rows), sum(row.output for row in rows)
    return text("status.in_out", language, input=taken, output=given)


def _costs(rows: Iterable[LedgerRow], language: Language) -> Iterator[str]:
    for row in rows:
        if row.cost is None:
            continue
        cost = money(row.cost, row.currency, language)
        yield text("spending.would_cost", language, cost=cost) if row.scripted else cost


def preview(shown: Preview, language: Language) -> str:
    """Return what a question would send, as text."""
    title = text(
        "preview.title",
        language,
        server=shown.server,
        path=shown.path,
        sent=shown.turns_sent,
        left_out=shown.turns_left_out,
        tokens=shown.tokens,
    )
    title = "\n".join([*shown.notes, title, _bound(shown, language)])
    return f"{title}\n{json.dumps(dict(shown.body), ensure_ascii=False, indent=2)}"


def _bound(shown: Preview, language: Language) -> str:
    bound = shown.bound
    if bound.cost is not None:
        key = "preview.bound_scripted" if shown.scripted else "preview.bound"
        cost = money(bound.cost.amount, bound.cost.currency, language)
        return text(key, language, cost=cost, input=bound.input, output=bound.output)
    has_end = bound.input is not None and bound.output is not None
    reason = text(
        "preview.no_price" if has_end else "preview.no_end",
        language,
        model=visible(shown.model),
        region=visible(shown.region),
    )
    return text("preview.no_bound", language, reason=reason)
