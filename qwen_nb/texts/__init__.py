"""Every text a person reads, in English and in Chinese; and how a foreign text is made safe."""

from qwen_nb.texts.faq import QUESTIONS
from qwen_nb.texts.lookup import TEXTS, Language, machine_language, text
from qwen_nb.texts.safe import attribute, literal, markup, unbroken, visible, writable

__all__ = [
    "QUESTIONS",
    "TEXTS",
    "Language",
    "attribute",
    "literal",
    "machine_language",
    "markup",
    "text",
    "unbroken",
    "visible",
    "writable",
]
