"""Every sample of the guides that runs in Python or a shell, by file and line.

None of their text is here: a row says where a sample stands, what is typed into it, and
which scripts of the emulator it must have met. `levels` restores the indentation that two
of the files have lost, where the code alone does not tell: at this line of the file, so
many levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["CURL", "PYTHON", "Met", "Sample"]


@dataclass(frozen=True)
class Met:
    """A script that the sample must have met: `thinks` may be a budget."""

    script: str
    thinks: bool | int = True
    tools: bool = False


@dataclass(frozen=True)
class Sample:
    file: str
    first: int
    last: int
    met: tuple[Met, ...]
    typed: tuple[str, ...] = ()
    printed: tuple[str, ...] = ()
    levels: Mapping[int, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.file}:{self.first}-{self.last}"


def _mt(*row: int) -> tuple[str, int, int]:
    return ("multi-turn-en.txt", row[0], row[1])


def _en(*row: int) -> tuple[str, int, int]:
    return ("deep-thinking-en.txt", row[0], row[1])


def _zh(*row: int) -> tuple[str, int, int]:
    return ("deep-thinking-zh.txt", row[0], row[1])


WHO = (Met("Who are you"),)
WHO_LATER = (Met("Who are you, after Hello"),)
WHO_CUT = (Met("Who are you", 50),)
WHO_SILENT = (Met("Who are you", False),)
WEI = (Met("你是谁"),)
WEI_CUT = (Met("你是谁", 50),)
FILM = (Met("a film about space", False), Met("who directed it", False))
SHOP = (
    Met("phone store, nothing known", False),
    Met("phone store, size known", False),
    Met("phone store, all known", False),
)
PICTURE = (Met("the products in a picture", False), Met("their style", False))
STYLE = (Met("their style", False),)
TALK = (Met("Hello"), Met("Who are you, after Hello"))
TYPED = ("Hello", "Who are you?")
WEATHER = (Met("weather of the four municipalities", tools=True),)
HANGZHOU = (Met("weather in Hangzhou", tools=True),)
ASKED = ("weather of the four municipalities",)
CITIES = ("Beijing", "Shanghai", "Tianjin", "Chongqing")
QUEUE = (Met("消息队列"), Met("为什么排除 Kafka"))

PYTHON = (
    Sample(*_mt(16, 46), FILM),
    Sample(*_mt(113, 147), SHOP, ("Hi, I want a phone.", "6.5-inch", "4K, please")),
    Sample(*_mt(248, 291), PICTURE),
    Sample(*_mt(371, 402), PICTURE),
    Sample(*_mt(497, 550), TALK, TYPED, levels={546: 4, 549: 1}),
    Sample(*_mt(663, 717), TALK, TYPED, levels={708: 4, 711: 1}),
    Sample(*_en(61, 101), WHO, levels={94: 2, 96: 1, 100: 2}),
    Sample(*_en(210, 260), WHO, levels={254: 3}),
    Sample(*_en(443, 495), TALK, TYPED, levels={491: 4, 494: 1}),
    Sample(*_en(605, 659), TALK, TYPED, levels={650: 4, 653: 1}),
    Sample(*_en(788, 831), WHO_CUT, levels={824: 2, 826: 1, 830: 2}),
    Sample(*_en(926, 978), WHO_CUT, levels={972: 3}),
    Sample(
        *_en(1117, 1216), WEATHER, ASKED, CITIES,
        levels={1193: 3, 1197: 3, 1204: 5, 1207: 5, 1210: 5, 1212: 0},
    ),
    Sample(
        *_en(1419, 1505), WEATHER, ASKED, CITIES,
        levels={1477: 2, 1481: 3, 1484: 2, 1490: 4, 1493: 4, 1499: 5, 1501: 0},
    ),
    Sample(*_en(1710, 1751), WHO_SILENT, levels={1744: 2, 1746: 1, 1750: 2}),
    Sample(*_en(1862, 1912), WHO_SILENT, levels={1906: 3}),
    Sample(*_zh(165, 215), WEI),
    Sample(*_zh(347, 404), WEI),
    Sample(*_zh(636, 686), WEI),
    Sample(*_zh(826, 877), WEI),
    Sample(*_zh(1101, 1154), WEI_CUT),
    Sample(*_zh(1288, 1347), WEI_CUT),
    Sample(*_zh(1528, 1613), QUEUE),
    Sample(*_zh(1789, 1885), QUEUE),
)  # fmt: skip

CURL = (
    Sample(*_mt(82, 109), (Met("mirror", False),)),
    Sample(*_mt(208, 237), (Met("mirror", False),)),
    Sample(*_mt(325, 369), STYLE),
    Sample(*_mt(453, 485), STYLE),
    Sample(*_mt(631, 659), WHO_LATER),
    Sample(*_mt(818, 849), WHO_LATER),
    Sample(*_en(172, 188), WHO),
    Sample(*_en(362, 381), WHO),
    Sample(*_en(576, 600), WHO_LATER),
    Sample(*_en(751, 778), WHO_LATER),
    Sample(*_en(899, 916), WHO_CUT),
    Sample(*_en(1071, 1091), WHO_CUT),
    Sample(*_en(1375, 1415), HANGZHOU, printed=("Hangzhou", "get_current_weather")),
    Sample(*_en(1651, 1694), HANGZHOU, printed=("Hangzhou", "get_current_weather")),
    Sample(*_en(1817, 1833), WHO_SILENT),
    Sample(*_en(2001, 2020), WHO_SILENT),
    Sample(*_zh(305, 325), WEI),
    Sample(*_zh(527, 551), WEI),
    Sample(*_zh(796, 816), WEI),
    Sample(*_zh(996, 1019), WEI),
    Sample(*_zh(1245, 1266), WEI_CUT),
    Sample(*_zh(1457, 1481), WEI_CUT),
    Sample(*_zh(1738, 1765), QUEUE[1:]),
    Sample(*_zh(1904, 1934), QUEUE[1:]),
    Sample("qwq-quickstart-zh.txt", 87, 102, (Met("9.9 和 9.11"),)),
)
