import re
from urllib.parse import urlsplit

import pytest

from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.catalogue.rows import ServerRow

CATALOGUE = Catalogue.load()

# a name, alias, region id, address or host, and whose it is
RECOGNISED = [
    ("singapore", "singapore"),
    ("Singapore", "singapore"),
    ("sg", "singapore"),
    ("ap-southeast-1", "singapore"),
    ("北京", "beijing"),
    ("cn-hongkong", "hongkong"),
    ("Model Studio (Tokyo)", "tokyo"),
    ("https://dashscope.aliyuncs.com/compatible-mode/v1", "beijing"),
    ("https://dashscope-intl.aliyuncs.com/api/v1/", "singapore"),
    ("https://dashscope-us.aliyuncs.com", "virginia"),
    ("cn-hongkong.dashscope.aliyuncs.com", "hongkong"),
    ("https://ws-1a.eu-central-1.maas.aliyuncs.com/compatible-mode/v1", "frankfurt"),
    ("WS_1.ap-northeast-1.maas.aliyuncs.com", "tokyo"),
    ("trial.cn-beijing.maas.aliyuncs.com", "beijing"),
    ("https://coding-intl.dashscope.aliyuncs.com/v1", "coding-plan"),
    ("https://coding.dashscope.aliyuncs.com/v1", "coding-plan-china"),
    ("token-plan.cn-beijing.maas.aliyuncs.com", "token-plan"),
    ("ollama", "ollama"),
    ("http://127.0.0.1:11434/v1", "ollama"),
    ("http://gpu-box:11434/v1", "ollama"),
    ("localhost:8000", "vllm"),
    ("http://[::1]:8000/v1", "vllm"),
    ("http://127.0.0.1:30000/v1", "sglang"),
    ("http://127.0.0.1:8080/v1", "llamacpp"),
    ("llama.cpp", "llamacpp"),
    ("http://localhost:1234/v1", "lmstudio"),
    ("https://openrouter.ai/api/v1", "openrouter"),
    ("https://api.siliconflow.com/v1", "siliconflow"),
    ("https://api.deepseek.com", "deepseek"),
    ("https://api-inference.modelscope.cn/v1/", "modelscope"),
]


@pytest.mark.parametrize(("asked", "name"), RECOGNISED)
def test_a_server_is_recognised(asked: str, name: str) -> None:
    row = CATALOGUE.server(asked)
    assert row is not None
    assert row.name == name


FOREIGN = [
    "",
    "nowhere",
    "https://dashscope.aliyuncs.com.evil.example/v1",
    "https://evil.example/dashscope.aliyuncs.com",
    "https://dashscope.aliyuncs.com@evil.example/",
    "https://evil.example\\@dashscope.aliyuncs.com/",
    "https://xdashscope.aliyuncs.com",
    "https://a.b.cn-beijing.maas.aliyuncs.com",
    "https://{WorkspaceId}.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
    "https://token-plan.a.b.maas.aliyuncs.com",
    "https://ws.cn-beijing.maas.aliyuncs.com.evil.example",
    "https://-ws.cn-beijing.maas.aliyuncs.com",
    "http://gpu-box:8000/v1",
    "http://localhost:9999/v1",
    "http://localhost:port/v1",
    "ftp://dashscope.aliyuncs.com",
    "https://[broken",
]


@pytest.mark.parametrize("address", FOREIGN)
def test_no_other_host_passes_for_one_that_is_known(address: str) -> None:
    assert CATALOGUE.server(address) is None


def test_every_server_of_the_reference_is_there() -> None:
    # protocol.md §1.2 and §8
    regions = [row.name for row in CATALOGUE.servers if row.kind == "region"]
    assert regions == ["beijing", "singapore", "virginia", "hongkong", "frankfurt", "tokyo"]
    servers = {row.name: row.thinking for row in CATALOGUE.servers if row.kind == "server"}
    assert servers == {
        "ollama": "reasoning_effort",
        "vllm": "chat_template_kwargs",
        "sglang": "chat_template_kwargs",
        "llamacpp": "chat_template_kwargs",
        "lmstudio": "none",
        "raw": "none",
        "openrouter": "reasoning_object",
        "siliconflow": "top_level",
        "deepseek": "thinking_object",
        "modelscope": "top_level",
    }


@pytest.mark.parametrize("row", CATALOGUE.servers, ids=lambda row: row.name)
def test_a_row_agrees_with_itself(row: ServerRow) -> None:
    assert row.title
    for name in (row.name, row.title, row.id, *row.aliases):
        assert not name or CATALOGUE.server(name) == row
    for address in (row.host, row.url()):
        assert not address or CATALOGUE.server(address) == row
    url = urlsplit(row.url())
    is_local = url.hostname == "127.0.0.1"
    assert not row.url() or url.scheme == ("http" if is_local else "https")
    assert row.model_studio == (row.kind != "server")
    if row.kind == "region":
        assert row.currency
        assert CATALOGUE.server(row.url("ws-1")) == row


def test_addresses_of_a_region() -> None:
    row = CATALOGUE.server("singapore")
    assert row is not None
    assert row.url() == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    assert row.url(native=True) == "https://dashscope-intl.aliyuncs.com/api/v1"
    assert row.url("ws-1", native=True) == (
        "https://ws-1.ap-southeast-1.maas.aliyuncs.com/api/v1"
    )


def test_a_region_without_a_shared_host_needs_a_workspace() -> None:
    row = CATALOGUE.server("frankfurt")
    assert row is not None
    assert (row.url(), row.url(native=True)) == ("", "")
    assert row.url("w").startswith("https://w.eu-central-1.maas.aliyuncs.com/")


@pytest.mark.parametrize("workspace", ["{WorkspaceId}", "a.b", "a/b", "-a", "a" * 65, "空间"])
def test_a_placeholder_is_no_workspace(workspace: str) -> None:
    row = CATALOGUE.server("beijing")
    assert row is not None
    with pytest.raises(ValueError, match=re.escape(workspace)):
        row.url(workspace)


def test_another_server_has_no_native_protocol() -> None:
    row = CATALOGUE.server("ollama")
    assert row is not None
    assert row.url(native=True) == ""
    assert row.url("ws-1") == row.base_url
