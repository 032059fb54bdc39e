"""What it takes to read from a store with 100 000 turns.

Builds such a store in a temporary folder, then reads each thing many times, each time a
different one, from a process that has just opened the file. Run by hand:

    python benchmarks/store.py [--turns 100000] [--each 500]
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from qwen_nb import Reply, Turn
from qwen_nb.store.store import Store
from qwen_nb.values import ChatOptions
from qwen_nb.values.entry import Entry, new_id
from qwen_nb.values.usage import Usage

ENGLISH = ("the", "weather", "city", "model", "answer", "think", "token", "cell", "graph")
CHINESE = "今天杭州的天气怎么样模型思考过程完整回复请比较大小城市数据流笔记本会话上下文"


def text(dice: random.Random, length: int) -> str:
    words = []
    for _ in range(length // 8):
        if dice.random() < 0.5:
            words.append(dice.choice(ENGLISH))
        else:
            start = dice.randrange(len(CHINESE) - 6)
            words.append(CHINESE[start : start + 6])
    return " ".join(words)


def entries(dice: random.Random, number: int, count: int) -> list[Entry]:
    made = []
    for at in range(count):
        usage = Usage(50, 400, 450, 250, 0, {"prompt_tokens": 50, "completion_tokens": 400})
        reply = Reply(
            answer=text(dice, 600), thinking=text(dice, 900), usage=usage, model="qwen-plus"
        )
        prompt = f"{text(dice, 60)} word{number}x{at}"
        turn = Turn(prompt, reply, ChatOptions(model="qwen-plus", thinking=2000))
        state = "replaced" if at % 10 == 9 else "current"
        place = at - (state == "replaced")  # every tenth is an older version
        asked_at = number * 1000.0 + at
        made.append(
            Entry(new_id(), place, 0, f"cell{place}", turn, state, asked_at=asked_at, left=at)
        )
    return made


def median_ms(what: str, act: Callable[[], object], rounds: int) -> None:
    times = []
    for _ in range(rounds):
        before = time.perf_counter()
        act()
        times.append((time.perf_counter() - before) * 1000)
    worst = sorted(times)[int(len(times) * 0.95)]
    print(f"{what:<44} {statistics.median(times):>8.2f} {worst:>8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=500, help="turns of one conversation")
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()
    dice = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        before = time.perf_counter()
        store, ids = Store(path), []
        for number in range(arguments.turns // arguments.each):
            ids.append(store.create(path=f"notebook{number}.ipynb").id)
            store.put(ids[-1], entries(dice, number, arguments.each), begins_anew=False)
        store.close()
        size, took = path.stat().st_size / 1e6, time.perf_counter() - before
        print(
            f"{arguments.turns} turns in {len(ids)} conversations: {size:.0f} MB, {took:.0f} s"
        )
        print(f"{'ms':<44} {'median':>8} {'95 %':>8}")
        store = Store(path)

        def one() -> str:
            return dice.choice(ids)

        def rare() -> str:
            number, at = dice.randrange(len(ids)), dice.randrange(arguments.each)
            return f"word{number}x{at}"

        rounds = arguments.rounds
        median_ms(
            f"restore a conversation of {arguments.each}", lambda: store.load(one()), rounds
        )
        median_ms("a page of history, 20 newest", lambda: store.history(one(), 20), rounds)
        median_ms("search: a word in one turn", lambda: store.search(rare()), rounds)
        median_ms("search: 天气, in nearly all", lambda: store.search("天气"), rounds)
        median_ms(
            "search: 天气 weather, in nearly all", lambda: store.search("天气 weather"), rounds
        )
        median_ms(
            "search: a phrase of common characters in none",
            lambda: store.search("杭州会话"),
            rounds,
        )
        median_ms(
            "search: common characters and a rare word",
            lambda: store.search(f"天气 {rare()}"),
            rounds,
        )
        median_ms(
            "search: 天气 in one conversation",
            lambda: store.search("天气", conversation=one()),
            rounds,
        )
        known = store.load(ids[0]).conversation
        median_ms("has it changed?", lambda: store.refresh(ids[0], known), rounds)
        store.close()


if __name__ == "__main__":
    main()
