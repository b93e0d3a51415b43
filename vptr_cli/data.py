"""`vptr data`: import, inspect and export what is learnt from; each format is one function with options of its own."""

from typing import Any, Dict

from vptr_cli import data_export, data_robot, data_video
from vptr_cli.formats import ByFormat, Format

IMPORTS: Dict[str, Format] = {**data_video.IMPORTS, **data_robot.IMPORTS}
INFOS: Dict[str, Format] = {**data_video.INFOS, **data_robot.INFOS}
EXPORTS: Dict[str, Format] = {**data_export.EXPORTS}

COMMANDS: Dict[str, Any] = {
    "import": ByFormat("Make training data of what other programs recorded.", IMPORTS),
    "info": ByFormat("Describe a folder of training data.", INFOS),
    "export": ByFormat("Write demonstrations in the format of another program.", EXPORTS),
}
