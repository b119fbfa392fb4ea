"""Where py7zr writes what it extracts: its own names and sizes are a stranger's."""

from pathlib import Path


class Files:
    """Where py7zr writes what it extracts: files of ours, named by number, together bounded."""

    def __init__(self, folder: Path, most: int) -> None:
        self.written: list[tuple[str, Path]] = []
        self._folder = folder
        self.left = most

    def create(self, filename: str, mode: str | None = None) -> "Output":
        """A place for the next file."""
        path = self._folder / str(len(self.written))
        self.written.append((filename, path))
        return Output(path, self)


class Output:
    """One file that py7zr writes (its `Py7zIO`)."""

    def __init__(self, path: Path, files: Files) -> None:
        self._file = path.open("w+b")
        self._files = files
        self._size = 0

    def write(self, data: bytes) -> int:
        """Keep a piece. Raises `ValueError` over the size that the archive itself named."""
        self._files.left -= len(data)
        if self._files.left < 0:
            raise ValueError("it holds more than it says")
        self._size += len(data)
        return self._file.write(data)

    def read(self, size: int | None = None) -> bytes:
        """For its check of sums."""
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """For its check of sums."""
        return self._file.seek(offset, whence)

    def flush(self) -> None:
        """All is on its way."""
        self._file.flush()

    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def close(self) -> None:
        """The file is whole."""
        self._file.close()
