"""What a telephone does with the sound of a stream: plays 20 ms after 20 ms, and says when it passes a mark. Pure."""

from __future__ import annotations

from collections import deque

from audio.codec import ULAW_FRAME


class Playback:
    """The queue between a stream and the ear. `tick` is 20 ms of the telephone's time."""

    def __init__(self) -> None:
        self._queue: deque[bytes | str] = deque()

    def media(self, ulaw: bytes) -> None:
        """Sound to be played after all that waits."""
        if ulaw:
            self._queue.append(ulaw)

    def mark(self, name: str) -> None:
        """To be sent back when everything before it has been played; at once, on the next tick, if nothing waits."""
        self._queue.append(name)

    def clear(self) -> list[str]:
        """Throw away what waits; the marks in it are sent back."""
        marks = [item for item in self._queue if isinstance(item, str)]
        self._queue.clear()
        return marks

    def tick(self) -> tuple[bytes, list[str]]:
        """The sound of the next 20 ms (less, or none, when the queue runs dry), and the marks that were passed."""
        sound, marks = bytearray(), []
        while self._queue:
            item = self._queue[0]
            if isinstance(item, str):
                marks.append(item)
                self._queue.popleft()
            elif len(sound) == ULAW_FRAME:
                break
            else:
                need = ULAW_FRAME - len(sound)
                sound += item[:need]
                if len(item) > need:
                    self._queue[0] = item[need:]
                else:
                    self._queue.popleft()
        return bytes(sound), marks
