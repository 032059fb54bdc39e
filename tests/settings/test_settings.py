"""Which server, with which key; and what is asked when nothing is said."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from qwen_nb import ConfigError
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.settings.servers import server_from as server_of
from qwen_nb.settings.settings import Settings
from qwen_nb.values import ChatOptions, Server

SINGAPORE_URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
NOWHERE = Path("no such folder")


def settings_from(environ: Mapping[str, str]) -> Settings:
    return Settings({"QWEN_NB_HOME": str(NOWHERE), **environ}, NOWHERE)


def server_from(environ: Mapping[str, str]) -> Server:
    return server_of(settings_from(environ), Catalogue.load())


STUDIO = {"DASHSCOPE_API_KEY": "sk-studio"}


def test_nothing_set_is_the_emulator() -> None:
    server = server_from({})
    assert server.scripted
    assert server.model_studio
    assert server.key is None


def test_a_studio_key_alone_is_singapore() -> None:
    server = server_from(STUDIO)
    assert (server.base_url, server.key) == (SINGAPORE_URL, "sk-studio")
    assert (server.key_origin, server.model_studio) == ("DASHSCOPE_API_KEY", True)
    assert not server.scripted


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_setting_is_none(value: str) -> None:
    names = ("DASHSCOPE_API_KEY", "QWEN_NB_BASE_URL", "QWEN_NB_API_KEY")
    assert server_from(dict.fromkeys(names, value)).scripted


MODEL_STUDIO = [
    "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
    "https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1",
    "https://coding-intl.dashscope.aliyuncs.com/v1",
    "https://ws-1.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
    "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
    "https://DASHSCOPE.ALIYUNCS.COM/compatible-mode/v1",
    "https://dashscope.aliyuncs.com:443/compatible-mode/v1/",
]

FOREIGN = [
    "https://dashscope.aliyuncs.com.evil.example/v1",
    "https://evil.maas.aliyuncs.com.example/v1",
    "https://evil-dashscope.aliyuncs.com.example/v1",
    "https://xdashscope.aliyuncs.com/v1",
    "https://dashscope-evil.aliyuncs.com/v1",
    "https://dashscopeXaliyuncs.com/v1",
    "https://a.b.c.maas.aliyuncs.com/v1",
    "https://maas.aliyuncs.com/v1",
    "https://dashscope.aliyuncs.com@evil.example/v1",
    "https://evil.example/dashscope.aliyuncs.com/v1",
    "https://evil.example#dashscope.aliyuncs.com",
    "https://evil.example?dashscope.aliyuncs.com",
    "https://dаshscope.aliyuncs.com/v1",  # the second letter is Cyrillic
    "http://127.0.0.1:8000/v1",
    "http://[::1]:8000/v1",
    "http://localhost:11434/v1",
]


@pytest.mark.parametrize("url", MODEL_STUDIO)
def test_the_studio_key_speaks_to_model_studio(url: str) -> None:
    server = server_from({**STUDIO, "QWEN_NB_BASE_URL": url})
    assert (server.key, server.key_origin) == ("sk-studio", "DASHSCOPE_API_KEY")
    assert server.model_studio


@pytest.mark.parametrize("url", FOREIGN)
def test_the_studio_key_speaks_to_nobody_else(url: str) -> None:
    server = server_from({**STUDIO, "QWEN_NB_BASE_URL": url})
    assert (server.key, server.key_origin) == (None, "")
    assert not server.model_studio
    assert not server.scripted


@pytest.mark.parametrize("url", MODEL_STUDIO)
def test_the_studio_key_never_travels_in_the_clear(url: str) -> None:
    plain = url.replace("https:", "http:").replace(":443", ":80")
    server = server_from({**STUDIO, "QWEN_NB_BASE_URL": plain})
    assert server.key is None


@pytest.mark.parametrize("url", [*MODEL_STUDIO, *FOREIGN])
def test_a_key_of_our_own_goes_where_it_is_told(url: str) -> None:
    settings = {**STUDIO, "QWEN_NB_BASE_URL": url, "QWEN_NB_API_KEY": "sk-mine"}
    server = server_from(settings)
    assert (server.key, server.key_origin) == ("sk-mine", "QWEN_NB_API_KEY")


def test_a_key_of_our_own_alone_goes_nowhere() -> None:
    assert server_from({"QWEN_NB_API_KEY": "sk-mine"}).scripted
    assert server_from({**STUDIO, "QWEN_NB_API_KEY": "sk-mine"}).key == "sk-studio"


def test_a_server_is_named_by_its_host_never_its_port() -> None:
    server = server_from({"QWEN_NB_BASE_URL": " http://127.0.0.1:8123/v1/ "})
    assert server.name == "127.0.0.1"
    assert server.base_url == "http://127.0.0.1:8123/v1"


BAD_URLS = [
    "localhost:8000/v1", "ftp://host/v1", "https://", "http:///v1", "/v1", "http://h:port/v1",
    "http://[::1/v1", "http://h:99999/v1", "不是地址",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_no_address_is_said_so(url: str) -> None:
    with pytest.raises(ConfigError, match="QWEN_NB_BASE_URL") as caught:
        server_from({**STUDIO, "QWEN_NB_BASE_URL": url})
    assert url in str(caught.value)
    assert "sk-studio" not in str(caught.value)


EMULATOR = Server(name="e", scripted=True, model_studio=True)
OTHER = Server(name="o", base_url="http://o/v1")
NAMED = {"QWEN_NB_MODEL": "env-model"}

DEFAULTS = {
    "nothing said": (EMULATOR, {}, ChatOptions(), "qwen-plus", True),
    "thinking off": (EMULATOR, {}, ChatOptions(thinking=False), "qwen-plus", False),
    "a budget": (EMULATOR, {}, ChatOptions(thinking=50), "qwen-plus", 50),
    "a model alone": (EMULATOR, {}, ChatOptions(model="x"), "x", None),
    "the same model, named": (EMULATOR, {}, ChatOptions(model="qwen-plus"), "qwen-plus", None),
    "environment": (EMULATOR, NAMED, ChatOptions(), "env-model", None),
    "option over environment": (EMULATOR, NAMED, ChatOptions(model="x"), "x", None),
    "other server": (OTHER, {}, ChatOptions(), None, None),
    "other server, environment": (OTHER, NAMED, ChatOptions(thinking=9), "env-model", 9),
}  # fmt: skip


@pytest.mark.parametrize("case", DEFAULTS.values(), ids=DEFAULTS)
def test_defaults(case: tuple[Server, dict[str, str], ChatOptions, str, object]) -> None:
    server, environ, asked, model, thinking = case
    options = settings_from(environ).options(asked, model_studio=server.model_studio)
    assert (options.model, options.thinking) == (model, thinking)
