"""What an error says to a user: the operating system's numbers as sentences."""

import errno
from typing import Dict, Optional

SENTENCES: Dict[int, str] = {
    errno.EEXIST: "{} is there already and is no folder, expected a folder: give another path",
    errno.ENOTDIR: "{} goes through a file as if it were a folder: give another path",
    errno.EISDIR: "{} is a folder, expected a file: give a file's path",
    errno.EACCES: "no permission to use {}: give another path, or change its owner or mode",
    errno.EROFS: "{} is on a disk that can only be read: give another path",
    errno.ENOSPC: "the disk is full: free some space and give the same command again",
    errno.EDQUOT: "your quota of the disk is used up: free some space and give the same command again",
}


def sentence(error: BaseException) -> Optional[str]:
    """The sentence for what the operating system refused; None for any other error, and where no path is known."""
    if not isinstance(error, OSError) or error.errno not in SENTENCES:
        return None
    text = SENTENCES[error.errno]
    return text.format(error.filename) if error.filename or "{}" not in text else None


def one_line(error: BaseException) -> str:
    """The error in one line, by its sentence where there is one."""
    text = " ".join((sentence(error) or str(error)).split())
    return text if text else type(error).__name__
