"""Recordings in a folder, by what they say. Safe for several processes: a file appears whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 256 * 1024 * 1024


class Recordings:
    """WAV files by a key. When they take more than `most_bytes`, those that were not asked for longest go.

    What is said to a caller may be private, so nobody but the program's user may read them.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most = most_bytes

    def get(self, key: str) -> Path | None:
        """The file of this key, if it is there."""
        path = self._folder / f"{key}.wav"
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def put(self, key: str, recording: bytes) -> Path:
        """Keep a recording; gives its file. Raises OSError where there is no room or no right."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._make_room(len(recording))
        path = self._folder / f"{key}.wav"
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(recording)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return path

    def _make_room(self, wanted: int) -> None:
        files = sorted(self._files())
        left = sum(size for _, size, _ in files) + wanted
        for _, size, path in files:
            if left <= self._most:
                return
            with suppress(FileNotFoundError):
                path.unlink()
            left -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another process makes room, too
                told = path.stat()
                found.append((told.st_mtime, told.st_size, path))
        return found
