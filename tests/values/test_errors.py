import inspect
import pickle

import pytest

import qwen_nb
from qwen_nb import ConfigError, QwenError, Reply, Stopped, errors
from qwen_nb.values.usage import Usage


def tree(root: type[QwenError]) -> list[type[QwenError]]:
    return [root, *(error for branch in root.__subclasses__() for error in tree(branch))]


def test_every_error_is_public() -> None:
    public = {
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and value.__module__ == errors.__name__
    }
    assert {*tree(QwenError), Stopped} <= public
    assert sorted(errors.__all__) == sorted(error.__name__ for error in public)


def test_the_front_page_has_every_branch() -> None:
    branches = [QwenError, Stopped, *QwenError.__subclasses__()]
    assert {error.__name__ for error in branches} <= set(qwen_nb.__all__)


def test_the_picture_of_the_tree_names_every_error() -> None:
    picture = errors.__doc__ or ""
    assert all(error.__name__ in picture for error in [*tree(QwenError), Stopped])


@pytest.mark.parametrize("kind", tree(QwenError), ids=lambda kind: kind.__name__)
def test_an_error_shows_as_one_line(kind: type[QwenError]) -> None:
    facts = {"status": 400} if issubclass(kind, qwen_nb.ApiError) else {}
    error = kind("error.empty_prompt", **facts)
    (line,) = error._render_traceback_()
    assert line.startswith(f"{kind.__name__}: There is no question")
    assert "\n" not in line


def test_an_error_speaks_both_languages() -> None:
    error = ConfigError("error.budget", value=0)
    assert "not 0" in str(error)
    error.language = "zh"
    assert str(error) == error.message("zh")
    assert "而不是 0" in str(error)


def test_an_error_carries_its_facts() -> None:
    error = qwen_nb.RateLimited("error.rate", status=429, code="c", server="s", told="t")
    assert (error.status, error.code, error.request_id) == (429, "c", "")
    assert error.facts["server"] == "s"
    assert error.reply is None


def test_a_stop_is_an_interrupt_that_shows_nothing() -> None:
    stopped = Stopped("stopped by you", Reply(answer="half"))
    assert isinstance(stopped, KeyboardInterrupt)
    assert not isinstance(stopped, Exception)
    assert stopped._render_traceback_() == []
    assert stopped.reply.answer == "half"


def test_a_reply_survives_pickling() -> None:
    reply = Reply(answer="a", usage=Usage(input=1))
    assert pickle.loads(pickle.dumps(reply)) == reply
