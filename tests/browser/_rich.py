"""One rich answer, and a card that is held open on it while it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser._lab import Lab, Notebook, Theme

ANSWER = (
    r"""# A **bold** heading

Prose with `code`, a [link](https://example.com/a), *emphasis*, $e^{i\pi}+1=0$, \(a_1\)
and \boxed{42}. Money: $5 and $6. 中文段落:天气很好,**请注意**这一点。

```python
def greet(name: str) -> str:
    return f"hello {name}"  # a comment
```

1. first

   ```bash
   echo "in a list"
   ```

2. second

| read as | larger |
|---|:-:|
| decimals | 9.9 |

\[
\int_0^1 x^2\,dx = \frac{1}{3}
\]

$$\href{javascript:alert(1)}{x}$$

مرحبا بالعالم، هذا نص من اليمين إلى اليسار.

> A quote with <b>markup</b>.

```mermaid
graph TD; A-->B
```

- [x] done

"""
    + "averylongword" * 30
)

TAIL = "\n\nand so on" + " and on" * 3000

THINKING = "Let me think about it for a while.\n" * 60

SETUP = f"""\
%load_ext qwen_nb
from qwen_nb.emulator import Script, embedded

embedded(pace=0.005).script(Script(
    name="rich", asks="rich", thinking={THINKING!r}, answer={ANSWER + TAIL!r}, pace=0.005))"""

ASK = "%%qwen\nrich"


@contextmanager
def answering(lab: Lab, theme: Theme = "light", *, prepare: str = "") -> Iterator[Notebook]:
    """Hold a card open at the end of the rich answer, in the midst of its long tail.

    Parameters
    ----------
    lab : Lab
        Where.
    theme : str
        The theme.
    prepare : str
        JavaScript for the page, before the question is asked.
    """
    with lab.open([SETUP, ASK]) as notebook:
        notebook.use_theme(theme)
        notebook.run(0)
        if prepare:
            notebook.ask(prepare)
        notebook.watch(1)
        notebook.start(1)
        try:
            notebook.wait_for_card("Answering", "answer", len(ANSWER) + 100)
            yield notebook
        finally:
            if notebook.ask("() => window.qnRunning"):
                notebook.press_stop()
                notebook.wait()
