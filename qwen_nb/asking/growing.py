"""A reply that grows: what has come of it, what is new to show, and how long it took.

Pure: whoever drives the question says what came, and what the clock shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from qwen_nb.errors import ContentRefused
from qwen_nb.values import (
    CallRecord,
    Event,
    FinishReason,
    Frame,
    Opening,
    Reply,
    ReplyBuilder,
    Retrying,
    State,
    Timing,
    ToolCall,
    estimate_tokens,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a question ended: the reply as it is kept, and the error that ended it, if any."""

    reply: Reply
    error: BaseException | None = None


class Growing:
    """One turn's reply while it comes; used by one thread.

    All times are monotonic seconds, given by the caller.

    Parameters
    ----------
    continues : Reply, optional
        What the reply begins with, when the server only brings the rest.
    rounds_before : bool
        What `continues` says was said in rounds of tools that are over.

    Attributes
    ----------
    calls : tuple of CallRecord
        The calls of tools that have ended.
    tokens : int
        Estimated output tokens that were shown so far.
    """

    def __init__(self, continues: Reply | None = None, *, rounds_before: bool = False) -> None:
        self.calls: tuple[CallRecord, ...] = ()
        self.tokens = 0
        self._builder = ReplyBuilder()
        if continues is not None:
            for texts, given in (
                (self._builder.thinking, continues.thinking),
                (self._builder.answer, continues.answer),
            ):
                if given or not rounds_before:
                    texts.append(given)
        if rounds_before:
            self._builder.next_round()
        self._marks = True  # the answer has not begun yet
        self._worked_s = 0.0
        self._seen_retrying: Retrying | None = None
        self._seen_thinking = self._seen_answer = 0
        self._thinking_at = self._answer_at = 0
        self._sent_at = self._first_at = self._answer_from = 0.0

    @property
    def came(self) -> Reply:
        """What has come so far; of the round that comes now it has calls, usage and end."""
        return self._builder.reply()

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the server ended this round; None while it has not."""
        return self._builder.finish_reason

    @property
    def retrying(self) -> Retrying | None:
        """What is waited for before the server is asked again."""
        return self._builder.retrying

    @property
    def has_begun(self) -> bool:
        """Whether any text has come."""
        return self._first_at > 0

    def sent(self, now: float) -> None:
        """Note when the question was sent."""
        self._sent_at = now

    def add(self, event: Event, now: float) -> None:
        """Take in one event."""
        builder = self._builder
        builder.add(event)
        if self._marks and (builder.thinking or builder.answer):
            self._first_at = self._first_at or now
            if builder.answer:
                self._answer_from, self._marks = now, False

    def next_round(self) -> None:
        """Let what comes now be a round of its own: calls, usage and end are told anew."""
        self._builder.next_round()

    def worked(self, seconds: float) -> None:
        """Note how long tools ran or a person was asked: nobody was thinking then."""
        if not self._answer_from:
            self._worked_s += seconds

    @property
    def has_news(self) -> bool:
        """Whether there is something that no frame has shown yet."""
        builder = self._builder
        return (
            len(builder.thinking) > self._seen_thinking
            or len(builder.answer) > self._seen_answer
            or builder.retrying is not self._seen_retrying
        )

    def frame(self, now: float) -> Frame | None:
        """Return what is new since the last frame; None where nothing is."""
        if not self.has_news:
            return None
        builder = self._builder
        self._seen_retrying = builder.retrying
        elapsed = now - self._sent_at
        if builder.retrying is not None:
            return Frame(state="retrying", elapsed_s=elapsed, retrying=builder.retrying)
        thinking = "".join(builder.thinking[self._seen_thinking :])
        answer = "".join(builder.answer[self._seen_answer :])
        self._seen_thinking, self._seen_answer = len(builder.thinking), len(builder.answer)
        self.tokens += estimate_tokens(thinking) + estimate_tokens(answer)
        state: State = "waiting"
        if self._seen_answer or self._seen_thinking:
            is_answer = self._seen_answer > builder.answer_start
            state = "answering" if is_answer else "thinking"
        frame = Frame(
            state=state,
            thinking=thinking,
            answer=answer,
            thinking_at=self._thinking_at,
            answer_at=self._answer_at,
            tokens=self.tokens,
            elapsed_s=elapsed,
            calls=self.calls,
        )
        self._thinking_at += len(thinking)
        self._answer_at += len(answer)
        return frame

    def calling(
        self, ended: tuple[CallRecord, ...], running: tuple[ToolCall, ...], now: float
    ) -> Frame:
        """Return the frame that shows what is called now.

        Parameters
        ----------
        ended : tuple of CallRecord
            All calls of the turn that have ended.
        running : tuple of ToolCall
            Those that have not.
        now : float
            What the clock shows.
        """
        self.calls = ended
        return Frame(
            state="calling",
            thinking_at=self._thinking_at,
            answer_at=self._answer_at,
            tokens=self.tokens,
            elapsed_s=now - self._sent_at,
            calls=ended,
            calling=running,
        )

    def broken_off(self, error: BaseException) -> FinishReason:
        """Return what an error makes of the reply."""
        if isinstance(error, ContentRefused):
            return "blocked"
        came = self.came
        has_any = came.thinking or came.answer or came.tool_calls or self.calls
        return "cut" if has_any else "failed"

    def reply(self, reason: FinishReason | None, opening: Opening, now: float) -> Reply:
        """Return the reply as far as it came.

        Parameters
        ----------
        reason : str, optional
            Why it ended, where the server's own word does not hold.
        opening : Opening
            The facts of the question.
        now : float
            What the clock shows.
        """
        return self._builder.reply(
            reason,
            model=opening.model,
            server=opening.server,
            scripted=opening.scripted,
            turn=opening.turn,
            turns_sent=opening.turns_sent,
            notes=opening.notes,
            timing=self._timing(now),
        )

    def _timing(self, now: float) -> Timing:
        total = now - self._sent_at
        if not self._first_at:
            return Timing(total_s=total)
        thought = (self._answer_from or now) - self._first_at - self._worked_s
        return Timing(
            first_s=self._first_at - self._sent_at,
            thinking_s=thought if self._builder.thinking else None,
            total_s=total,
        )
